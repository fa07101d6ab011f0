"""`keepDays` on S3: what is too old goes, its raw files too, and stays in the bucket as an earlier version."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cycle.keep import keep_lake
from lakehouse.ingest.landing import deliver
from lakehouse.lake.every_file import every_version, opened
from lakehouse.runtime.context import Context
from tests.cycle.test_keep import HEADER, NEW, OLD, TODAY, contract, counted, held, landed
from tests.helpers.small_project import with_docs, write_project
from tests.s3.conftest import Store
from tests.s3.erased_lake import make_buckets, run_steps

pytestmark = [pytest.mark.s3_drivers, pytest.mark.timeout(600)]


@pytest.fixture
def context(lasting_store: Store, spark_on_s3: SparkSession, tmp_path: Path) -> Context:
    project = with_docs(write_project(tmp_path / "project", contract()))
    return Context(project, make_buckets("kept"), lambda: spark_on_s3)


def bring(context: Context, folder: Path, name: str, lines: list[str]) -> tuple[str, ...]:
    """Deliver a file and take it to silver; returns the files that were new."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    new = deliver(folder / name, context.lake, context.contracts).new_files
    run_steps(context)
    return new


def test_each_place_keeps_its_days_and_nothing_comes_back(context: Context, tmp_path: Path) -> None:
    bring(context, tmp_path / "in", "visits_1.csv", OLD)
    bring(context, tmp_path / "in", "visits_2.csv", NEW)
    assert counted(context) == {"silver": 3, "raw": 1, "bronze": 2, "quarantine": 1}
    keep_lake(context, TODAY)
    wanted = {
        "silver": ["moved back", "new"],
        "bronze": ["kept in bronze", "moved", "moved back", "new", "no key"],
        "quarantine": ["no key"],
        "raw": ["visits_2.csv"],
    }
    assert (held(context), landed(context)) == (wanted, [(3, 0, 3), (2, 1, 1)])
    assert keep_lake(context, TODAY) == []
    assert bring(context, tmp_path / "in", "visits_1.csv", OLD) == (), "it is known, though no longer kept"
    assert held(context) == wanted
    assert earlier(context) == {"visits_1.csv": "\n".join([HEADER, *OLD, ""])}


def earlier(context: Context) -> dict[str, str]:
    """What the bucket keeps of raw files that readers no longer see: until its rule for earlier versions is due."""
    found = {}
    for file in every_version(context.lake.raw):
        if not file.is_shown and not file.is_marker:
            with opened(file) as content:
                found[file.path.rpartition("/")[2]] = content.read().decode()
    return found
