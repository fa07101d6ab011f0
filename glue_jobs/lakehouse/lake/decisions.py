"""What people decided about stopped batches: accepted or rejected, by whom and why. Append-only, in the ops layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse.contracts.contract import Dataset
from lakehouse.errors import LakehouseError
from lakehouse.lake.batches import TRIES, BatchVerdict, LedgerBusyError, batches_of, verdicts_of
from lakehouse.lake.delta_log import append_once, read_rows
from lakehouse.lake.paths import Lake

pass

ACCEPTED, REJECTED = "accepted", "rejected"

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
    """Only a stopped batch waits for a person."""

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
    decision: str
    who: str
    why: str
    recorded_at: datetime


def decisions_of(lake: Lake, dataset: Dataset) -> list[Decision]:
    """All decisions of a dataset in their order."""
    names = Decision.__dataclass_fields__
    rows = read_rows(lake.ops("decisions"), dataset=dataset.name)
    found = [Decision(**{name: row[name] for name in names}) for row in rows]
    return sorted(found, key=lambda decision: decision.number)


def decide(lake: Lake, dataset: Dataset, batch_id: int, decision: str, by: Signature) -> Decision:
    """Record what a person decided; validate carries it out. The same decision again changes nothing.

    A decision that another process records in between leads to a fresh look; raises LedgerBusyError after the last try.
    """
    for _ in range(TRIES):
        known = decisions_of(lake, dataset)
        last = next((made for made in reversed(known) if made.batch_id == batch_id), None)
        if last is not None and last.decision == decision:
            return last
        state = state_of(lake, dataset, batch_id, last)
        if state not in ("stopped", REJECTED):
            raise BatchNotStoppedError(dataset.name, str(batch_id), f"is {state}" if state else "is not known")
        made = Decision(dataset.name, batch_id, len(known) + 1, decision, by.who, by.why, datetime.now(UTC))
        row = {**vars(made), "domain": dataset.domain}
        if append_once(lake.ops("decisions"), [row], DECISIONS, f"decide:{dataset.name}", made.number):
            return made
    raise LedgerBusyError(dataset.name, TRIES, "recorded a decision")


def state_of(lake: Lake, dataset: Dataset, batch_id: int, last: Decision | None) -> str | None:
    """What became of a batch so far; None where there is none of that number."""
    if last is not None:
        return last.decision
    verdict = verdict_on(lake, dataset, batch_id)
    if verdict is not None:
        return verdict.verdict
    states = {batch.batch_id: batch.state for batch in batches_of(lake, dataset)}
    waits = {"planned": "not judged yet", "refused": "refused: deliver its file again, corrected"}
    return waits.get(states.get(batch_id, ""))


def verdict_on(lake: Lake, dataset: Dataset, batch_id: int) -> BatchVerdict | None:
    """The newest verdict on a batch."""
    return next((v for v in verdicts_of(lake, dataset) if v.batch_id == batch_id), None)


@dataclass(frozen=True)
class Signature:
    """Who asks for a change, and why."""

    who: str
    why: str
