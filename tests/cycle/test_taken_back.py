"""What a rollback took back stays away from all that is made of bronze later, until it is merged again."""

from __future__ import annotations

import pytest

from lakehouse.cycle import rebuild as rebuilding
from lakehouse.cycle import rollback as rolling
from lakehouse.cycle.rebuild import plan_rebuild, rebuild
from lakehouse.cycle.rollback import plan_rollback, roll_back
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.lake.taken_back import taken_back
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import ask_replay, merge_domain
from tests.cycle.test_rebuild import deliver, orders_of, with_contract

BY = Signature("ann", "prices in cents")


def line(order: str, quantity: int, price: str, hour: int = 10) -> str:
    return f"{order},1,S001,,P0040,{quantity},{price},0.00,paid,2026-11-10T09:00:00Z,2026-11-10T{hour}:00:00Z,false"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without marts and catalogue: silver is what is looked at."""
    monkeypatch.setattr(rolling, "_rebuild_dependents", lambda context, layer, name: None)
    monkeypatch.setattr(rebuilding, "bring_after", lambda context, dataset: None)


@pytest.fixture
def wrong(context: Context) -> tuple[Context, int, int]:
    """Batch 1 is right, batch 2 has prices in cents and an order that is none; both are merged. The two versions."""
    deliver(context, "erp_orders_1.csv", [line("SO-1", 1, "5.00"), line("SO-2", 1, "6.00")])
    right = table_version(context.lake.silver("erp_orders"))
    deliver(context, "erp_orders_2.csv", [line("SO-1", 1, "500.00", 11), line("SO-9", 1, "900.00", 11)])
    return context, right, table_version(context.lake.silver("erp_orders"))


def go_to(context: Context, version: int) -> None:
    roll_back(context, plan_rollback(context, "silver.erp_orders", version), BY)


def silver(context: Context) -> list[tuple[str, int, str]]:
    rows = read_rows(context.lake.silver("erp_orders"))
    return sorted((row["order_id"], row["quantity"], str(row["unit_price"])) for row in rows)


RIGHT = [("SO-1", 1, "5.00"), ("SO-2", 1, "6.00")]
WRONG = [("SO-1", 1, "500.00"), ("SO-2", 1, "6.00"), ("SO-9", 1, "900.00")]


def test_a_rebuild_leaves_out_what_was_taken_back(wrong: tuple[Context, int, int]) -> None:
    context, right, _ = wrong
    go_to(context, right)
    assert silver(context) == RIGHT
    assert plan_rebuild(context, orders_of(context)).changes_nothing
    other = with_contract(context, partition_by=("store_id",))  # its files are written anew
    for _ in range(2):
        rebuild(other, plan_rebuild(other, orders_of(other)), BY)
        assert silver(context) == RIGHT
        assert taken_back(context.lake.silver("erp_orders")) == (range(2, 3),)


def test_a_batch_that_is_merged_again_is_there_after_a_rebuild(wrong: tuple[Context, int, int]) -> None:
    context, right, _ = wrong
    go_to(context, right)
    erp = context.contracts.of("erp")
    ask_replay(context, erp, "erp_orders:2")
    merge_domain(context, erp)
    assert silver(context) == WRONG
    assert plan_rebuild(context, orders_of(context)).changes_nothing
    go_to(context, right)  # the second merge of batch 2 is taken back as well
    assert plan_rebuild(context, orders_of(context)).changes_nothing


def test_a_rollback_that_is_undone_takes_nothing_back(wrong: tuple[Context, int, int]) -> None:
    context, right, both = wrong
    go_to(context, right)
    empty = table_version(context.lake.silver("erp_orders"))
    go_to(context, both)
    assert silver(context) == WRONG
    assert plan_rebuild(context, orders_of(context)).changes_nothing
    go_to(context, empty)
    assert silver(context) == RIGHT
    assert plan_rebuild(context, orders_of(context)).changes_nothing


def test_what_was_taken_back_wins_against_no_row_of_the_same_time(wrong: tuple[Context, int, int]) -> None:
    context, right, _ = wrong
    go_to(context, right)
    deliver(context, "erp_orders_3.csv", [line("SO-1", 2, "4.00", 11)])
    assert silver(context) == [("SO-1", 2, "4.00"), ("SO-2", 1, "6.00")]
    deliver(context, "erp_orders_4.csv", [line("SO-1", 3, "3.00", 11)])  # a tie with batch 3 makes it look into bronze
    assert ("SO-1", 1, "500.00") not in silver(context)
    assert plan_rebuild(context, orders_of(context)).changes_nothing
