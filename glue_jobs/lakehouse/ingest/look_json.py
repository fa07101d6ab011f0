"""Fills the table `delivered` from JSON Lines: numbers as they are written, fields of objects as columns."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path as File
from typing import Any

import duckdb

from lakehouse.ingest.look_table import Delivered, Number
from lakehouse.ingest.looked import Filled, NotTakenError
from lakehouse.say import format_count

_BATCH = 10_000


def fill_from_json(connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Filled:
    """Every object of the files; raises NotTakenError for a file that is one document over several lines."""
    delivered = Delivered(connection)
    return delivered.filled([note for file in files for note in _add(file, delivered)])


def _add(file: File, delivered: Delivered) -> list[str]:
    """Add the objects of a file; a line for lines that hold none."""
    objects = others = first = 0
    lines = _objects(file)
    while batch := list(itertools.islice(lines, _BATCH)):
        found = [one for _, one in batch if one is not None]
        missed = [number for number, one in batch if one is None]
        objects, others, first = objects + len(found), others + len(missed), first or min(missed, default=0)
        if found:
            delivered.add(found)
    if not objects:
        raise NotTakenError(file.name, "no line of it is a JSON object; deliver one object a line")
    hold = "holds" if others == 1 else "hold"
    said = f"{file.name}: {format_count(others, 'line')} {hold} no JSON object, first line {first}"
    return [f"{said}; ingest quarantines {'it' if others == 1 else 'them'}"] if others else []


def _objects(file: File) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each line that is not blank with its number; None where it is not an object."""
    with file.open(encoding="utf-8-sig", newline="\n") as opened:
        for number, line in enumerate(opened, start=1):
            if line.strip():
                yield number, _object(line)


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json_value(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def json_value(text: str) -> Any:
    """A value of JSON whose numbers have their own digits; raises ValueError or RecursionError for what is none."""
    found = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=_refused)
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode()  # half a character, which ingest quarantines too
    return found


def _refused(word: str) -> None:
    raise ValueError(word)
