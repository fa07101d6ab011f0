"""A run costs the same number of requests after a thousand runs as after ten; requests are counted, not seconds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from benchmarks.year.earlier_runs import enter_runs
from benchmarks.year.s3 import CountingS3, counting_s3
from lakehouse.contracts.contract import Contract, Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle.reconciliation import count_batches, held_of_delivery
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.ingest.landing import Delivery
from lakehouse.lake.batches import MERGE, batches_of, known_files, to_ingest, to_validate
from lakehouse.lake.built_with import built_with
from lakehouse.lake.delta_log import existing_table, recorded
from lakehouse.lake.paths import Lake
from lakehouse.layout.declared import of_dataset
from lakehouse.runtime.context import Context
from lakehouse.transform.merge_order import to_merge
from lakehouse.transform.transform import build_domain, merge_domain
from lakehouse.validate.validate import validate_domain

pytestmark = pytest.mark.s3_drivers


def no_spark() -> SparkSession:
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


def nothing_new(context: Context, contract: Contract) -> None:
    """A run of a domain that finds nothing to do, and the reconciliation of its last batch."""
    (dataset,) = contract.datasets
    last = recorded(context.lake.silver(dataset.name), MERGE)
    ingest_domain(context, contract)
    validate_domain(context, contract)
    merge_domain(context, contract)
    assert not build_domain(context, contract)
    count_batches(context, "run", [(dataset.name, last)], {})
    held_of_delivery(context, Delivery((), (), ()))


def requests(s3: CountingS3, context: Context, contract: Contract, earlier: Lake) -> Counter[str]:
    """The requests of such a run after the runs of a lake on a disk, which is copied to S3."""
    s3.upload(Path(earlier.root), "prod")
    s3.requests()
    nothing_new(context, contract)
    return s3.requests()


@pytest.mark.timeout(300)
def test_requests_after_a_thousand_runs_are_those_after_ten(project: Project, tmp_path: Path) -> None:
    contract = project.contracts.of("products")
    (dataset,) = contract.datasets
    earlier = made(project, tmp_path / "lake", dataset)
    with counting_s3() as s3:
        context = Context(project, Lake.at("s3://lake/prod"), no_spark)
        enter_runs(earlier, contract, dataset, 10)
        after_ten = requests(s3, context, contract, earlier)
        enter_runs(earlier, contract, dataset, 1000, at_once=950)
        after_thousand = requests(s3, context, contract, earlier)
        print(f"10 runs: {dict(after_ten)}, 1,000 runs: {dict(after_thousand)}")
        # Of the small files and commits that are not compacted yet a run can meet more or fewer, at most 20 and 10.
        assert after_thousand.total() <= 1.5 * after_ten.total()
        assert recorded(context.lake.silver(dataset.name), MERGE) == 1000
        assert (to_ingest(context.lake, dataset), to_validate(context.lake, dataset)) == ([], [])
        assert to_merge(context.lake, dataset, []) == []
        assert len(known_files(context.lake, dataset)) == len(batches_of(context.lake, dataset)) == 1000
