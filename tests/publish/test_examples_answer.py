"""The examples of the views' page answer their question: each against a query of silver and the fact of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import Dialect, run_query
from tests.helpers.lakes_without_spark import write_lake

PAGE = (Path(__file__).parents[2] / "docs/how-to/ask-the-views.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^([A-Z][^\n]*\?)\n\n```sql\n(.*?)^```$", PAGE, re.M | re.S))
WEEK = "between date '2026-10-12' and date '2026-10-18'"
BEFORE = "between date '2026-10-05' and date '2026-10-11'"
NET = """
    select dt, store_id, order_id, quantity * unit_price - discount_amount as net
    from silver.erp_orders where status not in ('cancelled', 'returned')"""
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
ANSWERS = {
    "Which stores sold most on a day?": """
        select store_id, net_revenue, orders from fct_daily_store_metrics where dt = date '2026-10-12'
        order by net_revenue desc, store_id""",
    "How do the stores compare with the week before?": OF_STORES
    + " select store_id, now, before, round((now - before)::double / nullif(before, 0), 6), true from weeks order by 1",
    "How was the last whole week?": OF_STORES
    + """ select store_id, weeks.now, round((weeks.now - weeks.before)::double / nullif(weeks.before, 0), 6),
            placed.now, round((placed.now - placed.before)::double / nullif(placed.before, 0), 6)
        from weeks left join placed using (store_id) order by 1""",
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
            (select count(*) from ops.quality_results q where q.dataset = v.dataset and rows_failed > 0)
        from ops.validation_results v order by 5, 1""",
}


@pytest.fixture(scope="module")
def lake(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.at(str(tmp_path_factory.mktemp("examples")))
    write_lake(project, lake)
    return lake


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
