"""After validation of a repair: the original row becomes `repaired`, or stays open with the rules it broke again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakehouse.contracts.columns import BATCH_ID, BROKEN_RULES, REPAIR_OF, ROW_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import (
    VALIDATE,
    Batch,
    ValidationResult,
    ValidationStatus,
    among,
    batches_of,
    validation_results_of,
)
from lakehouse.lake.delta_log import literal, open_table, select
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.changes import Change, ChangeKind, changes_of, record_changes
from lakehouse.quarantine.repairs import set_state
from lakehouse.quarantine.rows import RowRef, RowState

_LAST = tuple(f"-{status}" for status in (ValidationStatus.PASSED, ValidationStatus.ACCEPTED))
"""How the IDs of outcomes end that nobody changes later; a stopped or rejected batch can still be accepted."""


def record_repair_outcomes(lake: Lake, dataset: Dataset) -> None:
    """Record the outcome of every repair that was validated and has none yet; a second call changes nothing."""
    known = changes_of(lake, dataset)
    repairs = _open_repairs(lake, dataset, known)
    results = validation_results_of(lake, dataset, among(batch.batch_id for batch in repairs)) if repairs else []
    by_batch, recorded = {result.batch_id: result for result in results}, {change.change_id for change in known}
    for batch in repairs:
        result = by_batch.get(batch.batch_id)
        if result is not None and _change_id(result) not in recorded:
            changes = _outcomes(lake, dataset, batch, result)
            repaired = [change.ref for change in changes if change.change is ChangeKind.REPAIRED]
            set_state(lake, dataset, repaired, RowState.REPAIRED)
            record_changes(lake, dataset, changes, known)


def _open_repairs(lake: Lake, dataset: Dataset, known: Sequence[Change]) -> list[Batch]:
    """The batches of repairs without a last outcome, few of all: each was recorded before its file was written."""
    done = {change.file for change in known if change.change_id.endswith(_LAST)}
    sent = [change for change in known if change.file and change.file not in done]
    if not sent:
        return []
    before = min(change.ref.batch_id for change in sent)
    paths = ", ".join(sorted({literal(change.file or "") for change in sent}))
    return batches_of(lake, dataset, f"batch_id > {before} AND files[1]['path'] IN ({paths})")


def _change_id(result: ValidationResult) -> str:
    """The ID of an outcome; recorded outcomes have it, so it must not change."""
    return f"settle/{result.batch_id}-{result.status}"


def _outcomes(lake: Lake, dataset: Dataset, batch: Batch, result: ValidationResult) -> list[Change]:
    """The outcome of each row of a repair."""
    columns = (ROW_ID, REPAIR_OF, BROKEN_RULES)
    failed = {row[ROW_ID]: row for row in _rows(lake.quarantine(dataset.name), batch, columns)}
    others = [row for row in _rows(lake.bronze(dataset.name), batch, (ROW_ID, REPAIR_OF)) if row[ROW_ID] not in failed]
    # Rows of a stopped batch failed with it, although they broke no rule themselves.
    outcome = ChangeKind.REPAIRED if result.passed else ChangeKind.FAILED_AGAIN
    why = "passed validation" if result.passed else result.reason or ""
    return [
        *(_change(row, outcome, why, batch, result) for row in others),
        *(
            _change(row, ChangeKind.FAILED_AGAIN, ", ".join(row[BROKEN_RULES]), batch, result)
            for row in failed.values()
        ),
    ]


def _change(row: dict[str, Any], outcome: ChangeKind, why: str, batch: Batch, result: ValidationResult) -> Change:
    return Change(
        change_id=_change_id(result),
        ref=RowRef.read(row[REPAIR_OF] or ""),
        change=outcome,
        who=VALIDATE,
        why=why,
        file=batch.files[0].path,
        repair_batch_id=batch.batch_id,
    )


def _rows(path: str, batch: Batch, columns: Sequence[str]) -> list[dict[str, Any]]:
    table = open_table(path)
    if table is None or REPAIR_OF not in {field.name for field in table.schema().fields}:
        return []
    names = ", ".join(f'"{name}"' for name in columns)
    return select(table, f'SELECT {names} FROM t WHERE "{BATCH_ID}" = {batch.batch_id}')
