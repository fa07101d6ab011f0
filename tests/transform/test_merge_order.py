"""The order in which batches are merged: the ledger's, with a new turn for what is merged again or late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import find_project
from lakehouse.errors import EXIT_TRANSIENT
from lakehouse.lake import batches
from lakehouse.lake.batches import (
    Batch,
    LedgerBusyError,
    ValidationResult,
    batches_of,
    record_batches,
    record_result,
    validation_results_of,
)
from lakehouse.lake.paths import Lake
from lakehouse.transform.merge_order import Turn, give_accepted_turns, give_turn, to_merge

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.at(str(tmp_path))


@pytest.fixture(scope="module")
def orders() -> Dataset:
    return find_project().contracts.dataset("erp_orders")


def planned(dataset: Dataset, *states: str) -> Callable[[list[Batch]], list[Batch]]:
    """The next batches, one for each state."""

    def plan(known: list[Batch]) -> list[Batch]:
        first = len(known) + 1
        return [Batch(dataset.name, first + at, state, (), None, 0, "r", NOON) for at, state in enumerate(states)]

    return plan


def judge(lake: Lake, dataset: Dataset, batch_id: int, result: str) -> None:
    made = ValidationResult(dataset.name, batch_id, result, 1, 0, 0, 1, None, None)
    record_result(lake, dataset, made, f"{result}:{batch_id}", 1)


def merge_up_to(lake: Lake, dataset: Dataset, number: int) -> None:
    """Silver's log says that every turn up to a number was merged."""
    done = CommitProperties(app_transactions=[Transaction("merge", number)])
    write_deltalake(lake.silver(dataset.name), pa.table({"a": [1]}), mode="append", commit_properties=done)


def test_no_batch_has_a_turn_before_its_verdict(lake: Lake, orders: Dataset) -> None:
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == []
    record_batches(lake, orders, planned(orders, "planned", "refused", "planned", "planned", "planned"))
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == []
    for number, result in ((1, "passed"), (3, "stopped"), (5, "passed")):
        judge(lake, orders, number, result)
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == [Turn(1, 1)]  # 4 may still pass
    judge(lake, orders, 4, "passed")
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == [Turn(1, 1), Turn(4, 4), Turn(5, 5)]
    merge_up_to(lake, orders, 4)
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == [Turn(5, 5)]


def test_a_replay_comes_after_what_was_there_before_it(lake: Lake, orders: Dataset) -> None:
    record_batches(lake, orders, planned(orders, "planned", "planned"))
    judge(lake, orders, 1, "passed")
    merge_up_to(lake, orders, 1)
    assert give_turn(lake, orders, 1) == Turn(3, 1)
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == []  # 2 must not be overtaken
    judge(lake, orders, 2, "passed")
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == [Turn(2, 2), Turn(3, 1)]
    record_batches(lake, orders, planned(orders, "planned"))
    assert [batch.batch_id for batch in batches_of(lake, orders)] == [1, 2, 3, 4]
    merge_up_to(lake, orders, 3)
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == []


def test_an_accepted_batch_gets_one_turn(lake: Lake, orders: Dataset) -> None:
    record_batches(lake, orders, planned(orders, "planned", "planned"))
    judge(lake, orders, 1, "stopped")
    judge(lake, orders, 2, "passed")
    give_accepted_turns(lake, orders, validation_results_of(lake, orders))
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == [Turn(2, 2)]
    judge(lake, orders, 1, "accepted")
    for _ in range(2):
        give_accepted_turns(lake, orders, validation_results_of(lake, orders))
        assert to_merge(lake, orders, validation_results_of(lake, orders)) == [Turn(2, 2), Turn(3, 1)]
    merge_up_to(lake, orders, 3)
    give_accepted_turns(lake, orders, validation_results_of(lake, orders))
    assert to_merge(lake, orders, validation_results_of(lake, orders)) == []


def test_two_processes_take_no_number_twice(lake: Lake, orders: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    record_batches(lake, orders, planned(orders, "planned"))
    write, rivals = batches._recorded, iter([1])

    def slower(*args: object) -> bool:
        if next(rivals, None):
            give_turn(lake, orders, 1)  # takes number 2 between the plan and the entry
        return write(*args)

    monkeypatch.setattr(batches, "_recorded", slower)
    made = record_batches(lake, orders, planned(orders, "planned"))
    assert [batch.batch_id for batch in made] == [3]
    assert [(b.batch_id, b.repeats) for b in batches_of(lake, orders)] == [(1, None), (2, 1), (3, None)]


def test_a_ledger_that_is_never_free(lake: Lake, orders: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_recorded", lambda *args: False)
    with pytest.raises(LedgerBusyError, match="at each of 5 attempts another process entered a batch first") as caught:
        record_batches(lake, orders, planned(orders, "planned"))
    assert caught.value.exit_code == EXIT_TRANSIENT
    assert record_batches(lake, orders, lambda known: []) == []


def test_a_ledger_of_an_earlier_release_gets_the_new_column(
    lake: Lake, orders: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(batches, "BATCHES", pa.schema([f for f in batches.BATCHES if f.name != "repeats"]))
        record_batches(lake, orders, planned(orders, "planned"))
    assert [batch.repeats for batch in batches_of(lake, orders)] == [None]
    give_turn(lake, orders, 1)
    assert [batch.repeats for batch in batches_of(lake, orders)] == [None, 1]
