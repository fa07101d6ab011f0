"""People who decide on stopped batches of one dataset at the same time: each decision is kept, or its maker is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.errors import EXIT_TRANSIENT
from lakehouse.lake import decisions
from lakehouse.lake.batches import TRIES, LedgerBusyError, ValidationResult, record_validation
from lakehouse.lake.decisions import ACCEPTED, REJECTED, BatchNotStoppedError, Signature, decide, decisions_of
from lakehouse.lake.paths import Lake

ADA, BEN = Signature("Ada", "the store was closed"), Signature("Ben", "typed by hand")


@pytest.fixture
def orders(project: Project) -> Dataset:
    return project.contracts.dataset("erp_orders")


@pytest.fixture
def lake(tmp_path: Path, orders: Dataset) -> Lake:
    """Batches 1 to 4 of orders are stopped."""
    lake = Lake.at(str(tmp_path))
    for batch_id in (1, 2, 3, 4):
        record_validation(
            lake, orders, ValidationResult(orders.name, batch_id, "stopped", 4, 0, 2, 0, "too many", None)
        )
    return lake


def rival_first(monkeypatch: pytest.MonkeyPatch, rival: Callable[[], object], times: int = 1) -> None:
    """Let a rival decide after the last look at the ledger, at each of the first tries."""
    append, left = decisions.append_once, iter(range(times))

    def appended(*args: Any) -> bool:
        if next(left, None) is not None:
            with pytest.MonkeyPatch.context() as alone:
                alone.setattr(decisions, "append_once", append)
                rival()
        return append(*args)

    monkeypatch.setattr(decisions, "append_once", appended)


def made(lake: Lake, orders: Dataset) -> list[tuple[int, int, str, str]]:
    return [(one.number, one.batch_id, one.decision, one.who) for one in decisions_of(lake, orders)]


def test_two_people_decide_on_two_batches(lake: Lake, orders: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    rival_first(monkeypatch, lambda: decide(lake, orders, 2, REJECTED, BEN))
    assert decide(lake, orders, 1, ACCEPTED, ADA).number == 2
    assert made(lake, orders) == [(1, 2, REJECTED, "Ben"), (2, 1, ACCEPTED, "Ada")]
    assert decide(lake, orders, 1, ACCEPTED, BEN).who == "Ada"  # again: nothing changes
    assert len(made(lake, orders)) == 2


def test_the_second_on_one_batch_is_told(lake: Lake, orders: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    rival_first(monkeypatch, lambda: decide(lake, orders, 1, ACCEPTED, BEN))
    with pytest.raises(BatchNotStoppedError, match="batch 1 is accepted"):
        decide(lake, orders, 1, REJECTED, ADA)
    assert made(lake, orders) == [(1, 1, ACCEPTED, "Ben")]


def test_a_rival_at_every_try(lake: Lake, orders: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    others = iter([(2, REJECTED), (2, ACCEPTED), (3, REJECTED), (3, ACCEPTED), (4, REJECTED)])
    rival_first(monkeypatch, lambda: decide(lake, orders, *next(others), BEN), TRIES)
    with pytest.raises(
        LedgerBusyError, match="at each of 5 attempts another process recorded a decision first"
    ) as caught:
        decide(lake, orders, 1, ACCEPTED, ADA)
    assert caught.value.exit_code == EXIT_TRANSIENT
    assert [who for _, _, _, who in made(lake, orders)] == ["Ben"] * TRIES
