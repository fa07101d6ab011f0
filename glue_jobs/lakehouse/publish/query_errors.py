"""Why a query of the lake gave no answer, each in one line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from lakehouse.contracts.layers import ANALYTICS, MARTS, SILVER
from lakehouse.errors import LakehouseError
from lakehouse.lake.paths import Lake

_ASKED = (ANALYTICS, SILVER, MARTS)
_LEAST = 4  # letters of a word that is looked for inside of names
DIVISION_BY_ZERO = "Division by zero"
"""What the engine says of one: a text that is no value of a row."""


class EmptyLakeError(LakehouseError):
    """The lake has no table to query."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        super().__init__(f"No tables in the lake {lake.root}; run `make local-run` first, or name a lake with --lake.")


class QueryError(LakehouseError):
    """The query failed; the message has DuckDB's reason where no row was read yet, else the kind of the error."""

    def __init__(self, reason: str, hint: str) -> None:
        self.reason, self.hint = reason, hint
        super().__init__(f"The query failed: {reason}{hint}")


class UnknownTableError(QueryError):
    """A query names a table or view that the lake does not have; the message has all names and the nearest."""

    def __init__(self, name: str, tables: Sequence[str], views: Sequence[str] = ()) -> None:
        self.name, self.tables = name, tuple(tables)
        shown = f" Views: {', '.join(views)}." if views else ""
        close = " or ".join(f"'{choice}'" for choice in close_tables(name, [*tables, *views]))
        hint = f" Did you mean {close}?" if close else ""
        super().__init__(f"there is no table {name}.", f"{hint} Tables: {', '.join(tables)}.{shown}")


def close_tables(name: str, choices: Sequence[str]) -> list[str]:
    """At most three tables and views, as layer.table, that somebody may mean by a name: the nearest first.

    One that has the word in its name comes before one that is merely spelt alike, and what is asked before the layers
    that only runs write. A name with a layer asks for that layer.
    """
    wanted = name.lower()
    if "." in wanted:
        return difflib.get_close_matches(wanted, choices, n=1, cutoff=0.5)
    word = wanted.removesuffix("s")
    asked = [choice for choice in choices if choice.partition(".")[0] in _ASKED] or choices
    named = [choice for choice in asked if len(word) >= _LEAST and word in choice.partition(".")[2]]
    alike = difflib.get_close_matches(wanted, [choice.partition(".")[2] for choice in asked], n=1, cutoff=0.6)
    found = named or [choice for choice in asked if choice.partition(".")[2] in alike]
    return sorted(found, key=lambda choice: -_likeness(wanted, choice))[:3]


def _likeness(name: str, choice: str) -> float:
    return difflib.SequenceMatcher(None, name, choice.partition(".")[2]).ratio()
