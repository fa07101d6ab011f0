"""Excel workbooks: one sheet, whose header row names the columns; one file a task, row by row."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, BinaryIO

import openpyxl  # type: ignore[import-untyped]

from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import FileOptions
from lakehouse.errors import nearest
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.packed import Codec, contents
from lakehouse.ingest.typed_rows import Rows
from lakehouse.ingest.typed_text import BrokenFileError, plain_text
from lakehouse.ingest.whole_files import WholeFile

FORMULA_ERROR, NO_RESULT = "row_has_no_formula_error", "row_has_the_results_of_its_formulas"
_ROWS = 1024
_DIGITS = 15
"""Excel keeps and shows so many digits of a number; those behind are noise of its binary form."""


def columns_of(raw: BinaryIO, size: int, options: FileOptions) -> list[str]:
    """The names of the columns; raises BrokenFileError, and PackedError where the archive is broken or a bomb."""
    contents(raw, Codec.ZIP, size)
    with _sheets(raw, options) as (sheet, _):
        return [name for _, name in _header(sheet, options)]


@contextlib.contextmanager
def _sheets(raw: BinaryIO, options: FileOptions) -> Iterator[tuple[Any, Any]]:
    """The sheet with the results of its formulas, and with the formulas."""
    books = []
    try:
        for is_result in (True, False):
            raw.seek(0)
            books.append(openpyxl.load_workbook(raw, read_only=True, data_only=is_result))
    except Exception as error:  # whatever the library meets in a broken workbook
        said = " ".join(str(error).split()) or type(error).__name__
        raise BrokenFileError(f"it cannot be read as an Excel workbook ({said}); save it again") from None
    names = books[0].sheetnames
    if options.sheet is None and len(names) > 1:
        raise BrokenFileError(f"it has the sheets {', '.join(names)}; name one by sheet in the contract's fileOptions")
    wanted = options.sheet or names[0]
    if wanted not in names:
        raise BrokenFileError(f"it has no sheet '{wanted}'.{nearest(wanted, names)}".rstrip("."))
    try:
        yield books[0][wanted], books[1][wanted]
    finally:
        for book in books:
            book.close()


def _header(sheet: Any, options: FileOptions) -> list[tuple[int, str]]:
    """The columns of the sheet that have a name, with their places."""
    row = next(sheet.iter_rows(min_row=options.header_row, max_row=options.header_row), None) or ()
    named = [(place, str(cell.value).strip()) for place, cell in enumerate(row) if cell.value is not None]
    if not named:
        raise BrokenFileError(f"row {options.header_row} of its sheet names no columns; say headerRow in fileOptions")
    return named


def xlsx_rows(file: WholeFile, place: int, dataset: Dataset) -> Iterator[Rows]:
    """The rows below the header; a row without any value is none."""
    options = dataset.file_options
    columns = {column.delivered_name: column for column in dataset.columns}
    with contextlib.closing(open_file(file.path, file.size)) as raw, _sheets(raw, options) as (results, formulas):
        named = _header(results, options)
        below = options.header_row + 1
        pairs = zip(results.iter_rows(min_row=below), formulas.iter_rows(min_row=below), strict=False)
        for number, chunk in enumerate(_chunks(pairs)):
            yield from _rows(chunk, below + number * _ROWS, named, columns)


def _chunks(pairs: Iterator[Any]) -> Iterator[list[Any]]:
    while chunk := list(itertools.islice(pairs, _ROWS)):
        yield chunk


def _rows(
    chunk: Sequence[Any], first: int, named: Sequence[tuple[int, str]], columns: Mapping[str, Column]
) -> Iterator[Rows]:
    """Some rows of the sheet, each by itself where an empty one lies between."""
    for number, (results, formulas) in enumerate(chunk, start=first):
        if all(cell.value is None for cell in (*results, *formulas)):
            continue
        texts = {name: [_text(_at(results, place), columns.get(name))] for place, name in named}
        yield Rows(number, texts, [_problem(results, formulas, [place for place, _ in named])])


def _at(row: Sequence[Any], place: int) -> Any:
    return row[place].value if place < len(row) else None


def _problem(results: Sequence[Any], formulas: Sequence[Any], places: Sequence[int]) -> str | None:
    for place in places:
        if place < len(results) and results[place].data_type == "e":
            return FORMULA_ERROR
        is_formula = place < len(formulas) and formulas[place].data_type == "f"
        if is_formula and _at(results, place) is None:
            return NO_RESULT
    return None


def _text(value: Any, column: Column | None) -> str | None:
    """A cell as the text that its column is read from; one that holds a number has the column's sign in it."""
    if isinstance(value, float):
        text = plain_text(float(format(value, f".{_DIGITS}g")))
        return text if text is None or column is None else text.replace(".", column.values.decimal_separator)
    is_day = column is not None and column.type == "date"
    if is_day and isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return plain_text(value)
