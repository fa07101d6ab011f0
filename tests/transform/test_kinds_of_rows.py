"""Rows that arrival orders, rows of a change log and rows without a key: which one stays, and what each means."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.cycle.dry_run import planned_tables
from lakehouse.lake.bronze import number_ignored, with_arrival
from lakehouse.transform.outcomes import newest_per_key, with_dates, with_outcome
from lakehouse.transform.rebuild import silver_of
from tests.model.kind_laws import KINDS

ARRIVING, TIMED, NUMBERED = (KINDS[name].dataset for name in ("arriving", "timed_arriving", "numbered"))
LOGGED, APPENDED = (KINDS[name].dataset for name in ("logged", "appended"))
BRONZE = "_batch_id bigint, _row_id bigint, _repair_of string"


def day(number: int) -> datetime:
    return datetime(2026, 10, number, tzinfo=UTC)


def bronze(spark: SparkSession, of: Dataset, *rows: tuple[Any, ...]) -> DataFrame:
    """Rows of bronze: key, number, day, note, flag or operation, then batch, line and what it repairs."""
    schema = ", ".join(f"{column.name} {column.type}" for column in of.columns)
    values = [(key, number, day(at), *rest) for key, number, at, *rest in rows]
    return with_arrival(spark.createDataFrame(values, f"{schema}, {BRONZE}"), of)


def notes(rows: DataFrame) -> dict[str, str]:
    return {row["id"]: row["note"] for row in rows.collect()}


def test_arrival_is_the_batch_then_the_line_and_of_a_repair_that_of_its_row(spark: SparkSession) -> None:
    rows = bronze(spark, ARRIVING, ("a", 1, 1, "x", False, 3, 7, None), ("a", 1, 1, "x", False, 9, 2, "3:10000000005"))
    assert [tuple(row["_arrived"]) for row in rows.collect()] == [(3, 7), (3, 10000000005)]


def test_what_arrived_last_stays(spark: SparkSession) -> None:
    rows = [
        ("a", 1, 1, "first", False, 1, 2, None), ("a", 1, 1, "later line", False, 1, 3, None),
        ("b", 1, 1, "x", False, 1, 4, None), ("b", 1, 1, "y", False, 2, 2, None), ("b", 1, 1, "x", False, 3, 2, None),
        ("c", 1, 1, "came on batch 2", False, 2, 9, None), ("c", 1, 1, "repairs batch 1", False, 4, 2, "1:9"),
    ]  # fmt: skip
    wanted = {"a": "later line", "b": "x", "c": "came on batch 2"}
    assert notes(silver_of(bronze(spark, ARRIVING, *rows), ARRIVING)) == wanted
    one_batch = bronze(spark, ARRIVING, *rows[:2], ("a", 1, 1, "after", None, 1, 1, None))
    assert notes(newest_per_key(one_batch, ARRIVING)) == {"a": "later line"}


def test_columns_decide_before_arrival_and_each_in_its_turn(spark: SparkSession) -> None:
    rows = [
        ("a", 9, 1, "older", False, 2, 2, None), ("a", 1, 2, "newer", False, 1, 2, None),
        ("b", 2, 1, "second", False, 1, 3, None), ("b", 1, 1, "first", False, 2, 3, None),
    ]  # fmt: skip
    assert notes(silver_of(bronze(spark, TIMED, *rows), TIMED)) == {"a": "newer", "b": "first"}
    assert notes(silver_of(bronze(spark, NUMBERED, *rows), NUMBERED)) == {"a": "newer", "b": "second"}
    assert notes(newest_per_key(bronze(spark, NUMBERED, *rows), NUMBERED)) == {"a": "newer", "b": "second"}


@pytest.mark.parametrize(
    ("of", "is_newest", "wanted"),
    [
        (ARRIVING, True, {"same": "unchanged", "other": "updated", "older": "updated", "gone": "deleted"}),
        (ARRIVING, False, {"same": "unchanged", "other": "tie", "older": "tie", "gone": "tie"}),
        (TIMED, True, {"same": "unchanged", "other": "updated", "older": "stale", "gone": "deleted"}),
        (TIMED, False, {"same": "unchanged", "other": "tie", "older": "stale", "gone": "tie"}),
        (NUMBERED, True, {"same": "unchanged", "other": "updated", "older": "stale", "gone": "stale"}),
    ],
    ids=["arrival in turn", "arrival out of turn", "time in turn", "time out of turn", "two columns"],
)
def test_bronze_is_asked_out_of_turn_alone(
    spark: SparkSession, of: Dataset, is_newest: bool, wanted: dict[str, str]
) -> None:
    silver = [(key, 2, 2, "x", False, 1, 2, None) for key in wanted]
    came = [("same", 2, 2, "x", False, 2, 2, None), ("other", 3, 2, "y", False, 2, 3, None),
            ("older", 9, 1, "y", False, 2, 4, None), ("gone", 1, 2, "x", True, 2, 5, None)]  # fmt: skip
    latest = with_dates(newest_per_key(bronze(spark, of, *came), of), of, 2)
    old = with_dates(bronze(spark, of, *silver).select(*of.column_names), of, 1)
    found = with_outcome(latest, old, of, is_newest).select("id", "_outcome").collect()
    assert {row["id"]: row["_outcome"] for row in found} == wanted


def test_a_log_deletes_and_its_images_are_passed_over(spark: SparkSession) -> None:
    rows = [
        ("a", 1, 1, "x", "I", 1, 2, None), ("a", 1, 2, "x", "B", 1, 3, None), ("a", 1, 2, "y", "U", 1, 4, None),
        ("b", 1, 1, "x", "I", 1, 5, None), ("b", None, 2, None, "D", 2, 2, None),
        ("c", 1, 3, "only an image", "B", 2, 3, None),
    ]  # fmt: skip
    landed = bronze(spark, LOGGED, *rows)
    found = {row["id"]: (row["note"], row["is_deleted"]) for row in silver_of(landed, LOGGED).collect()}
    assert found == {"a": ("y", False), "b": (None, True)}
    assert number_ignored(landed, LOGGED) == 2
    assert number_ignored(bronze(spark, ARRIVING), ARRIVING) == 0
    undated = newest_per_key(landed.withColumn("at", F.col("at")), LOGGED).agg(F.sum("_lost")).first()
    assert undated is not None
    assert undated[0] == 0


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_planned_without_rows(name: str, spark: SparkSession) -> None:
    """As check --deep plans it: bronze, quarantine and silver, with the columns that the kind adds."""
    of = KINDS[name].dataset
    *_, silver = planned_tables(spark, of)
    assert tuple(silver.columns) == of.silver_column_names


def test_rows_without_a_key_stay_each(spark: SparkSession) -> None:
    rows = [("a", 1, 1, "x", False, 1, 2, None), ("a", 1, 1, "x", False, 1, 3, None),
            ("a", 1, 1, "x", False, 2, 2, None)]  # fmt: skip
    found = silver_of(bronze(spark, APPENDED, *rows), APPENDED).collect()
    assert sorted((row["_batch_id"], row["_row_id"], row["note"]) for row in found) == [
        (1, 2, "x"), (1, 3, "x"), (2, 2, "x")
    ]  # fmt: skip
