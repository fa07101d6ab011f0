"""What is known of a delivered file before its rows are read; without Spark, in memory independent of its size."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import AS_STANDARD, Encoding, FileOptions
from lakehouse.ingest.dialect import Dialect
from lakehouse.ingest.drift import by_contract_names, header_problem
from lakehouse.ingest.json_document import DocumentError, elements
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.packed import Codec, Content, PackedError, codec_in, codec_of, contents
from lakehouse.ingest.rfc4180 import QUOTED_PIECE, QuotingError, count_records, first_record
from lakehouse.ingest.sniff import binary_format, format_problem, found_in, text_problem
from lakehouse.ingest.text_streams import codec_for, decoded_chunks, lines_of, open_stream
from lakehouse.ingest.typed_header import typed_columns
from lakehouse.ingest.typed_text import BrokenFileError
from lakehouse.lake.files import HEAD_BYTES, StoredFile, read_chunks, read_head, read_tail
from lakehouse.lake.paths import is_repair

LONGEST_LINE = 16 << 20
"""Of a longer line of a refused file nothing is kept while its rows are counted: it counts as one."""
_ENDS = (b"\n", b"\r", b"\n\x00", b"\r\x00")


@dataclass(frozen=True, order=True)
class Header:
    """The columns of one file as it names them; `problem` says why it cannot be taken.

    separator: what ends its lines, where `\\n` stands for `\\r\\n`, too. is_repair: the file was written by us and
    holds rows corrected in quarantine, with what they repair. is_whole: one task reads it, for it cannot be split.
    lines: physical lines before the first row. is_cut: its last line has no end although others have one. codec: what
    packed it. member: its name in the archive. members: the headers of an archive's files, where there are several.
    parts: how many tasks can share it.
    """

    columns: tuple[str, ...]
    separator: str = "\n"
    problem: str | None = None
    is_repair: bool = False
    is_whole: bool = False
    lines: int = field(default=0, compare=False)
    is_cut: bool = field(default=False, compare=False)
    codec: Codec | None = field(default=None, compare=False)
    member: str = field(default="", compare=False)
    members: tuple[Header, ...] = field(default=(), compare=False)
    parts: int = field(default=1, compare=False)


def as_written(dataset: Dataset, is_repair: bool) -> Dataset:
    """The dataset by whose format a file is read: repairs are written here, always in the same way."""
    if not is_repair:
        return dataset
    own = FileFormat.JSON_LINES if dataset.file_format.is_json else FileFormat.CSV
    return replace(dataset, file_format=own, file_options=AS_STANDARD)


def read_header(root: str, file: StoredFile, dataset: Dataset) -> Header:
    """Read the column names of a file; JSON has none, so a column missing there shows row by row."""
    if ":" in file.path:
        return Header((), problem="a colon in the file's name, which Hadoop cannot open; deliver it under another name")
    dataset = as_written(dataset, is_repair(file.path))
    head = read_head(root, file)
    if problem := format_problem(head, dataset.file_format):
        return Header((), problem=problem)
    try:
        if dataset.file_format.is_binary and head:
            columns, parts = typed_columns(f"{root}/{file.path}", file.size, dataset)
            return Header(columns, is_whole=True, parts=parts)
        codec = codec_of(file.name, head)
        if codec is not None:
            return _packed_header(root, file, dataset, codec)
        own = _text_header(head, dataset, is_repair(file.path))
        if dataset.file_format is FileFormat.JSON and own.problem is None:
            _walk(root, file, dataset, own)
    except (PackedError, DocumentError, BrokenFileError) as error:
        return Header((), problem=str(error))
    tail = head[-4:] if file.size <= len(head) else read_tail(root, file, 4)
    return replace(own, is_cut=_is_cut(dataset, head, tail, file.size))


def _packed_header(root: str, file: StoredFile, dataset: Dataset, codec: Codec) -> Header:
    """The header of a compressed file; that of an archive holds those of its files. Raises PackedError."""
    with contextlib.closing(open_file(f"{root}/{file.path}", file.size)) as raw:
        found = contents(raw, codec, file.size)
    headers = [_member_header(root, file, dataset, codec, content) for content in found]
    refused = next((header for header in headers if header.problem), None)
    if refused is not None:
        where = f"{refused.member} in it: " if refused.member else ""
        return Header((), problem=f"{where}{refused.problem}")
    return headers[0] if len(headers) == 1 else replace(headers[0], members=tuple(headers))


def _member_header(root: str, file: StoredFile, dataset: Dataset, codec: Codec, content: Content) -> Header:
    if codec_in(content.head) is not None or binary_format(content.head) is not None:
        problem = f"it is {found_in(content.head)} within one packed with {codec}; pack plain text, and once"
        return Header((), problem=problem, member=content.member)
    own = replace(
        _text_header(content.head, dataset, False),
        is_whole=True, codec=codec, member=content.member,
        is_cut=_is_cut(dataset, content.head, content.tail, content.size),
    )  # fmt: skip
    if dataset.file_format is FileFormat.JSON and own.problem is None:
        try:
            _walk(root, file, dataset, own)
        except DocumentError as error:
            return replace(own, problem=str(error))
    return own


def _walk(root: str, file: StoredFile, dataset: Dataset, header: Header) -> None:
    """Read a document through; raises DocumentError where it is not whole."""
    with open_stream(f"{root}/{file.path}", file.size, header.codec, header.member) as stream:
        for _ in elements(decoded_chunks(stream, dataset.file_options.encoding), dataset.file_options.path):
            pass


def _text_header(head: bytes, dataset: Dataset, is_repair: bool) -> Header:
    """The header of a text by its first bytes."""
    options = dataset.file_options
    if problem := text_problem(head, dataset.file_format, options.encoding):
        return Header((), problem=problem)
    is_whole = options.encoding is Encoding.UTF_16 or dataset.file_format is FileFormat.JSON
    if dataset.file_format.is_json:
        return Header(dataset.column_names, is_repair=is_repair, is_whole=is_whole)
    text = head.decode(codec_for(options.encoding, head), errors="replace")
    return replace(_csv_header(text, dataset, is_repair), is_whole=is_whole)


def _csv_header(text: str, dataset: Dataset, is_repair: bool) -> Header:
    options = dataset.file_options
    dialect = Dialect(options)
    separator = line_end(text if options.is_rfc4180 else dialect.exchanged(text))
    lines = text.split(separator)
    before = _lines_before(lines, options, dialect)
    if not options.header:
        names = options.columns or tuple(column.delivered_name for column in dataset.columns)
        columns = by_contract_names(names, dataset) if text else ()
        return Header(columns, separator, header_problem(columns, dataset), lines=options.skip_lines)
    rest = lines[before:] if options.is_rfc4180 else map(dialect.line, lines[before:])
    try:
        record = first_record(separator.join(rest), separator)
    except QuotingError as error:
        return Header((), problem=f"its header cannot be read by RFC 4180: {error}")
    if record is None:
        return Header(())
    written = fields_of(record.text)
    columns = by_contract_names(written if options.is_rfc4180 else [dialect.value(name) for name in written], dataset)
    problem = None if is_repair else header_problem(columns, dataset)
    return Header(columns, separator, problem, is_repair, lines=before + record.lines)


def _lines_before(lines: list[str], options: FileOptions, dialect: Dialect) -> int:
    """How many lines lie before the header: those to be skipped, then blank ones and comments."""
    number = min(options.skip_lines, len(lines))
    while number < len(lines) and (dialect.is_comment(lines[number]) or not lines[number].removesuffix("\r")):
        number += 1
    return number


def fields_of(record: str) -> list[str]:
    """The fields of one CSV record."""
    csv.field_size_limit(sys.maxsize)
    return next(csv.reader(io.StringIO(record, newline=""), strict=True))


def line_end(text: str) -> str:
    """What ends the header's line."""
    found = re.search(r"\r\n|\n|\r", re.sub(QUOTED_PIECE, "", text).lstrip("\r\n"))
    return "\r" if found and found[0] == "\r" else "\n"


def _is_cut(dataset: Dataset, head: bytes, tail: bytes, size: int) -> bool:
    """True when the last line has no end although another one has: the transfer may have broken off."""
    # A document was read to its last bracket, so one that broke off was refused.
    has_end = not tail or tail.endswith(_ENDS) or dataset.file_format is FileFormat.JSON
    return not has_end and (size > len(head) or b"\n" in head or b"\r" in head)


def count_rows(root: str, file: StoredFile, dataset: Dataset) -> int:
    """Rows of a refused file, so that the accounts of a delivery balance; 0 where they cannot be told apart."""
    dataset = as_written(dataset, is_repair(file.path))
    head, options = read_head(root, file), dataset.file_options
    is_other = format_problem(head, dataset.file_format) or codec_in(head) is not None
    if dataset.file_format is not FileFormat.CSV or is_other or text_problem(head, FileFormat.CSV, options.encoding):
        return 0
    dialect = Dialect(options)
    if options == AS_STANDARD:
        separator = line_end(head.decode("utf-8-sig", errors="replace"))
        return max(count_records(_lines(read_chunks(root, file, HEAD_BYTES), separator.encode())) - 1, 0)
    separator = line_end(dialect.exchanged(head.decode(codec_for(options.encoding, head), errors="replace")))
    with open_stream(f"{root}/{file.path}", file.size, None, "") as stream:
        lines = lines_of(decoded_chunks(stream, options.encoding), separator)
        data = (line.removesuffix("\r") for line in itertools.islice(lines, options.skip_lines, None))
        records = count_records(dialect.line(line).encode() for line in data if not dialect.is_comment(line))
        return max(records - options.header, 0)


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
