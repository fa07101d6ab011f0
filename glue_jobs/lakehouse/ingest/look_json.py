"""Fills the table `delivered` from JSON Lines: numbers as they are written, fields of objects as columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path as File
from typing import Any

import duckdb

from lakehouse.contracts.profile import Path
from lakehouse.ingest.looked import Filled, NotTakenError
from lakehouse.say import format_count

_BATCH = 10_000


class _Number(str):
    """A number's own digits."""


def fill_from_json(connection: duckdb.DuckDBPyConnection, files: Sequence[File]) -> Filled:
    """Every object of the files; raises NotTakenError for a file that is one document over several lines."""
    kinds: dict[Path, set[str]] = {}
    notes: list[str] = []
    for file in files:
        notes += _note_kinds(file, kinds)
    columns = {path: f"c{number}" for number, path in enumerate(kinds)}
    connection.execute(f"CREATE TABLE delivered ({', '.join(f'{name} VARCHAR' for name in columns.values())})")
    for batch in _batches(files, tuple(columns)):
        _insert(connection, batch, tuple(columns.values()))
    return Filled({path: frozenset(found) for path, found in kinds.items()}, tuple(notes))


def _note_kinds(file: File, kinds: dict[Path, set[str]]) -> list[str]:
    """Add the JSON types of a file's values by their paths; a line for lines that hold no object."""
    objects = others = first = 0
    for number, found in _objects(file):
        if found is None:
            others, first = others + 1, first or number
            continue
        objects += 1
        for path, value in _leaves(found, ()):
            known = kinds.setdefault(path, set())
            if value is not None and value != "":
                known.add(_kind(value))
    if not objects:
        raise NotTakenError(file.name, "no line of it is a JSON object; deliver one object a line")
    lines = format_count(others, "line")
    return [f"{file.name}: {lines} hold no JSON object, first line {first}; ingest quarantines them"] if others else []


def _objects(file: File) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """Each line that is not blank with its number; None where it is not an object."""
    with file.open(encoding="utf-8-sig", newline="\n") as opened:
        for number, line in enumerate(opened, start=1):
            if line.strip():
                yield number, _parsed(line)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line, parse_float=_Number, parse_int=_Number, parse_constant=_refused)
        if "\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()  # half a character, which ingest quarantines too
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refused(word: str) -> None:
    raise ValueError(word)


def _leaves(value: dict[str, Any], parent: Path) -> Iterator[tuple[Path, Any]]:
    """Every member with its path, an object before its own members."""
    for name, inner in value.items():
        yield (*parent, name), inner
        if isinstance(inner, dict):
            yield from _leaves(inner, (*parent, name))


def _kind(value: Any) -> str:
    if isinstance(value, _Number):
        return "number"
    return {bool: "boolean", str: "string", list: "array", dict: "object"}[type(value)]


def _text(value: Any) -> str | None:
    """A value as text; what it is of an object or a list is only that it is there."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _batches(files: Sequence[File], paths: Sequence[Path]) -> Iterator[list[list[str | None]]]:
    rows: list[list[str | None]] = []
    for file in files:
        for _, found in _objects(file):
            if found is not None:
                values = dict(_leaves(found, ()))
                rows.append([_text(values.get(path)) for path in paths])
            if len(rows) == _BATCH:
                yield rows
                rows = []
    if rows:
        yield rows


def _insert(connection: duckdb.DuckDBPyConnection, rows: list[list[str | None]], names: tuple[str, ...]) -> None:
    import pyarrow as pa

    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    connection.register("batch", pa.table(columns, names=list(names)))
    connection.execute("INSERT INTO delivered SELECT * FROM batch")
    connection.unregister("batch")
