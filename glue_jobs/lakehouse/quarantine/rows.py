"""Reads the quarantine without a JVM: its rows by reference, rule, batch and state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lakehouse.contracts.columns import (
    BATCH_ID,
    BROKEN_RULES,
    QUARANTINED_AT,
    RAW_TEXT,
    RESCUED,
    ROW_ID,
    SOURCE_FILE,
    STATE,
    STEP,
)
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import literal, open_table, select
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.errors import NothingSelectedError, RowNotFoundError, RowReferenceError, RowStateError

UNSPLIT = frozenset({
    "row_has_the_columns_of_the_header", "row_has_the_columns_of_the_contract", "row_is_a_json_object",
    "row_is_valid_unicode",
})  # fmt: skip
"""Rules of rows that could not be split into columns."""

_REF = re.compile(r"(\d{1,18}):(\d{1,18})")


class RowState(StrEnum):
    """The state of a quarantined row."""

    OPEN = "open"
    """Nobody has decided about it yet, or its repair failed validation again."""
    REPAIRED = "repaired"
    """A corrected or resent version of it passed validation."""
    DISCARDED = "discarded"
    """It never goes to silver. A row of a repair that failed again is discarded at once: the original stays open."""


@dataclass(frozen=True, order=True)
class RowRef:
    """A reference to a quarantined row: its batch and its row ID, written as 2:17."""

    batch_id: int
    row_id: int

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.row_id}"

    @classmethod
    def read(cls, text: str) -> RowRef:
        """Parse a reference such as 2:17; raises RowReferenceError."""
        match = _REF.fullmatch(text)
        if not match:
            raise RowReferenceError(text)
        return cls(int(match[1]), int(match[2]))


@dataclass(frozen=True)
class QuarantinedRow:
    """A row as delivered (text by column, null if empty) and the rules that it broke."""

    ref: RowRef
    values: dict[str, str | None]
    raw_text: str | None
    rescued: str | None
    broken_rules: tuple[str, ...]
    source_file: str
    step: str
    quarantined_at: datetime
    state: RowState

    @property
    def is_split(self) -> bool:
        """True if the row could be split into columns."""
        return not UNSPLIT & set(self.broken_rules)


def hidden_columns(row: QuarantinedRow, dataset: Dataset) -> frozenset[str]:
    """The columns that can contain personal data; all if the row could not be split, as its values can be shifted."""
    if row.is_split or not dataset.pii_columns:
        return dataset.pii_columns
    return frozenset(dataset.column_names)


@dataclass(frozen=True)
class Selection:
    """Which rows to select; a criterion that is not given does not restrict. state: None for every state."""

    refs: tuple[RowRef, ...] = ()
    rule: str | None = None
    batch_id: int | None = None
    state: RowState | None = RowState.OPEN

    @property
    def condition(self) -> str:
        """The selection as an SQL condition."""
        parts = []
        if self.refs:
            parts.append(_any_of(self.refs))
        if self.rule is not None:
            parts.append(f'array_has("{BROKEN_RULES}", {literal(self.rule)})')
        if self.batch_id is not None:
            parts.append(f'"{BATCH_ID}" = {self.batch_id}')
        if self.state is not None:
            parts.append(f'"{STATE}" = {literal(self.state)}')
        return " AND ".join(parts) or "true"


def _any_of(refs: Sequence[RowRef]) -> str:
    """One IN list per batch, because thousands of OR terms would nest as deeply in the parsed condition."""
    batches: dict[int, list[str]] = {}
    for ref in refs:
        batches.setdefault(ref.batch_id, []).append(str(ref.row_id))
    pairs = (f'("{BATCH_ID}" = {batch} AND "{ROW_ID}" IN ({", ".join(rows)}))' for batch, rows in batches.items())
    return f"({' OR '.join(pairs)})"


def rows_of(lake: Lake, dataset: Dataset, selection: Selection, limit: int | None = None) -> list[QuarantinedRow]:
    """The selected rows, ordered by batch and row; none if the dataset has no quarantine table."""
    table = open_table(lake.quarantine(dataset.name))
    if table is None:
        return []
    limited = "" if limit is None else f" LIMIT {limit}"
    order = f'ORDER BY "{BATCH_ID}", "{ROW_ID}"'
    rows = select(table, f"SELECT * FROM t WHERE {selection.condition} {order}{limited}")
    return [_row(row, dataset) for row in rows]


def counts_of(lake: Lake, dataset: Dataset) -> list[tuple[RowState, str, int]]:
    """The number of rows by state and first broken rule, largest first."""
    table = open_table(lake.quarantine(dataset.name))
    if table is None:
        return []
    sql = (
        f'SELECT "{STATE}" AS state, "{BROKEN_RULES}"[1] AS rule, count(*) AS number FROM t '
        "GROUP BY 1, 2 ORDER BY number DESC, rule"
    )
    return [(RowState(row["state"]), row["rule"] or "", row["number"]) for row in select(table, sql)]


def open_rows(lake: Lake, dataset: Dataset, selection: Selection) -> list[QuarantinedRow]:
    """The selected rows, all of which must be open; raises an error that names the first that is not."""
    if not selection.refs:
        rows = rows_of(lake, dataset, selection)
        if not rows:
            raise NothingSelectedError(dataset.name)
        return rows
    rows = rows_of(lake, dataset, Selection(refs=selection.refs, state=None))
    by_ref = {row.ref: row for row in rows}
    for ref in selection.refs:
        if ref not in by_ref:
            raise RowNotFoundError(dataset.name, str(ref))
        if by_ref[ref].state is not RowState.OPEN:
            raise RowStateError(dataset.name, str(ref), by_ref[ref].state)
    return rows


def _row(row: dict[str, Any], dataset: Dataset) -> QuarantinedRow:
    return QuarantinedRow(
        ref=RowRef(row[BATCH_ID], row[ROW_ID]),
        values={name: row.get(name) for name in dataset.column_names},
        raw_text=row.get(RAW_TEXT),
        rescued=row.get(RESCUED),
        broken_rules=tuple(row[BROKEN_RULES] or ()),
        source_file=row[SOURCE_FILE],
        step=row[STEP],
        quarantined_at=row[QUARANTINED_AT],
        state=RowState(row[STATE]),
    )
