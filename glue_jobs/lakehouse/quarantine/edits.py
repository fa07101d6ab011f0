"""Exports quarantined rows to a CSV file that people edit in a spreadsheet, and reads the edits back."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from lakehouse.contracts.columns import BROKEN_RULES
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError, nearest
from lakehouse.lake.paths import Lake
from lakehouse.privacy import MASK
from lakehouse.quarantine.errors import ImportRowsError, SetValueError
from lakehouse.quarantine.repairs import Edit
from lakehouse.quarantine.rows import QuarantinedRow, RowRef, Selection, hidden_columns, open_rows, rows_of

ROW = "_row"

# What a spreadsheet takes for a formula, or trims until it is one; the apostrophes are those of an earlier export.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def set_values(assignments: Sequence[str], dataset: Dataset) -> dict[str, str | None]:
    """Parse assignments such as quantity=2; `phone=` sets null. Raises SetValueError."""
    values: dict[str, str | None] = {}
    for assignment in assignments:
        column, is_set, value = assignment.partition("=")
        if not is_set or column not in dataset.column_names:
            raise SetValueError(column, nearest(column, dataset.column_names))
        values[column] = value or None
    return values


def export_rows(lake: Lake, dataset: Dataset, selection: Selection, file: Path, reveal: bool) -> int:
    """Write open rows to a file that only its owner can read; personal data is written as *** unless revealed.

    Text that a spreadsheet would run as a formula gets an apostrophe before it, which `read_edits` takes off again.
    """
    rows = rows_of(lake, dataset, selection)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([ROW, BROKEN_RULES, *dataset.column_names])
    for row in rows:
        hidden = frozenset() if reveal else hidden_columns(row, dataset)
        values = [MASK if name in hidden and value else value for name, value in row.values.items()]
        writer.writerow([row.ref, *map(_as_text, (" ".join(row.broken_rules), *values))])
    try:
        file.touch(mode=0o600)
        file.write_text(text.getvalue(), encoding="utf-8", newline="")
    except OSError as error:
        raise ImportRowsError(str(file), 0, error.strerror or "cannot be written") from None
    return len(rows)


def read_edits(lake: Lake, dataset: Dataset, file: Path) -> tuple[list[Edit], int]:
    """The rows of an edited export that differ from the delivered ones, and the number of those that do not.

    A cell of *** keeps the delivered value. Raises ImportRowsError with the line of the first error.
    """
    cells: dict[RowRef, tuple[int, dict[str, str]]] = {}
    for line, row in _records(file, dataset):
        try:
            ref = RowRef.read(row.pop(ROW) or "")
            if ref in cells:
                raise ImportRowsError(str(file), line, f"row {ref} is in the file twice")
        except LakehouseError as error:
            raise (
                error if isinstance(error, ImportRowsError) else ImportRowsError(str(file), line, str(error))
            ) from None
        cells[ref] = (line, row)
    if not cells:
        return [], 0
    rows = open_rows(lake, dataset, Selection(tuple(cells)))
    edits = [Edit(row, _values(row, cells[row.ref][1])) for row in rows]
    changed = [edit for edit in edits if edit.changed]
    return changed, len(edits) - len(changed)


def _as_text(cell: str | None) -> str | None:
    """A cell that starts no formula: text that would begin one gets an apostrophe; numbers stay numbers."""
    return f"'{cell}" if cell and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def _as_delivered(cell: str) -> str:
    """The text of a cell without the apostrophe of the export."""
    return cell.removeprefix("'") if _FORMULA.match(cell) else cell


def _values(row: QuarantinedRow, cells: dict[str, str]) -> dict[str, str | None]:
    return {name: row.values[name] if cell == MASK else _as_delivered(cell) or None for name, cell in cells.items()}


def _records(file: Path, dataset: Dataset) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of the file with their line numbers; a column that is left out keeps the delivered values."""
    csv.field_size_limit(sys.maxsize)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened)
            header = next(reader, [])
            _check_header(file, header, dataset)
            for record in reader:
                if record and len(record) != len(header):
                    problem = f"{len(record)} fields; expected {len(header)}, as in the header"
                    raise ImportRowsError(str(file), reader.line_num, problem)
                if record:
                    cells = dict(zip(header, record, strict=True))
                    yield reader.line_num, {name: cell for name, cell in cells.items() if name != BROKEN_RULES}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a CSV file in UTF-8"
        raise ImportRowsError(str(file), 0, reason or "cannot be read") from None


def _check_header(file: Path, header: list[str], dataset: Dataset) -> None:
    known = (ROW, BROKEN_RULES, *dataset.column_names)
    if ROW not in header:
        raise ImportRowsError(str(file), 1, f"column {ROW} is missing; it identifies the row of each line")
    for name in header:
        if name not in known:
            raise ImportRowsError(str(file), 1, f"unknown column '{name}'.{nearest(name, known)}")
        if header.count(name) > 1:
            raise ImportRowsError(str(file), 1, f"column {name} is in the header twice")
