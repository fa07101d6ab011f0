"""A file in another format or encoding than its contract says is refused by what was found in it."""

from __future__ import annotations

import io
import zipfile

import pytest

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.sniff import format_problem, found_in, text_problem

CSV, LINES, PARQUET, XLSX = FileFormat.CSV, FileFormat.JSON_LINES, FileFormat.PARQUET, FileFormat.XLSX
SAYS = "while its contract says fileFormat:"


def zipped(name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, b"x")
    return held.getvalue()


@pytest.mark.parametrize(
    ("head", "wanted", "problem"),
    [
        (b"PAR1\x15\x04", CSV, f"it is a Parquet file, {SAYS} csv"),
        (b"Obj\x01\x04", LINES, f"it is an Avro file, {SAYS} json_lines"),
        (zipped("[Content_Types].xml"), CSV, f"it is an Excel workbook (xlsx), {SAYS} csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", XLSX, f"it is an Excel workbook of the old kind (xls), {SAYS} xlsx"),
        (b"id,amount\n", PARQUET, f"it is text, {SAYS} parquet"),
        (b"\x1f\x8b\x08", PARQUET, f"it is a file packed with gzip, {SAYS} parquet"),
        (zipped("a.csv"), XLSX, f"it is a zip archive, {SAYS} xlsx"),
        (b"PAR1", PARQUET, None), (zipped("xl/workbook.xml"), XLSX, None), (zipped("a.csv"), CSV, None),
        (b"", PARQUET, None), (b"id\n", CSV, None),
    ],
)  # fmt: skip
def test_another_format(head: bytes, wanted: FileFormat, problem: str | None) -> None:
    assert format_problem(head, wanted) == problem


@pytest.mark.parametrize(
    ("head", "wanted", "encoding", "problem"),
    [
        ("id".encode("utf-16"), CSV, Encoding.UTF_8, "it is encoded in UTF-16; save it in UTF-8, or say encoding"),
        ("id".encode("utf-16"), CSV, Encoding.LATIN_1, "it is encoded in UTF-16"),
        ("id".encode("utf-16-le"), CSV, Encoding.UTF_16, None),
        (b"id,amount", CSV, Encoding.UTF_16, "it is not encoded in UTF-16"),
        (b"\xef\xbb\xbfid", CSV, Encoding.WINDOWS_1252, "encoded in UTF-8, while its contract says Windows-1252"),
        (b"\xef\xbb\xbfid", CSV, Encoding.UTF_8, None),
        (b'[\n{"id":1}]', LINES, Encoding.UTF_8, None),
        (b'[{"id":1}]', LINES, Encoding.UTF_8, "it is a JSON array, while its contract says fileFormat: json_lines"),
        (b"", CSV, Encoding.UTF_16, None),
    ],
)
def test_what_is_no_text_of_the_contract(
    head: bytes, wanted: FileFormat, encoding: Encoding, problem: str | None
) -> None:
    found = text_problem(head, wanted, encoding)
    assert found == problem if problem is None else problem in (found or "")


@pytest.mark.parametrize(
    ("head", "words"), [(b" [1]", "a JSON array"), (b"{", "a JSON object"), (b"\x00\x01", "no text")]
)
def test_what_a_file_is_in_words(head: bytes, words: str) -> None:
    assert found_in(head) == words
