"""What the views say is what an independent query of silver and the fact says, on the days that once misled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.lakes import FACT
from tests.helpers.lakes_without_spark import write_fact, write_lake

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]
WEEK = "between date '2026-10-12' and date '2026-10-18'"
KEPT = "status not in ('cancelled', 'returned')"
NOTHING = {
    "dt": date(2026, 10, 19), "orders": 0, "units": 0, "customers": 0, "lines_without_cost": 0,
    "average_order_value": None,
    "leads_created": 0, "leads_converted": 0, "sessions": 3, "page_views": 3, "add_to_carts": 0, "checkouts": 0,
    "purchases": 0, "conversion_rate": Decimal(0), "month": "2026-10",
    **dict.fromkeys(
        ("gross_revenue", "discounts", "returns", "net_revenue", "cost_of_goods", "gross_margin"), Decimal("0.00")
    ),
}  # fmt: skip


def asked(project: Project, lake: Lake) -> Ask:
    return lambda sql: run_query(lake, project.contracts, sql, views_in_query(project, lake, sql)).rows


@pytest.fixture(scope="module")
def both(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A lake of both deliveries; its newest day with data of most stores is 20 October, three later days have few."""
    lake = Lake.at(str(tmp_path_factory.mktemp("both")))
    write_lake(project, lake, project.samples, project.samples / "day2")
    return asked(project, lake)


@pytest.fixture(scope="module")
def with_visits_alone(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A lake of the first delivery, which ends on 18 October, and a day of which only the visits have come."""
    lake = Lake.at(str(tmp_path_factory.mktemp("visits")))
    write_lake(project, lake)
    write_fact(lake, [{**_named(lake), **NOTHING, "store_id": f"S00{number}"} for number in range(1, 8)])
    return asked(project, lake)


def _named(lake: Lake) -> dict[str, Any]:
    return dict.fromkeys(field.name for field in existing_table(lake.table("marts", FACT)).schema().fields)


def test_a_week_keeps_every_store(both: Ask) -> None:
    day = "from store_week_over_week where day = date '2026-10-18'"
    assert both(f"select sum(net_revenue), count(*), min(days_covered), bool_and(is_complete) {day}") == [
        (Decimal("26320.43"), 7, 7, True)
    ]
    assert both(f"select sum(net_revenue), count(distinct store_id) from {FACT} where dt {WEEK}") == [
        (Decimal("26320.43"), 7)
    ]


def test_a_store_that_stopped_is_minus_100_percent(both: Ask) -> None:
    columns = "net_revenue, net_revenue_change, comparable_change, days_covered, days_covered_week_before, is_complete"
    found = both(f"select {columns} from store_week_over_week where day = date '2026-10-31' and store = 'S005'")
    assert found == [(Decimal("0.00"), Decimal(-1), None, 1, 3, False)]


def test_growth_over_a_week_of_one_day_is_marked(both: Ask) -> None:
    columns = "days_covered, days_covered_week_before, is_complete, comparable_change"
    day = "from store_week_over_week where day = date '2026-10-12' and store = 'S001'"
    assert both(f"select {columns} {day}") == [(7, 1, False, None)]


def test_a_day_of_visits_alone_is_not_complete(with_visits_alone: Ask) -> None:
    days = "from day_completeness where day >= date '2026-10-18' order by day"
    assert with_visits_alone(f"select day, is_complete, latest_complete_day {days}") == [
        (date(2026, 10, 18), True, date(2026, 10, 18)),
        (date(2026, 10, 19), False, date(2026, 10, 18)),
    ]
    week = "select day, bool_and(is_complete) from store_week_over_week where day >= date '2026-10-18'"
    assert with_visits_alone(f"{week} group by day order by day") == [
        (date(2026, 10, 18), True),
        (date(2026, 10, 19), False),
    ]
    assert with_visits_alone("select distinct to_day from store_last_30_days") == [(date(2026, 10, 18),)]


def test_a_tail_of_few_stores_does_not_end_the_30_days(both: Ask) -> None:
    found = both("select max(to_day), min(days_covered), sum(net_revenue) from store_last_30_days")
    wanted = both(f"select date '2026-10-20', 16, sum(net_revenue) from {FACT} where dt <= date '2026-10-20'")
    assert found == wanted


def test_a_margin_without_all_costs_says_so(both: Ask) -> None:
    day = "from daily_store_metrics where day = date '2026-10-12' and store = 'S007'"
    assert both(f"select net_revenue, gross_margin, lines_without_cost, known_margin_rate {day}") == [
        (Decimal("153.82"), Decimal("127.62"), 2, None)
    ]
    month = "from store_last_30_days where lines_without_cost > 0"
    assert both(f"select store, known_margin_rate {month}") == [("S007", None)]
    unknown = "from silver.erp_orders where product_id not in (select product_id from silver.products)"
    wanted = both(f"select sum(quantity * unit_price - discount_amount) {unknown} and {KEPT}")
    assert wanted == [(Decimal("100.00"),)]
    assert both("select sum(revenue_without_cost) from product_days") == wanted
    assert both("select sum(revenue_without_cost) from category_weeks") == wanted
    assert both("select distinct share_with_cost from product_days where revenue_without_cost > 0") == [(Decimal(0),)]


def test_visits_with_a_purchase_add_up(both: Ask) -> None:
    visits = "select dt, store_id, session_id from silver.web_events"
    wanted = both(
        f"select (select count(*) from (select distinct * from ({visits}))), "
        f"(select count(*) from (select distinct * from ({visits} where event_type = 'purchase')))"
    )
    for view in ("daily_store_metrics", "conversion_funnel"):
        assert both(f"select sum(sessions), sum(sessions_with_purchase) from {view}") == wanted
    assert wanted[0][0] == 364
    assert round(wanted[0][1] / wanted[0][0], 4) == 0.2088


def test_the_catalogue_shows_the_price_of_today(project: Project, lake: Lake) -> None:
    now = datetime.now(UTC)
    tomorrow, last_year = now + timedelta(days=1), now - timedelta(days=365)
    about = {"name": "Mug", "category": "Home", "unit_cost": Decimal("1.00"), "is_active": True}
    versions = [
        {**about, "product_id": "P1", "list_price": Decimal("5.00"), "valid_from": last_year, "valid_to": tomorrow},
        {**about, "product_id": "P1", "list_price": Decimal("6.00"), "valid_from": tomorrow, "valid_to": None},
        {**about, "product_id": "P2", "list_price": Decimal("7.00"), "valid_from": tomorrow, "valid_to": None},
        {**about, "product_id": "P3", "list_price": Decimal("8.00"), "valid_from": last_year, "valid_to": None},
    ]
    write_deltalake(lake.silver("products"), pa.Table.from_pylist(versions))
    found = asked(project, lake)("select product_id, list_price from current_products order by product_id")
    assert found == [("P1", Decimal("5.00")), ("P3", Decimal("8.00"))]


def test_open_leads_are_those_that_nobody_won_or_lost_in_bands_of_their_age(project: Project, lake: Lake) -> None:
    """Leads of today, of the borders of each band and of long ago; a deleted one is none."""
    now, ages = datetime.now(UTC), (0, 6, 7, 29, 30, 89, 90, 400)
    open_ones = [
        {"age": age, "status": ("new", "contacted", "qualified")[age % 3], "is_deleted": False} for age in ages
    ]
    over = [{"age": 1, "status": status, "is_deleted": False} for status in ("converted", "lost")]
    leads = [*open_ones, *over, {"age": 1, "status": "new", "is_deleted": True}]
    rows = [{"lead_id": str(number), "store_id": "S001", "status": lead["status"], "is_deleted": lead["is_deleted"],
             "dt": (now - timedelta(days=lead["age"])).date()} for number, lead in enumerate(leads)]  # fmt: skip
    write_deltalake(lake.silver("crm_leads"), pa.Table.from_pylist(rows))
    found = asked(project, lake)("select age_days, age_band, status, leads from leads_ageing order by age_days")
    bands = ["under 7 days"] * 2 + ["7 to 29 days"] * 2 + ["30 to 89 days"] * 2 + ["90 days and more"] * 2
    assert found == [(one["age"], band, one["status"], 1) for one, band in zip(open_ones, bands, strict=True)]


def test_order_lines_and_sessions_add_up_to_the_fact(both: Ask) -> None:
    """Per day and store, also where a line is returned, cancelled, deleted, or its product unknown."""
    lines = """
        select day, store, sum(line_amount) filter (where is_kept), coalesce(sum(line_cost) filter (where is_kept), 0),
            coalesce(sum(quantity) filter (where is_kept), 0), count(*) filter (where is_kept and line_cost is null),
            count(distinct order_id) filter (where status <> 'cancelled')
        from order_lines group by all having count(*) filter (where is_kept) > 0 order by all"""
    fact = f"""
        select dt, store_id, net_revenue, cost_of_goods, units, lines_without_cost, orders
        from {FACT} where units > 0 order by all"""
    assert both(lines) == both(fact)
    visits = "count(*), sum(page_views), sum(add_to_carts), sum(purchases)"
    sessions = f"""
        select day, store, {visits}, count(*) filter (where has_purchase) from sessions group by all order by all"""
    sessions_of_fact = f"""
        select dt, store_id, sessions, page_views, add_to_carts, purchases,
            cast(round(conversion_rate * sessions) as bigint)
        from {FACT} where sessions > 0 order by all"""
    assert both(sessions) == both(sessions_of_fact)
    assert both("select count(*) from order_lines where line_cost is null")[0][0] > 0


def test_the_calendar_has_every_day_and_the_stores_each_store(both: Ask) -> None:
    """The newest delivery ends on 31 October; between it and 23 October no store has data."""
    days = both("select count(*), min(day), max(day), count(*) filter (where stores = 0) from dim_dates")
    first, last = both(f"select min(dt), max(dt) from {FACT}")[0]
    with_data = both(f"select count(distinct dt) from {FACT}")[0][0]
    whole = (last - first).days + 1
    assert days == [(whole, first, last, whole - with_data)]
    assert both("select iso_year, iso_week, day_of_week, is_weekend, week_begin, quarter from dim_dates "
                "where day = date '2026-10-18'") == [(2026, 42, 7, True, date(2026, 10, 12), 4)]  # fmt: skip
    assert both("select store, first_day, last_day, days_with_data from dim_stores order by store") == (
        both(f"select store_id, min(dt), max(dt), count(*) from {FACT} group by all order by all")
    )
    assert both("select store, is_active, last_day_with_orders from dim_stores where not is_active") == []


def test_a_store_says_since_when_it_has_sold_nothing(both: Ask) -> None:
    newest = both("select max(latest_complete_day) from day_completeness")[0][0]
    last = dict(both(f"select store_id, max(dt) filter (where orders > 0) from {FACT} group by all"))
    found = dict(both("select store, days_without_orders from dim_stores"))
    assert found == {store: max((newest - day).days, 0) for store, day in last.items()}
    assert max(found.values()) >= 3


def test_a_period_is_complete_once_its_last_day_is(both: Ask) -> None:
    """The latest complete day is 20 October: neither its week nor its month is whole."""
    found = dict(both("select (period, period_begin), is_complete from customer_periods"))
    assert {period: whole for period, whole in found.items() if period[1] >= date(2026, 10, 1)} == {
        period: period[0] == "week" and period[1] <= date(2026, 10, 12) for period in found
    }
