"""A table is taken back with the fact that stands on it; taking it forward again brings both back."""

from __future__ import annotations

import pytest

from lakehouse.contracts.project import Project
from lakehouse.cycle.rollback import RollbackError, roll_back
from lakehouse.lake.delta_log import open_table, read_rows
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from tests.helpers.lakes import FACT, rows, run

_ORDERS_BY_DAY = """
select dt, count(distinct order_id || store_id) as orders from erp_orders
where status <> 'cancelled' group by dt order by dt
"""


@pytest.mark.rollback
@pytest.mark.timeout(600)
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
    done = roll_back(context, "erp_orders", then)
    assert (done.from_version, done.to_version, done.version) == (now.version(), then, now.version() + 1)
    taken_back = rows(lake, project.contracts, f"select dt, store_id, orders from marts.{FACT} order by all")
    was = rows(lake, project.contracts, _ORDERS_BY_DAY)
    by_day: dict[object, int] = {}
    for dt, _, number in taken_back:
        by_day[dt] = by_day.get(dt, 0) + number
    assert sorted((dt, number) for dt, number in by_day.items() if number) == was
    assert rows(lake, project.contracts, fact) != second
    assert [row["to_version"] for row in read_rows(lake.ops("rollbacks"))] == [then]
    roll_back(context, "silver.erp_orders", done.from_version)
    assert rows(lake, project.contracts, fact) == second
    assert rows(lake, project.contracts, "select * from erp_orders order by all") == before
    with pytest.raises(RollbackError, match="name an earlier one with --to"):
        roll_back(context, "erp_orders", done.version + 1)
