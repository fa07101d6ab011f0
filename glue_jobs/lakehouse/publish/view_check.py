"""Checks views against the tables' columns before an engine runs them; each error has file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlglot import exp

from lakehouse.contracts.layers import ANALYTICS
from lakehouse.errors import nearest
from lakehouse.publish.athena_words import faults_of_words
from lakehouse.publish.column_check import TableColumns, column_faults, line_of, table_name
from lakehouse.publish.parsed import tokens_of
from lakehouse.publish.views import View, ViewError


def check_views(views: Sequence[View], tables: TableColumns) -> Iterator[ViewError]:
    """Every error of the views, in dependency order: unknown tables and columns, and headers that do not match."""
    known = dict(tables)
    for view in views:
        yield from check_view(view, known)
        known[f"{ANALYTICS}.{view.name}"] = tuple(column.name for column in view.columns)


def in_file(error: ViewError) -> str:
    """The error with the whole path of its file, and the line, the first where it is about all of it."""
    return f"{error.file}:{error.line or 1}: {error.problem}"


def check_view(view: View, known: TableColumns) -> Iterator[ViewError]:
    """The errors of one view."""
    for node in view.table_nodes:
        if table_name(node).lower() not in known:
            wanted = nearest(table_name(node), known)
            yield ViewError(view.file, f"reads {table_name(node)}, which is not published.{wanted}", line_of(node))
    for fault, column in column_faults(view.tree, known):
        yield ViewError(view.file, fault, line_of(column))
    yield from _header_faults(view)
    for found, instead in faults_of_words(view.tree, view.sql):
        yield ViewError(view.file, f"{found}; {instead}.", _line_that_has(view, found))
    if ";" in (token.text for token in tokens_of(view.sql)):
        yield ViewError(view.file, "has a semicolon, and is one query without; remove it.", _line_that_has(view, ";"))


def _header_faults(view: View) -> Iterator[ViewError]:
    if not isinstance(view.tree, exp.Query) or view.tree.is_star:
        yield ViewError(view.file, "must end in a SELECT that names each column, because `*` changes with its table.")
        return
    selected = [name.lower() for name in view.tree.named_selects]
    declared = [column.name for column in view.columns]
    for name in sorted({name for name in selected if selected.count(name) > 1}):
        yield ViewError(view.file, f"selects {name} twice; give each column a name of its own.")
    for name in selected:
        if name not in declared:
            unused = set(declared) - set(selected)
            hint = nearest(name, unused) if unused else ""
            fault = f"selects {name}, but the header has no `-- column` line for it.{hint}"
            yield ViewError(view.file, fault, line_of(view.tree.selects[selected.index(name)]))
    for name in declared:
        if name not in selected:
            yield ViewError(
                view.file, f"declares the column {name}, but its SELECT does not have it.", _header(view, name)
            )


def _line_that_has(view: View, found: str) -> int | None:
    """The first line of the query with what a fault names: a function, a sign, or words in capitals."""
    words = re.findall(r"\w+(?=\(\))|::|;|==|\^|[A-Z]{2,}", found)
    for word in (word for word in words if word not in ("SQL", "UTC")):
        for number, line in enumerate(view.sql.splitlines(), 1):
            if not line.startswith("--") and word.lower() in line.lower():
                return number
    return None


def _header(view: View, column: str) -> int:
    """The line of the header that declares a column."""
    lines = view.sql.splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.split()[:3] == ["--", "column", column])
