"""The ledger of batches: which files make up a batch, and what became of it. Append-only, in the ops layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from lakehouse import log
from lakehouse.contract import Dataset
from lakehouse.delta_log import append_once, progress, read_rows
from lakehouse.lake import Lake
from lakehouse.storage import StoredFile

INGEST = "ingest"
VALIDATE = "validate"
MERGE = "merge"

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


@dataclass(frozen=True)
class Batch:
    """The files that were found together; `refused` when its one file lacks what the contract requires."""

    dataset: str
    batch_id: int
    state: str
    files: tuple[StoredFile, ...]
    reason: str | None
    rows_held: int
    run_id: str
    recorded_at: datetime


@dataclass(frozen=True)
class BatchVerdict:
    """What validate said of a batch; `stopped` when nothing of it may be merged."""

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
        return self.verdict == "passed"


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
        )
        for row in rows
    ]
    return sorted(found, key=lambda batch: batch.batch_id)


def record_batches(lake: Lake, dataset: Dataset, batches: Sequence[Batch]) -> None:
    """Add batches to the ledger, all or none, once."""
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
        }
        for batch in batches
    ]
    last = max(batch.batch_id for batch in batches)
    append_once(lake.ops("batches"), rows, BATCHES, f"batches:{dataset.name}", last)


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
    """All verdicts of a dataset in the order of its batches."""
    rows = read_rows(lake.ops("verdicts"), dataset=dataset.name)
    names = BatchVerdict.__dataclass_fields__
    found = [BatchVerdict(**{name: row[name] for name in names}) for row in rows]
    return sorted(found, key=lambda verdict: verdict.batch_id)


def record_verdict(lake: Lake, dataset: Dataset, verdict: BatchVerdict) -> None:
    """Add a verdict, once; from here on the batch counts as judged."""
    row = {**vars(verdict), "domain": dataset.domain, "run_id": log.current("run"), "recorded_at": datetime.now(UTC)}
    append_once(lake.ops("verdicts"), [row], VERDICTS, f"{VALIDATE}:{dataset.name}", verdict.batch_id)


def to_merge(lake: Lake, dataset: Dataset) -> list[BatchVerdict]:
    """Judged and passed batches that silver does not have yet."""
    done = progress(lake.silver(dataset.name), MERGE)
    return [verdict for verdict in verdicts_of(lake, dataset) if verdict.passed and verdict.batch_id > done]
