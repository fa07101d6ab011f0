"""A stopped batch waits for a person, who accepts or rejects it; each decision is recorded and carried out once."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.runtime.context import Context
from lakehouse.transform import merge_order, transform
from lakehouse.validate import decided, keep_out
from lakehouse.validate.validate import BatchStoppedError
from tests.helpers.lakes import versions
from tests.helpers.quality_deliveries import ORDERS, command, deliver, found, good, order, run_jobs

pytestmark = pytest.mark.quality

WHY = ("--why", "the store was closed", "--by", "Ada")
SILVER = "select order_id, quantity from silver.erp_orders where order_id not like 'G%' order by all"
RESULTS = "select batch_id, status, rows_quarantined, rows_passed from ops.validation_results order by recorded_at"


def stopped_batch(context: Context) -> None:
    """A first good batch, a second with too many bad rows, and a third that is good and newer than part of it."""
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good())
    run_jobs(context, "erp")
    bad = [order("A", 0), order("B", "two"), order("C", 5), order("D", 6, "2026-10-12T10:00:00Z")]
    deliver(context, "erp", "erp_orders_2.csv", ORDERS, *bad)
    with pytest.raises(BatchStoppedError) as caught:
        run_jobs(context, "erp")
    text, page = str(caught.value), Path(str(caught.value.page))
    assert "2 of 4 rows failed validation (50 %), above the limit of 20 %" in text
    assert page.is_file()
    assert page.as_uri() in text
    assert "`lakehouse batch accept|reject erp_orders:2`" in text
    assert "\n" not in text
    deliver(context, "erp", "erp_orders_3.csv", ORDERS, order("D", 9, "2026-10-12T12:00:00Z"))
    run_jobs(context, "erp")
    assert found(context, SILVER) == [("D", 9)]


def test_an_accepted_batch_is_merged_less_its_bad_rows(context: Context, capsys: pytest.CaptureFixture[str]) -> None:
    stopped_batch(context)
    for _ in range(2):
        assert command(context, "batch", "accept", "erp_orders:2", *WHY) == 0
    run_jobs(context, "erp")
    assert found(context, SILVER) == [("C", 5), ("D", 9)]
    assert found(context, RESULTS)[-1] == (2, "accepted", 1, 2)
    bad = "select order_id, _step, _state from quarantine.erp_orders order by 1"
    assert found(context, bad) == [("A", "validate", "open"), ("B", "ingest", "open")]
    made = "select batch_id, number, decision, who, why from ops.decisions"
    assert found(context, made) == [(2, 1, "accepted", "Ada", "the store was closed")]
    before = versions(context.lake)
    run_jobs(context, "erp")
    assert versions(context.lake) == before
    capsys.readouterr()
    assert command(context, "batch", "reject", "erp_orders:2", *WHY) == 3
    assert "is accepted; only a stopped batch can be accepted or rejected" in capsys.readouterr().err
    assert command(context, "batch", "list") == 0
    assert "erp_orders:2 | accepted" in " ".join(capsys.readouterr().out.split())


def test_a_rejected_batch_stays_out_until_somebody_thinks_again(context: Context) -> None:
    stopped_batch(context)
    assert command(context, "batch", "reject", "erp_orders:2", *WHY) == 0
    run_jobs(context, "erp")
    assert found(context, RESULTS)[-1] == (2, "rejected", 0, 0)
    assert found(context, SILVER) == [("D", 9)]
    assert command(context, "batch", "accept", "erp_orders:2", *WHY) == 0
    run_jobs(context, "erp")
    assert found(context, SILVER) == [("C", 5), ("D", 9)]


@pytest.mark.parametrize("dies", ["append", "record_result", "give_turn", "merge_batch"])
def test_an_acceptance_that_dies_is_taken_up(context: Context, monkeypatch: pytest.MonkeyPatch, dies: str) -> None:
    stopped_batch(context)
    assert command(context, "batch", "accept", "erp_orders:2", *WHY) == 0
    with monkeypatch.context() as patch:
        places = {"append": keep_out, "give_turn": merge_order, "merge_batch": transform}
        place = places.get(dies, decided)
        patch.setattr(place, dies, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_jobs(context, "erp")
    run_jobs(context, "erp")
    assert found(context, SILVER) == [("C", 5), ("D", 9)]
    assert found(context, "select order_id from quarantine.erp_orders order by 1") == [("A",), ("B",)]


@pytest.mark.parametrize(
    ("batch", "exit_code", "text"),
    [
        ("erp_orders:1", 3, "batch 1 is passed"),
        ("erp_orders:7", 3, "batch 7 is not known"),
        ("erp_orders", 3, "is no number"),
        ("erp_order:1", 2, "Did you mean 'erp_orders'?"),
    ],
)
def test_only_a_stopped_batch_can_be_decided_on(
    context: Context, capsys: pytest.CaptureFixture[str], batch: str, exit_code: int, text: str
) -> None:
    deliver(context, "erp", "erp_orders.csv", ORDERS, *good())
    run_jobs(context, "erp")
    assert command(context, "batch", "accept", batch, *WHY) == exit_code
    assert text in capsys.readouterr().err
