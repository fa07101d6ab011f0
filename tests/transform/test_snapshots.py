"""The law of snapshots: a key that a later one certainly lacks is deleted; a history has a version per change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.transform.snapshots import Events, deleting, silver_of_snapshots
from tests.model.snapshot_laws import DATASETS

Landed = tuple[str, int, str, int]
"""Key, day, note and the batch in which a row counts as arrived."""


def day(number: int) -> datetime:
    return datetime(2026, 10, number, tzinfo=UTC)


def events(
    spark: SparkSession,
    landed: list[Landed],
    snapshots: list[tuple[int, int]],
    uncertain: list[tuple[str, int]] | None = None,
) -> Events:
    """snapshots: day and batch."""
    rows = [(key, day(at), note, batch, (batch, 2), False) for key, at, note, batch in landed]
    kind = "id string, at timestamp, note string, _batch_id bigint, _arrived struct<batch: bigint, row: bigint>"
    return Events(
        spark.createDataFrame(rows, f"{kind}, is_deleted boolean"),
        spark.createDataFrame(uncertain or [], "id string, _batch_id bigint"),
        spark.createDataFrame([(day(at), batch) for at, batch in snapshots], "at timestamp, _batch_id bigint"),
    )


def found(rows: DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row) for row in rows.select(*names).collect())


def test_a_key_is_deleted_by_the_first_snapshot_that_lacks_it(spark: SparkSession) -> None:
    landed = [
        ("kept", 1, "a", 1), ("kept", 3, "a", 3),
        ("gone", 1, "a", 1),
        ("back", 1, "a", 1), ("back", 3, "a", 3),
        ("uncertain", 1, "a", 1),
        ("uncertain once", 1, "a", 1),
        ("newer than the late one", 3, "c", 3),
        ("said twice on a day, the later without it", 3, "d", 3),
    ]  # fmt: skip
    uncertain = [("uncertain", 2), ("uncertain", 3), ("uncertain", 5), ("uncertain once", 2), ("kept", 5), ("back", 5),
                 ("newer than the late one", 5)]  # fmt: skip
    snapshots = [(1, 1), (2, 2), (3, 3), (2, 4), (3, 5)]  # of the second day one came late, of the third one corrects
    silver = silver_of_snapshots(events(spark, landed, snapshots, uncertain), DATASETS["timed_snapshots"])
    assert found(silver, "id", "note", "is_deleted", "_batch_id") == [
        ("back", "a", False, 3),
        ("gone", "a", True, 2),
        ("kept", "a", False, 3),
        ("newer than the late one", "c", False, 3),
        ("said twice on a day, the later without it", "d", True, 5),
        ("uncertain", "a", True, 4),
        ("uncertain once", "a", True, 4),
    ]


def test_a_history_has_a_version_per_change(spark: SparkSession) -> None:
    landed = [("A", 1, "a", 1), ("A", 2, "a", 2), ("A", 3, "b", 3), ("A", 5, "b", 5), ("B", 2, "x", 2)]
    silver = silver_of_snapshots(
        events(spark, landed, [(number, number) for number in (1, 2, 3, 4, 5)]), DATASETS["snapshot_versions"]
    )
    days = [(*row[:3], row[3].day, row[4] and row[4].day, row[5]) for row in found(
        silver, "id", "note", "is_deleted", "valid_from", "valid_to", "is_current")]  # fmt: skip
    assert sorted(days, key=lambda row: (row[0], row[3])) == [
        ("A", "a", False, 1, 3, False),  # the second day says it again
        ("A", "b", False, 3, 4, False),
        ("A", "b", True, 4, 5, False),
        ("A", "b", False, 5, None, True),
        ("B", "x", False, 2, 3, False),
        ("B", "x", True, 3, None, True),
    ]


@pytest.mark.parametrize(
    ("rows", "whole", "wanted"),
    [
        ([("A", 1, 1)], {1}, [1]),
        ([("A", 1, 1)], set(), []),
        ([("A", 1, 1), (None, 1, 1)], {1}, []),
        ([("A", 1, 1), ("B", 2, 1)], {1}, []),
        ([], {1}, []),
    ],
    ids=["a whole file", "a row could not be read", "a row without a key", "two times", "no row and so no time"],
)
def test_which_snapshots_delete(spark: SparkSession, rows: list[Any], whole: set[int], wanted: list[int]) -> None:
    keys = spark.createDataFrame(
        [(key, day(at), batch) for key, at, batch in rows], "id string, at timestamp, _batch_id bigint"
    )
    assert [row._batch_id for row in deleting(spark, keys, whole, DATASETS["timed_snapshots"]).collect()] == wanted


def test_an_empty_file_deletes_where_arrival_orders(spark: SparkSession) -> None:
    keys = spark.createDataFrame([("A", 1)], "id string, _batch_id bigint")
    found = deleting(spark, keys, {1, 2}, DATASETS["snapshots"]).collect()
    assert sorted(row._batch_id for row in found) == [1, 2]
