"""The rows that changed between two versions of a table, after every kind of commit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.lake.changed_rows import NO_CHANGES, Span, changed_rows, file_changes
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.purge import purge_history


@pytest.fixture(scope="module", params=["true", "false"], ids=["with deletion vectors", "without"])
def path(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """Versions: 1 six rows, 2 row 1 updated, 3 deleted, 4 row 7, 5 compacted, 6 restored to 2, 7 a column, 8 row 8."""
    folder = str(tmp_path_factory.mktemp("lake") / "one's table")
    properties = f"tblproperties ('delta.enableDeletionVectors' = '{request.param}')"
    name = f"delta.`{folder}`"
    spark.sql(f"create table {name} (id int, part string, note string) using delta partitioned by (part) {properties}")
    rows = "select id, if(id < 3, 'a b/ü', 'c'), if(id = 5, null, 'x') from range(6)"
    spark.sql(f"insert into {name} {rows}")
    spark.sql(f"update {name} set note = 'y' where id = 1")
    spark.sql(f"delete from {name} where id = 1")
    spark.sql(f"insert into {name} values (7, 'c', 'z')")
    spark.sql(f"optimize {name}")
    spark.sql(f"restore table {name} to version as of 2")
    spark.sql(f"alter table {name} add column (more int)")
    spark.sql(f"insert into {name} values (8, 'c', 'z', 9)")
    return folder


def changes(spark: SparkSession, path: str, before: int, after: int) -> list[tuple[Any, ...]]:
    """The changed rows as image, id and note."""
    span = Span(path, before, after)
    files = file_changes(span)
    assert files is not None
    if files.none:
        return []
    rows = changed_rows(spark, span, files)
    assert rows is not None
    return sorted((row["_image"], row["id"], row["note"]) for row in rows.select("_image", "id", "note").collect())


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        (1, 2, [("new", 1, "y"), ("old", 1, "x")]),
        (2, 3, [("old", 1, "y")]),
        (1, 3, [("old", 1, "x")]),
        (3, 4, [("new", 7, "z")]),
        (4, 5, []),  # files are compacted
        (1, 5, [("new", 7, "z"), ("old", 1, "x")]),
        (5, 6, [("new", 1, "y"), ("old", 7, "z")]),  # restored
        (2, 6, []),
        (6, 7, []),  # a column is added
        (1, 8, [("new", 1, "y"), ("new", 8, "z"), ("old", 1, "x")]),
    ],
)
def test_old_and_new_images(
    spark: SparkSession, path: str, before: int, after: int, wanted: list[tuple[Any, ...]]
) -> None:
    assert table_version(path) == 8
    assert changes(spark, path, before, after) == wanted


def test_the_rows_of_a_table_that_was_not_there_are_new(spark: SparkSession, path: str) -> None:
    found = changes(spark, path, -1, 1)
    assert [(image, number) for image, number, _ in sorted(found, key=lambda row: row[1])] == [
        ("new", number) for number in range(6)
    ]


def test_maintenance_alone_is_no_change_without_a_look_at_its_files(path: str) -> None:
    assert file_changes(Span(path, 4, 5)) is NO_CHANGES
    assert file_changes(Span(path, 7, 7)) == NO_CHANGES


def test_a_version_whose_files_or_commits_are_gone_cannot_be_compared(spark: SparkSession, tmp_path: Path) -> None:
    folder = str(tmp_path / "t")
    spark.sql(f"create table delta.`{folder}` using delta as select 1 as id")
    (first,) = Path(folder).glob("*.parquet")
    spark.sql(f"update delta.`{folder}` set id = 2")
    span = Span(folder, 0, table_version(folder))
    files = file_changes(span)
    assert files is not None
    assert changed_rows(spark, span, files) is not None
    first.unlink()
    assert changed_rows(spark, span, files) is None
    Path(folder, "_delta_log", f"{1:020}.json").unlink()
    assert file_changes(span) is None
    assert file_changes(Span(folder, 3, 1)) is None, "the table went back"


def test_a_log_that_no_longer_has_the_earlier_version_says_none(spark: SparkSession, tmp_path: Path) -> None:
    """Columns came in between, so the earlier version's are asked for; its commits have gone."""
    folder = str(tmp_path / "t")
    spark.sql(f"create table delta.`{folder}` (id int) using delta")
    spark.sql(f"insert into delta.`{folder}` values (1), (2)")
    purge_history(folder, "r1")
    spark.sql(f"delete from delta.`{folder}` where id = 1")
    span = Span(folder, 1, table_version(folder))
    files = file_changes(span)
    assert files is not None
    assert files.schema_changed
    assert changed_rows(spark, span, files) is None
