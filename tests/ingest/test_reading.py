"""Delivered files as rows of text: every delivered row once, and a name for what keeps one from being read."""

from __future__ import annotations

from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.header import read_header
from lakehouse.ingest.reading import read_rows
from lakehouse.lake.files import list_files

NO_COLUMNS = "row_has_the_columns_of_the_header"
NOT_UTF8 = "row_is_utf8"
NO_OBJECT = "row_is_a_json_object"


def dataset(file_format: FileFormat, *columns: Column) -> Dataset:
    upsert = MergeStrategy.UPSERT
    key = ("id",)
    return Dataset("orders", "erp", "", upsert, "orders*", file_format, columns, key, key, None, None, (), (), 20)


ORDERS = dataset(
    FileFormat.CSV,
    Column("id", "string", True, "Key."),
    Column("note", "string", False, "Words."),
    Column("amount", "decimal(12,2)", True, "Euro."),
)
EVENTS = dataset(
    FileFormat.JSON_LINES,
    Column("id", "string", True, "Key."),
    Column("amount", "decimal(12,2)", True, "Euro."),
    Column("device", "struct", True, "Device.", fields=(Column("os", "string", True, "System."),)),
)


def read(spark: SparkSession, folder: Path, files: dict[str, bytes], of: Dataset) -> DataFrame:
    """The rows of some files, in the way that ingest reads them."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    headers = [(file, read_header(str(folder), file, of)) for file in list_files(str(folder))]
    return read_rows(spark, str(folder), headers, of).drop("_row_id", "_rescued", "_repair_of")


def assert_rows(found: DataFrame, of: Dataset, *rows: tuple[str | None, ...]) -> None:
    """Compare columns, _raw_text, _unreadable and _source_file with what is expected, in any order."""
    schema = ", ".join(f"{name} string" for name in (*of.column_names, "_raw_text", "_unreadable", "_source_file"))
    expected = found.sparkSession.createDataFrame(rows, schema)
    assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


AS_IN_RFC_4180: dict[str, tuple[bytes, list[tuple[str | None, ...]]]] = {
    "empty field is null": (b"id,note,amount\n1,a,2.00\n,,\n", [("1", "a", "2.00"), (None, None, None)]),
    "quoted empty field is null": (b'id,note,amount\n"1","","2"\n"","",""\n', [("1", None, "2"), (None, None, None)]),
    "doubled quotes and commas": (
        b'id,note,amount\n1,"say ""no"", go",2\n2,"""",\n',
        [("1", 'say "no", go', "2"), ("2", '"', None)],
    ),
    "line breaks": (
        b'id,note,amount\n1,"two\r\nlines",2\n2,"a\n\nb",\n',
        [("1", "two\r\nlines", "2"), ("2", "a\n\nb", None)],
    ),
    "CRLF": (b'id,note,amount\r\n1,"a\nb",2\r\n2,,\r\n', [("1", "a\nb", "2"), ("2", None, None)]),
    "CRLF, no last line end": (b"id,note,amount\r\n1,a,2\r\n2,b,", [("1", "a", "2"), ("2", "b", None)]),
    "BOM": (b"\xef\xbb\xbfid,note,amount\n1,\xc3\xa9,2\n,,\n", [("1", "é", "2"), (None, None, None)]),
    "BOM and quotes": (b'\xef\xbb\xbf"id","note","amount"\n1,a,2\n,,\n', [("1", "a", "2"), (None, None, None)]),
    "reordered header": (b"amount,id,note\n2,1,a\n,,\n", [("1", "a", "2"), (None, None, None)]),
    "extra columns": (b"id,a.b,amount,note,\n1,x,2,a,\n,,,,\n", [("1", "a", "2"), (None, None, None)]),
    "no optional column": (b"amount,id\n2,1\n,\n", [("1", None, "2"), (None, None, None)]),
    "blank lines": (b"id,note,amount\n\n1,a,2\n\n\n,,\n\n", [("1", "a", "2"), (None, None, None)]),
    "blanks and backslash stay": (b'id,note,amount\n1, a ,2\n2,"b\\",\n', [("1", " a ", "2"), ("2", "b\\", None)]),
    "no comments": (b"id,note,amount\n#1,a,2\n\x002,b,\n", [("#1", "a", "2"), ("\x002", "b", None)]),
    "only a header": (b"id,note,amount\n", []),
    "only a header, no line end": (b"id,note,amount", []),
    "empty file": (b"", []),
}
WRONG_COUNT: dict[str, tuple[bytes, list[tuple[str | None, ...]]]] = {
    "too few": (b"id,note,amount\n1,a\n,\n", [("1", "a", None, "1,a"), (None, None, None, ",")]),
    "too many": (b"id,note,amount\n1,a,2,3\n", [("1", "a", "2", "1,a,2,3")]),
    "one empty too many": (b"id,note,amount\n1,a,2,\n,,,\n", [("1", "a", "2", "1,a,2,"), (None, None, None, ",,,")]),
    "an extra one": (b"id,note,amount,x\n1,a,2\n1,,2,e,\n", [("1", "a", "2", "1,a,2"), ("1", None, "2", "1,,2,e,")]),
}  # fmt: skip


def test_csv_as_in_rfc_4180(spark: SparkSession, tmp_path: Path) -> None:
    files = {f"{name}.csv": content for name, (content, _) in AS_IN_RFC_4180.items()}
    rows = [(*row, None, None, f"{name}.csv") for name, (_, rows) in AS_IN_RFC_4180.items() for row in rows]
    first = read(spark, tmp_path, files, ORDERS)
    assert_rows(first, ORDERS, *rows)
    assert_rows(read(spark, tmp_path, {}, ORDERS), ORDERS, *rows)


def test_a_row_without_the_columns_of_its_header(spark: SparkSession, tmp_path: Path) -> None:
    files = {f"{name}.csv": content for name, (content, _) in WRONG_COUNT.items()}
    rows = [(*row, NO_COLUMNS, f"{name}.csv") for name, (_, rows) in WRONG_COUNT.items() for row in rows]
    assert_rows(read(spark, tmp_path, files, ORDERS), ORDERS, *rows)


def test_a_row_that_is_not_utf8(spark: SparkSession, tmp_path: Path) -> None:
    content = b"id,extra,note,amount\n1,x,caf\xe9,2\n2,\xff,b,3\n3,x,ok,4\n,,,\n"
    wrong = [("1", "caf\ufffd", "2", None, NOT_UTF8), ("2", "b", "3", None, NOT_UTF8)]
    good = [("3", "ok", "4", None, None), (None, None, None, None, None)]
    found = read(spark, tmp_path, {"orders.csv": content}, ORDERS)
    assert_rows(found, ORDERS, *[(*row, "orders.csv") for row in (*wrong, *good)])


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("id,note,amount", None),
        ("amount,note,id,extra", None),
        ("id,amount", None),
        ("", None),
        ("id,note", "required column amount missing; found id, note; wanted id, note, amount"),
        (
            "ID,note",
            "required columns id, amount missing (id renamed to ID?); found ID, note; wanted id, note, amount",
        ),
        ("id,id,amount", "column id twice; found id, id, amount; wanted id, note, amount"),
    ],
)
def test_what_a_header_may_be(tmp_path: Path, header: str, problem: str | None) -> None:
    (tmp_path / "orders.csv").write_text(header)
    (file,) = list_files(str(tmp_path))
    found = read_header(str(tmp_path), file, ORDERS)
    assert (found.columns, found.problem) == (tuple(header.split(",")) if header else (), problem)


def test_the_source_file_is_the_name_as_delivered(spark: SparkSession, tmp_path: Path) -> None:
    names = ["1/orders a.csv", "1/orders%20a.csv", "2/orders+a%2Bb.csv", "2/orders é中 (1).csv", "2/orders#&=;,'.csv"]
    found = read(spark, tmp_path / "raw ä+%41", dict.fromkeys(names, b"id,note,amount\n1,,\n"), ORDERS)
    assert_rows(found, ORDERS, *[("1", None, None, None, None, name) for name in names])


def test_two_files_with_different_headers_in_one_batch(spark: SparkSession, tmp_path: Path) -> None:
    files = {"orders1.csv": b"id,note,amount\n1,a,2\n", "orders2.csv": b"amount,extra,id\n4,x,3\n,,\n"}
    assert_rows(
        read(spark, tmp_path, files, ORDERS),
        ORDERS,
        ("1", "a", "2", None, None, "orders1.csv"),
        ("3", None, "4", None, None, "orders2.csv"),
        (None, None, None, None, None, "orders2.csv"),
    )


@pytest.mark.parametrize("content", [b"\nid,note,amount\n1,a,2\n,,\n", b"id,note,amount\r1,a,2\r,,\r"])
def test_a_blank_line_before_the_header_and_lines_that_end_in_cr(
    spark: SparkSession, tmp_path: Path, content: bytes
) -> None:
    found = read(spark, tmp_path, {"orders.csv": content}, ORDERS)
    assert_rows(found, ORDERS, ("1", "a", "2", None, None, "orders.csv"), (*[None] * 5, "orders.csv"))


@pytest.mark.parametrize(
    "name", ["orders[1].csv", "orders{1}.csv", "orders\\1.csv", "orders[1.csv", "orders*.csv", "orders?.csv"]
)
def test_a_file_name_is_no_pattern(spark: SparkSession, tmp_path: Path, name: str) -> None:
    files = {name: b"id,note,amount\n1,a,2\n", "orders2.csv": b"id,note,amount\n2,b,3\n"}
    found = read(spark, tmp_path, files, ORDERS)
    wanted = [("1", "a", "2", None, None, name), ("2", "b", "3", None, None, "orders2.csv")]
    assert_rows(found, ORDERS, *wanted)


@pytest.mark.parametrize("extra", ["ID", "_raw_text", "a`b"])
def test_an_unknown_column_may_have_any_name(spark: SparkSession, tmp_path: Path, extra: str) -> None:
    found = read(spark, tmp_path, {"orders.csv": f"id,note,amount,{extra}\n1,a,2,x\n".encode()}, ORDERS)
    assert_rows(found, ORDERS, ("1", "a", "2", None, None, "orders.csv"))


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'id,note,amount\r\n1,"a\r\nb",2\r\n,,\r\n', [("1", "a\r\nb", "2"), (None, None, None)]),
        (b"id,note,amount\n1,a,2\r\n2,b,3\n", [("1", "a", "2"), ("2", "b", "3")]),
    ],
)
def test_line_ends(spark: SparkSession, tmp_path: Path, content: bytes, rows: list[tuple[str | None, ...]]) -> None:
    found = read(spark, tmp_path, {"orders.csv": content}, ORDERS)
    assert_rows(found, ORDERS, *[(*row, None, None, "orders.csv") for row in rows])
