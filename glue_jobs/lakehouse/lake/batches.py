"""The ledger of batches: which files make up a batch, and what became of it. Append-only, in the ops layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import log
from lakehouse.contracts.contract import Dataset
from lakehouse.errors import TransientError
from lakehouse.lake.delta_log import append_once, progress, read_rows
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake, is_repair

INGEST = "ingest"
VALIDATE = "validate"
MERGE = "merge"

TRIES = 5

_FILE = pa.struct([("path", pa.string()), ("size", pa.int64()), ("version", pa.string())])
BATCHES = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("state", pa.string()),
        ("files", pa.list_(_FILE)),
        ("reason", pa.string()),
        ("rows_held", pa.int64()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
        ("repeats", pa.int64()),
    ]
)
VERDICTS = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("verdict", pa.string()),
        ("rows_landed", pa.int64()),
        ("rows_unreadable", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("rows_passed", pa.int64()),
        ("reason", pa.string()),
        ("data_docs", pa.string()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


class LedgerBusyError(TransientError):
    """Other processes wrote to a ledger of the dataset at every try."""

    def __init__(self, dataset: str, tries: int, did: str = "entered a batch") -> None:
        self.dataset, self.tries = dataset, tries
        super().__init__(
            f"{dataset}: at each of {tries} tries another process {did} first. Nothing was taken; run again."
        )


@dataclass(frozen=True)
class Batch:
    """The files that were found together; `refused` when its one file lacks what the contract requires.

    repeats: an earlier batch that is merged once more, or late, under this number; it has no files of its own then.
    """

    dataset: str
    batch_id: int
    state: str
    files: tuple[StoredFile, ...]
    reason: str | None
    rows_held: int
    run_id: str
    recorded_at: datetime
    repeats: int | None = None

    @property
    def is_repair(self) -> bool:
        """True when its rows were mended in quarantine."""
        return bool(self.files) and all(is_repair(file.path) for file in self.files)


@dataclass(frozen=True)
class BatchVerdict:
    """What became of a batch: `passed`, `stopped`, or after that what a person decided, `accepted` or `rejected`."""

    dataset: str
    batch_id: int
    verdict: str
    rows_landed: int
    rows_unreadable: int
    rows_quarantined: int
    rows_passed: int
    reason: str | None
    data_docs: str | None

    @property
    def passed(self) -> bool:
        """True when the batch may be merged."""
        return self.verdict in ("passed", "accepted")


def batches_of(lake: Lake, dataset: Dataset) -> list[Batch]:
    """All batches of a dataset in their order."""
    rows = read_rows(lake.ops("batches"), dataset=dataset.name)
    found = [
        Batch(
            row["dataset"],
            row["batch_id"],
            row["state"],
            tuple(StoredFile(**file) for file in row["files"]),
            row["reason"],
            row["rows_held"],
            row["run_id"],
            row["recorded_at"],
            row.get("repeats"),  # a ledger of an earlier release lacks it
        )
        for row in rows
    ]
    return sorted(found, key=lambda batch: batch.batch_id)


def record_batches(lake: Lake, dataset: Dataset, plan: Callable[[list[Batch]], list[Batch]]) -> list[Batch]:
    """Add the batches that `plan` makes of those known so far to the ledger, all or none, and return them.

    A process that took their numbers in between leads to a fresh plan; raises LedgerBusyError after the last try.
    """
    for _ in range(TRIES):
        batches = plan(batches_of(lake, dataset))
        if not batches or _recorded(lake, dataset, batches):
            return batches
    raise LedgerBusyError(dataset.name, TRIES)


def _recorded(lake: Lake, dataset: Dataset, batches: Sequence[Batch]) -> bool:
    rows = [
        {
            "domain": dataset.domain,
            "dataset": dataset.name,
            "batch_id": batch.batch_id,
            "state": batch.state,
            "files": [vars(file) for file in batch.files],
            "reason": batch.reason,
            "rows_held": batch.rows_held,
            "run_id": batch.run_id,
            "recorded_at": batch.recorded_at,
            "repeats": batch.repeats,
        }
        for batch in batches
    ]
    last = max(batch.batch_id for batch in batches)
    return append_once(lake.ops("batches"), rows, BATCHES, f"batches:{dataset.name}", last)


def planned(batches: Sequence[Batch]) -> list[Batch]:
    """The batches whose rows go to bronze."""
    return [batch for batch in batches if batch.state == "planned"]


def to_ingest(lake: Lake, dataset: Dataset) -> list[Batch]:
    """Planned batches that bronze does not have yet."""
    done = progress(lake.bronze(dataset.name), INGEST)
    return [batch for batch in planned(batches_of(lake, dataset)) if batch.batch_id > done]


def to_validate(lake: Lake, dataset: Dataset) -> list[Batch]:
    """Batches in bronze without a verdict."""
    ingested = progress(lake.bronze(dataset.name), INGEST)
    if ingested == 0:
        return []
    judged = progress(lake.ops("verdicts"), f"{VALIDATE}:{dataset.name}")
    return [b for b in planned(batches_of(lake, dataset)) if judged < b.batch_id <= ingested]


def verdicts_of(lake: Lake, dataset: Dataset) -> list[BatchVerdict]:
    """The newest verdict on each batch of a dataset, in the order of the batches."""
    rows = read_rows(lake.ops("verdicts"), dataset=dataset.name)
    names = BatchVerdict.__dataclass_fields__
    newest = {row["batch_id"]: row for row in sorted(rows, key=lambda row: row["recorded_at"])}
    return [BatchVerdict(**{name: newest[batch_id][name] for name in names}) for batch_id in sorted(newest)]


def record_verdict(lake: Lake, dataset: Dataset, verdict: BatchVerdict) -> None:
    """Add a verdict, once; from here on the batch counts as judged."""
    record_decided(lake, dataset, verdict, f"{VALIDATE}:{dataset.name}", verdict.batch_id)


def record_decided(lake: Lake, dataset: Dataset, verdict: BatchVerdict, app_id: str, number: int) -> None:
    """Add a verdict under the name and number of what led to it, once."""
    row = {**vars(verdict), "domain": dataset.domain, "run_id": log.current("run"), "recorded_at": datetime.now(UTC)}
    append_once(lake.ops("verdicts"), [row], VERDICTS, app_id, number)
