"""The view of costs says what `lakehouse cost` says, and counts an entry once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.lake.run_costs import costs_since
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.seeded_ledgers import NOON, stepped

COLUMNS = "day, domain, step, table_name, runs, failed, rows_read, seconds, dpu_seconds, cost_usd"


def test_the_view_and_the_command_add_up_the_same(project: Project, tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    orders = {"domain": "erp", "step": "ingest", "table_name": "erp_orders", "rows_read": 10}
    for attempt, state in (("a1", "done"), ("a1", "done"), ("a2", "failed")):
        stepped(lake, **orders, attempt_id=attempt, state=state, seconds=60.5, dpu_seconds=121.0, cost_usd=0.0103519)
    stepped(lake, **orders | {"table_name": None, "rows_read": 0}, attempt_id="a1")
    stepped(lake, **orders, attempt_id="b1", recorded_at=NOON + timedelta(days=1))
    sql = f"select {COLUMNS} from run_costs order by day, table_name"
    found = run_query(lake, project.contracts, sql, views_in_query(project, lake, sql)).rows
    d, next_day = Decimal, NOON.date() + timedelta(days=1)
    assert [tuple(row) for row in found] == [
        (NOON.date(), "erp", "ingest", "erp_orders", 2, 1, 20, d("121.000"), d("242.000"), d("0.020704")),
        (NOON.date(), "erp", "ingest", None, 1, 0, 0, d("60.000"), d("120.000"), d("0.010000")),
        (next_day, "erp", "ingest", "erp_orders", 1, 0, 10, d("60.000"), d("120.000"), d("0.010000")),
    ]  # fmt: skip
    costs = costs_since(lake, NOON, ("domain",))
    assert sum(row[-1] for row in found) == d(f"{sum(cost.cost_usd for cost in costs):.6f}") == d("0.040704")
