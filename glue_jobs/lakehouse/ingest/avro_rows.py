"""Avro: its columns by the schema in its header, its rows record by record; one file a task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import fastavro

from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.typed_rows import Rows, without_lost_bytes
from lakehouse.ingest.typed_text import BrokenFileError, Kind, plain_text
from lakehouse.ingest.whole_files import WholeFile

_ROWS = 4096
_KINDS = {
    "string": Kind.TEXT,
    "enum": Kind.TEXT,
    "int": Kind.INTEGER,
    "long": Kind.INTEGER,
    "float": Kind.NUMBER,
    "double": Kind.NUMBER,
    "boolean": Kind.FLAG,
    "record": Kind.OBJECT,
    "map": Kind.MAP,
    "array": Kind.LIST,
    "bytes": Kind.BYTES,
    "fixed": Kind.BYTES,
}
_LOGICAL = {
    "date": Kind.DAY,
    "timestamp-millis": Kind.INSTANT,
    "timestamp-micros": Kind.INSTANT,
    "local-timestamp-millis": Kind.CLOCK,
    "local-timestamp-micros": Kind.CLOCK,
    "decimal": Kind.NUMBER,
    "uuid": Kind.TEXT,
}


def columns_of(raw: BinaryIO) -> dict[str, Kind]:
    """The kind of each column by its name, once the file was read through; raises BrokenFileError."""
    try:
        reader = fastavro.reader(raw)
        schema: Any = reader.writer_schema
        for _ in reader:
            pass
    except Exception as error:  # whatever the library meets in a broken file
        said = " ".join(str(error).split()) or type(error).__name__
        raise BrokenFileError(f"it cannot be read to its end as Avro ({said}); deliver it whole") from None
    if schema.get("type") != "record":
        raise BrokenFileError(f"its Avro schema is a {schema.get('type')}, not a record with fields")
    return {field["name"]: _kind(field["type"]) for field in schema["fields"]}


def _kind(written: Any) -> Kind:
    if isinstance(written, list):
        kinds = {_kind(one) for one in written if one != "null"}
        return kinds.pop() if len(kinds) == 1 else Kind.OTHER
    if isinstance(written, dict):
        return _LOGICAL.get(written.get("logicalType", ""), _kind(written["type"]))
    return _KINDS.get(written, Kind.OTHER)


def avro_rows(file: WholeFile, place: int, dataset: Dataset) -> Iterator[Rows]:
    """The rows of a file."""
    with contextlib.closing(open_file(file.path, file.size)) as raw:
        reader = fastavro.reader(raw)
        schema: Any = reader.writer_schema
        kinds = {field["name"]: _kind(field["type"]) for field in schema["fields"]}
        first, held = 1, []
        for record in reader:
            held.append(record)
            if len(held) == _ROWS:
                yield _rows(first, kinds, held)
                first, held = first + len(held), []
        yield _rows(first, kinds, held)


def _rows(first: int, kinds: dict[str, Kind], records: list[Any]) -> Rows:
    columns = {name: [plain_text(record[name]) for record in records] for name in kinds}
    broken: Sequence[str | None] = [None] * len(records)
    for name, texts in columns.items():
        broken = without_lost_bytes(kinds[name], texts, broken)
    return Rows(first, columns, broken)
