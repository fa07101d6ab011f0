"""Whose turn it is to be merged: the batches of a dataset, each under a number of its own, in the ledger's order.

A batch that is merged once more, or late because a person accepted it, takes the next number. Under its old number, or
under another name, nothing would keep it apart from a merge that begins in the same instant: Delta skips a number that
is not above the last, and that holds for every pair of merges only while all of them count in one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import (
    MERGE,
    Batch,
    BatchState,
    ValidationResult,
    ValidationStatus,
    batches_of,
    record_batches,
    validation_results_of,
)
from lakehouse.lake.delta_log import recorded
from lakehouse.lake.paths import Lake
from lakehouse.lake.taken_back import taken_back


@dataclass(frozen=True)
class Turn:
    """number: the place among the merges of a dataset; batch_id: the batch whose rows are merged."""

    number: int
    batch_id: int


def to_merge(lake: Lake, dataset: Dataset, results: Sequence[ValidationResult]) -> list[Turn]:
    """The turns that silver has not had, up to the first batch that still waits for validation.

    What is merged here shall never be overtaken, so nothing goes past a batch of which that is not known yet.
    results: read before this looks into the ledger, which then knows every batch that has one.
    """
    done = recorded(lake.silver(dataset.name), MERGE)
    status_of = {result.batch_id: result.status for result in results}
    turns: list[Turn] = []
    for batch in batches_of(lake, dataset, f"batch_id > {done}"):
        if batch.state is BatchState.REFUSED:
            continue
        if batch.repeats is not None:
            turns.append(Turn(batch.batch_id, batch.repeats))
        elif batch.batch_id not in status_of:
            break
        elif status_of[batch.batch_id] is ValidationStatus.PASSED:
            turns.append(Turn(batch.batch_id, batch.batch_id))
    return turns


def is_newest(lake: Lake, dataset: Dataset, turn: Turn) -> bool:
    """Whether the rows of a turn arrived after all that silver has: it is no repeat, and repairs nothing."""
    if turn.number != turn.batch_id:
        return False
    return not any(batch.is_repair for batch in batches_of(lake, dataset, f"batch_id = {turn.batch_id}"))


def batches_in_silver(lake: Lake, dataset: Dataset, turn: Turn | None = None) -> frozenset[int]:
    """The batches whose rows silver has, or has once a turn is merged: not those that a rollback took back."""
    path = lake.silver(dataset.name)
    number = recorded(path, MERGE) if turn is None else turn.number
    return merged_batches(batches_of(lake, dataset), validation_results_of(lake, dataset), number, taken_back(path))


def batches_had(lake: Lake, dataset: Dataset) -> frozenset[int]:
    """The batches that silver ever had; those that still wait for their turn are merged by the next transform."""
    number = recorded(lake.silver(dataset.name), MERGE)
    return merged_batches(batches_of(lake, dataset), validation_results_of(lake, dataset), number)


def merged_batches(
    batches: Iterable[Batch], results: Iterable[ValidationResult], number: int, without: Sequence[range] = ()
) -> frozenset[int]:
    """The batches that silver has once the turn `number` is merged, without some turns."""
    passed = {result.batch_id for result in results if result.status is ValidationStatus.PASSED}
    due = [
        batch for batch in batches if batch.batch_id <= number and not any(batch.batch_id in turns for turns in without)
    ]
    merged = {batch.batch_id for batch in due if batch.state is BatchState.PLANNED and batch.batch_id in passed}
    return frozenset(merged | {batch.repeats for batch in due if batch.repeats is not None})


def give_turn(lake: Lake, dataset: Dataset, batch_id: int) -> Turn:
    """Record that a batch is to be merged once more, or late."""

    def next_turn(known: list[Batch]) -> list[Batch]:
        number, now = known[-1].batch_id + 1, datetime.now(UTC)
        return [Batch(dataset.name, number, BatchState.REPEAT, (), None, 0, log.current("run"), now, repeats=batch_id)]

    (entered,) = record_batches(lake, dataset, next_turn)
    log.info("batch has a new turn", number=entered.batch_id)
    return Turn(entered.batch_id, batch_id)


def give_accepted_turns(lake: Lake, dataset: Dataset, results: Sequence[ValidationResult]) -> None:
    """Give a turn to every batch that an operator accepted and that has had none."""
    accepted = [result.batch_id for result in results if result.status is ValidationStatus.ACCEPTED]
    if not accepted:
        return
    given = {batch.repeats for batch in batches_of(lake, dataset, f"state = '{BatchState.REPEAT}'")}
    for batch_id in accepted:
        if batch_id not in given:
            give_turn(lake, dataset, batch_id)
