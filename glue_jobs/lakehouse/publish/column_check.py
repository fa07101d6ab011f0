"""The columns that a query names against those of the tables that it reads, without an engine; names in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

from lakehouse.errors import nearest

TableColumns = Mapping[str, Sequence[str]]
"""The columns of each table that is known, by layer.table."""


def table_name(node: exp.Table) -> str:
    """The name of a table reference as layer.table."""
    return f"{node.db}.{node.name}" if node.db else node.name


def tables_in(tree: exp.Expr) -> Iterator[exp.Table]:
    """The references to tables in a query, without its own common table expressions."""
    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    return (node for node in tree.find_all(exp.Table) if node.db or node.name.lower() not in ctes)


def line_of(node: exp.Expr) -> int | None:
    """The line of the text in which a part of a query stands."""
    lines = (part.meta.get("line") for part in node.find_all(exp.Identifier))
    return next((int(line) for line in lines if line), None)


def column_faults(tree: exp.Expr, known: TableColumns, *, by_alias: bool = False) -> Iterator[tuple[str, exp.Column]]:
    """Each column that no source of its scope has, with the error. by_alias: a select may use its own names."""
    for scope in traverse_scope(tree):
        for column in _own_columns(scope):
            if not (by_alias and _is_given(column, scope)) and (fault := _fault(column, scope, known)):
                yield fault, column


def selected(query: exp.Expr, known: TableColumns) -> tuple[str, ...] | None:
    """The names of a query's result, in small letters; None where a `*` cannot be told."""
    scope = build_scope(query) if isinstance(query, exp.Query) else None
    return _selected(scope, known) if scope else None


def _selected(scope: Scope, known: TableColumns) -> tuple[str, ...] | None:
    while scope.set_operation_scopes:
        scope = scope.set_operation_scopes[0]
    if not isinstance(scope.expression, exp.Query):
        return None
    names: list[str] = []
    for item in scope.expression.selects:
        if not item.is_star:
            names.append(item.alias_or_name.lower())
            continue
        wanted = item.table.lower() if isinstance(item, exp.Column) else ""
        for name, (_, source) in scope.selected_sources.items():
            if wanted in ("", name.lower()):
                columns = _columns_of(source, known)
                if columns is None:
                    return None
                names += columns
    return tuple(names)


def _is_given(column: exp.Column, scope: Scope) -> bool:
    """Whether it is the name of another column of the same select."""
    selects = scope.expression.selects if isinstance(scope.expression, exp.Query) else ()
    named = [item for item in selects if item.alias.lower() == column.name.lower() and not column.table]
    return any(column.find_ancestor(exp.Alias) is not item for item in named)


def _own_columns(scope: Scope) -> Iterator[exp.Column]:
    """The columns that a scope itself names; those of a subquery in it belong to the subquery's scope."""
    for column in scope.columns:
        if not isinstance(scope.expression, exp.Select) or column.find_ancestor(exp.Select) is scope.expression:
            yield column


def _fault(column: exp.Column, scope: Scope, known: TableColumns) -> str:
    """The error about a column; empty if a source of its scope, or of an enclosing one, has it.

    `a.b` is the column b of the source a, or a field of the column a; fields are looked at by the engine alone.
    """
    first, *rest = [part.name.lower() for part in column.parts]
    candidates: set[str] = set()
    sources: set[str] = set()
    around: Scope | None = scope
    while around is not None:
        names = {name.lower() for name in around.sources}
        for name, source in around.sources.items():
            columns = _columns_of(source, known)
            if columns is None and first not in names:
                return ""
            is_qualified = bool(rest) and first == name.lower()
            if columns is None or (rest[0] if is_qualified else first) in columns:
                return ""
            if is_qualified or not rest:
                candidates |= set(columns)
        sources |= set(around.sources)
        around = around.parent
    where = f"{column.table}." if column.table else ""
    return f"unknown column {where}{column.name}.{nearest(column.name, candidates) or nearest(first, sources)}"


def _columns_of(source: Any, known: TableColumns) -> Sequence[str] | None:
    """The columns of a source; None if they are unknown, as of UNNEST or of an unknown table."""
    if isinstance(source, exp.Table):
        found = known.get(table_name(source).lower())
        return None if found is None else [column.lower() for column in found]
    return _selected(source, known)
