"""The batch log: which files make up a batch, and how validating it ended. Append-only, in the ops layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pyarrow as pa

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import TransientError
from lakehouse.lake.delta_log import Commit, append_once, open_table, read_rows, recorded, select
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
        ("rows_in_file", pa.int64()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
        ("repeats", pa.int64()),
    ]
)
VALIDATION_RESULTS = pa.schema(
    [
        ("domain", pa.string()),
        ("dataset", pa.string()),
        ("batch_id", pa.int64()),
        ("status", pa.string()),
        ("rows_landed", pa.int64()),
        ("rows_unreadable", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("rows_passed", pa.int64()),
        ("reason", pa.string()),
        ("data_docs", pa.string()),
        ("snapshot_times", pa.string()),
        ("run_id", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


class BatchState(StrEnum):
    """How a batch entered the batch log."""

    PLANNED = "planned"
    """Its rows go to bronze."""
    REFUSED = "refused"
    """Its one file does not have what the contract requires; none of its rows is loaded."""
    REPEAT = "repeat"
    """It has no files of its own: an earlier batch is merged once more, or late, under its number."""


class ValidationStatus(StrEnum):
    """How the validation of a batch ended; an operator decides on a stopped one."""

    PASSED = "passed"
    STOPPED = "stopped"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class LedgerBusyError(TransientError):
    """Other processes wrote to a log of the dataset at each attempt."""

    def __init__(self, dataset: str, tries: int, did: str = "entered a batch") -> None:
        self.dataset, self.tries = dataset, tries
        super().__init__(
            f"{dataset}: at each of {tries} attempts another process {did} first. Nothing was changed; run again."
        )


@dataclass(frozen=True)
class Batch:
    """The files that one ingest found together.

    reason, rows_in_file: of a refused one, why, and how many rows its file has. repeats: of a repeat, the batch that is
    merged again.
    """

    dataset: str
    batch_id: int
    state: BatchState
    files: tuple[StoredFile, ...]
    reason: str | None
    rows_in_file: int
    run_id: str
    recorded_at: datetime
    repeats: int | None = None

    @property
    def is_repair(self) -> bool:
        """True when its rows were corrected in quarantine."""
        return bool(self.files) and all(is_repair(file.path) for file in self.files)


@dataclass(frozen=True)
class ValidationResult:
    """How the validation of a batch ended, and how many of its rows passed.

    snapshot_times: of a batch of snapshots, the times that its rows say (`snapshot_times.py`).
    """

    dataset: str
    batch_id: int
    status: ValidationStatus
    rows_landed: int
    rows_unreadable: int
    rows_quarantined: int
    rows_passed: int
    reason: str | None
    data_docs: str | None
    snapshot_times: str | None = None

    @property
    def rows_kept_out(self) -> int:
        """Rows in quarantine: unparseable ones and those that broke a rule."""
        return self.rows_unreadable + self.rows_quarantined

    @property
    def passed(self) -> bool:
        """True when the batch may be merged."""
        return self.status in (ValidationStatus.PASSED, ValidationStatus.ACCEPTED)


def batches_of(lake: Lake, dataset: Dataset, where: str = "true") -> list[Batch]:
    """The batches of a dataset in their order; where: a condition in SQL, for most steps need the last few alone."""
    rows = read_rows(lake.ops("batches"), where, dataset=dataset.name)
    found = [
        Batch(
            row["dataset"],
            row["batch_id"],
            BatchState(row["state"]),
            tuple(StoredFile(**file) for file in row["files"]),
            row["reason"],
            row["rows_in_file"],
            row["run_id"],
            row["recorded_at"],
            row.get("repeats"),  # a table that an earlier release made lacks it
        )
        for row in rows
    ]
    return sorted(found, key=lambda batch: batch.batch_id)


def known_files(lake: Lake, dataset: Dataset) -> set[StoredFile]:
    """The files of all batches of a dataset."""
    table = open_table(lake.ops("batches"))
    if table is None:
        return set()
    files = f"SELECT unnest(files) AS file FROM t WHERE dataset = '{dataset.name}'"
    parts = "file['path'] AS path, file['size'] AS size, file['version'] AS version"
    return {StoredFile(**file) for file in select(table, f"SELECT {parts} FROM ({files})")}


def record_batches(lake: Lake, dataset: Dataset, plan: Callable[[list[Batch]], list[Batch]]) -> list[Batch]:
    """Add the batches that `plan` makes of those known so far to the batch log, all or none, and return them.

    A process that took their numbers in between leads to a new plan; raises LedgerBusyError after the last attempt.
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
            "rows_in_file": batch.rows_in_file,
            "run_id": batch.run_id,
            "recorded_at": batch.recorded_at,
            "repeats": batch.repeats,
        }
        for batch in batches
    ]
    last = max(batch.batch_id for batch in batches)
    return append_once(lake.ops("batches"), rows, BATCHES, Commit(f"batches:{dataset.name}", last))


def planned(batches: Sequence[Batch]) -> list[Batch]:
    """The batches whose rows go to bronze."""
    return [batch for batch in batches if batch.state is BatchState.PLANNED]


def to_ingest(lake: Lake, dataset: Dataset) -> list[Batch]:
    """Planned batches that bronze does not have yet."""
    done = recorded(lake.bronze(dataset.name), INGEST)
    return planned(batches_of(lake, dataset, f"batch_id > {done}"))


def to_validate(lake: Lake, dataset: Dataset) -> list[Batch]:
    """Batches in bronze that have not been validated."""
    ingested = recorded(lake.bronze(dataset.name), INGEST)
    validated = recorded(lake.ops("validation_results"), f"{VALIDATE}:{dataset.name}")
    return planned(batches_of(lake, dataset, f"batch_id > {validated} AND batch_id <= {ingested}"))


def validation_results_of(lake: Lake, dataset: Dataset, where: str = "true") -> list[ValidationResult]:
    """The newest validation result of each batch of a dataset, in the order of the batches.

    where: a condition on batches, in SQL; on anything else it could leave out a newer result.
    """
    rows = read_rows(lake.ops("validation_results"), where, dataset=dataset.name)
    names = ValidationResult.__dataclass_fields__
    newest = {row["batch_id"]: row for row in sorted(rows, key=lambda row: row["recorded_at"])}
    lacking = {"snapshot_times": None}  # in a table that an earlier release made
    found = [{name: {**lacking, **newest[batch_id]}[name] for name in names} for batch_id in sorted(newest)]
    return [ValidationResult(**{**row, "status": ValidationStatus(row["status"])}) for row in found]


def among(batch_ids: Iterable[int]) -> str:
    """The condition, in SQL, for being one of some batches."""
    named = ", ".join(map(str, sorted(batch_ids)))
    return f"batch_id IN ({named})" if named else "false"


def undecided(lake: Lake, dataset: Dataset) -> list[ValidationResult]:
    """The newest results of the batches that were stopped at first, few of all: none of them is `passed` later."""
    return validation_results_of(lake, dataset, f"status <> '{ValidationStatus.PASSED}'")


def record_validation(lake: Lake, dataset: Dataset, result: ValidationResult) -> None:
    """Record a result, once; from here on the batch counts as validated."""
    record_result(lake, dataset, result, f"{VALIDATE}:{dataset.name}", result.batch_id)


def record_result(lake: Lake, dataset: Dataset, result: ValidationResult, app_id: str, number: int) -> None:
    """Record a result under the name and number of what led to it, once."""
    record_results(lake, dataset, [result], app_id, number)


def record_results(lake: Lake, dataset: Dataset, results: Sequence[ValidationResult], app_id: str, number: int) -> None:
    """Record results in one commit under the name and number of what led to them, once."""
    about = {"domain": dataset.domain, "run_id": log.current("run"), "recorded_at": datetime.now(UTC)}
    rows = [{**vars(result), **about} for result in results]
    append_once(lake.ops("validation_results"), rows, VALIDATION_RESULTS, Commit(app_id, number))
