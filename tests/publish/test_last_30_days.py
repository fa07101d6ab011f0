"""The view of the last 30 days ends with the newest complete day; no single row with a wrong date moves it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

VIEWS = Path(__file__).parents[2] / "dbt" / "athena_views"
MEASURES = [
    "orders",
    "units",
    "net_revenue",
    "gross_margin",
    "leads_created",
    "leads_converted",
    "sessions",
    "purchases",
    "sessions_with_purchase",
    "lines_without_cost",
]
STORES = tuple(f"S00{number}" for number in range(1, 8))
LAST = date(2026, 10, 18)


def answer(rows: list[tuple[date | None, str | None]]) -> list[tuple[object, ...]]:
    """Store, first and last day and days with data of every store, from a fact with these days and stores."""
    with duckdb.connect() as lake:
        lake.execute("create schema marts; create schema analytics")
        measures = ", ".join(f"1 as {name}" for name in MEASURES)
        lake.execute("create table days (dt date, store_id varchar)")
        if rows:
            lake.executemany("insert into days values (?, ?)", rows)
        lake.execute(
            "create view marts.fct_daily_store_metrics as "
            f"select dt, store_id, strftime(dt, '%Y-%m') as month, {measures} from days"
        )
        lake.execute(
            "create view analytics.daily_store_metrics as "
            "select dt as day, store_id as store, * exclude (dt, store_id) from marts.fct_daily_store_metrics"
        )
        completeness = (VIEWS / "day_completeness.sql").read_text(encoding="utf-8")
        lake.execute(f"create view analytics.day_completeness as {completeness}")
        sql = (VIEWS / "store_last_30_days.sql").read_text(encoding="utf-8")
        return lake.execute(f"select store, from_day, to_day, days_with_data from ({sql}) order by 1").fetchall()


def days(last: date = LAST, number: int = 40) -> list[tuple[date | None, str | None]]:
    return [(last - timedelta(days=back), store) for back in range(number) for store in STORES]


WANTED = [(store, LAST - timedelta(days=29), LAST, 30) for store in STORES]


@pytest.mark.parametrize(
    "outliers",
    [
        [],
        [(date(2062, 11, 20), "S001")],
        [(date(2062, 11, 20), "S001"), (date(9999, 12, 31), "S002")],
        [(LAST + timedelta(days=20), "S001")],
        [(LAST + timedelta(days=20), store) for store in STORES[:3]],
        [(date(1970, 1, 1), "S001")],
        [(date(2062, 11, 20), store) for store in STORES],
        [(None, "S001")],
    ],
)
def test_no_wrong_date_moves_the_window(outliers: list[tuple[date | None, str | None]]) -> None:
    assert answer([*days(), *outliers]) == WANTED


def test_today_is_not_complete() -> None:
    with duckdb.connect() as clock:
        (today,) = clock.execute("select current_date").fetchone() or (None,)
    assert today is not None
    assert {row[2] for row in answer(days(today))} == {today - timedelta(days=1)}


def test_a_first_day_and_a_fact_without_rows() -> None:
    assert answer([(LAST, "S001")]) == [("S001", LAST - timedelta(days=29), LAST, 1)]
    assert answer([]) == []
