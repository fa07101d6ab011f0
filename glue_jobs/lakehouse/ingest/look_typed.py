"""Fills the table `delivered` from Parquet, Avro and Excel by columns, some thousand rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import duckdb

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import AS_STANDARD
from lakehouse.contracts.profile import Declared, Path
from lakehouse.ingest.look_json import json_value
from lakehouse.ingest.look_table import Delivered, Flat
from lakehouse.ingest.looked import Filled, NotTakenError
from lakehouse.ingest.typed_header import column_kinds
from lakehouse.ingest.typed_text import Kind, declared
from lakehouse.say import format_count

if TYPE_CHECKING:
    from lakehouse.ingest.typed_rows import Rows

_ROWS = 4096
_MIDNIGHT = "T00:00:00"
_NESTED = (Kind.OBJECT, Kind.LIST, Kind.MAP)
_OF_JSON = {Kind.INTEGER: "number", Kind.NUMBER: "number", Kind.FLAG: "boolean"}
_OF_ANY_CONTRACT = Dataset("any", "any", "", MergeStrategy.UPSERT, "*", FileFormat.CSV, (), (), (), None, None, (), (),
                           0)  # fmt: skip


@dataclass(frozen=True)
class TypedFile:
    """A file of typed columns, with the kind of each; parts: how many its reader takes one after another."""

    file: File
    file_format: FileFormat
    kinds: Mapping[str, Kind | None]
    parts: int

    def named(self, kind: Kind) -> frozenset[str]:
        """The columns of a kind."""
        return frozenset(name for name, found in self.kinds.items() if found is kind)


def declared_columns(files: Sequence[TypedFile]) -> dict[Path, Declared]:
    """What the types of columns allow, where all files have the same; in a sheet each cell has its own."""
    kinds: dict[str, set[Kind | None]] = {}
    for file in files:
        for name, kind in file.kinds.items():
            kinds.setdefault(name, set()).add(None if file.file_format is FileFormat.XLSX else kind)
    return {(name,): declared(kind) for name, (kind, *others) in kinds.items() if kind is not None and not others}


def typed_file(file: File, file_format: FileFormat) -> TypedFile:
    """The file with its columns; raises BrokenFileError, and PackedError for a broken workbook."""
    kinds, parts = column_kinds(str(file), file.stat().st_size, file_format, AS_STANDARD)
    found = TypedFile(file, file_format, kinds, parts)
    return replace(found, kinds=_kinds_of_sheet(found)) if file_format is FileFormat.XLSX else found


def fill_from_typed(connection: duckdb.DuckDBPyConnection, files: Sequence[TypedFile]) -> Filled:
    """Every row of the files: numbers with their digits, times without an offset by the clock of UTC."""
    delivered = Delivered(connection, frozenset().union(*(file.named(Kind.MAP) for file in files)))
    return delivered.filled([note for file in files for note in _add(file, delivered)])


def _add(file: TypedFile, delivered: Delivered) -> list[str]:
    """Add the rows of a file; a line for those that cannot be read."""
    unread = 0
    nested = [name for name, kind in file.kinds.items() if kind in _NESTED]
    for columns, problems in _batches(_rows(file)):
        objects = [_object({name: columns[name] for name in nested}, row) for row in range(len(problems))]
        kept = [row for row, one in enumerate(objects) if one is not None and problems[row] is None]
        unread += len(problems) - len(kept)
        if len(kept) < len(problems):
            columns = {name: [texts[row] for row in kept] for name, texts in columns.items()}
        flat = {
            name: None if kind in _NESTED else _flat(columns.get(name, ()), kind) for name, kind in file.kinds.items()
        }
        delivered.add([objects[row] or {} for row in kept], flat)
    if not unread:
        return []
    return [f"{file.file.name}: {format_count(unread, 'row')} cannot be read; ingest quarantines them"]


def _rows(file: TypedFile) -> Iterator[Rows]:
    """What the reader of the format gives; raises NotTakenError where the file turns out to be broken."""
    import pyarrow as pa

    from lakehouse.ingest.typed_rows import reader_of
    from lakehouse.ingest.whole_files import WholeFile

    whole = WholeFile(str(file.file), file.file.stat().st_size, file.file.name, 1)
    of = replace(_OF_ANY_CONTRACT, file_format=file.file_format, file_options=AS_STANDARD)
    read = reader_of(file.file_format)
    try:
        for place in range(file.parts):
            yield from read(whole, place, of)
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())
        raise NotTakenError(file.file.name, f"it cannot be read to its end ({said}); deliver it whole") from None


def _batches(every: Iterable[Rows]) -> Iterator[tuple[dict[str, list[str | None]], list[str | None]]]:
    """The columns and problems of rows, some thousand together, for a reader may give them one by one; at last none."""
    columns: dict[str, list[str | None]] = {}
    problems: list[str | None] = []
    for rows in every:
        for name, texts in rows.columns.items():
            columns.setdefault(name, []).extend(texts)
        problems += rows.unreadable
        if len(problems) >= _ROWS:
            yield columns, problems
            columns, problems = {}, []
    yield columns, problems


def _object(columns: Mapping[str, Sequence[str | None]], row: int) -> dict[str, Any] | None:
    """What a row has in columns of objects, lists and maps; None where one of them is no JSON, such as [NaN]."""
    texts = {name: of[row] for name, of in columns.items()}
    try:
        return {name: None if text is None else json_value(text) for name, text in texts.items()}
    except (ValueError, RecursionError):
        return None


def _flat(texts: Sequence[str | None], kind: Kind | None) -> Flat:
    """A column as JSON would have it: no NaN, an offset behind each time, a day without a time."""
    found: list[str | None]
    if kind is Kind.NUMBER:
        found = [text if text and text[-1].isdecimal() else None for text in texts]
    elif kind is Kind.CLOCK:
        found = [f"{text}Z" if text else None for text in texts]
    elif kind is Kind.DAY:
        found = [text.removesuffix(_MIDNIGHT) if text else None for text in texts]
    else:
        found = [text or None for text in texts]
    return Flat(_OF_JSON.get(kind or Kind.TEXT, "string"), found)


def _kinds_of_sheet(file: TypedFile) -> dict[str, Kind | None]:
    """Days and times are told by all cells of a column, of which Excel says no more than each value does."""
    times: dict[str, set[Kind]] = {name: set() for name in file.kinds}
    for rows in _rows(file):
        for name, texts in rows.columns.items():
            times[name] |= {_time_of(text) for text in texts if text}
    kinds = {frozenset({Kind.DAY}): Kind.DAY, frozenset({Kind.CLOCK}): Kind.CLOCK,
             frozenset({Kind.DAY, Kind.CLOCK}): Kind.CLOCK}  # fmt: skip
    return {name: kinds.get(frozenset(found), Kind.TEXT) for name, found in times.items()}


def _time_of(text: str) -> Kind:
    is_time = len(text) > 18 and text[4] == text[7] == "-" and text[10] == "T" and text[:4].isdecimal()
    return Kind.TEXT if not is_time else Kind.DAY if text.endswith(_MIDNIGHT) else Kind.CLOCK
