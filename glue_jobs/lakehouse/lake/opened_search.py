"""Looks for values in one file, whatever it is: text, packed files, Parquet and Avro read value by value.

Bounded memory: parts of a file, rows of a row group at a time.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.lake.sought import Sought

_CHUNK = 4 << 20
_ROWS = 8192
_IN_MEMORY = 32 << 20
_MAGIC = 8
_DEEPEST = 8
"""Files packed in files that are packed: further down nothing is opened."""


class _BrokenFileError(Exception):
    """A file that is not what its first bytes say."""


def forms_in(path: Path, sought: Sought) -> tuple[set[str], bool]:
    """In which forms a file holds one of the values, and whether all of it could be opened."""
    with path.open("rb") as file:
        return forms_in_opened(file, sought)


def forms_in_opened(file: BinaryIO, sought: Sought) -> tuple[set[str], bool]:
    """The same of a file that is open, in which one can seek."""
    return _forms(file, sought, 0)


def _forms(file: BinaryIO, sought: Sought, depth: int) -> tuple[set[str], bool]:
    found = sought.in_chunks(_chunks(file))
    file.seek(0)
    head = file.read(_MAGIC)
    opener = next((opener for magic, opener in _OPENERS if head.startswith(magic)), None)
    if opener is None or depth == _DEEPEST:
        return found, opener is None
    file.seek(0)
    try:
        more, complete = opener(file, sought, depth)
    except _BrokenFileError:
        return found, False
    return found | more, complete


def _chunks(file: Any) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


@contextlib.contextmanager
def _as_broken() -> Iterator[None]:
    """What a library raises at a file that it cannot read, of whatever kind."""
    try:
        yield
    except Exception as error:
        raise _BrokenFileError from error


def _stream(unpack: Callable[[BinaryIO], Any]) -> Callable[[BinaryIO, Sought, int], tuple[set[str], bool]]:
    """Search what a packed stream unpacks into, which may be packed itself."""

    def search(file: BinaryIO, sought: Sought, depth: int) -> tuple[set[str], bool]:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as inner:
            with _as_broken(), contextlib.closing(unpack(file)) as opened:
                for chunk in _chunks(opened):
                    inner.write(chunk)
            inner.seek(0)
            return _forms(cast(BinaryIO, inner), sought, depth + 1)

    return search


def _zstd(file: BinaryIO) -> Any:
    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


def _zip(file: BinaryIO, sought: Sought, depth: int) -> tuple[set[str], bool]:
    found, complete = set[str](), True
    with _as_broken(), zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            search = _stream(lambda _, member=member: archive.open(member))  # type: ignore[misc]
            more, whole = search(file, sought, depth)
            found, complete = found | more | sought.in_bytes(member.filename.encode()), complete and whole
    return found, complete


def _parquet(file: BinaryIO, sought: Sought, depth: int) -> tuple[set[str], bool]:
    with _as_broken():
        parquet = pq.ParquetFile(file)
        found = sought.in_bytes(b"\0".join(_footer(parquet)))
        for batch in parquet.iter_batches(batch_size=_ROWS):
            for column in batch.columns:
                for leaf in _leaves(column):
                    found |= sought.in_bytes(b"\0".join(leaf))
    return found, True


def _footer(parquet: pq.ParquetFile) -> Iterator[bytes]:
    """What the footer says of values: bounds of columns, and the texts that the writer kept."""
    metadata = parquet.metadata
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            statistics = metadata.row_group(group).column(number).statistics
            if statistics is not None and statistics.has_min_max:
                yield from (_as_bytes(bound) for bound in (statistics.min, statistics.max))
    for key, value in (metadata.metadata or {}).items():
        yield from (key, value)


def _as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _leaves(column: Any) -> Iterator[list[bytes]]:
    """The values of a column that are texts or bytes, those within structs, lists and maps too."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _leaves(column.dictionary)
    elif pa.types.is_struct(kind) or pa.types.is_list(kind) or pa.types.is_large_list(kind):
        parts = column.flatten()
        for part in parts if isinstance(parts, list) else [parts]:
            yield from _leaves(part)
    elif pa.types.is_map(kind):
        yield from _leaves(column.keys)
        yield from _leaves(column.items)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield column.drop_null().cast(pa.large_binary()).to_pylist()
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        yield column.drop_null().to_pylist()
    elif not pa.types.is_null(kind) and not pa.types.is_floating(kind) and not pa.types.is_boolean(kind):
        yield [str(value).encode() for value in column.drop_null().to_pylist()]


def _avro(file: BinaryIO, sought: Sought, depth: int) -> tuple[set[str], bool]:
    import fastavro

    found: set[str] = set()
    with _as_broken():
        for record in fastavro.reader(file):
            found |= sought.in_bytes(json.dumps(record, default=str, ensure_ascii=False).encode("utf-8", "replace"))
    return found, True


_OPENERS: tuple[tuple[bytes, Callable[[BinaryIO, Sought, int], tuple[set[str], bool]]], ...] = (
    (b"\x1f\x8b", _stream(lambda file: gzip.GzipFile(fileobj=file, mode="rb"))),
    (b"BZh", _stream(lambda file: bz2.BZ2File(file))),
    (b"\x28\xb5\x2f\xfd", _stream(_zstd)),
    (b"PK\x03\x04", _zip),
    (b"PAR1", _parquet),
    (b"Obj\x01", _avro),
)
