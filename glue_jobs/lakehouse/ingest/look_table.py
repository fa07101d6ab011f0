"""The table `delivered` while it is filled: a column of text for each path of a value, made when a row first has it.

What is in a list, or in an object that is known to be a map, has a table of its own for each path.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from lakehouse.contracts.profile import ELEMENT, ENTRY, Path
from lakehouse.ingest.looked import Filled

DEEPEST = 50
"""Lists and objects in one another: more are no table's, and would be more than Python's own stack in the end."""


class TooDeepError(ValueError):
    """A value with more lists and objects in one another than `DEEPEST`."""


class Number(str):
    """A number's own digits."""


@dataclass(frozen=True)
class Flat:
    """The texts of a column that has one value a row. kind: the JSON type of those values."""

    kind: str
    texts: Sequence[str | None]


class Delivered:
    """What was delivered so far, in tables of a connection.

    maps: the members that are maps, whose names say nothing of other rows.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, maps: frozenset[str] = frozenset()) -> None:
        self._connection, self._maps = connection, maps
        self._kinds: dict[Path, set[str]] = {}
        self._columns: dict[Path, str] = {}
        self._inside: dict[Path, str] = {}

    def filled(self, notes: Iterable[str]) -> Filled:
        """What is in the tables."""
        kinds = {path: frozenset(found) for path, found in self._kinds.items()}
        return Filled(
            {path: kinds[path] for path in self._columns}, tuple(notes), {path: kinds[path] for path in self._inside}
        )

    def add(self, objects: Sequence[Mapping[str, Any]], flat: Mapping[str, Flat | None] | None = None) -> None:
        """Add rows: what each has as an object, and beside it columns as they are; None: one that the objects have."""
        for name, column in (flat or {}).items():
            self._know((name,))
            if column is not None and any(text is not None for text in column.texts):
                self._kinds[(name,)].add(column.kind)
        leaves = [list(_leaves(one, (), self._maps)) for one in objects]
        for path, value in (leaf for one in leaves for leaf in one):
            self._know(path)
            if value is not None and value != "":
                self._kinds[path].add(_kind(value))
        self._insert("delivered", self._texts([dict(one) for one in leaves], flat or {}))
        for path, table in self._inside.items():
            self._insert(table, {"c": [_text(value) for one in leaves for at, value in one if at == path]})

    def _know(self, path: Path) -> None:
        """Make the column, or the table, of a path."""
        if path in self._kinds:
            return
        self._kinds[path] = set()
        if ELEMENT in path or ENTRY in path:
            self._inside[path] = table = f"inside_{len(self._inside)}"
            self._connection.execute(f"CREATE TABLE {table} (c VARCHAR)")
        else:
            self._columns[path] = column = f"c{len(self._columns)}"
            first = "CREATE TABLE delivered (" if column == "c0" else "ALTER TABLE delivered ADD COLUMN "
            self._connection.execute(f"{first}{column} VARCHAR{')' if column == 'c0' else ''}")

    def _texts(
        self, rows: Sequence[Mapping[Path, Any]], flat: Mapping[str, Flat | None]
    ) -> dict[str, Sequence[str | None]]:
        """The columns of some rows."""
        given: dict[Path, Sequence[str | None]] = {
            (name,): column.texts for name, column in flat.items() if column is not None
        }
        return {
            name: given[path] if path in given else [_text(row.get(path)) for row in rows]
            for path, name in self._columns.items()
        }

    def _insert(self, table: str, columns: Mapping[str, Sequence[str | None]]) -> None:
        import pyarrow as pa

        batch = pa.table({name: pa.array(texts, pa.string()) for name, texts in columns.items()})
        self._connection.register("batch", batch)
        self._connection.execute(f"INSERT INTO {table} SELECT * FROM batch")
        self._connection.unregister("batch")


def _leaves(value: Mapping[str, Any], parent: Path, maps: frozenset[str] = frozenset()) -> Iterator[tuple[Path, Any]]:
    """Every member with its path, an object or a list before what is in it."""
    for name, inner in value.items():
        yield (*parent, name), inner
        if isinstance(inner, dict) and name in maps:
            yield from _listed(inner.values(), (*parent, name, ENTRY))
        else:
            yield from _below(inner, (*parent, name))


def _below(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if len(path) > DEEPEST:
        raise TooDeepError
    if isinstance(value, dict):
        yield from _leaves(value, path)
    elif isinstance(value, list):
        yield from _listed(value, (*path, ELEMENT))


def _listed(values: Iterable[Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for value in values:
        yield path, value
        yield from _below(value, path)


def _kind(value: Any) -> str:
    if isinstance(value, Number):
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
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        members = (f"{json.dumps(name, ensure_ascii=False)}: {_json(inner)}" for name, inner in sorted(value.items()))
        return f"{{{', '.join(members)}}}"
    return json.dumps(value, ensure_ascii=False)
