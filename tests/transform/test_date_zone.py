"""dt is the day that the contract's clock showed: exactly on the days of clock changes, and through every merge."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.columns import DELIVERED
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.merge import merge_batch
from lakehouse.transform.outcomes import with_dates
from lakehouse.transform.rebuild import difference, silver_of
from tests.helpers.silver_table import EVENTS, ORDERS, day, merge_in_turn

ZONES = {
    "Europe/Berlin": (date(2026, 3, 28), date(2026, 10, 24)),
    "America/Sao_Paulo": (date(2018, 11, 3), date(2019, 2, 16)),  # its clocks changed at midnight
    "Pacific/Apia": (date(2011, 12, 29),),  # the 30th was left out
    "Asia/Kathmandu": (date(2026, 1, 1),),  # 5:45 hours ahead
    "Africa/Casablanca": (date(2026, 2, 14), date(2026, 3, 21)),  # set back for a month
    "America/St_Johns": (date(2006, 10, 28),),  # at one minute past midnight
}
QUARTERS = [timedelta(minutes=15 * number + shift) for number in range(3 * 96) for shift in (-1, 0)]


def in_zone(dataset: Dataset, zone: str) -> Dataset:
    return dataclasses.replace(dataset, date_zone=zone)


def days(spark: SparkSession, zone: str, *times: datetime | None) -> list[date | None]:
    """dt of rows with these times."""
    dataset = in_zone(ORDERS, zone)
    rows = [(str(place), "S1", Decimal(1), at, day(1), False) for place, at in enumerate(times)]
    frame = spark.createDataFrame(rows, ", ".join(f"{column.name} {column.type}" for column in dataset.columns))
    found = {row.id: row.dt for row in with_dates(frame, dataset, 1).select("id", "dt").collect()}
    return [found[str(place)] for place in range(len(times))]


@pytest.mark.parametrize("zone", ZONES)
def test_each_quarter_of_an_hour_around_a_change_has_the_day_that_the_clock_showed(
    spark: SparkSession, zone: str
) -> None:
    begins = [datetime(first.year, first.month, first.day, tzinfo=UTC) for first in ZONES[zone]]
    times = [begin + quarter for begin in begins for quarter in QUARTERS]
    assert days(spark, zone, *times) == [at.astimezone(ZoneInfo(zone)).date() for at in times]


def test_no_time_has_no_day_and_the_ends_of_time_have_no_neighbour(spark: SparkSession) -> None:
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert days(spark, "America/Sao_Paulo", None, first) == [None, date.min]
    assert days(spark, "Pacific/Kiritimati", last) == [date.max]


def test_the_month_is_that_of_the_day(spark: SparkSession) -> None:
    monthly = dataclasses.replace(in_zone(ORDERS, "Europe/Berlin"), partition_by=("month",))
    row = ("a", "S1", Decimal(1), datetime(2026, 10, 31, 23, 30, tzinfo=UTC), day(1), False)
    frame = spark.createDataFrame([row], ", ".join(f"{column.name} {column.type}" for column in monthly.columns))
    (found,) = with_dates(frame, monthly, 1).select("dt", "month").collect()
    assert (found.dt, found.month) == (date(2026, 11, 1), "2026-11")


Row = tuple[Any, ...]
"""id, store, amount, at, sequence, gone, and the offset in minutes of the text that said `at`."""


def history(seed: int) -> dict[int, list[Row]]:
    """Three batches over few keys just before midnight, which come again at the same instant by another clock."""
    pick = random.Random(seed)

    def row() -> Row:
        at = datetime(2026, 10, 24, 22, pick.choice((0, 30)), tzinfo=UTC)
        seq, gone, offset = day(pick.randint(1, 2)), pick.random() < 0.2, pick.choice((0, 120))
        return (pick.choice("abc"), "S1", Decimal("1.00"), at, seq, gone, offset)

    return {number: [row() for _ in range(6)] for number in (1, 2, 3)}


def shown(at: datetime, zone: str, offset: int) -> date:
    """The day by the standard library."""
    return at.astimezone(timezone(timedelta(minutes=offset)) if zone == DELIVERED else ZoneInfo(zone)).date()


def frame(spark: SparkSession, dataset: Dataset, batches: dict[int, list[Row]]) -> DataFrame:
    """Passed rows as bronze hands them to a merge."""
    names = ", ".join(f"{column.name} {column.type}" for column in dataset.columns)
    size, more = len(dataset.columns), ", dt date" if dataset.keeps_offset else ""
    rows = [
        (*row[:size], *([shown(row[3], DELIVERED, row[6])] if more else []), number)
        for number, batch in batches.items()
        for row in batch
    ]
    return spark.createDataFrame(rows, f"{names}{more}, _batch_id bigint")


def law(batches: dict[int, list[Row]], zone: str, first_stays: bool) -> dict[str, tuple[Any, ...]]:
    """What silver has of each key, in plain Python: a content is what was delivered, with its day."""
    came: dict[tuple[Any, ...], int] = {}
    for number, batch in sorted(batches.items()):
        for key, store, amount, at, seq, gone, offset in batch:
            content = (key, store, amount, at, seq, gone and not first_stays, shown(at, zone, offset))
            came.setdefault(content, number)
    found: dict[str, tuple[Any, ...]] = {}
    for content, number in came.items():
        key, store, amount, at, seq, gone, dt = content
        ranked = (number, seq, store, amount, at, dt) if first_stays else (seq, number, gone, store, amount, at, dt)
        best = found.get(key)
        if best is None or (ranked < best[0] if first_stays else ranked > best[0]):
            found[key] = (ranked, amount, at, dt)
    return {key: best[1:] for key, best in found.items()}


def test_the_same_row_by_another_clock_is_another_content_on_another_day(spark: SparkSession, tmp_path: Path) -> None:
    dataset, path = in_zone(ORDERS, DELIVERED), str(tmp_path)
    row = ("a", "S1", Decimal("1.00"), datetime(2026, 10, 24, 22, 30, tzinfo=UTC), day(1), False)
    for number, offset in ((1, 0), (2, 120), (3, 180)):
        merge_batch(spark, dataset, frame(spark, dataset, {number: [(*row, offset)]}).drop("_batch_id"), number, path)
    (found,) = spark.read.format("delta").load(path).collect()
    assert (found.dt, found["_batch_id"]) == (date(2026, 10, 25), 2), "the third says what the second has said"


@pytest.mark.kinds
@pytest.mark.parametrize("zone", ["Europe/Berlin", DELIVERED])
@pytest.mark.parametrize("kind", [ORDERS, EVENTS], ids=lambda dataset: dataset.name)
@pytest.mark.parametrize("merged_as", [(1, 2, 3), (3, 1, 2)], ids=["in order", "the last one first"])
def test_silver_has_the_days_of_the_law_after_any_order_and_a_rebuild_the_same(
    spark: SparkSession, kind: Dataset, zone: str, merged_as: tuple[int, ...], tmp_path: Path
) -> None:
    dataset, batches = in_zone(kind, zone), history(seed=11)

    def rows_of(numbers: Sequence[int]) -> DataFrame:
        return frame(spark, dataset, {number: batches[number] for number in numbers})

    found = merge_in_turn(spark, dataset, str(tmp_path), merged_as, rows_of)
    utc = {row.id: (row.amount, row["at"].astimezone(UTC), row.dt) for row in found.collect()}
    assert utc == law(batches, zone, first_stays=kind is EVENTS)
    assert difference(found, silver_of(frame(spark, dataset, batches), dataset), dataset).is_none
