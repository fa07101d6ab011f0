"""A value is found in each form and file that can hold it, across parts, and no longer word is taken for it."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.lake.opened_search import forms_in
from lakehouse.lake.sought import can_be_searched, sought

WHO = "zoë.o'neil@example.com"
SOUGHT = sought([WHO])
TEXTS = {
    "UTF-8": f"a,{WHO},b".encode(),
    "UTF-16LE": f"a,{WHO},b".encode("utf-16-le"),
    "UTF-16BE": f"a,{WHO},b".encode("utf-16-be"),
    "cp1252": f"a,{WHO},b".encode("cp1252"),
    "JSON": json.dumps({"a": WHO}).encode(),
    "JSON in JSON": json.dumps({"add": json.dumps({"min": WHO})}).encode(),
    "HTML": b"<td>zo\xc3\xab.o&#x27;neil@example.com</td>",
    "percent-encoded": f"?mail={quote(WHO)}&x".encode(),
    "hex": WHO.encode().hex().encode(),
}


@pytest.mark.parametrize("form", TEXTS)
def test_each_form_is_found(form: str) -> None:
    assert form in SOUGHT.in_bytes(TEXTS[form])


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("after", range(4))
def test_base64_at_every_place(before: int, after: int) -> None:
    packed = base64.b64encode(b"x" * before + WHO.encode() + b"y" * after)
    assert SOUGHT.in_bytes(b'{"data":"' + packed + b'"}') == {"base64"}


@pytest.mark.parametrize("size", [1, 7, 24, 64])
def test_a_value_across_two_parts(size: int) -> None:
    text = b"." * 61 + b" " + WHO.encode() + b" " + b"." * 61
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    assert "UTF-8" in SOUGHT.in_chunks(parts)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("joann@example.com", False),
        ("jo.ann@example.com", False),
        ("ann@example.community", False),
        ("ann@example.com.br", False),
        ("<ann@example.com>", True),
        ("to ann@example.com.", True),
        ("mailto%3Aann@example.com", True),
        (r"line\nann@example.com", True),
    ],
)
def test_a_longer_word_is_another_value(text: str, is_found: bool) -> None:
    one = sought(["ann@example.com"])
    assert bool(one.in_bytes(text.encode())) is is_found
    assert bool(one.in_bytes(text.encode("utf-16-le"))) is (is_found and "%3A" not in text and "\\n" not in text)
    masked = one.without(text.encode(), b"***")
    assert (masked == text.encode()) is not is_found
    assert not one.in_bytes(masked)


def test_short_values_are_not_searched() -> None:
    assert [can_be_searched(value) for value in ("42", "123456789", "S001", "2026-10", "C-0081")] == [False] * 4 + [
        True
    ]
    assert can_be_searched("+44 20 7946 0001")
    assert not sought(["42"]).needles


def table() -> pa.Table:
    """The value within structs, lists and maps, and in a dictionary."""
    return pa.table(
        {
            "plain": ["x", None, "y"],
            "struct": pa.array([{"a": {"b": WHO}}, None, {"a": None}]),
        }
    )


def parquet(rows: pa.Table, **how: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(rows, sink, **how)
    return sink.getvalue()


def zipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.csv", content)
    return sink.getvalue()


def avro() -> bytes:
    sink = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": "mail", "type": "string"}]}
    fastavro.writer(sink, schema, [{"mail": WHO}], codec="deflate")
    return sink.getvalue()


COLUMNS = {
    "list": pa.array([[WHO], None]),
    "map": pa.array([[("k", WHO)], None], pa.map_(pa.string(), pa.string())),
    "dictionary": pa.array([WHO, WHO]).dictionary_encode(),
    "binary": pa.array([WHO.encode(), None]),
}
FILES = {
    "gzip": gzip.compress(TEXTS["UTF-8"]),
    "bz2": bz2.compress(TEXTS["UTF-8"]),
    "zstd": bytes(pa.compress(TEXTS["UTF-8"], "zstd", asbytes=True)),
    "zip": zipped(TEXTS["UTF-8"]),
    "zip of gzip": zipped(gzip.compress(TEXTS["UTF-16LE"])),
    "avro": avro(),
    "parquet": parquet(table(), compression="zstd"),
    "parquet of base64": parquet(pa.table({"a": [base64.b64encode(WHO.encode()).decode()]}), compression="gzip"),
    **{f"parquet {name}": parquet(pa.table({"a": column}), compression="zstd") for name, column in COLUMNS.items()},
}


@pytest.mark.parametrize("kind", FILES)
def test_each_kind_of_file_is_opened(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(FILES[kind])
    found, complete = forms_in(file, SOUGHT)
    assert found
    assert complete


@pytest.mark.parametrize("kind", FILES)
def test_a_broken_file_is_said(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(FILES[kind][: len(FILES[kind]) // 2])
    assert not forms_in(file, SOUGHT)[1]


def test_bounds_of_a_footer_are_read(tmp_path: Path) -> None:
    """The bound stays in the footer where a writer has cut the rows away: here it is all that is looked at."""
    file = tmp_path / "file"
    file.write_bytes(parquet(pa.table({"a": [WHO, "zz"]}), compression="zstd", use_dictionary=False))
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).statistics.min == WHO
    assert forms_in(file, SOUGHT) == ({"UTF-8"}, True)
