"""The Athena views of `dbt/athena_views`: what each file says of itself, and the statement that makes it.

A view is shown under the types that its header declares, so that a column that grows wider in a table does not make
Athena call the view stale; and it stands on tables alone, for the views that it reads are written into it, so that no
reader meets half of a refresh.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from lakehouse.errors import LakehouseError
from lakehouse.lake.paths import DATABASE

_MARK = "made_by_lakehouse_"
_HEADER = re.compile(r"^-- (description:|column\s)\s*(.*)$")
_COLUMN = re.compile(r"^(\w+)\s+([a-z]+(?:\([\d, ]+\))?):\s+(\S.*)$")


class ViewError(LakehouseError):
    """A view that cannot stand; names its file and line, what it asks for and the nearest known name."""

    def __init__(self, file: Path, problem: str, line: int | None = None) -> None:
        self.file, self.problem, self.line = file, problem, line
        where = file.name if line is None else f"{file.name}:{line}"
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class ViewColumn:
    """One column as its view declares it: name, type in Athena's words, and what it means."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class View:
    """One Athena view: what its file says."""

    name: str
    file: Path
    description: str
    columns: tuple[ViewColumn, ...]
    sql: str

    @cached_property
    def tree(self) -> exp.Expr:
        """The parsed query; its identifiers know their line in the file."""
        return sqlglot.parse_one(self.sql, dialect="athena")

    @cached_property
    def table_nodes(self) -> tuple[exp.Table, ...]:
        """Where the query names a table or view, with its own common table expressions left out."""
        ctes = {cte.alias for cte in self.tree.find_all(exp.CTE)}
        return tuple(t for t in self.tree.find_all(exp.Table) if t.db or t.name not in ctes)

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables and views that the file names, as layer.table."""
        return tuple(sorted({table_name(node) for node in self.table_nodes}))

    @property
    def views_read(self) -> tuple[str, ...]:
        """The other views that it reads."""
        return tuple(name.removeprefix(f"{DATABASE}.") for name in self.reads if name.startswith(f"{DATABASE}."))

    def plain_sql(self) -> str:
        """The query without the header."""
        return "\n".join(line for line in self.sql.splitlines() if not line.startswith("--")).strip()

    def typed(self, query: str) -> str:
        """A query under the declared columns and types, with a mark that says who made it from what."""
        shown = ",\n    ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in self.columns)
        digest = hashlib.sha256(f"{shown}\n{query}".encode()).hexdigest()[:16]
        return f"SELECT\n    {shown}\nFROM (\n{query}\n) AS {_MARK}{digest}"


@dataclass(frozen=True)
class Shown:
    """A view that is ready to be made: it reads tables alone."""

    view: View
    query: str

    @property
    def name(self) -> str:
        """The view's name."""
        return self.view.name

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads, also through other views, as layer.table."""
        ctes = {cte.alias for cte in self._tree.find_all(exp.CTE)}
        nodes = (t for t in self._tree.find_all(exp.Table) if t.db or t.name not in ctes)
        return tuple(sorted({table_name(node) for node in nodes}))

    @cached_property
    def _tree(self) -> exp.Expr:
        return sqlglot.parse_one(self.query, dialect="athena")

    @property
    def for_duckdb(self) -> str:
        """The query as the embedded engine wants it."""
        return self._tree.sql(dialect="duckdb")

    @property
    def statement(self) -> str:
        """What makes the view in Athena."""
        return f'CREATE OR REPLACE VIEW "{DATABASE}"."{self.name}" AS\n{self.query}'

    @property
    def digest(self) -> str:
        """Identity of the query, as the view's own text carries it."""
        return mark_in(self.query) or ""


def mark_in(sql: str) -> str | None:
    """The mark that we gave to a view, from its text; None for a view that somebody else made.

    It is part of the query, so that it appears and goes with the view itself, whenever a publisher dies.
    """
    found = re.findall(rf"{_MARK}([0-9a-f]{{16}})", sql)
    return found[-1] if found else None


def table_name(node: exp.Table) -> str:
    """A named table as layer.table."""
    return f"{node.db}.{node.name}" if node.db else node.name


def read_views(folder: Path) -> list[View]:
    """All views of the folder, each after those that it reads; raises ViewError for one that cannot be read."""
    return in_order([read_view(file) for file in sorted(folder.glob("*.sql"))])


def read_view(file: Path) -> View:
    """One view file; raises ViewError for a header that lacks something, or SQL that does not parse."""
    sql = file.read_text(encoding="utf-8")
    description, columns = "", []
    for number, line in enumerate(sql.splitlines(), 1):
        found = _HEADER.match(line)
        if found and found[1] == "description:":
            description = found[2].strip()
        elif found:
            columns.append(_column(file, number, found[2]))
    if not description:
        raise ViewError(file, "has no header line `-- description: …`; say there what the view shows.")
    if not columns:
        raise ViewError(file, "has no header line `-- column NAME TYPE: …`; write one for each column that it shows.")
    view = View(file.stem, file, description, tuple(columns), sql)
    try:
        _ = view.tree
    except sqlglot.ParseError as error:
        first = error.errors[0] if error.errors else {}
        reason = " ".join(str(first.get("description") or error).split())[:200]
        raise ViewError(file, f"{reason}.", first.get("line")) from None
    return view


def _column(file: Path, line: int, text: str) -> ViewColumn:
    found = _COLUMN.match(text)
    if found is None:
        wanted = "wanted `-- column NAME TYPE: what it means`, as in `-- column orders bigint: Distinct orders.`"
        raise ViewError(file, f"`-- column {text}` cannot be read; {wanted}.", line)
    return ViewColumn(found[1], found[2], found[3].strip())


def in_order(views: Iterable[View]) -> list[View]:
    """The views so that each comes after those that it reads; raises ViewError for views that read each other."""
    named = {view.name: view for view in views}
    graph = {name: [other for other in view.views_read if other in named] for name, view in sorted(named.items())}
    try:
        return [named[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        ring = error.args[1]
        raise ViewError(named[ring[0]].file, f"reads itself by way of {' → '.join(ring)}; break the ring.") from None


def ready(views: Sequence[View]) -> list[Shown]:
    """Views in their order → views that read tables alone, each under its declared types."""
    done: dict[str, Shown] = {}
    for view in views:
        done[view.name] = Shown(view, view.typed(_on_tables(view, done)))
    return list(done.values())


def _on_tables(view: View, done: Mapping[str, Shown]) -> str:
    if not view.views_read:
        return view.plain_sql()
    tree = view.tree.copy()
    for node in list(tree.find_all(exp.Table)):
        if node.db == DATABASE and node.name in done:
            inner = sqlglot.parse_one(done[node.name].query, dialect="athena")
            node.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(node.alias_or_name))))
    return tree.sql(dialect="athena", pretty=True, comments=False)
