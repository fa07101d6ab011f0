"""A lake with the tables of one dataset, and a run of it that finds nothing to do: both without Spark."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from lakehouse.contracts.contract import Contract, Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle.reconciliation import count_batches, held_of_delivery
from lakehouse.ingest.landing import Delivery
from lakehouse.lake.batches import MERGE
from lakehouse.lake.built_with import built_with
from lakehouse.lake.delta_log import existing_table, recorded
from lakehouse.lake.paths import Lake
from lakehouse.layout.declared import of_dataset
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import build_domain, merge_domain
from lakehouse.validate.validate import validate_domain


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
