"""Any fact: what a view sums is what the fact has, every store of the range is there, and ratios are what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.publish.athena_sql import for_duckdb
from lakehouse.publish.engine import columns_of, open_engine
from lakehouse.publish.views import read_views, resolve

VIEWS = {view.name: view for view in resolve(read_views(Path(__file__).parents[2] / "dbt" / "athena_views"), {})}
ON_THE_FACT = [name for name, view in VIEWS.items() if view.tables == ("marts.fct_daily_store_metrics",)]
FIRST = date(2026, 3, 1)
TYPES = {
    "dt": "date", "store_id": "varchar", "month": "varchar",
    **dict.fromkeys(("gross_revenue", "discounts", "returns", "net_revenue", "cost_of_goods", "gross_margin"),
                    "decimal(18,2)"),
    **dict.fromkeys(("average_order_value", "conversion_rate"), "decimal(18,6)"),
    **dict.fromkeys(("orders", "units", "customers", "lines_without_cost", "leads_created", "leads_converted",
                     "sessions", "page_views", "add_to_carts", "checkouts", "purchases"), "bigint"),
}  # fmt: skip
# Ratio, numerator and denominator of a view's own columns; money and counts.
RATIOS = {
    "daily_store_metrics": [
        ("average_order_value", "net_revenue", "orders"),
        ("conversion_rate", "sessions_with_purchase", "sessions"),
        ("known_margin_rate", "case when lines_without_cost = 0 then gross_margin end", "net_revenue"),
    ],
    "conversion_funnel": [
        ("carts_by_session", "add_to_carts", "sessions"),
        ("checkouts_by_cart", "checkouts", "add_to_carts"),
        ("purchases_by_checkout", "purchases", "checkouts"),
        ("conversion_rate", "sessions_with_purchase", "sessions"),
    ],
    "store_last_30_days": [
        ("margin_rate", "gross_margin", "net_revenue"),
        ("known_margin_rate", "case when lines_without_cost = 0 then gross_margin end", "net_revenue"),
        ("average_order_value", "net_revenue", "orders"),
        ("conversion_rate", "sessions_with_purchase", "sessions"),
    ],
    "store_week_over_week": [
        ("net_revenue_change", "net_revenue - net_revenue_week_before", "net_revenue_week_before"),
        ("orders_change", "orders - orders_week_before", "orders_week_before"),
        ("sessions_change", "sessions - sessions_week_before", "sessions_week_before"),
        ("comparable_change", "case when is_complete then net_revenue - net_revenue_week_before end",
         "net_revenue_week_before"),
    ],
}  # fmt: skip
counts = st.integers(0, 5)


@st.composite
def store_days(draw: st.DrawFn) -> dict[str, Any]:
    """One row of the fact, as its model would have it: ratios of whole numbers, net of gross."""
    orders, sessions = draw(counts), draw(st.integers(0, 900))
    buyers = draw(st.integers(0, sessions))
    net, cost = (Decimal(draw(st.integers(0, 99_999))) / 100 for _ in range(2))
    day = FIRST + timedelta(days=draw(st.integers(0, 45)))
    plain = {name: draw(counts) for name in ("units", "customers", "lines_without_cost", "page_views", "add_to_carts",
                                             "checkouts", "purchases", "leads_created", "leads_converted")}  # fmt: skip
    return {
        **plain, "dt": day, "store_id": f"S00{draw(st.integers(1, 4))}", "month": f"{day:%Y-%m}", "orders": orders,
        "sessions": sessions, "gross_revenue": net, "discounts": 0, "returns": 0, "net_revenue": net,
        "cost_of_goods": cost, "gross_margin": net - cost, "average_order_value": ratio(net, orders),
        "conversion_rate": ratio(buyers, sessions), "buyers": buyers,
    }  # fmt: skip


def ratio(numerator: Any, denominator: int) -> Decimal | None:
    return round(Decimal(numerator) / denominator, 6) if denominator else None


facts = st.lists(store_days(), max_size=40, unique_by=lambda row: (row["dt"], row["store_id"]))


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """The views over a fact that each example fills anew; `buyers` is what the fact does not keep."""
    with open_engine(reads_delta=False) as connection:
        connection.execute("create schema marts; create schema analytics")
        columns = ", ".join(f"{name} {kind}" for name, kind in {**TYPES, "buyers": "bigint"}.items())
        connection.execute(f"create table marts.fct_daily_store_metrics ({columns})")
        types = columns_of(connection, {("marts", "fct_daily_store_metrics")})
        for name in ON_THE_FACT:
            query = for_duckdb(VIEWS[name].tree_of_tables, types, VIEWS[name].query)
            connection.execute(f"create view analytics.{name} as {query}")
        yield connection


def fill(engine: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
    engine.execute("delete from marts.fct_daily_store_metrics")
    names = [*TYPES, "buyers"]
    if rows:
        marks = ", ".join("?" for _ in names)
        values = [[row[name] for name in names] for row in rows]
        engine.executemany(f"insert into marts.fct_daily_store_metrics values ({marks})", values)


def assert_same_rows(engine: duckdb.DuckDBPyConnection, view: str, fact: str) -> None:
    found, wanted = engine.execute(view).fetchall(), engine.execute(fact).fetchall()
    assert found == wanted


few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SUMS = "sum(orders), sum(net_revenue), sum(gross_margin), sum(sessions), sum(purchases)"


@few
@given(rows=facts, begin=st.integers(0, 45), days=st.integers(0, 20))
def test_sums_and_stores_of_any_range_are_those_of_the_fact(
    engine: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]], begin: int, days: int
) -> None:
    fill(engine, rows)
    first, last = FIRST + timedelta(days=begin), FIRST + timedelta(days=begin + days)
    within = f"between date '{first}' and date '{last}'"
    assert_same_rows(
        engine,
        f"select store, {SUMS}, sum(sessions_with_purchase), sum(lines_without_cost) "
        f"from analytics.daily_store_metrics where day {within} group by all order by all",
        f"select store_id, {SUMS}, sum(buyers), sum(lines_without_cost) "
        f"from marts.fct_daily_store_metrics where dt {within} group by all order by all",
    )
    funnel = "sum(sessions), sum(page_views), sum(add_to_carts), sum(checkouts), sum(purchases)"
    assert_same_rows(
        engine,
        f"select store, {funnel}, sum(sessions_with_purchase) from analytics.conversion_funnel where day {within} "
        "group by all order by all",
        f"select store_id, {funnel}, sum(buyers) from marts.fct_daily_store_metrics where dt {within} and sessions > 0 "
        "group by all order by all",
    )


@few
@given(rows=facts)
def test_a_week_has_every_store_with_data_in_either_week(
    engine: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]
) -> None:
    fill(engine, rows)
    wanted = """
        select d.dt, f.store_id,
            coalesce(sum(f.net_revenue) filter (where f.dt > d.dt - 7), 0),
            coalesce(sum(f.net_revenue) filter (where f.dt <= d.dt - 7), 0),
            coalesce(sum(f.orders) filter (where f.dt > d.dt - 7), 0),
            coalesce(sum(f.sessions) filter (where f.dt <= d.dt - 7), 0),
            (select count(distinct dt) from marts.fct_daily_store_metrics g where g.dt > d.dt - 7 and g.dt <= d.dt)
        from (select distinct dt from marts.fct_daily_store_metrics) d
        join marts.fct_daily_store_metrics f on f.dt between d.dt - 13 and d.dt
        group by all order by 1, 2"""
    assert_same_rows(
        engine,
        "select day, store, net_revenue, net_revenue_week_before, orders, sessions_week_before, days_covered "
        "from analytics.store_week_over_week order by 1, 2",
        wanted,
    )


@few
@given(rows=facts)
def test_the_30_days_are_those_before_the_latest_complete_day(
    engine: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]
) -> None:
    fill(engine, rows)
    found = engine.execute("select distinct latest_complete_day from analytics.day_completeness").fetchall()
    last = found[0][0] if found else None
    sums = f"coalesce({SUMS.replace('), ', '), 0), coalesce(')}, 0)"
    assert_same_rows(
        engine,
        f"select store, days_with_data, {', '.join(name[4:-1] for name in SUMS.split(', '))} "
        "from analytics.store_last_30_days order by store",
        f"select s.store_id, count(f.dt), {sums} from (select distinct store_id from marts.fct_daily_store_metrics "
        f"where dt > date '{last or FIRST}' - 60 and dt <= date '{last or date.min}') s "
        f"left join marts.fct_daily_store_metrics f on f.store_id = s.store_id "
        f"and f.dt > date '{last or FIRST}' - 30 and f.dt <= date '{last or FIRST}' group by 1 order by 1",
    )


@few
@given(rows=facts)
@pytest.mark.parametrize("view", RATIOS)
def test_every_ratio_is_its_numerator_by_its_denominator(
    engine: duckdb.DuckDBPyConnection, view: str, rows: list[dict[str, Any]]
) -> None:
    fill(engine, rows)
    for name, numerator, denominator in RATIOS[view]:
        selected = f"select {name}, cast({numerator} as decimal(18,2)), {denominator} from analytics.{view}"
        for shown, above, below in engine.execute(selected).fetchall():
            assert (shown is None) == (above is None or not below)
            assert shown is None or abs(shown - Decimal(above) / Decimal(below)) <= Decimal("0.0000005000001")


def test_every_ratio_of_a_view_is_tried() -> None:
    shown = {(name, c.name) for name in ON_THE_FACT for c in VIEWS[name].view.columns if c.type == "decimal(18,6)"}
    assert shown == {(view, name) for view, ratios in RATIOS.items() for name, _, _ in ratios}
