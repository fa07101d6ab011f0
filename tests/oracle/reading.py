"""Split delivered files into rows of text, a character at a time, by RFC 4180 and RFC 8259."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

# One delivered row: its text per column, or None for a row that could not be read.
RawRow = tuple[str | None, ...] | None


class MalformedRecordError(ValueError):
    """A record is not as RFC 4180 says; at: the place of the character that shows it, None for the end of the text."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        super().__init__(f"malformed at {at}")


def csv_rows(path: Path, columns: Sequence[str]) -> list[RawRow] | None:
    """Return the rows of a CSV file in the order of `columns`, or None where the header lacks one of them.

    A row with more or fewer fields than the header is unreadable; an empty field is null.
    """
    text = path.read_bytes().decode("utf-8")
    found = records(text, "\n" if "\n" in text else "\r")
    header = next(found, None) or []
    if not set(columns) <= set(header):
        return None
    places = [header.index(name) for name in columns]
    whole = (fields if fields and len(fields) == len(header) else None for fields in found)
    return [tuple(fields[place] or None for place in places) if fields else None for fields in whole]


def records(text: str, line_end: str) -> Iterator[list[str] | None]:
    """Yield the fields of each record, or None for each line of one that is not as RFC 4180 says.

    The lines of such a record reach to the one that shows it; the next line begins a record. A quote that is never
    closed spoils its own line, and all that follow where the text ends within a line, that is, within the field.
    """
    at = 0
    while at < len(text):
        try:
            fields, after = record(text, at, line_end)
            if fields != [""] or text[at] == '"':
                yield fields
        except MalformedRecordError as error:
            to = error.at
            if to is None:
                to = at if text[-1] in "\r\n" else len(text)
            end = text.find(line_end, to)
            after = len(text) if end < 0 else end + 1
            for line in text[at:after].split(line_end):
                if line not in ("", "\r"):
                    yield None
        at = after


def record(text: str, at: int, line_end: str) -> tuple[list[str], int]:
    """Return the fields of the record that begins here, and the place after it; raises MalformedRecordError."""
    fields = []
    while True:
        field, at = (quoted if text[at : at + 1] == '"' else plain)(text, at, line_end)
        fields.append(field)
        if text[at : at + 1] != ",":
            return fields, at + (2 if text[at : at + 2] == "\r\n" else 1)
        at += 1


def plain(text: str, at: int, line_end: str) -> tuple[str, int]:
    """Return a field without quotes, and the place after it."""
    begin = at
    while not ends(text, at, line_end):
        if text[at] == '"':
            raise MalformedRecordError(at)
        at += 1
    return text[begin:at], at


def quoted(text: str, at: int, line_end: str) -> tuple[str, int]:
    """Return a field in quotes, and the place after it."""
    field, at = "", at + 1
    while at < len(text):
        if text[at : at + 2] == '""':
            field, at = field + '"', at + 2
        elif text[at] == '"':
            if not ends(text, at + 1, line_end):
                raise MalformedRecordError(at + 1)
            return field, at + 1
        else:
            field, at = field + text[at], at + 1
    raise MalformedRecordError(None)


def ends(text: str, at: int, line_end: str) -> bool:
    """Return whether a field may end here: before a comma, a line's end, or the end of the text."""
    rest = text[at : at + 2]
    return rest in ("", "\r", "\r\n") or rest[0] in (",", line_end)


def json_rows(path: Path) -> list[RawRow] | None:
    """Return one row a line: its JSON object as text, or None for a line that is no JSON object."""
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if line.strip()]
    return [(line,) if isinstance(parsed(line), dict) else None for line in lines] or None


def parsed(line: str) -> Any:
    """Return the JSON value of the line, or None where it is not JSON (RFC 8259; no NaN) or no valid Unicode."""
    try:
        value = json.loads(line, parse_constant=lambda word: json.loads(""))
        json.dumps(value, ensure_ascii=False).encode()  # an escape can stand for half a character
    except ValueError:
        return None
    return value
