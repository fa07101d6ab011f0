"""A run costs the same number of requests after a thousand runs as after ten; requests are counted, not seconds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.year.earlier_runs import enter_runs
from benchmarks.year.idle_runs import made, no_spark, steps_without_news
from benchmarks.year.s3 import CountingS3, counting_s3
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.project import Project
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake import delta_log
from lakehouse.lake.batches import INGEST, MERGE, batches_of, known_files, to_ingest, to_validate
from lakehouse.lake.delta_log import existing_table, recorded
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.merge_order import to_merge

pytestmark = pytest.mark.s3_drivers


def requests(s3: CountingS3, context: Context, contract: Contract, earlier: Lake) -> Counter[str]:
    """The requests of a run that finds nothing new after the runs of a lake on a disk, which is copied to S3."""
    s3.upload(Path(earlier.root), "prod")
    s3.requests()
    ingest_domain(context, contract)
    steps_without_news(context, contract)
    return s3.requests()


def data_reads(s3: CountingS3, context: Context, contract: Contract, earlier: Lake) -> int:
    """The reads of such a run after ingest that are of data, and not of a log."""
    s3.upload(Path(earlier.root), "prod")
    s3.kinds()
    steps_without_news(context, contract)
    return s3.kinds()["GET other"]


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


@pytest.mark.timeout(300)
def test_the_steps_after_ingest_open_the_newest_files_of_a_ledger_that_has_many(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta_log, "FILE_BYTES", 8_000)  # in place of 4 MB, so that 1,000 runs are more than one
    contract = project.contracts.of("products")
    (dataset,) = contract.datasets
    earlier = made(project, tmp_path / "lake", dataset)
    with counting_s3() as s3:
        context = Context(project, Lake.at("s3://lake/prod"), no_spark)
        enter_runs(earlier, contract, dataset, 10)
        after_ten = data_reads(s3, context, contract, earlier)
        for last in range(60, 1001, 47):  # each in one commit, and a file that is large enough to be left alone
            enter_runs(earlier, contract, dataset, last, at_once=last - recorded(earlier.bronze("products"), INGEST))
        assert len(existing_table(earlier.ops("validation_results")).file_uris()) > 20
        assert data_reads(s3, context, contract, earlier) <= after_ten + 2, "a larger file is read in two parts more"
