"""The quoting of RFC 4180, a physical line at a time.

A quote opens a field only at its beginning and closes it only at its end; inside, it is doubled. Once each quoted piece
is cut down to one quote, a quote next to anything but a comma, a quote or the line's end breaks that rule. Two patterns
without loops say so, alike in Python and in Java, however long a line is.

A line that breaks the rule is unreadable, with all lines of the record that it belongs to; the next line begins a
record. So the state before a line, inside a quoted field or not, follows from two facts about each line before it:
whether it changes the state and whether it ends it. `csv_rows.py` says the same in Spark's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

QUOTED_PIECE = '"[^"]*"'
MISPLACED_QUOTE = '[^",]"|"[^",]'

_PIECE, _MISPLACED = re.compile(QUOTED_PIECE.encode()), re.compile(MISPLACED_QUOTE.encode())


class QuotingError(ValueError):
    """A record breaks the quoting of RFC 4180 or is not closed."""


@dataclass(frozen=True)
class FirstRecord:
    """The first record of a file. lines: how many physical ones it ends after, blank ones before it included."""

    text: str
    lines: int


def read_line(line: bytes, inside: bool) -> tuple[bool, bool]:
    """Whether a line without its end breaks the quoting, and whether a quoted field is open after it."""
    text = b'"' + line if inside else line
    is_open = text.count(b'"') % 2 == 1
    if is_open:
        text += b'"'
    is_faulty = _MISPLACED.search(_PIECE.sub(b'"', text)) is not None
    return is_faulty, is_open and not is_faulty


def count_records(lines: Iterable[bytes]) -> int:
    """Count the records; each line of an unreadable one counts, blank lines do not."""
    count = open_lines = 0
    inside = False
    for line in lines:
        if b'"' not in line:
            count, open_lines = (count, open_lines + bool(line)) if inside else (count + bool(line), 0)
            continue
        is_faulty, is_open = read_line(line, inside)
        open_lines = open_lines + 1 if inside else 1
        inside = is_open
        if not is_open:
            count, open_lines = count + (open_lines if is_faulty else 1), 0
    return count + open_lines


def first_record(text: str, separator: str) -> FirstRecord | None:
    """The first record that is not blank, None where there is none; raises QuotingError."""
    begin, inside = 0, False
    lines = text.split(separator)
    for number, line in enumerate(lines):
        bare = line.removesuffix("\r")
        if not bare and not inside:
            begin = number + 1
            continue
        is_faulty, inside = read_line(bare.encode(), inside)
        if is_faulty:
            raise QuotingError("a quote in it is neither at a field's edge nor doubled")
        if not inside:
            return FirstRecord(separator.join([*lines[begin:number], bare]), number + 1)
    if inside:
        raise QuotingError("a quote in it is never closed")
    return None
