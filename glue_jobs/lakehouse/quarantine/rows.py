"""The quarantine read without a JVM: its rows by reference, rule, batch and state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.contracts.columns import BATCH_ID, BROKEN_RULES, RAW_TEXT, RESCUED, ROW_ID, SOURCE_FILE, STATE, STEP
from lakehouse.contracts.contract import Dataset
from lakehouse.lake.delta_log import open_table, select
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.errors import NothingSelectedError, RowNotFoundError, RowReferenceError, RowStateError

OPEN, REPAIRED, DISCARDED = "open", "repaired", "discarded"
"""The states of a row. A repair that failed again is discarded at once: the row that it was to repair stays open."""

UNSPLIT = frozenset({"row_has_the_columns_of_the_header", "row_is_a_json_object"})
"""Rules of rows that could not be split into columns."""

_REF = re.compile(r"(\d{1,18}):(\d{1,18})")


@dataclass(frozen=True, order=True)
class RowRef:
    """A quarantined row by its batch and its number therein; people write it 2:17."""

    batch_id: int
    row_id: int

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.row_id}"

    @classmethod
    def read(cls, word: str) -> RowRef:
        """The reference that a word stands for; raises RowReferenceError."""
        found = _REF.fullmatch(word)
        if not found:
            raise RowReferenceError(word)
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True)
class QuarantinedRow:
    """A row as delivered (text by column, null where empty), and why it is kept out of silver."""

    ref: RowRef
    values: dict[str, str | None]
    raw_text: str | None
    rescued: str | None
    broken_rules: tuple[str, ...]
    source_file: str
    step: str
    quarantined_at: datetime
    state: str

    @property
    def is_split(self) -> bool:
        """True when the row's values could be told apart."""
        return not UNSPLIT & set(self.broken_rules)


def hidden_columns(row: QuarantinedRow, dataset: Dataset) -> frozenset[str]:
    """The columns that may hold personal data: all of a row that could not be split, whose values may be shifted."""
    if row.is_split or not dataset.pii_columns:
        return dataset.pii_columns
    return frozenset(dataset.column_names)


@dataclass(frozen=True)
class Selection:
    """Which rows are meant; what is not given does not matter. state: None for every state."""

    refs: tuple[RowRef, ...] = ()
    rule: str | None = None
    batch_id: int | None = None
    state: str | None = OPEN

    @property
    def condition(self) -> str:
        """The selection as a condition in SQL."""
        parts = []
        if self.refs:
            parts.append(_any_of(self.refs))
        if self.rule is not None:
            parts.append(f'array_has("{BROKEN_RULES}", {_literal(self.rule)})')
        if self.batch_id is not None:
            parts.append(f'"{BATCH_ID}" = {self.batch_id}')
        if self.state is not None:
            parts.append(f'"{STATE}" = {_literal(self.state)}')
        return " AND ".join(parts) or "true"


def _any_of(refs: Sequence[RowRef]) -> str:
    """A list a batch, for thousands of alternatives would be as many levels of one condition."""
    batches: dict[int, list[str]] = {}
    for ref in refs:
        batches.setdefault(ref.batch_id, []).append(str(ref.row_id))
    pairs = (f'("{BATCH_ID}" = {batch} AND "{ROW_ID}" IN ({", ".join(rows)}))' for batch, rows in batches.items())
    return f"({' OR '.join(pairs)})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def rows_of(lake: Lake, dataset: Dataset, selection: Selection, limit: int | None = None) -> list[QuarantinedRow]:
    """The selected rows in their order; none where there is no quarantine."""
    table = open_table(lake.quarantine(dataset.name))
    if table is None:
        return []
    bound = "" if limit is None else f" LIMIT {limit}"
    order = f'ORDER BY "{BATCH_ID}", "{ROW_ID}"'
    found = select(table, f"SELECT * FROM t WHERE {selection.condition} {order}{bound}")
    return [_row(row, dataset) for row in found]


def counts_of(lake: Lake, dataset: Dataset) -> list[tuple[str, str, int]]:
    """How many rows there are by state and first broken rule, most first."""
    table = open_table(lake.quarantine(dataset.name))
    if table is None:
        return []
    sql = (
        f'SELECT "{STATE}" AS state, "{BROKEN_RULES}"[1] AS rule, count(*) AS number FROM t '
        "GROUP BY 1, 2 ORDER BY number DESC, rule"
    )
    return [(row["state"], row["rule"] or "", row["number"]) for row in select(table, sql)]


def open_rows(lake: Lake, dataset: Dataset, selection: Selection) -> list[QuarantinedRow]:
    """The selected rows, which must be there and open; raises the error that names the first that is not."""
    if not selection.refs:
        found = rows_of(lake, dataset, selection)
        if not found:
            raise NothingSelectedError(dataset.name)
        return found
    found = rows_of(lake, dataset, Selection(refs=selection.refs, state=None))
    by_ref = {row.ref: row for row in found}
    for ref in selection.refs:
        if ref not in by_ref:
            raise RowNotFoundError(dataset.name, str(ref))
        if by_ref[ref].state != OPEN:
            raise RowStateError(dataset.name, str(ref), by_ref[ref].state)
    return found


def key_of(row: QuarantinedRow, dataset: Dataset) -> Sequence[str]:
    """The delivered key of a row, as far as it could be read."""
    return [row.values.get(name) or "" for name in dataset.key]


def _row(row: dict[str, Any], dataset: Dataset) -> QuarantinedRow:
    return QuarantinedRow(
        ref=RowRef(row[BATCH_ID], row[ROW_ID]),
        values={name: row.get(name) for name in dataset.column_names},
        raw_text=row.get(RAW_TEXT),
        rescued=row.get(RESCUED),
        broken_rules=tuple(row[BROKEN_RULES] or ()),
        source_file=row[SOURCE_FILE],
        step=row[STEP],
        quarantined_at=row["_quarantined_at"],
        state=row[STATE],
    )
