"""The ledgers and logs of a dataset as a run leaves them between two steps, without Spark: quick, for readers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
from deltalake import CommitProperties, Transaction, write_deltalake

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import (
    INGEST,
    MERGE,
    Batch,
    BatchState,
    ValidationResult,
    ValidationStatus,
    record_batches,
    record_validation,
)
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import record_published
from lakehouse.lake.runs import DONE, RunRecord, StepRecord, record_run, record_steps

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = RunRecord(
    "a", "r", "run", "glue", DONE, "0.1.0+c", "1.0.0+t", "elsewhere:7", NOON, NOON, 0, None, 60.0, 120.0, 0.01
)
STEP = StepRecord("a", "r", "run", "publish", "products", None, DONE, 0, 0, 0, 60.0, 120.0, 0.01, NOON)


def planned(lake: Lake, dataset: Dataset, batch_id: int = 1, at: datetime = NOON) -> None:
    """A batch of one file entered the batch log."""
    entered(lake, dataset, Batch(dataset.name, batch_id, BatchState.PLANNED, (_file(batch_id),), None, 0, "r", at))


def refused(lake: Lake, dataset: Dataset, batch_id: int = 1) -> None:
    """A file entered the batch log that lacks a column."""
    reason = "required column price missing"
    entered(lake, dataset, Batch(dataset.name, batch_id, BatchState.REFUSED, (_file(batch_id),), reason, 9, "r", NOON))


def entered(lake: Lake, dataset: Dataset, batch: Batch) -> None:
    record_batches(lake, dataset, lambda known: [batch])


def ingested(lake: Lake, dataset: Dataset, batch_id: int = 1) -> None:
    """Bronze has the rows of a batch."""
    _written(lake.bronze(dataset.name), INGEST, batch_id, dataset.column_names)


def validated(
    lake: Lake, dataset: Dataset, batch_id: int = 1, status: ValidationStatus = ValidationStatus.PASSED
) -> None:
    """A batch has a validation result."""
    reason = None if status is ValidationStatus.PASSED else "70 of 300 rows failed validation"
    record_validation(lake, dataset, ValidationResult(dataset.name, batch_id, status, 300, 0, 0, 300, reason, None))


def merged(lake: Lake, dataset: Dataset, batch_id: int = 1) -> None:
    """Silver has the rows of a batch."""
    _written(lake.silver(dataset.name), MERGE, batch_id, dataset.silver_column_names, dataset.partition_by)


def published(lake: Lake, dataset: Dataset) -> None:
    """The newest version of silver is published."""
    record_published(lake, "silver", dataset.name, existing_table(lake.silver(dataset.name)))


def complete(lake: Lake, dataset: Dataset, batch_id: int = 1) -> None:
    """A batch took every step."""
    for step in (planned, ingested, validated, merged):
        step(lake, dataset, batch_id)
    published(lake, dataset)


def ran(lake: Lake, job: str = "run", at: datetime = NOON, **how: object) -> None:
    """A run that ended, or with state `begun` only began."""
    about = {"attempt_id": f"{job}{at:%d%H%M}", "job": job, "started_at": at, "recorded_at": at}
    record_run(lake, replace(RUN, **{**about, **how}))  # type: ignore[arg-type]


def stepped(lake: Lake, **how: object) -> None:
    """What a run did in a step."""
    record_steps(lake, [replace(STEP, **how)])  # type: ignore[arg-type]


def _file(number: int) -> StoredFile:
    return StoredFile(f"v{number}/products_{number}.csv", 100, f"etag{number}")


def _written(path: str, application: str, number: int, columns: tuple[str, ...], parts: tuple[str, ...] = ()) -> None:
    rows = pa.table({name: pa.array(["x"], pa.string()) for name in columns})
    commit = CommitProperties(None, app_transactions=[Transaction(application, number)])
    write_deltalake(path, rows, mode="append", partition_by=list(parts) or None, commit_properties=commit)
