"""The analytics views of `dbt/athena_views`: the header and query of each file, and the statement that creates it.

A view casts its columns to the types that its header declares: otherwise Athena calls it stale when a column of a table
is widened. It reads only tables: the views that it names are inlined, so that no query sees a half-finished refresh.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from sqlglot import exp
from sqlglot.errors import ParseError

from lakehouse.contracts.layers import ANALYTICS
from lakehouse.contracts.table_names import name_fault
from lakehouse.errors import LakehouseError
from lakehouse.publish.athena_words import type_fault
from lakehouse.publish.column_check import table_name, tables_in
from lakehouse.publish.not_deleted import keeps_deleted, without_deleted
from lakehouse.publish.parsed import parse_query

_TOKEN = re.compile(r"<Token token_type: .*>")
_FINGERPRINT = "made_by_lakehouse_"
_HEADER = re.compile(r"^-- (description:|column\s)\s*(.*)$")
_COLUMN = re.compile(r"^(\w+)\s+([a-z]+(?:\([\d, ]+\))?):\s+(\S.*)$")


class ViewError(LakehouseError):
    """A view has an error; the message has file, line and the nearest known name."""

    def __init__(self, file: Path, problem: str, line: int | None = None) -> None:
        self.file, self.problem, self.line = file, problem, line
        where = file.name if line is None else f"{file.name}:{line}"
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True)
class ViewColumn:
    """One column as its view declares it: name, Athena type, and description."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class View:
    """One analytics view, as in its file."""

    name: str
    file: Path
    description: str
    columns: tuple[ViewColumn, ...]
    sql: str

    @cached_property
    def tree(self) -> exp.Expr:
        """The parsed query; its identifiers know their line in the file."""
        return parse_query(self.sql, "athena")

    @cached_property
    def table_nodes(self) -> tuple[exp.Table, ...]:
        """The references to tables and views in the query, without its own common table expressions."""
        return tuple(tables_in(self.tree))

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables and views that the file names, as layer.table."""
        return tuple(sorted({table_name(node) for node in self.table_nodes}))

    @property
    def views_read(self) -> tuple[str, ...]:
        """The other views that it reads."""
        return tuple(name.removeprefix(f"{ANALYTICS}.") for name in self.reads if name.startswith(f"{ANALYTICS}."))

    def plain_sql(self) -> str:
        """The query without the header."""
        return "\n".join(line for line in self.sql.splitlines() if not line.startswith("--")).strip()

    def typed(self, query: str) -> str:
        """A query with the declared columns and types, and a fingerprint of both as alias."""
        selected = ",\n    ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in self.columns)
        digest = hashlib.sha256(f"{selected}\n{query}".encode()).hexdigest()[:16]
        return f"SELECT\n    {selected}\nFROM (\n{query}\n) AS {_FINGERPRINT}{digest}"


@dataclass(frozen=True)
class ResolvedView:
    """A view that reads only tables, ready to be created."""

    view: View
    query: str

    @property
    def name(self) -> str:
        """The view's name."""
        return self.view.name

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it reads, directly or through other views, as layer.table."""
        return tuple(sorted({table_name(node) for node in tables_in(self.tree_of_tables)}))

    @cached_property
    def tree_of_tables(self) -> exp.Expr:
        """The parsed query."""
        return parse_query(self.query, "athena")

    @property
    def statement(self) -> str:
        """The statement that creates the view in Athena."""
        return f'CREATE OR REPLACE VIEW "{ANALYTICS}"."{self.name}" AS\n{self.query}'

    @property
    def digest(self) -> str:
        """The fingerprint of the query, which is part of the view's text."""
        return fingerprint_in(self.query) or ""


def fingerprint_in(sql: str) -> str | None:
    """The fingerprint in a view's text; None for a view that these jobs did not create.

    It is part of the query, so that it exists exactly as long as the view, even if a publisher is killed.
    """
    found = re.findall(rf"{_FINGERPRINT}([0-9a-f]{{16}})", sql)
    return found[-1] if found else None


def read_views(folder: Path, only: Iterable[str] | None = None) -> list[View]:
    """The views of the folder, each after those that it reads; raises ViewError.

    only: those of these names and what they read, directly or through others; no other file is opened.
    """
    files = {file.stem: file for file in sorted(folder.glob("*.sql"))}
    found: dict[str, View] = {}
    waiting = list(files if only is None else only)
    while waiting:
        name = waiting.pop(0)
        if name in files and name not in found:
            found[name] = read_view(files[name])
            waiting += found[name].views_read
    return in_order(found.values())


def read_view(file: Path) -> View:
    """One view file; raises ViewError for an incomplete header, or SQL that does not parse."""
    if fault := name_fault(file.stem):
        raise ViewError(file, f"{fault} Rename the file.")
    try:
        sql = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        place = file.read_bytes().count(b"\n", 0, error.start) + 1
        raise ViewError(file, f"{error.reason} of UTF-8; save the file as UTF-8.", place) from None
    if sql.startswith("\ufeff"):
        raise ViewError(file, "begins with a byte-order mark, which SQL does not know; save it without one.")
    description, columns = "", []
    for number, line in enumerate(sql.splitlines(), 1):
        found = _HEADER.match(line)
        if found and found[1] == "description:":
            description = found[2].strip()
        elif found:
            columns.append(_column(file, number, found[2]))
            if columns[-1].name in {column.name for column in columns[:-1]}:
                raise ViewError(file, f"`-- column {columns[-1].name}` is there twice; remove one.", number)
    if not description:
        raise ViewError(file, "has no header line `-- description: …`; describe there what the view shows.")
    if not columns:
        raise ViewError(file, "has no header line `-- column NAME TYPE: …`; write one for each column of its SELECT.")
    view = View(file.stem, file, description, tuple(columns), sql)
    try:
        _ = view.tree
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        token = str(first.get("highlight") or "")
        reason = " ".join(_TOKEN.sub(f"'{token}'", str(first.get("description") or error)).split())[:200]
        if "No expression was parsed" in reason:
            reason = "holds no query below its header; write its SELECT"
        raise ViewError(file, f"{reason}.", first.get("line")) from None
    return view


def _column(file: Path, line: int, text: str) -> ViewColumn:
    found = _COLUMN.match(text)
    if found is None:
        wanted = "expected `-- column NAME TYPE: description`, as in `-- column orders bigint: Distinct orders.`"
        raise ViewError(file, f"`-- column {text}` cannot be read; {wanted}.", line)
    if found[1] != found[1].lower():
        raise ViewError(file, f"`-- column {found[1]}`: names of columns are written in small letters.", line)
    if fault := type_fault(found[2]):
        raise ViewError(file, f"`-- column {found[1]}`: {fault}", line)
    return ViewColumn(found[1], found[2], found[3].strip())


def in_order(views: Iterable[View]) -> list[View]:
    """The views in dependency order; raises ViewError for views that read each other."""
    named = {view.name: view for view in views}
    graph = {name: [other for other in view.views_read if other in named] for name, view in sorted(named.items())}
    try:
        return [named[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        cycle = error.args[1]
        raise ViewError(named[cycle[0]].file, f"reads itself through {' → '.join(cycle)}; remove the cycle.") from None


def resolve(views: Sequence[View], flags: Mapping[str, str]) -> list[ResolvedView]:
    """Views in dependency order → views that read only tables, with their declared types and without deleted rows.

    flags: the delete flag of each table that has one (`not_deleted.delete_flags`).
    """
    resolved: dict[str, ResolvedView] = {}
    for view in views:
        resolved[view.name] = ResolvedView(view, view.typed(_inlined(view, resolved, flags)))
    return list(resolved.values())


def _inlined(view: View, resolved: Mapping[str, ResolvedView], flags: Mapping[str, str]) -> str:
    if not view.views_read and not keeps_deleted(view.tree, flags):
        return view.plain_sql()
    tree = without_deleted(view.tree, flags)
    for node in list(tree.find_all(exp.Table)):
        if node.db == ANALYTICS and node.name in resolved:
            inner = parse_query(resolved[node.name].query, "athena")
            node.replace(exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(node.alias_or_name))))
    return tree.sql(dialect="athena", pretty=True, comments=False)
