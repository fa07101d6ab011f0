"""The same rows in every format, packed in every way and in every encoding that a contract can say, and broken ones."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import itertools
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding, FileOptions
from lakehouse.contracts.file_options_reader import OF_FORMATS
from lakehouse.contracts.values import Values
from lakehouse.ingest.packed import Codec

Row = dict[str, Any]
COLUMNS = (Column("id", "string", True, ""), Column("number", "int", False, ""),
           Column("amount", "decimal(12,2)", False, ""), Column("day", "date", False, ""),
           Column("at", "timestamp", False, "", values=Values(time_zone="UTC")),
           Column("note", "string", False, ""))  # fmt: skip
NAMES = [column.name for column in COLUMNS]
AT = datetime(2026, 10, 12, 8, 30, tzinfo=UTC)
ROWS: list[Row] = [
    dict(zip(NAMES, row, strict=True))
    for row in (
        ("1", 5, Decimal("2.50"), date(2026, 10, 12), AT, 'Zürich, "Nord"'),
        ("2", None, None, None, None, None),
    )
]
MORE = {Encoding.UTF_8: "€ 漢 😀", Encoding.UTF_16: "€ 漢 😀", Encoding.LATIN_1: "¥ ÿ", Encoding.WINDOWS_1252: "€ Ÿ"}
"""What only some encodings have."""


def _texts(row: Row) -> Row:
    texts = {"day": row["day"] and row["day"].isoformat(), "at": row["at"] and "2026-10-12T08:30:00Z"}
    return {**row, **texts, "amount": row["amount"] and str(row["amount"])}


def _csv(rows: list[Row]) -> str:
    held = io.StringIO()
    writer = csv.DictWriter(held, NAMES, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_texts(row) for row in rows)
    return held.getvalue()


def _json_lines(rows: list[Row]) -> str:
    return "".join(json.dumps(_texts(row), ensure_ascii=False) + "\n" for row in rows)


def _parquet(rows: list[Row]) -> bytes:
    held = io.BytesIO()
    kinds = (pa.string(), pa.int32(), pa.decimal128(12, 2), pa.date32(), pa.timestamp("us", "UTC"), pa.string())
    schema = pa.schema(list(zip(NAMES, kinds, strict=True)))
    pq.write_table(pa.Table.from_pylist(rows, schema), held)
    return held.getvalue()


def avro(rows: list[Row], **kinds: Any) -> bytes:
    """An Avro file of fields that may be null."""
    held = io.BytesIO()
    fields = [{"name": name, "type": ["null", kind]} for name, kind in kinds.items()]
    fastavro.writer(held, {"type": "record", "name": "row", "fields": fields}, rows)
    return held.getvalue()


def _avro(rows: list[Row]) -> bytes:
    logical = {"amount": ("bytes", "decimal"), "day": ("int", "date"), "at": ("long", "timestamp-micros")}
    kinds: dict[str, Any] = {"id": "string", "number": "int", "note": "string"}
    kinds |= {name: {"type": kind, "logicalType": word} for name, (kind, word) in logical.items()}
    kinds["amount"] |= {"precision": 12, "scale": 2}
    return avro(rows, **{name: kinds[name] for name in NAMES})


def workbook(rows: list[list[Any]]) -> bytes:
    """A workbook of one sheet."""
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(held)
    return held.getvalue()


def _xlsx(rows: list[Row]) -> bytes:
    values = [{**row, "at": row["at"] and row["at"].replace(tzinfo=None)} for row in rows]
    return workbook([NAMES, *([row[name] for name in NAMES] for row in values)])


TEXTS: Mapping[FileFormat, Callable[[list[Row]], str]] = {
    FileFormat.CSV: _csv,
    FileFormat.JSON_LINES: _json_lines,
    FileFormat.JSON: lambda rows: f"[{', '.join(_json_lines(rows).splitlines())}]",
}
BINARY: Mapping[FileFormat, Callable[[list[Row]], bytes]] = {
    FileFormat.PARQUET: _parquet,
    FileFormat.AVRO: _avro,
    FileFormat.XLSX: _xlsx,
}


def zipped(content: bytes, name: str = "rows") -> bytes:
    """An archive of one file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return held.getvalue()


PACKED: Mapping[Codec, Callable[[bytes], bytes]] = {
    Codec.GZIP: gzip.compress,
    Codec.BZ2: bz2.compress,
    Codec.ZSTD: lambda content: pa.compress(content, "zstd", asbytes=True),
    Codec.ZIP: zipped,
}


@dataclass(frozen=True)
class Way:
    """One way to write the rows. encoding: None where the format has none."""

    file_format: FileFormat
    codec: Codec | None
    encoding: Encoding | None

    @property
    def dataset(self) -> Dataset:
        """The dataset whose contract says so."""
        options = FileOptions(encoding=self.encoding) if self.encoding else FileOptions()
        return Dataset("orders", "corpus", "", MergeStrategy.UPSERT, "*", self.file_format, COLUMNS, ("id",), ("at",),
                       None, "at", (), ("id",), 20, file_options=options)  # fmt: skip

    @property
    def rows(self) -> list[Row]:
        """What is written, and read again."""
        return ROWS if self.encoding is None else [*ROWS, {**ROWS[1], "id": "3", "note": MORE[self.encoding]}]

    @property
    def content(self) -> bytes:
        """The file."""
        if self.encoding is None:
            content = BINARY[self.file_format](self.rows)
        else:
            content = TEXTS[self.file_format](self.rows).encode(self.encoding.codec)
        return PACKED[self.codec](content) if self.codec else content


def ways() -> Iterator[Way]:
    """Every format, compression and encoding that a contract's words and a file's first bytes can say."""
    for file_format, codec in itertools.product(FileFormat, (None, *Codec)):
        encodings = tuple(Encoding) if file_format in OF_FORMATS["encoding"] else (None,)
        yield from (Way(file_format, codec, encoding) for encoding in encodings)


_LINES = TEXTS[FileFormat.CSV](ROWS).encode()
_BOOK = _xlsx(ROWS)
BROKEN_FORMATS: Mapping[FileFormat, Mapping[str, tuple[bytes, str]]] = {
    FileFormat.CSV: {"a header with an open quote": (b'id,"at\n1,2\n', "its header cannot be read by RFC 4180")},
    FileFormat.JSON_LINES: {"an array": (b'[{"id": "1"}]', "it is a JSON array, while its contract says")},
    FileFormat.JSON: {"an array that breaks off": (b'[{"id": "1"}, {"id"', "it breaks off")},
    FileFormat.PARQUET: {
        "no footer": (_parquet(ROWS)[:-8], "its Parquet footer cannot be read"),
        "another format": (_LINES, "it is text, while its contract says fileFormat: parquet"),
    },
    FileFormat.AVRO: {
        "it ends too early": (_avro(ROWS)[:-9], "it cannot be read to its end as Avro"),
        "another schema": (avro([{"key": "1"}], key="string"), "names no column of the contract"),
        "another type": (avro([{"id": 1}], id="int"), "column id holds integers, while its contract says string"),
    },
    FileFormat.XLSX: {"it ends too early": (_BOOK[: len(_BOOK) // 2], "ends too early")},
}
"""Files that are broken in the way that their format breaks, with what is said of each."""
BROKEN_CODECS: Mapping[Codec, Mapping[str, tuple[str, bytes, str]]] = {
    codec: {
        "it ends too early": ("rows", PACKED[codec](_LINES * 99)[:-9], f"it is packed with {codec} and ends too early"),
        "another in it": ("rows", PACKED[codec](zipped(_LINES)), f"it is a zip archive within one packed with {codec}"),
        "another name": ("rows.gz" if codec is not Codec.GZIP else "rows.bz2", PACKED[codec](_LINES), f"it is {codec}"),
    }
    for codec in Codec
}
NOT_IN: Mapping[Encoding, bytes | None] = {
    Encoding.UTF_8: b"\xff", Encoding.UTF_16: b"\x00\xd8", Encoding.LATIN_1: None, Encoding.WINDOWS_1252: b"\x81",
}  # fmt: skip
"""Bytes that an encoding does not have; Latin-1 has all of them."""
