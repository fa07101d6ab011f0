"""A pinned version stays as it was, whatever becomes of its table; the views answer in the embedded engine."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import pins_of
from lakehouse.publish.engine import connect
from lakehouse.publish.pins import VersionError, pin_table
from lakehouse.publish.pins import _moment as moment
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.lakes import FACT
from tests.helpers.lakes_without_spark import write_lake


@pytest.fixture(scope="module")
def written(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.at(str(tmp_path_factory.mktemp("written")))
    write_lake(project, lake)
    return lake


@pytest.mark.parametrize(
    ("text", "hour"), [("2026-10-12T06:00", 6), ("2026-10-12T06:00+02:00", 4), ("2026-10-12T06:00Z", 6)]
)
def test_a_time_without_a_zone_is_utc_on_every_machine(text: str, hour: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert moment("silver.products", text).astimezone(UTC) == datetime(2026, 10, 12, hour, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


def count(project: Project, lake: Lake, name: str) -> int:
    sql = f"select count(*) from {name}"
    return int(run_query(lake, project.contracts, sql, views_in_query(project, lake, sql)).rows[0][0])


def test_a_pin_outlives_its_table(
    project: Project, written: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lake"
    shutil.copytree(written.root, folder)
    lake = Lake.at(str(folder))
    for _ in range(2):
        assert main(["publish", FACT, "--as-of", "5", "--lake", str(folder)]) == 0
        assert f"stands as pinned.{FACT}_v5" in capsys.readouterr().out
    assert len(pins_of(lake)) == 1
    rows = count(project, lake, f"pinned.{FACT}_v5")
    assert 0 < rows < count(project, lake, FACT)
    shutil.rmtree(lake.table("marts", FACT))
    assert count(project, lake, f"pinned.{FACT}_v5") == rows


@pytest.mark.parametrize(
    ("as_of", "words"), [("99", "cannot be read as of 99"), ("noon", "wanted a version such as 12, or a time")]
)
def test_a_version_that_is_not_there(written: Lake, as_of: str, words: str) -> None:
    with pytest.raises(VersionError, match=words):
        pin_table(written, "marts", FACT, as_of)
    assert pins_of(written) == []


@pytest.mark.parametrize("view", ["daily_store_metrics", "conversion_funnel"])
def test_a_days_question_opens_one_file_in_the_embedded_engine(project: Project, written: Lake, view: str) -> None:
    sql = f"select * from analytics.{view} where day = date '2026-10-12'"
    connection = connect(written, project.contracts, views_in_query(project, written, sql))
    plan = connection.execute(f"explain analyze {sql}").fetchall()[0][1]
    assert "Scanning Files: 1/14" in plan
