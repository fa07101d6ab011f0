"""What was done to whole datasets, `ops.dataset_changes`: rebuilt, rekeyed, dropped, old rows removed; by whom and why.

Each change has two entries: one before its first write, one after its last. Append-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pyarrow as pa

from lakehouse import log
from lakehouse.lake.batches import LedgerBusyError
from lakehouse.lake.built_with import VALIDATING
from lakehouse.lake.conflicts import TRIES
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import Commit, append_once, existing_table, read_rows, recorded
from lakehouse.lake.paths import Lake

_LEDGER = "dataset_changes"
REBUILD, REKEY, KEEP = "rebuild", "rekey", "keep"

DATASET_CHANGES = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("entry", pa.int64()),
        ("change", pa.string()),
        ("state", pa.string()),
        ("what", pa.string()),
        ("who", pa.string()),
        ("why", pa.string()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


class ChangeState(StrEnum):
    """How far a change has come."""

    STARTED = "started"
    DONE = "done"
    UNDONE = "undone"
    """The process ended before its commit, so that nothing was changed."""


@dataclass(frozen=True)
class DatasetChange:
    """One entry; `entry` counts those of a dataset from 1. what: the change in words, without any value of a row."""

    domain: str
    dataset: str
    entry: int
    change: str
    state: ChangeState
    what: str
    who: str
    why: str
    recorded_at: datetime


def changes_of_dataset(lake: Lake, dataset: str) -> list[DatasetChange]:
    """All entries of a dataset in their order."""
    names = DatasetChange.__dataclass_fields__
    rows = read_rows(lake.ops(_LEDGER), dataset=dataset)
    found = [DatasetChange(**{**{n: row[n] for n in names}, "state": ChangeState(row["state"])}) for row in rows]
    return sorted(found, key=lambda change: change.entry)


def unfinished_change(lake: Lake, dataset: str) -> DatasetChange | None:
    """The change of a dataset whose process ended before it was done; None where the last one is done."""
    last = next(reversed(changes_of_dataset(lake, dataset)), None)
    return last if last is not None and last.state is ChangeState.STARTED else None


def record_change(
    lake: Lake, domain: str, dataset: str, change: str, state: ChangeState, what: str, by: Signature
) -> DatasetChange:
    """Add an entry; raises LedgerBusyError when other processes add theirs at each attempt."""
    for _ in range(TRIES):
        entry = len(changes_of_dataset(lake, dataset)) + 1
        made = DatasetChange(domain, dataset, entry, change, state, what, by.who, by.why, datetime.now(UTC))
        row = {**vars(made), "run_id": log.current("run")}
        if append_once(lake.ops(_LEDGER), [row], DATASET_CHANGES, Commit(f"dataset:{dataset}", entry)):
            return made
    raise LedgerBusyError(dataset, TRIES, "changed the dataset")


def change_app_id(dataset: str) -> str:
    """Under this application silver and quarantine record the entries of the changes that were written to them."""
    return f"dataset_change:{dataset}"


def close_change(lake: Lake, change: DatasetChange, state: ChangeState) -> None:
    """Add the entry that ends a change, unless a run that found its commit has added it."""
    if unfinished_change(lake, change.dataset) is not None:
        by = Signature(change.who, change.why)
        record_change(lake, change.domain, change.dataset, change.change, state, change.what, by)


def settle_rebuild(lake: Lake, dataset: str, has_ended: bool = True) -> DatasetChange | None:
    """Close the entry of a rebuild that nobody closed: done where its commit is in silver's log, otherwise undone.

    has_ended: whether its process is known to have; while it may work, only a commit closes the entry. Returns an entry
    that stays open: of one that may still work, or that may have changed quarantine and has to be completed.
    """
    left = unfinished_change(lake, dataset)
    if left is None or left.change not in (REBUILD, REKEY):
        return None
    is_committed = recorded(lake.silver(dataset), change_app_id(dataset)) >= left.entry
    if _is_validating(lake, dataset) or not (is_committed or has_ended):
        return left
    close_change(lake, left, ChangeState.DONE if is_committed else ChangeState.UNDONE)
    return None


def _is_validating(lake: Lake, dataset: str) -> bool:
    return bool(existing_table(lake.silver(dataset)).metadata().configuration.get(VALIDATING))
