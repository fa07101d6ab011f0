"""How text is written that says nothing of it: its encoding, what sets its columns apart, where its rows are."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import duckdb

from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.header import line_end
from lakehouse.ingest.looked import NotTakenError
from lakehouse.lake.files import HEAD_BYTES

DELIMITERS = (";", "\t", "|")
"""What may set columns apart beside a comma."""
_LARGEST_DOCUMENT = 64 << 20
_DEEPEST_PATH = 4
_LINES = 20
_UTF_8 = codecs.getincrementaldecoder("utf-8")


def is_utf8(text: File) -> bool:
    """Whether a file is text in UTF-8."""
    decoder = _UTF_8()
    with text.open("rb") as opened:
        try:
            while chunk := opened.read(HEAD_BYTES):
                decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
    return True


def is_windows_1252(text: File) -> bool:
    """Whether a file that is no UTF-8 is text in Windows-1252: each byte is a sign there, and none are UTF-8 together.

    Signs of UTF-8 beside bytes that are none of it are a broken file, which nobody should read as another encoding.
    """
    with text.open("rb") as opened:
        while chunk := opened.read(HEAD_BYTES):
            try:
                signs = chunk.decode(Encoding.WINDOWS_1252.codec)
            except UnicodeDecodeError:
                return False
            if any(sign < " " and sign not in "\t\r\n" for sign in signs):
                return False
            if any(sign > "\x7f" and sign != "\ufffd" for sign in chunk.decode("utf-8", errors="replace")):
                return False
    return True


def delimiter_of(text: File) -> str:
    """What sets the columns of a CSV file in UTF-8 apart: what gives its first lines the same number, most of all.

    Where none does, as of a file with broken lines, a comma, unless its first line has none.
    """
    with text.open("rb") as opened:
        head = opened.read(HEAD_BYTES).decode("utf-8-sig", errors="ignore")
    lines = [line for line in head.split(line_end(head))[:_LINES] if line.strip()] or [""]
    numbers = {sign: {len(split(line, sign)) for line in lines} for sign in (",", *DELIMITERS)}
    agreed = [sign for sign, found in numbers.items() if len(found) == 1 and found != {1}]
    if agreed:
        return max(agreed, key=lambda sign: max(numbers[sign]))
    first = lines[0]
    if len(split(first, ",")) > 1:
        return ","
    found = None
    with contextlib.suppress(duckdb.Error):
        found = duckdb.execute("SELECT Delimiter FROM sniff_csv($file)", {"file": literal(text)}).fetchone()
    delimiter = str(found[0]) if found else ","
    return delimiter if delimiter in DELIMITERS and len(split(first, delimiter)) > 1 else ","


def split(line: str, delimiter: str) -> tuple[str, ...]:
    """The fields of one line; the line itself where its quotes are uneven."""
    try:
        return tuple(next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, strict=True), ()))
    except csv.Error:
        return (line,)


def literal(file: File) -> str:
    """The path without a meaning for DuckDB, which takes * ? [ for a pattern."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(file.absolute()))


def path_in_document(name: str, text: File) -> tuple[str, ...] | None:
    """Where the rows are in a file that begins with an object; None for JSON Lines. Raises NotTakenError.

    A document has no second line that is a value of its own.
    """
    if _is_lines(text):
        return None
    if text.stat().st_size > _LARGEST_DOCUMENT:
        raise NotTakenError(
            name, f"it is one JSON document of more than {_LARGEST_DOCUMENT >> 20} MiB; give a part of it"
        )
    try:
        document = json.loads(text.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    found = list(_arrays(document, ()))
    if not found:
        return None
    if len(found) > 1:
        listed = ", ".join(".".join(path) for path in found)
        raise NotTakenError(name, f"rows can be under {listed} in it; give a file with one of them")
    if any("." in part for part in found[0]):
        raise NotTakenError(name, f"its rows are under the name {found[0][-1]!r}, which has a point; rename it")
    return found[0]


def _is_lines(text: File) -> bool:
    """Whether the first two lines that are not blank are values of their own; a single one has no list of objects."""
    with text.open(encoding="utf-8-sig", newline="\n") as opened:
        lines = (line for line in opened if line.strip())
        first, second = next(lines, ""), next(lines, "")
    try:
        whole = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return bool(second) or not any(_arrays(whole, ()))


def _arrays(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of lists of two objects or more, not looking into lists."""
    if not isinstance(value, dict) or len(path) == _DEEPEST_PATH:
        return
    for name, inner in value.items():
        if isinstance(inner, list) and len(inner) > 1 and all(isinstance(one, dict) for one in inner):
            yield (*path, name)
        yield from _arrays(inner, (*path, name))
