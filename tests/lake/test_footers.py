"""What files hold against what their log says: the new files alone, or all; here, or on executors."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.lake import footers
from lakehouse.lake.footers import difference
from lakehouse.lake.log_files import added_since
from lakehouse.lake.paths import Lake
from lakehouse.layout.declared import appended_tables
from lakehouse.layout.recount import FileCountError, recount
from lakehouse.publish.parity import ParityError, require_parity
from lakehouse.publish.publish import publish_table
from lakehouse.runtime.context import Context
from tests.helpers.cleaned_logs import clean_log


def table_of(path: str | Path, *rows: int) -> DeltaTable:
    """A table of some commits, each with a file of so many rows, in partitions whose names need an escape."""
    for number in rows:
        values = pa.table({"a": list(range(number)), "day": ["1 of June"] * number})
        write_deltalake(str(path), values, mode="append", partition_by=["day"])
    return DeltaTable(str(path))


def says(path: str | Path, version: int, rows: int) -> DeltaTable:
    """The same table whose log says another number of rows of the file of a version."""
    log = Path(path, "_delta_log", f"{version:020}.json")
    log.write_text(re.sub(r'numRecords\\":\d+', f'numRecords\\\\":{rows}', log.read_text()))
    return DeltaTable(str(path))


def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are opened from now on."""
    found: list[str] = []
    real = pq.ParquetFile
    monkeypatch.setattr(footers.pq, "ParquetFile", lambda file: found.append("file") or real(file))
    return found


@pytest.mark.parametrize(
    ("version", "rows", "problem"),
    [
        (0, 2, None),
        (0, 1, "a reader counts 9 rows, but its Delta log says 8"),
        (1, 0, "a reader counts 9 rows, but its Delta log says 6"),  # readers that trust the log skip such a file
        (2, 40, "a reader counts 9 rows, but its Delta log says 45"),
    ],
)
def test_a_file_with_other_rows_than_its_log_says(tmp_path: Path, version: int, rows: int, problem: str | None) -> None:
    table_of(tmp_path, 2, 3, 4)
    assert difference(says(tmp_path, version, rows)) == problem


def test_two_wrong_files_do_not_make_up_for_each_other(tmp_path: Path) -> None:
    table_of(tmp_path, 2, 3)
    says(tmp_path, 0, 3)
    found = difference(says(tmp_path, 1, 2))
    assert found is not None
    assert re.fullmatch(r"a reader counts \d rows in a file, but its Delta log says \d", found)


def test_a_file_that_was_cut_short_or_exchanged(tmp_path: Path) -> None:
    table = table_of(tmp_path, 2, 3)
    file = Path(table.file_uris()[0])
    whole = file.read_bytes()
    for content in (whole[:-1], whole + b" ", b""):
        file.write_bytes(content)
        assert (difference(table) or "").startswith("a file that its log names cannot be read")
    file.write_bytes(whole)
    assert difference(table) is None


def test_only_files_are_opened_that_are_newer_than_the_last_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, seen = table_of(tmp_path, *range(1, 31)), opened(monkeypatch)
    assert (difference(table, since=27), len(seen)) == (None, 2)
    assert (difference(table, since=29), len(seen)) == (None, 2)
    table_of(tmp_path, 5)
    assert difference(says(tmp_path, 30, 4), since=29) == "a reader counts 5 rows, but its Delta log says 4"
    assert difference(says(tmp_path, 3, 9), since=30) is None, "found by the whole count"
    assert difference(DeltaTable(str(tmp_path))) == "a reader counts 470 rows, but its Delta log says 474"


@pytest.mark.parametrize("folder", ["my lake", "läke", "a#b"])
def test_the_new_files_of_a_lake_in_a_folder_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    table, seen = table_of(tmp_path / folder, 1, 2, 3), opened(monkeypatch)
    assert (difference(table, since=1), len(seen)) == (None, 1)


def test_a_file_that_came_and_went_is_not_looked_for(tmp_path: Path) -> None:
    table_of(tmp_path, 1, 2)
    write_deltalake(str(tmp_path), pa.table({"a": [1], "day": ["x"]}), mode="overwrite")
    assert [file.rows for file in added_since(str(tmp_path), 0, 2) or ()] == [1]


def test_all_are_opened_where_the_log_no_longer_says_which_are_new_or_the_table_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, seen = table_of(tmp_path, 1, 2, 3, 4), opened(monkeypatch)
    assert (difference(table, since=9), len(seen)) == (None, 4)
    clean_log(tmp_path)
    assert (difference(DeltaTable(str(tmp_path)), since=1), len(seen)) == (None, 8)
    assert (difference(DeltaTable(str(tmp_path)), since=2), len(seen)) == (None, 9)


def test_many_files_are_counted_by_executors_alike(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footers, "MANY_FILES", 1)
    monkeypatch.setattr(footers, "_rows_here", None)
    table = table_of(tmp_path, 2, 3, 4)
    empty = Path(tmp_path, "empty.parquet")
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), empty)
    add = {"path": empty.name, "size": empty.stat().st_size, "partitionValues": {"day": None}, "dataChange": True}
    add |= {"modificationTime": 0, "stats": '{"numRecords":0}'}
    Path(tmp_path, "_delta_log", f"{3:020}.json").write_text(json.dumps({"add": add}))
    assert difference(DeltaTable(str(tmp_path)), lambda: spark) is None
    assert difference(says(tmp_path, 1, 0), lambda: spark) == "a reader counts 9 rows, but its Delta log says 6"
    file = Path(table.file_uris()[0])
    file.write_bytes(file.read_bytes()[:-1])
    found = difference(DeltaTable(str(tmp_path)), lambda: spark)
    assert (found or "").startswith("a file that its log names cannot be read")
    file.unlink()
    assert (difference(DeltaTable(str(tmp_path)), lambda: spark) or "").startswith("a file that its log names")


def no_spark() -> SparkSession:
    raise AssertionError("a few files need no session")


def test_the_second_publication_opens_what_the_first_did_not(
    project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, seen = Context(project, lake, no_spark), opened(monkeypatch)
    table_of(lake.silver("products"), 1, 2, 3)
    publish_table(context, "silver", "products")
    assert len(seen) == 3
    table_of(lake.silver("products"), 4)
    publish_table(context, "silver", "products")
    assert len(seen) == 4
    table_of(lake.silver("products"), 5)
    says(lake.silver("products"), 4, 0)
    with pytest.raises(ParityError, match="a reader counts 5 rows, but its Delta log says 0"):
        publish_table(context, "silver", "products")
    with pytest.raises(ParityError, match="a reader counts 15 rows, but its Delta log says 10"):
        require_parity("silver.products", DeltaTable(lake.silver("products")))


def test_maintenance_counts_every_file_and_names_each_table(project: Project, lake: Lake) -> None:
    context = Context(project, lake, no_spark)
    for name in ("products", "erp_orders", "web_events"):
        table_of(lake.bronze(name), 1, 2)
    recount(context, appended_tables(context))
    for name in ("products", "web_events"):
        says(lake.bronze(name), 0, 5)
    with pytest.raises(FileCountError, match="a reader counts 3 rows, but its Delta log says 7") as caught:
        recount(context, appended_tables(context))
    assert {caught.value.table, *(other.table for other in caught.value.others)} == {  # type: ignore[attr-defined]
        "bronze.products",
        "bronze.web_events",
    }
