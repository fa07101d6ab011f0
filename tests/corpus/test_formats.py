"""Every format, compression and encoding of a contract gives the same rows; what is broken is refused by one line."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.contracts.file_options_reader import OF_FORMATS
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.header import read_header
from lakehouse.ingest.packed import Codec
from lakehouse.ingest.reading import read_rows
from lakehouse.ingest.typed_rows import batch_of, reader_of
from lakehouse.ingest.whole_files import WholeFile
from lakehouse.lake.files import list_files
from tests.corpus.formats import (
    BINARY,
    BROKEN_CODECS,
    BROKEN_FORMATS,
    MORE,
    NAMES,
    NOT_IN,
    PACKED,
    TEXTS,
    Way,
    ways,
    workbook,
)

WAYS = tuple(ways())
TAKEN = [way for way in WAYS if way.encoding or way.codec is None]
"""Formats with columns of their own are packed inside."""
TOGETHER = [list(group) for _, group in itertools.groupby(
    sorted(TAKEN, key=lambda way: (way.file_format, way.encoding or "")), lambda way: (way.file_format, way.encoding))
]  # fmt: skip


def test_every_word_of_a_contract_has_its_cases() -> None:
    assert {*TEXTS, *BINARY} == {*FileFormat}
    assert {*TEXTS} == {*OF_FORMATS["encoding"]}
    assert {*BROKEN_FORMATS} == {*FileFormat}
    assert {*PACKED} == {*BROKEN_CODECS} == {*Codec}
    assert {*MORE} == {*NOT_IN} == {*Encoding}
    assert len(WAYS) == len(FileFormat) * 5 + len(TEXTS) * 5 * 3


@pytest.mark.parametrize("group", TOGETHER, ids=lambda group: f"{group[0].file_format}-{group[0].encoding}")
def test_every_way_gives_the_same_rows(spark: SparkSession, tmp_path: Path, group: list[Way]) -> None:
    """Files of one format and encoding are read together, packed in every way."""
    for way in group:
        (tmp_path / f"rows_{way.codec or 'plain'}").write_bytes(way.content)
    of = group[0].dataset
    files = [(file, read_header(str(tmp_path), file, of)) for file in list_files(str(tmp_path))]
    assert [header.problem for _, header in files] == [None] * len(group)
    found = with_types(read_rows(spark, str(tmp_path), files, of), of)
    rows = found.select("_source_file", *NAMES, "_broken_rules").collect()
    for way in group:
        own = [row for row in rows if row["_source_file"].startswith(f"rows_{way.codec or 'plain'}")]
        wanted = [{**row, "at": row["at"] and row["at"].replace(tzinfo=None), "_broken_rules": []} for row in way.rows]
        mine = [{name: row[name] for name in (*NAMES, "_broken_rules")} for row in own]
        assert sorted(mine, key=lambda row: row["id"]) == wanted, way


def problem(folder: Path, of: Dataset, content: bytes, name: str = "rows") -> str:
    (folder / name).write_bytes(content)
    (file,) = list_files(str(folder))
    found = read_header(str(folder), file, of).problem or ""
    assert "\n" not in found
    return found


@pytest.mark.parametrize("way", [way for way in WAYS if way not in TAKEN], ids=str)
def test_a_format_that_packs_itself_is_not_packed_again(tmp_path: Path, way: Way) -> None:
    assert f"while its contract says fileFormat: {way.file_format}" in problem(tmp_path, way.dataset, way.content)


@pytest.mark.parametrize(
    ("file_format", "name"), [(kind, name) for kind, known in BROKEN_FORMATS.items() for name in known]
)
def test_a_file_that_is_broken_as_its_format_breaks(tmp_path: Path, file_format: FileFormat, name: str) -> None:
    content, words = BROKEN_FORMATS[file_format][name]
    assert words in problem(tmp_path, Way(file_format, None, None).dataset, content)


@pytest.mark.parametrize(("codec", "name"), [(codec, name) for codec, known in BROKEN_CODECS.items() for name in known])
@pytest.mark.parametrize("file_format", TEXTS)
def test_a_file_that_is_broken_as_what_packed_it_breaks(
    tmp_path: Path, codec: Codec, name: str, file_format: FileFormat
) -> None:
    file, content, words = BROKEN_CODECS[codec][name]
    assert words in problem(tmp_path, Way(file_format, None, Encoding.UTF_8).dataset, content, file)


@pytest.mark.parametrize("encoding", [encoding for encoding, content in NOT_IN.items() if content])
def test_a_row_with_bytes_that_its_encoding_does_not_have(
    spark: SparkSession, tmp_path: Path, encoding: Encoding
) -> None:
    way = Way(FileFormat.CSV, None, encoding)
    row = "9,,,,,".encode("utf-16-le" if encoding is Encoding.UTF_16 else "ascii") + (NOT_IN[encoding] or b"")
    end = "\n".encode("utf-16-le" if encoding is Encoding.UTF_16 else "ascii")
    (tmp_path / "rows").write_bytes(way.content + row + end)
    (file,) = list_files(str(tmp_path))
    rows = read_rows(spark, str(tmp_path), [(file, read_header(str(tmp_path), file, way.dataset))], way.dataset)
    broken = [tuple(row["_broken_rules"]) for row in with_types(rows, way.dataset).collect() if row["_broken_rules"]]
    assert broken == [(encoding.rule,)]


def test_a_row_with_a_formula_error(tmp_path: Path) -> None:
    content, of = workbook([NAMES, ["1"], ["#DIV/0!"]]), Way(FileFormat.XLSX, None, None).dataset
    (tmp_path / "rows").write_bytes(content)
    file = WholeFile(str(tmp_path / "rows"), len(content), "rows", 1)
    rows = [row for part in reader_of(of.file_format)(file, 0, of) for row in batch_of(part, file, of).to_pylist()]
    assert [row["_unreadable"] for row in rows] == [None, "row_has_no_formula_error"]
