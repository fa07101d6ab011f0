"""Why a query of the lake gave no answer, each in one line."""

from __future__ import annotations

from collections.abc import Sequence

from lakehouse.errors import LakehouseError, nearest
from lakehouse.lake.paths import Lake

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
        choices = [*tables, *views]
        short = {choice.split(".")[1]: choice for choice in choices}
        close = nearest(name.lower(), choices if "." in name else short)
        hint = close if close.startswith(" Did") else ""
        super().__init__(f"there is no table {name}.", f" Tables: {', '.join(tables)}.{shown}{hint}")
