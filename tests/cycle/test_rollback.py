"""A table is taken back with the fact that stands on it; taking it forward again brings both back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.cycle.rollback import RollbackError, difference_of, plan_rollback, roll_back
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import open_table, read_rows, table_version
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from tests.helpers.lakes import FACT, rows, run

_ORDERS_BY_DAY = """
select dt, count(distinct order_id || store_id) as orders from erp_orders
where status <> 'cancelled' group by dt order by dt
"""


def _stored(lake: Lake) -> Counter[Any]:
    """The rows of silver as they lie in it, those that are marked as deleted among them."""
    table = open_table(lake.silver("erp_orders"))
    assert table is not None
    return Counter(tuple(row.items()) for row in table.to_pyarrow_table().to_pylist())


@pytest.mark.rollback
@pytest.mark.timeout(1200)
def test_a_rollback_takes_the_fact_along_and_is_undone_by_another(
    context: Context, project: Project, lake: Lake
) -> None:
    run(context, project.samples)
    fact = f"select * from marts.{FACT} order by dt, store_id"
    first = rows(lake, project.contracts, fact)
    orders = open_table(lake.silver("erp_orders"))
    assert orders is not None
    then = orders.version()
    run(context, project.samples / "day2")
    second = rows(lake, project.contracts, fact)
    assert second != first
    now = open_table(lake.silver("erp_orders"))
    assert now is not None
    before = rows(lake, project.contracts, "select * from erp_orders order by all")
    plan = plan_rollback(context, "erp_orders", then)
    assert (plan.table, plan.from_version, plan.to_version) == ("silver.erp_orders", now.version(), then)
    found, stored = difference_of(context, plan), _stored(lake)
    assert rows(lake, project.contracts, "select * from erp_orders order by all") == before, "a plan writes nothing"
    version = roll_back(context, plan, Signature("ada", "prices in cents"))
    assert version == now.version() + 1
    restored = _stored(lake)
    assert (found.rows_before, found.rows_after) == (stored.total(), restored.total())
    assert (found.gone, found.come) == ((stored - restored).total(), (restored - stored).total())
    money = {one.column: (one.before, one.after) for one in found.sums}
    assert money["unit_price"] == tuple(
        sum(dict(row)["unit_price"] for row in side.elements()) for side in (stored, restored)
    )
    taken_back = rows(lake, project.contracts, f"select dt, store_id, orders from marts.{FACT} order by all")
    was = rows(lake, project.contracts, _ORDERS_BY_DAY)
    by_day: dict[object, int] = {}
    for dt, _, number in taken_back:
        by_day[dt] = by_day.get(dt, 0) + number
    assert sorted((dt, number) for dt, number in by_day.items() if number) == was
    assert rows(lake, project.contracts, fact) != second
    recorded = [(row["to_version"], row["who"], row["why"]) for row in read_rows(lake.ops("rollbacks"))]
    assert recorded == [(then, "ada", "prices in cents")]
    roll_back(context, plan_rollback(context, "silver.erp_orders", plan.from_version), Signature("ada", "undone"))
    assert rows(lake, project.contracts, fact) == second
    assert rows(lake, project.contracts, "select * from erp_orders order by all") == before
    with pytest.raises(RollbackError, match="name an earlier one with --to"):
        plan_rollback(context, "erp_orders", table_version(lake.silver("erp_orders")))
