"""The columns that a query names and none of its tables has: unknown ones, and names that it gives to columns itself.

DuckDB lets a select use such a name in its own WHERE, GROUP BY, HAVING and list, and Athena in its ORDER BY alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.resolver import Resolver
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema

from lakehouse.errors import nearest
from lakehouse.publish.query_errors import QueryError

_CLAUSES = {exp.Where: "WHERE", exp.Group: "GROUP BY", exp.Having: "HAVING", exp.Order: "ORDER BY", exp.Join: "ON"}
Columns = Mapping[str, Mapping[str, Mapping[str, str]]]


def faults_of_names(query: exp.Expr, columns: Columns) -> Iterator[tuple[str, str]]:
    """Each use of a name that a select gives to a column of its own, where Athena knows no such name.

    columns: layer → table → column → DuckDB's type. Raises QueryError for a column that no table of the query has.
    """
    schema = MappingSchema(dict(columns), dialect="duckdb")
    try:
        tree = qualify(
            query.copy(), schema=schema, dialect="athena", quote_identifiers=False, validate_qualify_columns=False,
            expand_alias_refs=False,
        )  # fmt: skip
    except OptimizeError:
        _require_columns_of_tables(query, columns)
        raise
    scopes = {id(scope.expression): scope for scope in traverse_scope(tree)}
    for column in tree.find_all(exp.Column):
        select = column.find_ancestor(exp.Select)
        if column.table or select is None or id(select) not in scopes:
            continue
        known = _visible(scopes[id(select)], schema)
        if known is None or any(column.name.lower() in names for names in known.values()):
            continue
        if column.name.lower() not in _given(select):
            raise unknown_column(column.name, known)
        if _clause(column, select) != "ORDER BY":
            instead = "write its expression there, or select from (select …) with the condition outside"
            yield f"{_clause(column, select)} uses {column.name}, the name of a column of the same SELECT", instead


def unknown_column(name: str, known: Mapping[str, Sequence[str]]) -> QueryError:
    """The error for a column that none of some tables has. known: the columns of each."""
    tables = list(known)
    columns = sorted({column for names in known.values() for column in names})
    none = f"{tables[0]} has no" if len(tables) == 1 else f"none of {', '.join(tables)} has a"
    return QueryError(f"{none} column {name}.", nearest(name, columns))


def _require_columns_of_tables(query: exp.Expr, columns: Columns) -> None:
    """Raise QueryError for a column that is named with its table, which has no such column."""
    parts = {cte.alias.lower(): [name.lower() for name in cte.this.named_selects] for cte in query.find_all(exp.CTE)}
    named: dict[str, tuple[str, Sequence[str]]] = {
        inner.alias.lower(): (inner.alias, [name.lower() for name in inner.this.named_selects])
        for inner in query.find_all(exp.Subquery)
        if inner.alias and isinstance(inner.this, exp.Query)
    }
    for table in query.find_all(exp.Table):
        found = list(columns.get(table.db.lower(), {}).get(table.name.lower(), {}))
        named[table.alias_or_name.lower()] = (table.name, found or parts.get(table.name.lower(), []))
    for column in query.find_all(exp.Column):
        name, known = named.get(column.table.lower(), ("", ()))
        if known and "*" not in known and column.name.lower() not in (c.lower() for c in known):
            raise unknown_column(column.name, {name: known})


def _visible(scope: Scope, schema: MappingSchema) -> dict[str, Sequence[str]] | None:
    """The columns of each table that a select and those around it read; None where that cannot be told."""
    found: dict[str, Sequence[str]] = {}
    inner: Scope | None = scope
    while inner is not None:
        resolver = Resolver(inner, schema)
        for alias, source in inner.sources.items():
            names = [name.lower() for name in resolver.get_source_columns(alias)]
            if not names or "*" in names:
                return None
            found[source.name if isinstance(source, exp.Table) else alias] = names
        inner = inner.parent
    return found or None


def _given(select: exp.Select) -> set[str]:
    """The names that a select gives to expressions; a column that keeps its name is not given one."""
    aliases = (item for item in select.expressions if isinstance(item, exp.Alias))
    return {
        a.alias.lower()
        for a in aliases
        if not (isinstance(a.this, exp.Column) and a.this.name.lower() == a.alias.lower())
    }


def _clause(column: exp.Column, select: exp.Select) -> str:
    node: exp.Expr | None = column
    while node is not None and node.parent is not select:
        node = node.parent
    return next((word for kind, word in _CLAUSES.items() if isinstance(node, kind)), "SELECT")
