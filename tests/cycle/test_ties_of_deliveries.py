"""Deliveries that repeat a key with an unchanged `updated_at`: what the whole lake shows after them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cycle.summary import DatasetCount
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import transform
from tests.helpers.lakes import rows, run

pytestmark = pytest.mark.deliveries

HEADER = (
    "order_id,line_number,store_id,customer_id,product_id,quantity,unit_price,discount_amount,status,"
    "ordered_at,updated_at,is_deleted"
)
PAID = "SO-1,1,S001,,P0040,1,50.00,0.00,paid,2026-11-10T09:00:00Z,2026-11-10T10:00:00Z,false"
SHIPPED = "SO-1,1,S001,,P0040,1,45.00,0.00,shipped,2026-11-10T09:00:00Z,2026-11-10T10:00:00Z,false"
GONE = "SO-1,1,S001,,P0040,1,50.00,0.00,cancelled,2026-11-10T09:00:00Z,2026-11-10T10:00:00Z,true"
OTHER = "SO-2,1,S001,,P0040,2,10.00,0.00,paid,2026-11-10T09:00:00Z,2026-11-10T10:00:00Z,false"


class Deliveries:
    """A lake of its own, to which files are delivered one after the other."""

    def __init__(self, context: Context, folder: Path) -> None:
        lake = Lake.at(str(folder / "lake"))
        self.context = Context(context.project, lake, context.spark)
        self.folder, self.number = folder, 0

    def deliver(self, *lines: str) -> tuple[DatasetCount, tuple[str, ...]]:
        """Run on one file; the counts of orders and the warnings. No run fails."""
        self.number += 1
        landing = self.folder / f"day{self.number}"
        landing.mkdir(parents=True)
        (landing / f"erp_orders_{self.number}.csv").write_text("\n".join((HEADER, *lines)) + "\n")
        result = run(self.context, landing)
        assert (result.exit_code, result.summary.problems) == (0, ())
        (count,) = [count for count in result.summary.datasets if count.dataset == "erp_orders"]
        return count, result.summary.warnings

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return rows(self.context.lake, self.context.contracts, sql)


def test_a_delete_that_keeps_its_time_takes_the_order_and_its_revenue_away(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics: list[tuple[object, ...]] = []
    monkeypatch.setattr(transform, "report_ties", lambda _, *counted: metrics.append(counted))
    apart, together = Deliveries(context, tmp_path / "apart"), Deliveries(context, tmp_path / "together")
    apart.deliver(PAID, OTHER)
    count, warnings = apart.deliver(GONE)
    assert (count.landed, count.corrected, count.merged, count.ignored, count.balanced) == (1, 1, 1, 0, True)
    assert warnings == (
        "erp_orders: 1 key with several contents and one sequence, 1 corrected in silver (listed in ops.ties)",
    )
    assert metrics == [("erp_orders", 0, 0), ("erp_orders", 1, 1)]
    together.deliver(PAID, GONE, OTHER)
    for lake in (apart, together):
        assert lake.query("SELECT order_id FROM erp_orders") == [("SO-2",)]
        assert lake.query("SELECT net_revenue FROM fct_daily_store_metrics") == [(Decimal("20.00"),)]
    again, _ = apart.deliver(PAID)  # the deleted version once more turns nothing back
    assert (again.landed, again.merged, again.ignored) == (1, 0, 1)
    assert apart.query("SELECT order_id FROM erp_orders") == [("SO-2",)]


@pytest.mark.parametrize(
    ("deliveries", "shown"),
    [
        (((PAID,), (SHIPPED,)), ("shipped", Decimal("45.00"))),
        (((SHIPPED,), (PAID,)), ("paid", Decimal("50.00"))),
        (((SHIPPED, PAID),), ("paid", Decimal("50.00"))),
    ],
    ids=["later-wins", "the-other-way-round", "in-one-batch-by-content"],
)
def test_the_later_delivery_of_a_tie_is_what_the_mart_shows(
    context: Context, tmp_path: Path, deliveries: tuple[tuple[str, ...], ...], shown: tuple[str, Decimal]
) -> None:
    lake = Deliveries(context, tmp_path)
    for lines in deliveries:
        _, warnings = lake.deliver(*lines)
    assert any("1 key with several contents" in warning for warning in warnings)
    assert lake.query("SELECT status, unit_price FROM erp_orders") == [shown]
    assert lake.query("SELECT net_revenue FROM fct_daily_store_metrics") == [(shown[1],)]
    listed = "SELECT dataset, key, sequence, count(*) FROM ops.ties GROUP BY ALL"
    assert lake.query(listed) == [
        ("erp_orders", '{"order_id":"SO-1","line_number":1}', "2026-11-10T10:00:00.000000Z", 1)
    ]
