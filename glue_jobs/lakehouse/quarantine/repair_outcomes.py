"""After a repair was judged: the row that it stands for is repaired, or stays open with the rules it broke again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lakehouse.contracts.columns import BATCH_ID, BROKEN_RULES, REPAIR_OF, ROW_ID
from lakehouse.contracts.contract import Dataset
from lakehouse.lake.batches import Batch, BatchVerdict
from lakehouse.lake.delta_log import open_table, select
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.changes import FAILED_AGAIN, REPAIRED, Change, changes_of, record_changes
from lakehouse.quarantine.repairs import set_state
from lakehouse.quarantine.rows import RowRef

JUDGE = "validate"
"""Who speaks where no person does."""


def settle_repairs(lake: Lake, dataset: Dataset, batches: Iterable[Batch], verdicts: Iterable[BatchVerdict]) -> None:
    """Settle every repair that has a verdict and is not settled yet; a second time changes nothing."""
    repairs = [batch for batch in batches if batch.is_repair]
    if not repairs:
        return
    found, known = {verdict.batch_id: verdict for verdict in verdicts}, changes_of(lake, dataset)
    done = {change.change_id for change in known}
    for batch in repairs:
        verdict = found.get(batch.batch_id)
        if verdict is not None and _change_id(verdict) not in done:
            changes = _outcomes(lake, dataset, batch, verdict)
            set_state(lake, dataset, [c.ref for c in changes if c.change == REPAIRED], REPAIRED)
            record_changes(lake, dataset, changes, known)


def _change_id(verdict: BatchVerdict) -> str:
    return f"settle/{verdict.batch_id}-{verdict.verdict}"


def _outcomes(lake: Lake, dataset: Dataset, batch: Batch, verdict: BatchVerdict) -> list[Change]:
    """What became of each row of a repair."""
    bad = {row[ROW_ID]: row for row in _rows(lake.quarantine(dataset.name), batch, (ROW_ID, REPAIR_OF, BROKEN_RULES))}
    good = [row for row in _rows(lake.bronze(dataset.name), batch, (ROW_ID, REPAIR_OF)) if row[ROW_ID] not in bad]
    outcome, why = (REPAIRED, "judged good") if verdict.passed else (FAILED_AGAIN, verdict.reason or "")
    found = [_change(row, outcome, why, batch, verdict) for row in good]
    return found + [_change(row, FAILED_AGAIN, ", ".join(row[BROKEN_RULES]), batch, verdict) for row in bad.values()]


def _change(row: dict[str, Any], outcome: str, why: str, batch: Batch, verdict: BatchVerdict) -> Change:
    return Change(
        change_id=_change_id(verdict),
        ref=RowRef.read(row[REPAIR_OF] or ""),
        change=outcome,
        who=JUDGE,
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
