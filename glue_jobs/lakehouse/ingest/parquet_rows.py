"""Parquet: its columns by the footer, its rows by row groups, each of them a task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.typed_rows import Rows, without_lost_bytes
from lakehouse.ingest.typed_text import BrokenFileError, Kind, Pairs, plain_text
from lakehouse.ingest.whole_files import WholeFile

_ROWS = 8192
_KINDS = (
    (pa.types.is_boolean, Kind.FLAG),
    (pa.types.is_integer, Kind.INTEGER),
    (pa.types.is_floating, Kind.NUMBER),
    (pa.types.is_decimal, Kind.NUMBER),
    (pa.types.is_date, Kind.DAY),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None, Kind.INSTANT),
    (pa.types.is_timestamp, Kind.CLOCK),
    (lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind), Kind.TEXT),
    (lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind), Kind.BYTES),
    (pa.types.is_struct, Kind.OBJECT),
    (pa.types.is_map, Kind.MAP),
    (lambda kind: _is_list(kind), Kind.LIST),
)


def columns_of(raw: BinaryIO) -> tuple[dict[str, Kind], int]:
    """The kind of each column by its name, and how many row groups there are; raises BrokenFileError."""
    try:
        footer = pq.ParquetFile(raw)
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())
        raise BrokenFileError(f"its Parquet footer cannot be read, it is cut off or broken ({said})") from None
    names = footer.schema_arrow.names
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise BrokenFileError(f"column {doubled} twice")
    return {field.name: _kind(field.type) for field in footer.schema_arrow}, footer.metadata.num_row_groups


def _kind(kind: Any) -> Kind:
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    return next((word for test, word in _KINDS if test(kind)), Kind.OTHER)


def parquet_rows(file: WholeFile, place: int, dataset: Dataset) -> Iterator[Rows]:
    """The rows of one row group."""
    with contextlib.closing(open_file(file.path, file.size)) as raw:
        found = pq.ParquetFile(raw)
        first = 1 + sum(found.metadata.row_group(before).num_rows for before in range(place))
        for batch in found.iter_batches(batch_size=_ROWS, row_groups=[place]):
            broken: Sequence[str | None] = [None] * batch.num_rows
            columns = {}
            for name, values in zip(batch.schema.names, batch.columns, strict=True):
                columns[name], kind = _texts(values), _kind(values.type)
                broken = without_lost_bytes(kind, columns[name], broken)
            yield Rows(first, columns, broken)
            first += batch.num_rows


def _texts(values: Any) -> list[str | None]:
    """A column as text; Arrow writes what it writes exactly, Python the rest."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _texts(values.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _instants(values)
    if pa.types.is_integer(kind) or pa.types.is_date(kind) or pa.types.is_string(kind) or pa.types.is_boolean(kind):
        found: list[str | None] = pc.cast(values, pa.string()).to_pylist()
        return found
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        return [plain_text(None if text is None else float(text)) for text in pc.cast(values, pa.string()).to_pylist()]
    if not pa.types.is_nested(kind):
        return [plain_text(value) for value in values.to_pylist()]
    return [plain_text(_plain(value, kind)) for value in values.to_pylist()]


def _instants(values: Any) -> list[str | None]:
    """Times with all of their digits: what a microsecond cannot hold is refused by its text, not cut."""
    suffix = "" if values.type.tz is None else "Z"
    naive = pc.cast(values, pa.timestamp(values.type.unit, "UTC" if suffix else None))
    texts = pc.strftime(naive, format="%Y-%m-%dT%H:%M:%S").to_pylist()
    return [None if text is None else f"{text}{suffix}" for text in texts]


def _plain(value: Any, kind: Any) -> Any:
    """A value as JSON has it; a map is a list of pairs to Arrow."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        return Pairs([(plain_text(key) or "", _plain(inner, kind.item_type)) for key, inner in value])
    if _is_list(kind):
        return [_plain(inner, kind.value_type) for inner in value]
    if pa.types.is_struct(kind):
        return {field.name: _plain(value[field.name], field.type) for field in kind}
    return value


def _is_list(kind: Any) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
