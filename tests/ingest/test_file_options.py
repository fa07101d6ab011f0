"""CSV by other signs, in other encodings, packed or not: the same rows, and what is broken named as in RFC 4180."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding, FileOptions
from lakehouse.ingest.dialect import Dialect
from lakehouse.ingest.header import count_rows, read_header
from lakehouse.ingest.reading import read_rows
from lakehouse.lake.files import list_files
from tests.ingest.test_reading import EVENTS, NO_COLUMNS, ORDERS

Rows = list[tuple[str | None, ...]]


def rows_of(spark: SparkSession, folder: Path, of: Dataset, **files: bytes) -> Rows:
    """Columns, _raw_text, _unreadable and _rescued of every row, in the order of their lines."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    headers = [(file, read_header(str(folder), file, of)) for file in list_files(str(folder))]
    assert [header.problem for _, header in headers] == [None] * len(files)
    found = read_rows(spark, str(folder), headers, of).orderBy("_row_id")
    return [tuple(row) for row in found.select(*of.column_names, "_raw_text", "_unreadable", "_rescued").collect()]


def good(*values: str | None) -> tuple[str | None, ...]:
    return (*values, None, None, None)


SIGNS: dict[str, tuple[FileOptions, str, Rows]] = {
    "semicolons": (
        FileOptions(delimiter=";"),
        'id;note;amount;x,y\n1;a,b;2,50;"m;n,o"\n2;"say ""no""; go";3;\n3;too,few\n',
        [
            ("1", "a,b", "2,50", None, None, '{"x,y":"m;n,o"}'),
            good("2", 'say "no"; go', "3"),
            ("3", "too,few", None, "3;too,few", NO_COLUMNS, None),
        ],
    ),
    "tabs and no quotes": (
        FileOptions(delimiter="\t", quote=None),
        'id\tnote\tamount\n1\t5" screen, "new\t2\n2\t"\t,\n',
        [good("1", '5" screen, "new', "2"), good("2", '"', ",")],
    ),
    "apostrophes": (
        FileOptions(delimiter="|", quote="'"),
        "id|note|amount\n1|'it''s \"x\"|,'|2\n2|'two\nlines'|3\n3|bro'ken|4\n",
        [
            good("1", 'it\'s "x"|,', "2"),
            good("2", "two\nlines", "3"),
            (None, None, None, "3|bro'ken|4", NO_COLUMNS, None),
        ],
    ),
    "exchanged": (FileOptions(delimiter='"', quote=","), 'id"note"amount\n1",a"b,"2\n', [good("1", 'a"b', "2")]),
    "escapes": (
        FileOptions(escape="\\"),
        'id,note,amount\n1,"say \\"no\\" \\\\",2\n2,a\\,b\\\\,3\n3,\\"x,4\n4,a\\nb,5\n5,\\",6\n6,x\\,7\n',
        [
            good("1", 'say "no" \\', "2"),
            good("2", "a,b\\", "3"),
            good("3", '"x', "4"),
            good("4", "a\\nb", "5"),
            good("5", '"', "6"),
            ("6", "x,7", None, "6,x\\,7", NO_COLUMNS, None),
        ],
    ),
    "skipped lines and comments": (
        FileOptions(skip_lines=2, comment="#"),
        'Report "A\n\n# made, "today\nid,note,amount\n#,,\n1,a,2\n# x",y\n2,"b\n#c\nd",3\n"#3",d,4\n',
        [good("1", "a", "2"), good("2", "b\n#c\nd", "3"), good("#3", "d", "4")],
    ),
    "no header": (
        FileOptions(header=False, columns=("amount", "more", "id"), skip_lines=1),
        "\ufefffirst\n2,x,1\n3,,2\n",
        [("1", None, "2", None, None, '{"more":"x"}'), good("2", None, "3")],
    ),
    "no header, the contract's columns": (
        FileOptions(header=False), "\ufeff1,a,2\n2,b\n",
        [good("1", "a", "2"), ("2", "b", None, "2,b", "row_has_the_columns_of_the_contract", None)],
    ),
    "noncharacters": (
        FileOptions(delimiter=";"), "id;note;amount\n1;\ufdd0;2\n",
        [("1", "\ufffd", "2", None, "row_is_utf8", None)],
    ),
}  # fmt: skip


PACKED_TOO = ("escapes", "skipped lines and comments", "apostrophes")


@pytest.mark.parametrize("name", SIGNS)
def test_csv_by_other_signs(spark: SparkSession, tmp_path: Path, name: str) -> None:
    options, text, wanted = SIGNS[name]
    of = replace(ORDERS, file_options=options)
    assert rows_of(spark, tmp_path / "plain", of, orders__csv=text.encode()) == wanted
    if name in PACKED_TOO:
        assert rows_of(spark, tmp_path / "packed", of, orders__csv=gzip.compress(text.encode())) == wanted
    (file,) = list_files(str(tmp_path / "plain"))
    assert count_rows(str(tmp_path / "plain"), file, of) == len(wanted)


def test_an_exchange_of_signs_can_be_undone() -> None:
    text = "".join(chr(n) for n in range(0x20, 0x7F)) + "é€"
    for delimiter in ";,|\t\"'":
        for quote in (*"\"',|", None):
            if quote != delimiter:
                dialect = Dialect(FileOptions(delimiter=delimiter, quote=quote))
                assert dialect.value(dialect.exchanged(text)) == text, (delimiter, quote)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [*((encoding, bytes) for encoding in Encoding), (Encoding.UTF_8, gzip.compress), (Encoding.UTF_16, bz2.compress)],
)
def test_encodings(spark: SparkSession, tmp_path: Path, encoding: Encoding, pack: type[bytes]) -> None:
    of = replace(ORDERS, file_options=FileOptions(encoding=encoding))
    text = 'id,note,amount\r\n1,"é\r\nß",2\r\n2,Zoë,3\r\n'
    euro = "3,€,4\r\n" if encoding is not Encoding.LATIN_1 else ""
    found = rows_of(spark, tmp_path / "good", of, orders__csv=pack((text + euro).encode(encoding.codec)))
    assert found == [good("1", "é\r\nß", "2"), good("2", "Zoë", "3"), *([good("3", "€", "4")] if euro else [])]
    broken = {"UTF-8": b"1,\xe9,2\n", "UTF-16": "1,x\ud800y,2\n".encode("utf-16-le", "surrogatepass"),
              "Windows-1252": b"1,\x81,2\n"}  # fmt: skip
    if encoding in broken:
        content = "id,note,amount\n".encode("utf-16-le" if encoding is Encoding.UTF_16 else "utf-8")
        (row,) = rows_of(spark, tmp_path / "broken", of, orders__csv=pack(content + broken[encoding]))
        assert (row[0], row[-2]) == ("1", encoding.rule)


def test_json_lines_in_latin_1_and_packed(spark: SparkSession, tmp_path: Path) -> None:
    text = '{"id":"é","amount":1.10}\n\n{"id":"b","amount":2}\n'
    of = replace(EVENTS, file_options=FileOptions(encoding=Encoding.LATIN_1))
    for place, content in enumerate((text.encode("latin-1"), gzip.compress(text.encode("latin-1")))):
        found = rows_of(spark, tmp_path / str(place), of, orders__json=content)
        assert [row[:2] for row in found] == [("é", "1.1"), ("b", "2")]


def test_members_of_an_archive_are_files_of_their_own(spark: SparkSession, tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("__MACOSX/._a.csv", b"x")
        archive.writestr("a.csv", b'id,note,amount\n1,"a\nb",2\n')
        archive.writestr("more/b.csv", b"amount,id\n4,3\n6,5")
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "orders.zip").write_bytes(held.getvalue())
    (folder / "orders2.csv.zst").write_bytes(pa.compress(b"id,note,amount\n7,,8\n", "zstd", asbytes=True))
    headers = [(file, read_header(str(folder), file, ORDERS)) for file in list_files(str(folder))]
    found = read_rows(spark, str(folder), headers, ORDERS).orderBy("_row_id")
    assert [tuple(row) for row in found.select(*ORDERS.column_names, "_source_file", "_row_id").collect()] == [
        ("1", "a\nb", "2", "orders.zip/a.csv", 2),
        ("3", None, "4", "orders.zip/more/b.csv", 10**10 + 2),
        ("5", None, "6", "orders.zip/more/b.csv", 10**10 + 3),
        ("7", None, "8", "orders2.csv.zst", 2 * 10**10 + 2),
    ]
    assert [own.is_cut for own in headers[0][1].members] == [False, True]
