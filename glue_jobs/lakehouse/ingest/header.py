"""What is known of a delivered file before its rows are read; without Spark, in memory independent of its size."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lakehouse.contracts.contract import Dataset, FileFormat
from lakehouse.ingest.drift import by_contract_names, encoding_problem, header_problem
from lakehouse.ingest.rfc4180 import QUOTED_PIECE, QuotingError, count_records, first_record
from lakehouse.lake.files import HEAD_BYTES, StoredFile, read_chunks, read_head, read_tail
from lakehouse.lake.paths import is_repair

LONGEST_LINE = 16 << 20
"""Of a longer line of a refused file nothing is kept while its rows are counted: it counts as one."""


@dataclass(frozen=True, order=True)
class Header:
    """The columns of one file as it names them; `problem` says why it cannot be taken.

    separator: what ends its lines, where `\\n` stands for `\\r\\n`, too. is_repair: the file was written by us and
    holds rows corrected in quarantine, with what they repair. lines: physical lines before the first row.
    is_cut: its last line has no end although others have one.
    """

    columns: tuple[str, ...]
    separator: str = "\n"
    problem: str | None = None
    is_repair: bool = False
    lines: int = field(default=0, compare=False)
    is_cut: bool = field(default=False, compare=False)


def read_header(root: str, file: StoredFile, dataset: Dataset) -> Header:
    """Read the column names of a file; JSON Lines have none, so a column missing there shows row by row."""
    if ":" in file.path:
        return Header((), problem="a colon in the file's name, which Hadoop cannot open; deliver it under another name")
    head, repairs = read_head(root, file), is_repair(file.path)
    if problem := encoding_problem(head):
        return Header((), problem=problem)
    is_cut = _is_cut(root, file, head)
    if dataset.file_format is FileFormat.JSON_LINES:
        return Header(dataset.column_names, is_repair=repairs, is_cut=is_cut)
    text = head.decode("utf-8-sig", errors="replace")
    separator = line_end(text)
    try:
        record = first_record(text, separator)
    except QuotingError as error:
        return Header((), problem=f"its header cannot be read by RFC 4180: {error}")
    if record is None:
        return Header(())
    columns = by_contract_names(fields_of(record.text), dataset)
    problem = None if repairs else header_problem(columns, dataset)
    return Header(columns, separator, problem, repairs, record.lines, is_cut)


def fields_of(record: str) -> list[str]:
    """The fields of one CSV record."""
    csv.field_size_limit(sys.maxsize)
    return next(csv.reader(io.StringIO(record, newline=""), strict=True))


def line_end(text: str) -> str:
    """What ends the header's line."""
    found = re.search(r"\r\n|\n|\r", re.sub(QUOTED_PIECE, "", text).lstrip("\r\n"))
    return "\r" if found and found[0] == "\r" else "\n"


def _is_cut(root: str, file: StoredFile, head: bytes) -> bool:
    """True when the last line has no end although another one has: the transfer may have broken off."""
    last = head[-1:] if file.size <= len(head) else read_tail(root, file, 1)
    return last not in (b"", b"\n", b"\r") and (file.size > len(head) or b"\n" in head or b"\r" in head)


def count_rows(root: str, file: StoredFile, dataset: Dataset) -> int:
    """Rows of a refused file, so that the accounts of a delivery balance."""
    if dataset.file_format is not FileFormat.CSV:
        return 0
    head = read_head(root, file)
    if encoding_problem(head):
        return 0
    separator = line_end(head.decode("utf-8-sig", errors="replace"))
    lines = _lines(read_chunks(root, file, HEAD_BYTES), separator.encode())
    return max(count_records(lines) - 1, 0)


def _lines(chunks: Iterable[bytes], separator: bytes) -> Iterator[bytes]:
    """The lines of a file without their ends, with `x` for one that is longer than LONGEST_LINE."""
    begun, is_too_long = b"", False
    for chunk in chunks:
        first, *others = chunk.split(separator)
        for line in others:
            yield b"x" if is_too_long else (begun + first).removesuffix(b"\r")
            begun, first, is_too_long = b"", line, False
        begun = b"" if is_too_long else begun + first
        if len(begun) > LONGEST_LINE:
            begun, is_too_long = b"", True
    yield b"x" if is_too_long else begun.removesuffix(b"\r")
