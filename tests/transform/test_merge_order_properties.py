"""The order of merges, on ledgers in memory: whatever comes, is decided or replayed, nothing is lost or overtaken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.lake.batches import Batch, BatchState, ValidationResult, ValidationStatus
from lakehouse.transform import merge_order
from lakehouse.transform.merge_order import give_accepted_turns, give_turn, merged_batches, to_merge

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAKE: Any = SimpleNamespace(silver=lambda name: name)
DATASET: Any = SimpleNamespace(name="orders")
EVENTS = st.lists(
    st.sampled_from(["deliver", "refuse", "pass", "stop", "accept", "replay", "merge one", "merge"]), max_size=40
)


@dataclass
class Ledgers:
    """Batches, their newest results, the turns that were merged, and the batches that somebody had replayed."""

    batches: list[Batch] = field(default_factory=list)
    results: dict[int, ValidationStatus] = field(default_factory=dict)
    merged: list[merge_order.Turn] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)

    def batches_of(self, _lake: Any, _dataset: Any, where: str = "true") -> list[Batch]:
        """What `batches.batches_of` answers to the conditions that are asked."""
        if where.startswith("batch_id > "):
            return [batch for batch in self.batches if batch.batch_id > int(where.removeprefix("batch_id > "))]
        assert where in ("true", "state = 'repeat'")
        return [batch for batch in self.batches if where == "true" or batch.state is BatchState.REPEAT]

    def record_batches(self, _lake: Any, _dataset: Any, plan: Callable[[list[Batch]], list[Batch]]) -> list[Batch]:
        """Add what is planned, as `batches.record_batches` does."""
        added = plan(self.batches)
        self.batches.extend(added)
        return added

    def found(self) -> list[ValidationResult]:
        """The newest results in the order of the batches."""
        return [
            ValidationResult("orders", number, status, 1, 0, 0, 1, None, None)
            for number, status in sorted(self.results.items())
        ]

    def waiting(self, status: ValidationStatus | None) -> list[int]:
        """The planned batches that have this result, or none yet."""
        planned = [batch.batch_id for batch in self.batches if batch.state is BatchState.PLANNED]
        return [number for number in planned if self.results.get(number) is status]

    def happen(self, event: str) -> None:
        """Let one thing happen, where it can."""
        if event in ("deliver", "refuse"):
            state = BatchState.PLANNED if event == "deliver" else BatchState.REFUSED
            self.batches.append(Batch("orders", len(self.batches) + 1, state, (), None, 0, "r", NOON))
        elif event in ("pass", "stop") and (new := self.waiting(None)):
            self.results[new[0]] = ValidationStatus.PASSED if event == "pass" else ValidationStatus.STOPPED
        elif event == "accept" and (stopped := self.waiting(ValidationStatus.STOPPED)):
            self.results[stopped[-1]] = ValidationStatus.ACCEPTED
        elif event == "replay" and self.merged:
            self.replayed.append(self.merged[len(self.batches) % len(self.merged)].batch_id)
            give_turn(LAKE, DATASET, self.replayed[-1])
        elif event.startswith("merge"):
            give_accepted_turns(LAKE, DATASET, self.found())
            self.merge(1 if event == "merge one" else None)

    def merge(self, most: int | None) -> None:
        """Merge the turns, or the first one: a run may be killed after it."""
        for turn in to_merge(LAKE, DATASET, self.found())[:most]:
            before = [batch for batch in self.batches if batch.batch_id < turn.number]
            unknown = [b for b in before if b.state is BatchState.PLANNED and b.batch_id not in self.results]
            assert not unknown, "a merge went past a batch that is not validated"
            assert turn.number > self.recorded(), "Delta would skip the number"
            self.merged.append(turn)

    def recorded(self, *_: Any) -> int:
        """The number of the last merge, as silver's log says it."""
        return self.merged[-1].number if self.merged else 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS)
def test_each_batch_is_merged_as_often_as_it_has_a_turn(monkeypatch: pytest.MonkeyPatch, events: list[str]) -> None:
    ledgers = Ledgers()
    for name in ("batches_of", "record_batches", "recorded"):
        monkeypatch.setattr(merge_order, name, getattr(ledgers, name))
    for event in events:
        ledgers.happen(event)
        merged = {turn.batch_id for turn in ledgers.merged}
        assert merged_batches(ledgers.batches, ledgers.found(), ledgers.recorded()) == merged
    for event in ["pass"] * len(ledgers.batches) + ["merge"]:
        ledgers.happen(event)

    once = [*ledgers.waiting(ValidationStatus.PASSED), *ledgers.waiting(ValidationStatus.ACCEPTED)]
    assert sorted(turn.batch_id for turn in ledgers.merged) == sorted([*once, *ledgers.replayed])
    assert to_merge(LAKE, DATASET, ledgers.found()) == []
