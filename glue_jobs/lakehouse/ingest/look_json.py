"""Fills the table `delivered` from JSON Lines: numbers as they are written, fields of objects as columns.

What is in a list, or in an object that is known to be a map, has a table of its own for each path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as File
from typing import Any

import duckdb

from lakehouse.contracts.profile import ELEMENT, ENTRY, Path
from lakehouse.ingest.looked import Filled, NotTakenError
from lakehouse.say import format_count

_BATCH = 10_000


class _Number(str):
    """A number's own digits."""


def fill_from_json(
    connection: duckdb.DuckDBPyConnection, files: Sequence[File], maps: frozenset[str] = frozenset()
) -> Filled:
    """Every object of the files; raises NotTakenError for a file that is one document over several lines.

    maps: the members that are maps, whose names say nothing of other rows.
    """
    kinds: dict[Path, set[str]] = {}
    notes: list[str] = []
    for file in files:
        notes += _note_kinds(file, kinds, maps)
    columns = {path: f"c{number}" for number, path in enumerate(path for path in kinds if not _is_inside(path))}
    inside = {path: f"inside_{number}" for number, path in enumerate(path for path in kinds if _is_inside(path))}
    connection.execute(f"CREATE TABLE delivered ({', '.join(f'{name} VARCHAR' for name in columns.values())})")
    for table in inside.values():
        connection.execute(f"CREATE TABLE {table} (c VARCHAR)")
    for batch in _batches(files):
        leaves = [list(_leaves(found, (), maps)) for found in batch]
        rows = [dict(one) for one in leaves]
        _insert(
            connection, "delivered", {name: [_text(row.get(path)) for row in rows] for path, name in columns.items()}
        )
        for path, table in inside.items():
            _insert(connection, table, {"c": [_text(value) for one in leaves for at, value in one if at == path]})
    found = {path: frozenset(of) for path, of in kinds.items()}
    return Filled({path: found[path] for path in columns}, tuple(notes), {path: found[path] for path in inside})


def _is_inside(path: Path) -> bool:
    return ELEMENT in path or ENTRY in path


def _note_kinds(file: File, kinds: dict[Path, set[str]], maps: frozenset[str]) -> list[str]:
    """Add the JSON types of a file's values by their paths; a line for lines that hold no object."""
    objects = others = first = 0
    for number, found in _objects(file):
        if found is None:
            others, first = others + 1, first or number
            continue
        objects += 1
        for path, value in _leaves(found, (), maps):
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


def _leaves(value: dict[str, Any], parent: Path, maps: frozenset[str] = frozenset()) -> Iterator[tuple[Path, Any]]:
    """Every member with its path, an object or a list before what is in it."""
    for name, inner in value.items():
        yield (*parent, name), inner
        if isinstance(inner, dict) and name in maps:
            yield from _listed(inner.values(), (*parent, name, ENTRY))
        else:
            yield from _below(inner, (*parent, name))


def _below(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        yield from _leaves(value, path)
    elif isinstance(value, list):
        yield from _listed(value, (*path, ELEMENT))


def _listed(values: Iterable[Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for value in values:
        yield path, value
        yield from _below(value, path)


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
    return str(value) if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    """The value as JSON, with the digits that its numbers were delivered with."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        members = (f"{json.dumps(name, ensure_ascii=False)}: {_json(inner)}" for name, inner in sorted(value.items()))
        return f"{{{', '.join(members)}}}"
    return json.dumps(value, ensure_ascii=False)


def _batches(files: Sequence[File]) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    for file in files:
        for _, found in _objects(file):
            if found is not None:
                rows.append(found)
            if len(rows) == _BATCH:
                yield rows
                rows = []
    if rows:
        yield rows


def _insert(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, list[str | None]]) -> None:
    import pyarrow as pa

    connection.register("batch", pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}))
    connection.execute(f"INSERT INTO {table} SELECT * FROM batch")
    connection.unregister("batch")
