"""What operators decided about stopped batches: accepted or rejected, by whom and why. Append-only, in `ops`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError
from lakehouse.lake.batches import (
    TRIES,
    BatchState,
    LedgerBusyError,
    ValidationResult,
    ValidationStatus,
    among,
    batches_of,
    validation_results_of,
)
from lakehouse.lake.delta_log import Commit, append_once, read_rows
from lakehouse.lake.paths import Lake

ACCEPTED, REJECTED = ValidationStatus.ACCEPTED, ValidationStatus.REJECTED

DECISIONS = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("number", pa.int64()),
        ("decision", pa.string()),
        ("who", pa.string()),
        ("why", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


class BatchNotStoppedError(LakehouseError):
    """Only a stopped batch waits for a decision."""

    def __init__(self, dataset: str, batch: str, state: str) -> None:
        self.dataset, self.batch, self.state = dataset, batch, state
        super().__init__(
            f"{dataset}: batch {batch} {state}; only a stopped batch can be accepted or rejected, "
            "and `lakehouse batch list` shows those."
        )


@dataclass(frozen=True)
class Decision:
    """One decision; number counts those of a dataset from 1."""

    dataset: str
    batch_id: int
    number: int
    decision: ValidationStatus
    who: str
    why: str
    recorded_at: datetime


def decisions_of(lake: Lake, dataset: Dataset) -> list[Decision]:
    """All decisions of a dataset in their order."""
    names = Decision.__dataclass_fields__
    rows = read_rows(lake.ops("decisions"), dataset=dataset.name)
    made = [Decision(**{**{n: row[n] for n in names}, "decision": ValidationStatus(row["decision"])}) for row in rows]
    return sorted(made, key=lambda decision: decision.number)


def decide(lake: Lake, dataset: Dataset, batch_id: int, decision: ValidationStatus, by: Signature) -> Decision:
    """Record what an operator decided; validate carries it out. The same decision again changes nothing.

    When another process records a decision in between, this looks again; raises LedgerBusyError after the last attempt.
    """
    for _ in range(TRIES):
        known = decisions_of(lake, dataset)
        last = next((made for made in reversed(known) if made.batch_id == batch_id), None)
        if last is not None and last.decision == decision:
            return last
        state = state_of(lake, dataset, batch_id, last)
        if state not in (ValidationStatus.STOPPED, REJECTED):
            raise BatchNotStoppedError(dataset.name, str(batch_id), f"is {state}" if state else "is not known")
        made = Decision(dataset.name, batch_id, len(known) + 1, decision, by.who, by.why, datetime.now(UTC))
        row = {**vars(made), "domain": dataset.domain}
        if append_once(lake.ops("decisions"), [row], DECISIONS, Commit(f"decide:{dataset.name}", made.number)):
            return made
    raise LedgerBusyError(dataset.name, TRIES, "recorded a decision")


def state_of(lake: Lake, dataset: Dataset, batch_id: int, last: Decision | None) -> str | None:
    """How far a batch has come, in words; None where there is none of that number."""
    if last is not None:
        return last.decision
    result = validation_result_of(lake, dataset, batch_id)
    if result is not None:
        return result.status
    states = {batch.batch_id: batch.state for batch in batches_of(lake, dataset, among([batch_id]))}
    waits: dict[str, str] = {
        BatchState.PLANNED: "not validated yet",
        BatchState.REFUSED: "refused: deliver its file again, corrected",
    }
    return waits.get(states.get(batch_id, ""))


def validation_result_of(lake: Lake, dataset: Dataset, batch_id: int) -> ValidationResult | None:
    """The newest validation result of a batch."""
    return next(iter(validation_results_of(lake, dataset, among([batch_id]))), None)


@dataclass(frozen=True)
class Signature:
    """Who asks for a change, and why."""

    who: str
    why: str
