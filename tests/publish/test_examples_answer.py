"""The examples of the views' page answer their question: each against a query of silver and the fact of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish import publish_domain
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import Dialect, run_query
from lakehouse.runtime.context import Context
from tests.helpers.lakes_without_spark import write_lake

PAGE = (Path(__file__).parents[2] / "docs/how-to/ask-the-views.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^([A-Z][^\n]*\?)\n\n```sql\n(.*?)^```$", PAGE, re.M | re.S))
WEEK = "between date '2026-10-12' and date '2026-10-18'"
BEFORE = "between date '2026-10-05' and date '2026-10-11'"
KEPT = "status not in ('cancelled', 'returned')"
NET = f"""
    select dt, store_id, order_id, quantity * unit_price - discount_amount as net
    from silver.erp_orders where {KEPT}"""
OF_STORES = f"""
    with net as ({NET}),
    stores as (select distinct store_id from fct_daily_store_metrics where dt >= date '2026-10-05'),
    weeks as (
        select store_id, coalesce(sum(net) filter (where dt {WEEK}), 0) as now,
            coalesce(sum(net) filter (where dt {BEFORE}), 0) as before
        from stores left join net using (store_id) group by all
    ),
    placed as (
        select store_id, count(distinct order_id) filter (where dt {WEEK}) as now,
            count(distinct order_id) filter (where dt {BEFORE}) as before
        from silver.erp_orders where status <> 'cancelled' group by all
    )"""
KEPT_LINES = f"""
    with firsts as (select product_id, min(valid_from) as first_from from silver.products group by all),
    lines as (
        select o.store_id, o.dt, quantity * unit_price - discount_amount as net, quantity * p.unit_cost as cost
        from silver.erp_orders o
        left join (select * from silver.products join firsts using (product_id)) p
            on p.product_id = o.product_id and (o.ordered_at >= p.valid_from or p.valid_from = p.first_from)
            and (p.valid_to is null or o.ordered_at < p.valid_to)
        where {KEPT}
    )"""
ANSWERS = {
    "Which stores sold most on a day?": """
        select store_id, net_revenue, orders from fct_daily_store_metrics where dt = date '2026-10-12'
        order by net_revenue desc, store_id""",
    "How do the stores compare with the week before?": OF_STORES
    + " select store_id, now, before, round((now - before)::double / nullif(before, 0), 6), true from weeks order by 1",
    "How were the seven days that end with the latest complete day?": OF_STORES
    + """ select store_id, weeks.now,
            round((weeks.now - weeks.before)::double / nullif(weeks.before, 0), 6),
            placed.now, round((placed.now - placed.before)::double / nullif(placed.before, 0), 6)
        from weeks left join placed using (store_id) order by 1""",
    "How was the last whole week from Monday to Sunday?": OF_STORES
    + """ select date '2026-10-18', store_id, weeks.now,
            round((weeks.now - weeks.before)::double / nullif(weeks.before, 0), 6),
            placed.now, round((placed.now - placed.before)::double / nullif(placed.before, 0), 6)
        from weeks left join placed using (store_id) order by 2""",
    "What did each store earn in that week, and which margins are too high?": KEPT_LINES
    + f"""
        select store_id, sum(net), sum(net - coalesce(cost, 0)), count(*) filter (where cost is null),
            round(sum(net - coalesce(cost, 0))::double / sum(net)::double, 4)
        from lines where dt {WEEK} group by all order by 1""",
    "Which list price did a product have at a time?": """
        select product_id, arg_max(list_price, valid_from), arg_max(unit_cost, valid_from) from silver.products
        where product_id = 'P0003' and valid_from <= timestamptz '2026-10-15 12:00:00+00' group by all""",
    "Which stores lack orders or visits on the latest complete day?": """
        with orders as (
            select store_id, count(distinct order_id) as orders from silver.erp_orders
            where dt = date '2026-10-18' and status <> 'cancelled' group by all
        ),
        visits as (
            select store_id, count(distinct session_id) as sessions from silver.web_events
            where dt = date '2026-10-18' group by all
        ),
        known as (select distinct store_id from fct_daily_store_metrics where dt > date '2026-09-18'),
        present as (select distinct store_id from fct_daily_store_metrics where dt = date '2026-10-18')
        select store_id, case when p.store_id is not null then coalesce(orders, 0) end,
            case when p.store_id is not null then coalesce(sessions, 0) end
        from known left join orders using (store_id) left join visits using (store_id)
        left join present p using (store_id)
        where coalesce(orders, 0) = 0 or coalesce(sessions, 0) = 0 order by 1""",
    "Which stores have stopped selling?": """
        select store_id, max(dt) as last, date '2026-10-18' - max(dt) as days
        from silver.erp_orders where status <> 'cancelled' group by all having days >= 3 order by days desc, 1""",
    "What does an order bring in each month?": f"""
        select date_trunc('month', dt)::date as month, sum(net), count(distinct o.order_id),
            round(sum(net)::double / count(distinct o.order_id), 2)
        from (select dt, order_id, case when {KEPT} then quantity * unit_price - discount_amount else 0 end as net
            from silver.erp_orders where status <> 'cancelled' and dt <= date '2026-10-18') o
        group by all order by 1""",
    "How many visits were there, each counted once, on the day on which it began?": f"""
        select store_id, count(*), count(*) filter (where bought), sum(seconds) from (
            select store_id, session_id, min(dt) as day, bool_or(event_type = 'purchase') as bought,
                date_sub('second', min(occurred_at), max(occurred_at)) as seconds
            from silver.web_events where dt between date '2026-10-11' and date '2026-10-19' group by all)
        where day {WEEK} group by all order by 1""",
    "What is the margin of each store where some lines have no cost?": KEPT_LINES
    + """
        select store_id, count(*) filter (where cost is null), sum(net), sum(net - cost),
            sum(net) filter (where cost is not null),
            round(sum(net - cost)::double / (sum(net) filter (where cost is not null))::double, 4)
        from lines group by all order by 1""",
    "What came back, by the day of the order and by the day of the return?": """
        with returned as (
            select dt, updated_at::date as returned_on, quantity * unit_price - discount_amount as amount
            from silver.erp_orders where status = 'returned'
        ),
        days as (select dt as day from returned union select returned_on from returned)
        select day, coalesce((select sum(amount) from returned where dt = day), 0),
            coalesce((select sum(amount) from returned where returned_on = day), 0)
        from days order by day""",
    "What became of every delivered order line?": """
        select v.rows_landed, shown, p.row_count - shown, v.rows_passed - p.row_count, v.rows_quarantined, 0, 0
        from ops.validation_results v, ops.published p, (select count(*) as shown from silver.erp_orders)
        where v.dataset = 'erp_orders' and p.table_name = 'erp_orders' and p.layer = 'silver'""",
    "Which share of the visits ends with a purchase?": f"""
        with visits as (
            select store_id, dt, session_id, bool_or(event_type = 'purchase') as bought
            from silver.web_events where dt {WEEK} group by all
        )
        select store_id, count(*), count(*) filter (where bought), round(avg(bought::int), 4)
        from visits group by all order by 1""",
    "Which categories earn most on each euro?": """
        with firsts as (select product_id, min(valid_from) as first_from from silver.products group by all),
        lines as (
            select p.category, quantity * unit_price - discount_amount as net, quantity * unit_cost as cost
            from silver.erp_orders o join silver.products p using (product_id) join firsts using (product_id)
            where status not in ('cancelled', 'returned')
                and (o.ordered_at >= p.valid_from or p.valid_from = first_from)
                and (p.valid_to is null or o.ordered_at < p.valid_to)
        )
        select category, sum(net), sum(net - cost), round(sum(net - cost)::double / sum(net)::double, 4)
        from lines group by all order by 4 desc, 1""",
    "Which leads wait longest?": """
        select created_at::date, current_date - created_at::date, store_id, status, count(*)
        from silver.crm_leads where status in ('new', 'contacted', 'qualified')
        group by all order by 1, 3, 4 limit 10""",
    "How good was the newest delivery of each dataset?": """
        select dataset, recorded_at::date, rows_landed, rows_passed, round(rows_passed / rows_landed, 6),
            (select count(*) from ops.quality_results q where q.dataset = v.dataset and rows_failed > 0), 0, 0
        from ops.validation_results v order by 5, 1""",
}


@pytest.fixture(scope="module")
def lake(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.at(str(tmp_path_factory.mktemp("examples")))
    write_lake(project, lake)
    for contract in project.contracts:
        publish_domain(Context(project, lake, no_spark), contract)  # type: ignore[arg-type]
    return lake


def no_spark() -> None:
    raise AssertionError("publishing tables needs no Spark")


def test_every_example_has_an_answer() -> None:
    assert set(EXAMPLES) == set(ANSWERS)


@pytest.mark.parametrize("question", ANSWERS)
def test_the_example_answers_its_question(project: Project, lake: Lake, question: str) -> None:
    def rows(sql: str, dialect: Dialect) -> list[tuple[Any, ...]]:
        found = run_query(lake, project.contracts, sql, views_in_query(project, lake, sql), dialect=dialect).rows
        return [tuple(float(v) if hasattr(v, "as_tuple") else v for v in row) for row in found]

    found = rows(EXAMPLES[question], "athena")
    assert found
    assert found == rows(ANSWERS[question], "duckdb")
