"""Split delivered files into rows of text, with Python's own CSV and JSON readers."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# One delivered row: its text per column, or None for a row that could not be read.
RawRow = tuple[str | None, ...] | None


def csv_rows(path: Path, columns: Sequence[str]) -> list[RawRow] | None:
    """Return the rows of a CSV file in the order of `columns`, or None where the header lacks one of them.

    A row with more or fewer fields than the header is unreadable; an empty field is null.
    """
    with path.open(encoding="utf-8", newline="") as file:
        records = [record for record in csv.reader(file, strict=True) if record]
    header = records[0] if records else []
    if not set(columns) <= set(header):
        return None
    places = [header.index(name) for name in columns]
    whole = (record if len(record) == len(header) else None for record in records[1:])
    return [tuple(record[place] or None for place in places) if record else None for record in whole]


def json_rows(path: Path) -> list[RawRow] | None:
    """Return one row a line: its JSON object as text, or None for a line that is no JSON object."""
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.split("\n") if line.strip()]
    return [(line,) if isinstance(parsed(line), dict) else None for line in lines] or None


def parsed(line: str) -> Any:
    """Return the JSON value of the line, or None where it is not JSON (RFC 8259; no NaN)."""
    try:
        return json.loads(line, parse_constant=lambda word: json.loads(""))
    except ValueError:
        return None
