"""The quoting of RFC 4180: a broken record is unreadable with each of its lines, and takes no other row's values."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest import csv_rows
from lakehouse.ingest.header import LONGEST_LINE, count_rows, read_header
from lakehouse.ingest.reading import read_rows
from lakehouse.ingest.rfc4180 import QuotingError, count_records, first_record
from lakehouse.lake import files
from lakehouse.lake.files import list_files
from tests.oracle.reading import records

COLUMNS = tuple(Column(name, "string", name == "a", "Text.") for name in "abc")
TEXTS = Dataset(
    "texts", "erp", "", MergeStrategy.UPSERT, "*.csv", FileFormat.CSV, COLUMNS, ("a",), ("a",), None, None, (), (), 20
)
MANY = pytest.mark.quality
NO_COLUMNS = "row_has_the_columns_of_the_header"

# Lines after the header → rows that are read, and the text of those that are not.
QUOTING: dict[str, tuple[str, list[str], list[str]]] = {
    "no quote at all": ("1,x,2\n", ["1|x|2"], []),
    "lost quote, a quoted row next": ('1,"x,2\n3,"y",4\n5,z,6\n', ["5|z|6"], ['1,"x,2', '3,"y",4']),
    "lost quote, quotes only later": (
        '1,"x,2\n2,y,2\n3,"y",4\n5,z,6\n',
        ["5|z|6"],
        ['1,"x,2', "2,y,2", '3,"y",4'],
    ),
    "never closed": ('1,"x,2\n3,y,4\n', ["3|y|4"], ['1,"x,2']),
    "never closed, empty quotes later": ('1,"x,2\n3,"",4\n', ["3||4"], ['1,"x,2']),
    "text after a closing quote": ('1,"x" y,2\n3,y,4\n', ["3|y|4"], ['1,"x" y,2']),
    "blank after a closing quote": ('1,"x" ,2\n3,y,4\n', ["3|y|4"], ['1,"x" ,2']),
    "blank before an opening quote": ('1, "x",2\n3,y,4\n', ["3|y|4"], ['1, "x",2']),
    "quote inside an unquoted field": ('1,27" black,2\n3,y,4\n', ["3|y|4"], ['1,27" black,2']),
    "quote at the end of an unquoted field": ('1,27",2\n3,y,4\n', ["3|y|4"], ['1,27",2']),
    "not doubled inside": ('1,"27" black",2\n3,y,4\n', ["3|y|4"], ['1,"27" black",2']),
    "backslash before a quote": ('1,"27\\" black",2\n3,y,4\n', ["3|y|4"], ['1,"27\\" black",2']),
    "single quotes are text": ("1,'x,2\n3,y,'4'\n", ["1|'x|2", "3|y|'4'"], []),
    "typographic quotes are text": ("1,“x”,2\n", ["1|“x”|2"], []),
    "doubled at both edges": ('1,"""x""",2\n', ['1|"x"|2'], []),
    "only doubled quotes": ('1,"""""",2\n', ['1|""|2'], []),
    "three quotes": ('1,""",2\n3,y,4\n', ["3|y|4"], ['1,""",2']),
    "line break inside": ('1,"x\ny",2\n3,z,4\n', ["1|x\ny|2", "3|z|4"], []),
    "blank line inside": ('1,"x\n\ny",2\n', ["1|x\n\ny|2"], []),
    "row inside": ('1,"x\n9,y,9\nz",2\n', ["1|x\n9,y,9\nz|2"], []),
    "row inside a broken field": ('1,"x\n9,y,9\nz" !,2\n3,y,4\n', ["3|y|4"], ['1,"x', "9,y,9", 'z" !,2']),
    "broken after a line break": ('1,"x\ny"z,2\n3,y,4\n', ["3|y|4"], ['1,"x', 'y"z,2']),
    "broken twice": ('1,"x" y,"z\n3,y,4\n5,6" b,7\n', ["3|y|4"], ['1,"x" y,"z', '5,6" b,7']),
    "closed and opened on one line": ('1,"x\ny","z\nw"\n3,y,4\n', ["1|x\ny|z\nw", "3|y|4"], []),
    "doubled across lines": ('1,"x""\n""y",2\n', ['1|x"\n"y|2'], []),
    "too few columns over two lines": ('1,"x\ny"\n3,y,4\n', ["3|y|4"], ['1,"x\ny"']),
    "blank lines in a broken record": ('1,"x,2\n\n3,"y",4\n', [], ['1,"x,2', '3,"y",4']),
    "cut inside a field": ('1,y,2\n3,"x\n9,y,9\nz', ["1|y|2"], ['3,"x', "9,y,9", "z"]),
    "cut after a quote": ('1,y,2\n3,x,"', ["1|y|2"], ['3,x,"']),
}


def read_all(spark: SparkSession, folder: Path, contents: dict[str, bytes]) -> dict[str, list[tuple[str | None, ...]]]:
    """For each file its rows, in the order of the file: the columns of one that is read, None and its text if not."""
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    headers = [(file, read_header(str(folder), file, TEXTS)) for file in list_files(str(folder))]
    found: dict[str, list[tuple[str | None, ...]]] = {name: [] for name in contents}
    rows = read_rows(spark, str(folder), headers, TEXTS).orderBy("_row_id").collect()
    for row in rows:
        assert row._unreadable in (None, NO_COLUMNS)
        found[row._source_file].append((None, row._raw_text) if row._unreadable else (row.a, row.b, row.c))
    return found


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_fault_of_quoting(spark: SparkSession, tmp_path: Path, end: str) -> None:
    contents = {f"{name}.csv": f"a,b,c\n{text}".replace("\n", end).encode() for name, (text, _, _) in QUOTING.items()}
    found = read_all(spark, tmp_path, contents)
    for name, (_, good, bad) in QUOTING.items():
        rows = found[f"{name}.csv"]
        read = ["|".join(value or "" for value in row) for row in rows if row[0] is not None]
        assert read == [text.replace("\n", end) for text in good], name
        assert [row[1] for row in rows if row[0] is None] == [text.replace("\n", end) for text in bad], name


def test_a_line_of_a_broken_record_has_no_columns(spark: SparkSession, tmp_path: Path) -> None:
    """Not even one that looks like a row by itself: it may be text inside a field."""
    (tmp_path / "x.csv").write_text('a,b,c\n1,"x\n9,y,9\nz" !,2\n3,y,4\n')
    headers = [(file, read_header(str(tmp_path), file, TEXTS)) for file in list_files(str(tmp_path))]
    rows = read_rows(spark, str(tmp_path), headers, TEXTS).orderBy("_row_id").collect()
    assert [(row.a, row.b, row.c) for row in rows] == [(None, None, None)] * 3 + [("3", "y", "4")]


def test_lines_that_are_one_record_only_together_have_a_limit(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost quote can be closed a million lines later; no row is made of so much, and no memory filled."""
    monkeypatch.setattr(csv_rows, "LONGEST_RECORD", 20)
    content = 'a,b,c\n1,"x\n' + "y\n" * 20 + 'z",2\n3,"long enough, and of one line",4\n5,"y\ny",6\n'
    (rows,) = read_all(spark, tmp_path, {"x.csv": content.encode()}).values()
    assert rows[:22] == [(None, line) for line in ('1,"x', *["y"] * 20, 'z",2')]
    assert rows[22:] == [("3", "long enough, and of one line", "4"), ("5", "y\ny", "6")]


def random_text(random: Random) -> str:
    """Lines of which most are whole rows and the others hold commas, quotes and line ends anywhere."""
    pieces = ["1,x,2\n", "1,x,2\n", '3,"y",4\n', '5,"a\nb",6\n', '7,"a""b",8\n', ",", '"', '"', "\n", "z", "\r\n", ""]
    return "".join(random.choice(pieces) for _ in range(random.randrange(1, 14)))


@pytest.mark.parametrize(
    ("split", "number"),
    [("4m", 150), ("7b", 15), pytest.param("4m", 600, marks=MANY), pytest.param("7b", 60, marks=MANY)],
)
def test_as_an_independent_reader(spark: SparkSession, tmp_path: Path, split: str, number: int) -> None:
    """Random files against the oracle, which reads a character at a time; also cut into tasks of 7 bytes."""
    random = Random(4180 + number)
    texts = {f"{n:03}.csv": "a,b,c\n" + random_text(random) for n in range(number)}
    settings = {"spark.sql.files.maxPartitionBytes": split, "spark.sql.files.openCostInBytes": split}
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        found = read_all(spark, tmp_path, {name: text.encode() for name, text in texts.items()})
    finally:
        for name in settings:
            spark.conf.unset(name)
    for name, text in texts.items():
        wanted = [fields if fields and len(fields) == 3 else None for fields in islice(records(text, "\n"), 1, None)]
        rows = [None if row[0] is None and len(row) == 2 else [value or "" for value in row] for row in found[name]]
        assert rows == wanted, repr(text)


def test_records_are_counted_as_they_are_read() -> None:
    random = Random(4181)
    for _ in range(3000):
        text = random_text(random)
        lines = [line.removesuffix("\r").encode() for line in text.split("\n")]
        assert count_records(lines) == len(list(records(text, "\n"))), repr(text)


def test_the_first_record() -> None:
    record = first_record('\n\r\n"a\nb",c\r\n1,2\n', "\n")
    assert record is not None
    assert (record.text, record.lines) == ('"a\nb",c', 4)
    assert first_record("\n\n", "\n") is None
    with pytest.raises(QuotingError, match="never closed"):
        first_record('a,"b\nc\n', "\n")
    with pytest.raises(QuotingError, match="nor doubled"):
        first_record('a,b"c\n', "\n")


@pytest.mark.parametrize("header", ['a,"b,c\n1,2,3\n', 'a,b",c\n1,2,3\n', '"a"x,b,c\n1,2,3\n'])
def test_a_header_that_breaks_the_quoting(tmp_path: Path, header: str) -> None:
    (tmp_path / "x.csv").write_text(header)
    (file,) = list_files(str(tmp_path))
    found = read_header(str(tmp_path), file, TEXTS)
    assert (found.problem or "").startswith("its header cannot be read by RFC 4180: a quote in it is ")
    assert count_rows(str(tmp_path), file, TEXTS) == 1


@pytest.mark.parametrize(
    ("content", "is_cut"),
    [
        (b"a,b,c\n1,2,3\n", False),
        (b"a,b,c\n1,2,3", True),
        (b"a,b,c\r1,2,3\r", False),
        (b"a,b,c\r\n1,2,3", True),
        (b"a,b,c", False),
        (b"", False),
        (b"a,b,c\n" + b"1,2,3\n" * 200_000, False),
        (b"a,b,c\n" + b"1,2,3\n" * 200_000 + b"1", True),
    ],
    ids=lambda value: None if isinstance(value, bool) else f"{len(value)} {value[:20]!r} {value[-3:]!r}",
)
def test_a_file_whose_last_line_has_no_end(tmp_path: Path, content: bytes, is_cut: bool) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    (file,) = list_files(str(tmp_path))
    assert read_header(str(tmp_path), file, TEXTS).is_cut is is_cut


def peak_of_counting(folder: Path, size: int, *parts: bytes) -> tuple[int, int]:
    """Rows counted in a file of the size that repeats the last part, and the most memory that it took."""
    folder.mkdir()
    *first, repeated = parts
    with (folder / "x.csv").open("wb") as file:
        file.writelines(first)
        while file.tell() < size:
            file.write(repeated * 1000)
    (found,) = list_files(str(folder))
    tracemalloc.start()
    try:
        return count_rows(str(folder), found, TEXTS), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "parts",
    [
        (b"a,x,c\n", b'1,"some text",3.50 some more text, and a little more\n'),
        (b"a,x,c\n", b'1,"', b"never closed, line after line of it\n"),
    ],
    ids=["rows", "an open quote"],
)
def test_a_refused_file_is_counted_in_memory_that_does_not_grow(tmp_path: Path, parts: tuple[bytes, ...]) -> None:
    small, peak_of_small = peak_of_counting(tmp_path / "small", 2 << 20, *parts)
    large, peak_of_large = peak_of_counting(tmp_path / "large", 24 << 20, *parts)
    assert large > small * 11
    assert peak_of_large < peak_of_small + (1 << 20)


def test_a_refused_file_of_one_line(tmp_path: Path) -> None:
    rows, peak = peak_of_counting(tmp_path / "one", 6 * LONGEST_LINE, b"a,x,c\n", b"x" * 1000)
    assert rows == 1
    assert peak < 3 * LONGEST_LINE


def test_a_file_is_read_in_pieces_of_the_size_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"0123456789")
    (file,) = list_files(str(tmp_path))
    assert list(files.read_chunks(str(tmp_path), file, 4)) == [b"0123", b"4567", b"89"]
    assert files.read_tail(str(tmp_path), file, 3) == b"789"
