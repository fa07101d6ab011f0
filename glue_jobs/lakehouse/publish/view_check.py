"""Checks views against the tables' columns before an engine runs them; each error has file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from lakehouse.contracts.layers import ANALYTICS
from lakehouse.errors import nearest
from lakehouse.publish.views import View, ViewError, table_name

TableColumns = Mapping[str, Sequence[str]]
"""The columns of each table, by layer.table."""


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
        if table_name(node) not in known:
            wanted = nearest(table_name(node), known)
            yield ViewError(view.file, f"reads {table_name(node)}, which is not published.{wanted}", _line(node))
    for scope in traverse_scope(view.tree):
        for column in _own_columns(scope):
            fault = _fault(column, scope, known)
            if fault:
                yield ViewError(view.file, fault, _line(column))
    yield from _header_faults(view)


def _own_columns(scope: Scope) -> Iterator[exp.Column]:
    """The columns that a scope itself names; those of a subquery in it belong to the subquery's scope."""
    for column in scope.columns:
        if not isinstance(scope.expression, exp.Select) or column.find_ancestor(exp.Select) is scope.expression:
            yield column


def _fault(column: exp.Column, scope: Scope, known: TableColumns) -> str:
    """The error about a column; empty if a source of its scope, or of an enclosing one, has it.

    `a.b` is the column b of the source a, or a field of the column a; fields are looked at by the engine alone.
    """
    first, *rest = [part.name for part in column.parts]
    candidates: set[str] = set()
    around: Scope | None = scope
    while around is not None:
        for name, source in around.sources.items():
            columns = _columns_of(source, known)
            if columns is None and first not in scope.sources:
                return ""
            is_qualified = bool(rest) and first == name
            if columns is None or (rest[0] if is_qualified else first) in columns:
                return ""
            if is_qualified or not rest:
                candidates |= set(columns)
        around = around.parent
    where = f"{column.table}." if column.table else ""
    return f"unknown column {where}{column.name}.{nearest(column.name, candidates)}"


def _columns_of(source: Any, known: TableColumns) -> Sequence[str] | None:
    """The columns of a source; None if they are unknown, as of UNNEST or of an unknown table."""
    if isinstance(source, exp.Table):
        return known.get(table_name(source))
    expression = source.expression
    if not isinstance(expression, exp.Query) or expression.is_star:
        return None
    return list(expression.named_selects)


def _header_faults(view: View) -> Iterator[ViewError]:
    if not isinstance(view.tree, exp.Query) or view.tree.is_star:
        yield ViewError(view.file, "must end in a SELECT that names each column, because `*` changes with its table.")
        return
    selected, declared = list(view.tree.named_selects), [column.name for column in view.columns]
    for name in selected:
        if name not in declared:
            unused = set(declared) - set(selected)
            hint = nearest(name, unused) if unused else ""
            fault = f"selects {name}, but the header has no `-- column` line for it.{hint}"
            yield ViewError(view.file, fault, _line(view.tree.selects[selected.index(name)]))
    for name in declared:
        if name not in selected:
            yield ViewError(
                view.file, f"declares the column {name}, but its SELECT does not have it.", _header(view, name)
            )


def _header(view: View, column: str) -> int:
    """The line of the header that declares a column."""
    lines = view.sql.splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.split()[:3] == ["--", "column", column])


def _line(node: exp.Expr) -> int | None:
    for part in node.find_all(exp.Identifier):
        if part.meta.get("line"):
            return int(part.meta["line"])
    return None
