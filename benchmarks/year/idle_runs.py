"""Runs of a domain that find nothing new, after very many that are only entered; they start no Spark."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from benchmarks.year.earlier_runs import enter_runs
from benchmarks.year.results import YearRun
from benchmarks.year.s3 import BUCKET, CountingS3, reads_and_writes
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle.reconciliation import count_batches, held_of_delivery
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.ingest.landing import Delivery
from lakehouse.lake.batches import MERGE
from lakehouse.lake.built_with import built_with
from lakehouse.lake.delta_log import existing_table, recorded
from lakehouse.lake.paths import Lake
from lakehouse.layout.declared import of_dataset
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import build_domain, merge_domain
from lakehouse.validate.validate import validate_domain

DOMAIN, PREFIX = "products", "idle"


AT_ONCE = 20
"""So many runs in a row are counted: by how far the last checkpoint and compaction lie back they cost more or less."""


def idle_runs(s3: CountingS3, project: Project, folder: Path, firsts: Iterable[int]) -> Iterator[YearRun]:
    """Twenty runs from each of these numbers on; those between are entered, one by one."""
    contract = project.contracts.of(DOMAIN)
    (dataset,) = contract.datasets
    lake = made(project, folder, dataset)
    context = Context(project, Lake.at(f"s3://{BUCKET}/{PREFIX}"), no_spark)
    known: set[Path] = set()
    for number in (first + more for first in firsts for more in range(AT_ONCE)):
        enter_runs(lake, contract, dataset, number)
        known |= s3.upload(folder, PREFIX, known)
        s3.requests()
        started = time.monotonic()
        ingest_domain(context, contract)
        steps_without_news(context, contract)
        yield YearRun(number, *reads_and_writes(s3.requests()), round(time.monotonic() - started, 1))


def no_spark() -> SparkSession:
    """A session is started where there is something to do."""
    raise AssertionError("with nothing to do no session is started")


def made(project: Project, folder: Path, dataset: Dataset) -> Lake:
    """A lake on a disk with the tables of one dataset, before its first run."""
    lake = Lake.at(str(folder))
    declared = of_dataset(Context(project, lake, no_spark), dataset)
    rows = pa.table({name: pa.array([], pa.string()) for name in dataset.silver_column_names})
    write_deltalake(lake.bronze(dataset.name), rows)
    write_deltalake(lake.silver(dataset.name), rows, partition_by=list(dataset.partition_by))
    properties = {**declared.properties, **built_with(dataset)}
    existing_table(lake.silver(dataset.name)).alter.set_table_properties(properties, raise_if_not_exists=False)
    return lake


def steps_without_news(context: Context, contract: Contract) -> None:
    """The steps of a domain after ingest, which find nothing to do, and the reconciliation of its last batch."""
    (dataset,) = contract.datasets
    last = recorded(context.lake.silver(dataset.name), MERGE)
    validate_domain(context, contract)
    merge_domain(context, contract)
    assert not build_domain(context, contract)
    count_batches(context, "run", [(dataset.name, last)], {})
    held_of_delivery(context, Delivery((), (), ()))
