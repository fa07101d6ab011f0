"""Parquet, Avro, Excel and JSON documents: every value as text that loses nothing, and what is broken in one line."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import FileOptions
from lakehouse.contracts.values import Values
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.header import Header, read_header
from lakehouse.ingest.reading import read_rows
from lakehouse.ingest.typed_rows import batch_of, reader_of
from lakehouse.ingest.whole_files import WholeFile
from lakehouse.lake.files import list_files
from tests.ingest.test_reading import ORDERS

OF = replace(
    ORDERS,
    columns=(
        Column("id", "string", True, ""),
        Column("count", "int", False, ""),
        Column("amount", "decimal(12,2)", False, ""),
        Column("day", "date", False, ""),
        Column("at", "timestamp", False, ""),
        Column("is_new", "boolean", False, ""),
    ),
)
BERLIN = replace(
    OF, columns=tuple(replace(c, values=Values(time_zone="Europe/Berlin")) if c.name == "at" else c for c in OF.columns)
)
AT = datetime(2026, 10, 12, 8, 0, 0, 250000, tzinfo=UTC)
ROW = ("1", 5, Decimal("2.50"), date(2026, 10, 12), AT, True)


def header_of(folder: Path, of: Dataset, content: bytes) -> Header:
    folder.mkdir(exist_ok=True)
    (folder / "orders").write_bytes(content)
    (file,) = list_files(str(folder))
    return read_header(str(folder), file, of)


def texts(folder: Path, of: Dataset, content: bytes) -> list[dict[str, Any]]:
    """What a task gives of each row, without what it has not."""
    header = header_of(folder, of, content)
    assert header.problem is None
    file, read = WholeFile(str(folder / "orders"), len(content), "orders", 3), reader_of(of.file_format)
    parts = [rows for place in range(header.parts) for rows in read(file, place, of)]
    found = [row for rows in parts for row in batch_of(rows, file, of).to_pylist()]
    assert {row.pop("_source_file") for row in found} == {"orders"}
    return [{name: value for name, value in row.items() if value is not None} for row in found]


TEXT = {"id": "1", "count": "5", "amount": "2.50", "day": "2026-10-12", "is_new": "true"}
PLACE = 3 * 10**10


def parquet(rows: int = 1 << 20, **columns: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held, row_group_size=rows)
    return held.getvalue()


NANOS = pa.array([1791792000250000000, 1791792000250000001], pa.timestamp("ns", "UTC"))


def test_parquet(tmp_path: Path) -> None:
    content = parquet(
        rows=2, id=["1", "2", "3"], count=pa.array([5, None, 2**40], pa.int64()),
        amount=[Decimal("2.50"), None, Decimal("0.01")], day=[ROW[3], None, None], at=[AT, None, None],
        is_new=[True, None, False], more=[None, [1, 2], None], empty=["", "", ""],
    )  # fmt: skip
    of = replace(OF, file_format=FileFormat.PARQUET)
    assert header_of(tmp_path, of, content).parts == 2
    assert texts(tmp_path, of, content) == [
        {**TEXT, "at": "2026-10-12T08:00:00.250000Z", "_row_id": PLACE + 1},
        {"id": "2", "_rescued": '{"more": "[1, 2]"}', "_row_id": PLACE + 2},
        {"id": "3", "count": str(2**40), "amount": "0.01", "is_new": "false", "_row_id": PLACE + 3},
    ]


def test_parquet_keeps_every_digit(tmp_path: Path) -> None:
    content = parquet(
        id=["1", "2"], count=pa.array([5.0, 5.5]), amount=pa.array([10.1, 1e16]), at=NANOS,
        day=pa.array([b"2026-10-12", b"\xff"]), is_new=pa.array(["true", "yes"]).dictionary_encode(),
    )  # fmt: skip
    columns = tuple(replace(c, type="string") if c.name == "day" else c for c in OF.columns)
    first, second = texts(tmp_path, replace(OF, file_format=FileFormat.PARQUET, columns=columns), content)
    nanos = "2026-10-12T08:00:00.250000000Z"
    assert first == {**TEXT, "count": "5.0", "amount": "10.1", "at": nanos, "_row_id": PLACE + 1}
    assert (second["at"], second["amount"]) == ("2026-10-12T08:00:00.250000001Z", "10000000000000000")
    assert second["_unreadable"] == "row_is_utf8"


def avro(records: list[dict[str, Any]], **types: Any) -> bytes:
    held = io.BytesIO()
    fields = [{"name": name, "type": ["null", kind]} for name, kind in types.items()]
    fastavro.writer(held, fastavro.parse_schema({"type": "record", "name": "r", "fields": fields}), records)
    return held.getvalue()


AVRO = {
    "id": "string", "count": "long", "amount": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    "day": {"type": "int", "logicalType": "date"}, "at": {"type": "long", "logicalType": "timestamp-micros"},
    "is_new": "boolean", "more": {"type": "map", "values": "int"},
}  # fmt: skip


def test_avro(tmp_path: Path) -> None:
    names = [*OF.column_names, "more"]
    rows = [dict(zip(names, (*ROW, {"x": 1}), strict=True)), {"id": "2", "count": 2**40}]
    at, beside = "2026-10-12T08:00:00.250000+00:00", '{"more": "{\\"x\\": 1}"}'
    assert texts(tmp_path, replace(OF, file_format=FileFormat.AVRO), avro(rows, **AVRO)) == [
        {**TEXT, "at": at, "_rescued": beside, "_row_id": PLACE + 1},
        {"id": "2", "count": str(2**40), "_row_id": PLACE + 2},
    ]


def workbook(rows: list[list[Any]], **sheets: list[list[Any]]) -> bytes:
    book, held = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    for name, own in sheets.items():
        sheet = book.create_sheet(name)
        for row in own:
            sheet.append(row)
    book.save(held)
    return held.getvalue()


HEAD = [*OF.column_names, None, "more"]


def test_xlsx(tmp_path: Path) -> None:
    local = datetime(2026, 10, 12, 10, 0, 0, 250000)
    rows = [
        ["Orders of October"], HEAD, ["1", 5, 2.5, datetime(2026, 10, 12), local, True, None, "x"], [],
        ["2", 0.1 + 0.2, 0.1 + 0.2, None, None, None], ["3", "=1+1", 1, None, None, None], ["#N/A", 1, 1],
    ]  # fmt: skip
    of = replace(BERLIN, file_format=FileFormat.XLSX, file_options=FileOptions(header_row=2))
    first, second, third, fourth = texts(tmp_path, of, workbook(rows))
    at = "2026-10-12T10:00:00.250000"
    assert first == {**TEXT, "amount": "2.5", "at": at, "_rescued": '{"more": "x"}', "_row_id": PLACE + 3}
    assert second == {"id": "2", "count": "0.3", "amount": "0.3", "_row_id": PLACE + 5}
    assert third["_unreadable"] == "row_has_the_results_of_its_formulas"
    assert fourth["_unreadable"] == "row_has_no_formula_error"
    of = replace(of, file_options=FileOptions(sheet="Data"))
    (row,) = texts(tmp_path, of, workbook([["x"]], Data=[HEAD[:3], ["7", 1, 2]]))
    assert row == {"id": "7", "count": "1", "amount": "2", "_row_id": PLACE + 2}


def test_a_cell_with_a_number_has_the_sign_of_a_column_that_is_written_with_a_comma(tmp_path: Path) -> None:
    comma = tuple(replace(c, values=Values(decimal_separator=",")) if c.name == "amount" else c for c in OF.columns)
    of = replace(OF, columns=comma, file_format=FileFormat.XLSX)
    rows = texts(tmp_path, of, workbook([HEAD[:3], ["1", 1, 2.5], ["2", 1, "2,5"], ["3", 1.5, 3], ["4", 1, None]]))
    assert [(row["count"], row.get("amount")) for row in rows] == [
        ("1", "2,5"),
        ("1", "2,5"),
        ("1.5", "3"),
        ("1", None),
    ]


DOCUMENT = """{"rows": [
 {"id": "1", "count": 5, "amount": 2.50, "day": "2026-10-12", "at": "2026-10-12T08:00:00.25Z",
  "is_new": true}, {"id": "2", "count": 0.5}]}"""


def test_typed_files_and_documents_are_read_by_the_same_types(spark: SparkSession, tmp_path: Path) -> None:
    columns = {name: [value, None] for name, value in zip(OF.column_names, ROW, strict=True)}
    contents = {
        FileFormat.PARQUET: parquet(**{**columns, "id": ["1", "2"], "count": [5, 2**40]}),
        FileFormat.AVRO: avro([dict(zip(OF.column_names, ROW, strict=True)), {"id": "2", "count": 2**40}], **AVRO),
        FileFormat.JSON: DOCUMENT.encode(),
    }
    for file_format, content in contents.items():
        options = FileOptions(path=("rows",)) if file_format is FileFormat.JSON else FileOptions()
        of = replace(OF, file_format=file_format, file_options=options)
        header, (file,) = header_of(tmp_path, of, content), list_files(str(tmp_path))
        rows = with_types(read_rows(spark, str(tmp_path), [(file, header)], of), of).orderBy("_row_id")
        first, second = rows.select(*OF.column_names, "_broken_rules").collect()
        assert tuple(first) == (*ROW[:4], AT.replace(tzinfo=None), True, []), file_format
        assert second["_broken_rules"] == ["count_is_int"], file_format


PARQUET = parquet(id=["1"], amount=[Decimal("2.50")])
BOOK = workbook([HEAD[:3], ["1", 1, 1]])
BROKEN: dict[str, tuple[FileFormat, FileOptions, bytes, str]] = {
    "no footer": (FileFormat.PARQUET, FileOptions(), PARQUET[:-8], "its Parquet footer cannot be read"),
    "half of it": (FileFormat.PARQUET, FileOptions(), PARQUET[:100], "its Parquet footer cannot be read"),
    "text": (FileFormat.PARQUET, FileOptions(), b"id\n1\n", "it is text, while its contract says fileFormat: parquet"),
    "another type": (FileFormat.PARQUET, FileOptions(), parquet(id=[1]),
                     "column id holds integers, while its contract says string"),
    "times without offset": (FileFormat.PARQUET, FileOptions(), parquet(id=["1"], at=[AT.replace(tzinfo=None)]),
                             "column at holds times without an offset, while its contract says timestamp; name its cl"),
    "no column": (FileFormat.PARQUET, FileOptions(), parquet(no=[1]), "names no column of the contract"),
    "half an Avro": (FileFormat.AVRO, FileOptions(), avro([{"id": "1"}] * 9, id="string")[:-9], "to its end as Avro"),
    "Avro of another schema": (FileFormat.AVRO, FileOptions(), avro([{"key": "1"}], key="string"), "names no column"),
    "two sheets": (FileFormat.XLSX, FileOptions(), workbook([HEAD], More=[]), "the sheets Sheet, More; name one"),
    "no such sheet": (FileFormat.XLSX, FileOptions(sheet="Shet"), BOOK, "no sheet 'Shet'. Did you mean 'Sheet'?"),
    "an empty sheet": (FileFormat.XLSX, FileOptions(), workbook([]), "row 1 of its sheet names no columns"),
    "half a workbook": (FileFormat.XLSX, FileOptions(), BOOK[: len(BOOK) // 2], "ends too early"),
    "half a document": (FileFormat.JSON, FileOptions(), b'[{"id":"1"},{"id', "it breaks off"),
    "no array": (FileFormat.JSON, FileOptions(path=("rows",)), b'{"row":[]}', "there is no member rows in it"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    file_format, options, content, words = BROKEN[name]
    problem = header_of(tmp_path, replace(OF, file_format=file_format, file_options=options), content).problem or ""
    assert words in problem
    assert "\n" not in problem


@pytest.mark.parametrize("file_format", [FileFormat.PARQUET, FileFormat.AVRO, FileFormat.XLSX])
def test_an_empty_file_has_no_rows(tmp_path: Path, file_format: FileFormat) -> None:
    assert header_of(tmp_path, replace(OF, file_format=file_format), b"") == Header(())
