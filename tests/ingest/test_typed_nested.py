"""Lists, maps and objects of Parquet and Avro as JSON that loses nothing of them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.header import read_header
from lakehouse.ingest.typed_rows import reader_of
from lakehouse.ingest.whole_files import WholeFile
from lakehouse.lake.files import list_files
from tests.ingest.test_reading import ORDERS

ID = Column("id", "string", False, "")
TEXTS = Column("element", "string", False, "")
AT = datetime(2026, 10, 12, 8, 0, 0, 250000, tzinfo=UTC)


def of(file_format: FileFormat, kind: str) -> Dataset:
    fields = (TEXTS,) if kind == "struct" else ()
    column = Column("v", kind, False, "", fields=fields, items=None if fields else TEXTS)
    return replace(ORDERS, file_format=file_format, columns=(ID, column))


def read(folder: Path, dataset: Dataset, content: bytes) -> tuple[str | None, list[str | None], list[str | None]]:
    """Why the file is refused, the texts of its column, and the rules that its rows break as a whole."""
    (folder / "orders").write_bytes(content)
    (file,) = list_files(str(folder))
    header = read_header(str(folder), file, dataset)
    if header.problem is not None:
        return header.problem, [], []
    whole = WholeFile(str(folder / "orders"), file.size, "orders", 1)
    rows = [part for place in range(header.parts) for part in reader_of(dataset.file_format)(whole, place, dataset)]
    return None, [text for part in rows for text in part.columns["v"]], [r for part in rows for r in part.unreadable]


def parquet(kind: pa.DataType, *values: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table({"id": pa.array(["1"] * len(values)), "v": pa.array(list(values), kind)}), held)
    return held.getvalue()


def avro(kind: Any, *values: Any) -> bytes:
    held = io.BytesIO()
    fields = [{"name": "id", "type": "string"}, {"name": "v", "type": ["null", kind]}]
    schema = fastavro.parse_schema({"type": "record", "name": "r", "fields": fields})
    fastavro.writer(held, schema, [{"id": "1", "v": value} for value in values])
    return held.getvalue()


LINE = pa.struct([("sku", pa.string()), ("price", pa.decimal128(9, 2)), ("at", pa.timestamp("us", "UTC"))])
RECORD = {"type": "record", "name": "line", "fields": [
    {"name": "sku", "type": "string"},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
]}  # fmt: skip
VALUE = {"sku": "a", "price": Decimal("10.50"), "at": AT}
JSON = {"sku": "a", "price": "10.50", "at": "2026-10-12T08:00:00.250000+00:00"}
FLAGS = pa.map_(pa.string(), pa.bool_())
DAYS = pa.map_(pa.int32(), pa.list_(pa.date32()))


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("array", parquet(pa.list_(pa.string()), ["b", "a", None], [], None), [["b", "a", None], [], None]),
        ("array", parquet(pa.list_(LINE), [VALUE, None]), [[JSON, None]]),
        ("array", parquet(pa.list_(pa.int64(), 2), [1, 2**62]), [[1, 2**62]]),
        ("array", parquet(pa.large_list(FLAGS), [{"x": True}, {}, None]), [[{"x": True}, {}, None]]),
        ("map", parquet(DAYS, {2: [date(2026, 1, 2)], 1: None}, {}, None),
         [{"2": ["2026-01-02"], "1": None}, {}, None]),
        ("map", parquet(LINE, VALUE), [JSON]),
        ("struct", parquet(pa.map_(pa.string(), pa.float64()), {"element": 0.1}), [{"element": 0.1}]),
        ("array", parquet(pa.string(), '["b"]'), [["b"]]),
        ("array", avro({"type": "array", "items": ["null", "string"]}, ["b", None], [], None), [["b", None], [], None]),
        ("array", avro({"type": "array", "items": RECORD}, [VALUE]), [[JSON]]),
        ("map", avro({"type": "map", "values": {"type": "array", "items": "long"}}, {"a": [2**62]}, {}, None),
         [{"a": [2**62]}, {}, None]),
    ],
)  # fmt: skip
def test_nested_values_are_json(tmp_path: Path, kind: str, content: bytes, expected: list[Any]) -> None:
    file_format = FileFormat.PARQUET if content.startswith(b"PAR1") else FileFormat.AVRO
    problem, texts, broken = read(tmp_path, of(file_format, kind), content)
    assert (problem, [None if text is None else json.loads(text) for text in texts]) == (None, expected)
    assert broken == [None] * len(expected)


def test_a_map_that_has_a_name_twice_keeps_both(tmp_path: Path) -> None:
    """A reader of JSON refuses it, so that the row is quarantined as it was delivered, and no value is chosen."""
    content = parquet(pa.map_(pa.string(), pa.int32()), [("a", 1), ("a", 2)])
    assert read(tmp_path, of(FileFormat.PARQUET, "map"), content) == (None, ['{"a": 1, "a": 2}'], [None])


@pytest.mark.parametrize(
    ("file_format", "content"),
    [
        (FileFormat.PARQUET, parquet(pa.list_(pa.binary()), [b"\xff"], [b"a"], None)),
        (FileFormat.AVRO, avro({"type": "array", "items": "bytes"}, [b"\xff"], [b"a"], None)),
    ],
)
def test_bytes_inside_that_are_no_text_are_refused(tmp_path: Path, file_format: FileFormat, content: bytes) -> None:
    _, texts, broken = read(tmp_path, of(file_format, "array"), content)
    assert (texts[1:], broken) == (['["a"]', None], ["row_is_utf8", None, None])


def test_bytes_of_avro_that_are_no_text_are_refused(tmp_path: Path) -> None:
    dataset = replace(ORDERS, file_format=FileFormat.AVRO, columns=(ID, replace(ID, name="v")))
    assert read(tmp_path, dataset, avro("bytes", b"\xff", b"a", None))[2] == ["row_is_utf8", None, None]


@pytest.mark.parametrize(
    ("kind", "content", "words"),
    [
        ("array", parquet(pa.int32(), 1), "column v holds integers, while its contract says array"),
        ("array", parquet(DAYS, {}), "column v holds maps, while its contract says array"),
        ("map", parquet(pa.list_(pa.int32()), [1]), "column v holds lists, while its contract says map"),
        (
            "struct",
            avro({"type": "array", "items": "int"}, [1]),
            "column v holds lists, while its contract says struct",
        ),
    ],
)
def test_a_column_of_another_kind_refuses_the_file(tmp_path: Path, kind: str, content: bytes, words: str) -> None:
    file_format = FileFormat.PARQUET if content.startswith(b"PAR1") else FileFormat.AVRO
    assert read(tmp_path, of(file_format, kind), content)[0] == words
