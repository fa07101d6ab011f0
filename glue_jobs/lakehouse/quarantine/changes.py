"""The audit log of quarantined rows, `ops.quarantine_changes`: who did what, when and why. Append-only.

It contains names of columns and files, never values.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pyarrow as pa

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import append_rows, read_rows
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.rows import RowRef

_LEDGER = "quarantine_changes"


class ChangeKind(StrEnum):
    """What was done with a row: requests of people, then the outcome that validate records."""

    REPAIR = "repair"
    """Sent back with corrected values."""
    RETRY = "retry"
    """Sent back unchanged."""
    DISCARD = "discard"
    REPAIRED = "repaired"
    """The row that was sent back passed validation."""
    FAILED_AGAIN = "failed again"

    @classmethod
    def _missing_(cls, value: object) -> ChangeKind | None:
        """The earlier name of `retry`, which old records have."""
        return cls.RETRY if value == "replay" else None

    @property
    def is_outcome(self) -> bool:
        """True if validate recorded it after a row was sent back."""
        return self in (ChangeKind.REPAIRED, ChangeKind.FAILED_AGAIN)


CHANGES = pa.schema(
    [
        ("change_id", pa.string()),
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("row_id", pa.int64()),
        ("change", pa.string()),
        ("columns", pa.list_(pa.string())),
        ("file", pa.string()),
        ("repair_batch_id", pa.int64()),
        ("who", pa.string()),
        ("why", pa.string()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


@dataclass(frozen=True)
class Change:
    """One change of one row. change_id: the same for all rows that changed together.

    file: of a row that was sent back, below the domain's raw folder. repair_batch_id: the batch in which the row was
    validated again.
    """

    change_id: str
    ref: RowRef
    change: ChangeKind
    who: str
    why: str
    columns: tuple[str, ...] = ()
    file: str | None = None
    repair_batch_id: int | None = None
    recorded_at: datetime | None = None


def changes_of(lake: Lake, dataset: Dataset) -> list[Change]:
    """All changes of a dataset's quarantined rows, oldest first."""
    rows = read_rows(lake.ops(_LEDGER), dataset=dataset.name)
    changes = [
        Change(
            change_id=row["change_id"],
            ref=RowRef(row["batch_id"], row["row_id"]),
            change=ChangeKind(row["change"]),
            who=row["who"],
            why=row["why"],
            columns=tuple(row["columns"] or ()),
            file=row["file"],
            repair_batch_id=row["repair_batch_id"],
            recorded_at=row["recorded_at"],
        )
        for row in rows
    ]
    return sorted(changes, key=lambda change: (change.recorded_at or datetime.min.replace(tzinfo=UTC), change.ref))


def record_changes(lake: Lake, dataset: Dataset, changes: Sequence[Change], known: Collection[Change]) -> None:
    """Append changes, all or none, without those whose change_id is already among the known ones."""
    new = [change for change in changes if change.change_id not in {other.change_id for other in known}]
    if not new:
        return
    now = datetime.now(UTC)
    rows = [
        {
            "change_id": change.change_id,
            "domain": dataset.domain,
            "dataset": dataset.name,
            "batch_id": change.ref.batch_id,
            "row_id": change.ref.row_id,
            "change": change.change,
            "columns": list(change.columns),
            "file": change.file,
            "repair_batch_id": change.repair_batch_id,
            "who": change.who,
            "why": change.why,
            "run_id": log.current("run"),
            "recorded_at": now,
        }
        for change in new
    ]
    append_rows(lake.ops(_LEDGER), rows, CHANGES)
