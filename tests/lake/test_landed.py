"""What ingest tells Airflow of the raw files: which it has dealt with, and when one last had a new column."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.lake.files import StoredFile
from lakehouse.lake.landed import landed_in, last_new_column, record_landed
from lakehouse.lake.paths import Lake

FILES = [StoredFile("1/orders.csv", 10, "v1")]


def record(lake: Lake, columns: Mapping[str, Collection[str]], files: list[StoredFile] | None = None) -> str:
    """Record a run that read these columns; returns what is written down then."""
    record_landed(lake, "erp", FILES if files is None else files, columns)
    return Path(lake.landed("erp")).read_text()


def test_a_column_that_no_file_had_is_new_and_is_new_once(lake: Lake) -> None:
    before = datetime.now(UTC)
    first = last_new_column(record(lake, {"orders": ["id", "day"]}))
    assert first is not None
    assert before <= first <= datetime.now(UTC)
    assert last_new_column(record(lake, {"orders": ["day", "id"]})) == first, "in another order"
    assert last_new_column(record(lake, {"orders": ["id"]})) == first, "one less"
    assert last_new_column(record(lake, {})) == first, "no new file"
    second = last_new_column(record(lake, {"orders": ["id", "note"]}))
    assert second is not None
    assert second > first
    assert last_new_column(record(lake, {"orders": ["day"]})) == second, "older columns stay known"
    third = last_new_column(record(lake, {"prices": ["id"]}))
    assert third is not None
    assert third > second, "of another dataset"


def test_before_any_file_was_read_no_column_is_known(lake: Lake) -> None:
    assert last_new_column(record(lake, {})) is None
    assert last_new_column('{"files": {"1/orders.csv": "v1"}}') is None


@pytest.mark.parametrize(
    ("files", "written"), [(FILES, False), ([], True), ([StoredFile("1/orders.csv", 10, "v2")], True)]
)
def test_only_news_is_written(lake: Lake, files: list[StoredFile], written: bool) -> None:
    record(lake, {"orders": ["id"]})
    os.utime(lake.landed("erp"), (0, 0))
    text = record(lake, {"orders": ["id"]}, files)
    assert landed_in(text) == {file.path: file.version for file in files}
    assert (Path(lake.landed("erp")).stat().st_mtime > 0) is written
