"""One row per key, what it means for what silver has, and the time in which a version holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.outcomes import newest_per_key, with_dates, with_outcome, with_validity

ROW = "id string, seq int, value string, gone boolean"
DAY, NEXT_DAY = date(2026, 10, 12), date(2026, 10, 13)


def dataset(strategy: MergeStrategy, date_column: str | None = None, *derived: str) -> Dataset:
    """A dataset with a whole number as its sequence, which reads better than times."""
    names = [*ROW.split(", "), *([f"{date_column} timestamp"] if date_column else [])]
    columns = tuple(Column(*name.split(" "), True, "") for name in names)  # type: ignore[arg-type,misc]
    flag = "gone" if strategy is MergeStrategy.UPSERT else None
    csv, seq = FileFormat.CSV, ("seq",)
    return Dataset("leads", "crm", "", strategy, "*", csv, columns, ("id",), seq, flag, date_column, derived, (), 20)


_KEYED = (MergeStrategy.UPSERT, MergeStrategy.INSERT_ONLY, MergeStrategy.SCD2)
UPSERT, INSERT_ONLY, SCD2 = (dataset(strategy) for strategy in _KEYED)


def assert_rows(found: DataFrame, schema: str, *rows: tuple[Any, ...]) -> None:
    expected = found.sparkSession.createDataFrame(rows, schema)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True)


def newest(rows: DataFrame, of: Dataset) -> DataFrame:
    """The columns of the dataset alone, without the counts."""
    return newest_per_key(rows, of).select(*of.column_names)


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (UPSERT, [("A", 3, "c", True), ("B", 1, None, None), (None, 1, "x", False)]),
        (INSERT_ONLY, [("A", 1, "a", False), ("B", 1, None, None), (None, 1, "x", False)]),
        (
            SCD2,
            [
                ("A", 1, "a", False),
                ("A", 2, "b", False),
                ("A", 3, "c", True),
                ("B", 1, None, None),
                (None, 1, "x", False),
            ],
        ),
    ],
    ids=["upsert", "insert_only", "scd2"],
)
def test_one_row_per_key(spark: SparkSession, of: Dataset, expected: list[tuple[Any, ...]]) -> None:
    delivered = [
        ("A", 2, "b", False),
        ("A", 3, "c", True),
        ("A", 1, "a", False),
        ("B", 1, None, None),
        (None, 1, "x", False),
    ]
    first = newest(spark.createDataFrame([*delivered, *delivered[:2]], ROW), of)
    assert_rows(first, ROW, *expected)
    assert_df_equality(newest(first, of), first, ignore_row_order=True)


def test_a_row_knows_how_many_it_stands_for(spark: SparkSession) -> None:
    of = dataset(MergeStrategy.UPSERT, "at", "dt")
    at = datetime(2026, 10, 12, tzinfo=UTC)
    rows = [
        ("A", 1, "a", False, at), ("A", 2, "b", None, at), ("A", None, "c", False, at),  # one without sequence
        ("B", 1, None, None, at), (None, 1, "x", False, at), ("C", 1, "x", False, None),
    ]  # fmt: skip
    found = newest_per_key(spark.createDataFrame(rows, f"{ROW}, at timestamp"), of).select("id", "_rows", "_lost")
    assert_rows(found, "id string, _rows bigint, _lost bigint", ("A", 3, 1), ("B", 1, 0), (None, 1, 1), ("C", 1, 1))


@pytest.mark.parametrize(
    ("of", "expected"),
    [(UPSERT, (2, "b", True)), (INSERT_ONLY, (2, None, True)), (SCD2, (2, "b", True))],
    ids=["upsert", "insert_only", "scd2"],
)
def test_a_tie_is_settled_by_content_whatever_the_order(
    spark: SparkSession, of: Dataset, expected: tuple[Any, ...]
) -> None:
    tied = [(2, "b", False), (2, None, True), (2, "b", True), (2, "a", True)]
    orders = list(permutations(tied))
    rows = spark.createDataFrame([(f"K{number}", *row) for number, order in enumerate(orders) for row in order], ROW)
    for partitions in (1, 5):
        found = newest(rows.repartition(partitions), of)
        assert_rows(found, ROW, *[(f"K{number}", *expected) for number in range(len(orders))])


def test_the_identity_of_a_row() -> None:
    assert [of.identity for of in (UPSERT, INSERT_ONLY, SCD2)] == [("id",), ("id",), ("id", "seq")]


def test_dates_are_those_of_utc(spark: SparkSession) -> None:
    of = dataset(MergeStrategy.INSERT_ONLY, "at", "month")
    late, early = datetime(2026, 10, 31, 23, 59, 59, 999999, UTC), datetime(2026, 11, 1, tzinfo=UTC)
    rows = [("A", 1, "a", False, late), ("B", 1, "b", False, early), ("C", 1, "c", False, None)]
    assert_rows(
        with_dates(spark.createDataFrame(rows, f"{ROW}, at timestamp"), of, 7),
        f"{ROW}, at timestamp, dt date, month string, _batch_id bigint",
        ("A", 1, "a", False, late, date(2026, 10, 31), "2026-10", 7),
        ("B", 1, "b", False, early, date(2026, 11, 1), "2026-11", 7),
        ("C", 1, "c", False, None, None, None, 7),
    )


# What comes · what silver has · outcome · moved
OUTCOMES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...] | None, str, bool]] = {
    "new": ((1, "a", False, DAY), None, "inserted", False),
    "new with a null": ((1, None, False, DAY), None, "inserted", False),
    "new tombstone": ((1, "a", True, DAY), None, "deleted", False),
    "newer": ((2, "b", False, DAY), (1, "a", False, DAY), "updated", False),
    "newer, same value": ((2, "a", False, DAY), (1, "a", False, DAY), "updated", False),
    "newer, value to null": ((2, None, False, DAY), (1, "a", False, DAY), "updated", False),
    "newer, null to value": ((2, "a", False, DAY), (1, None, False, DAY), "updated", False),
    "newer, another day": ((2, "a", False, NEXT_DAY), (1, "a", False, DAY), "updated", True),
    "newer, a day at last": ((2, "a", False, DAY), (1, "a", False, None), "updated", True),
    "deleted": ((2, "a", True, DAY), (1, "a", False, DAY), "deleted", False),
    "deleted on another day": ((2, "a", True, NEXT_DAY), (1, "a", False, DAY), "deleted", True),
    "deleted where no flag was set": ((2, "a", True, DAY), (1, "a", None, DAY), "deleted", False),
    "newer without a flag": ((2, "b", None, DAY), (1, "a", False, DAY), "updated", False),
    "deleted again": ((3, "a", True, DAY), (2, "a", True, DAY), "updated", False),
    "deleted, then an older update": ((1, "b", False, DAY), (2, "a", True, DAY), "stale", False),
    "revived": ((3, "b", False, DAY), (2, "a", True, DAY), "updated", False),
    "revived on another day": ((3, "b", False, NEXT_DAY), (2, "a", True, DAY), "updated", True),
    "the same": ((1, "a", False, DAY), (1, "a", False, DAY), "unchanged", False),
    "the same with a null": ((1, None, False, DAY), (1, None, False, DAY), "unchanged", False),
    "the same tombstone": ((1, "a", True, DAY), (1, "a", True, DAY), "unchanged", False),
    "as old with other content": ((1, "b", False, DAY), (1, "a", False, DAY), "tie", False),
    "as old with a null": ((1, None, False, DAY), (1, "a", False, DAY), "tie", False),
    "as old and deleted": ((1, "a", True, DAY), (1, "a", False, DAY), "tie", False),
    "older": ((1, "b", False, DAY), (2, "a", False, DAY), "stale", False),
    "older on another day": ((1, "a", False, NEXT_DAY), (2, "a", False, DAY), "stale", False),
}


def test_the_fate_of_an_upsert(spark: SparkSession) -> None:
    of = dataset(MergeStrategy.UPSERT, "at", "dt")
    moments = {day: day and datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (DAY, NEXT_DAY, None)}
    schema = f"{ROW}, at timestamp, dt date, _batch_id bigint"
    news = [(name, *row[:3], moments[row[3]], row[3], 2) for name, (row, *_) in OUTCOMES.items()]
    olds = [(name, *old[:3], moments[old[3]], old[3], 1) for name, (_, old, *_) in OUTCOMES.items() if old]
    silver = spark.createDataFrame([*olds, ("another key", 9, None, True, None, None, 1)], schema)
    judged = with_outcome(spark.createDataFrame(news, schema), silver, of)
    assert_rows(
        judged.selectExpr("id", "_old.value old", "_outcome outcome", "_moved moved"),
        "id string, old string, outcome string, moved boolean",
        *[(name, old and old[1], outcome, moved) for name, (_, old, outcome, moved) in OUTCOMES.items()],
    )


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (INSERT_ONLY, {"A": "unchanged", "B": "stale", "C": "stale", "D": "inserted", "E": "stale"}),
        (SCD2, {"A": "unchanged", "B": "tie", "C": "inserted", "D": "inserted", "E": "inserted"}),
    ],
    ids=["insert_only", "scd2"],
)
def test_the_fate_where_nothing_is_replaced(spark: SparkSession, of: Dataset, expected: dict[str, str]) -> None:
    silver = [("A", 2, None, False), ("B", 2, "a", False), ("C", 2, "a", False), ("E", 2, "a", True)]
    news = [
        ("A", 2, None, False),
        ("B", 2, "b", False),
        ("C", 3, "b", False),
        ("D", 1, None, True),
        ("E", 1, "a", False),
    ]
    frames = [
        spark.createDataFrame([(*row, batch) for row in rows], f"{ROW}, _batch_id bigint")
        for batch, rows in ((2, news), (1, silver))
    ]
    judged = with_outcome(*frames, of)
    found = judged.selectExpr("id", "_outcome outcome", "_moved moved")
    assert_rows(
        found, "id string, outcome string, moved boolean", *[(key, outcome, False) for key, outcome in expected.items()]
    )


def test_versions_hold_without_gap_or_overlap(spark: SparkSession) -> None:
    rows = [("A", 9, "c", True), ("A", 1, "a", True), ("A", 5, "b", True), ("B", 4, None, None)]
    expected = [
        ("A", 1, "a", True, 1, 5, False),
        ("A", 5, "b", True, 5, 9, False),
        ("A", 9, "c", True, 9, None, True),
        ("B", 4, None, None, 4, None, True),
    ]
    schema = f"{ROW}, valid_from int, valid_to int, is_current boolean"
    first = with_validity(spark.createDataFrame(rows, ROW), SCD2)
    assert_rows(first, schema, *expected)
    assert_rows(with_validity(first, SCD2), schema, *expected)


def test_versions_of_one_moment_come_by_the_rest_of_their_sequence(spark: SparkSession) -> None:
    of = replace(SCD2, sequence_by=("seq", "value"))
    rows = [("A", 5, "d", True), ("A", 1, "c", True), ("A", 1, "b", True), ("A", 1, "a", True)]
    assert_rows(
        with_validity(spark.createDataFrame(rows, ROW).coalesce(1), of),
        f"{ROW}, valid_from int, valid_to int, is_current boolean",
        ("A", 1, "a", True, 1, 1, False),
        ("A", 1, "b", True, 1, 1, False),
        ("A", 1, "c", True, 1, 5, False),
        ("A", 5, "d", True, 5, None, True),
    )


def test_versions_ordered_by_a_date_hold_from_midnight(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("A", DAY, "a", True), ("A", NEXT_DAY, "b", True)], ROW.replace("int", "date"))
    first, second = datetime(2026, 10, 12), datetime(2026, 10, 13)
    assert_rows(
        with_validity(rows, SCD2),
        f"{ROW.replace('int', 'date')}, valid_from timestamp, valid_to timestamp, is_current boolean",
        ("A", DAY, "a", True, first, second, False),
        ("A", NEXT_DAY, "b", True, second, None, True),
    )


def test_a_late_version_comes_between_equal_neighbours(spark: SparkSession) -> None:
    early = [("A", 1, "a", True), ("A", 5, "a", True), ("A", 9, None, True)]
    schema = f"{ROW}, valid_from int, valid_to int, is_current boolean"
    before = with_validity(spark.createDataFrame(early, ROW), SCD2)
    kept = [("A", 5, "a", True, 5, 9, False), ("A", 9, None, True, 9, None, True)]
    assert_rows(before, schema, ("A", 1, "a", True, 1, 5, False), *kept)
    after = with_validity(spark.createDataFrame([*early, ("A", 3, "late", True)], ROW), SCD2)
    assert_rows(after, schema, ("A", 1, "a", True, 1, 3, False), ("A", 3, "late", True, 3, 5, False), *kept)
