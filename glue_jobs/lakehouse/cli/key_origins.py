"""What a column of a query is in terms of one table's columns, on each way that the table's rows take to it.

A way goes from the table through views, common table expressions and subqueries of FROM; in a join each side is one.
What a subquery of a condition reads is not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlglot import exp

from lakehouse.cli.key_selects import Relation, SelectOf, Values, alias_of
from lakehouse.cli.key_values import UNTOLD
from lakehouse.cli.key_ways import Way
from lakehouse.cli.model_sql import MACRO
from lakehouse.publish.column_check import TableColumns, table_name

Ctes = Mapping[str, Relation]
_MOST = 32


@dataclass(frozen=True)
class Origins:
    """The ways of one table's rows. trees: a model's query by the view's name; None where it cannot be told.

    identity: the columns of which the table has one row each.
    """

    table: str
    views: frozenset[str]
    trees: Callable[[str], exp.Expr | None]
    columns: TableColumns
    identity: tuple[str, ...] = ()

    def of_model(self, name: str) -> Relation:
        """What a model gives, with the ways of the table to it."""
        tree = self.trees(name)
        return Relation(None, is_told=False) if tree is None else self.of_query(tree, {})

    def of_query(self, node: exp.Expr, ctes: Ctes) -> Relation:
        """What a query gives."""
        ctes = self._with(node, ctes)
        if isinstance(node, exp.Subquery):
            return self.of_query(node.this, ctes)
        if isinstance(node, exp.SetOperation) and not node.args.get("by_name"):
            return _union(self.of_query(node.this, ctes), self.of_query(node.expression, ctes))
        if not isinstance(node, exp.Select) or node.args.get("kind"):
            return Relation(None, is_told=False)
        select = SelectOf(node, dict(self._sources(node, ctes)))
        routes = [(name, route) for name, source in select.sources.items() for route in source.routes]
        ways = [Way(select, name, route, self.identity) for name, route in routes[:_MOST]]
        limits = [(key, way.values(compared)) for key, compared in select.limits() for way in ways]
        below = [limit for source in select.sources.values() for limit in source.limits]
        values = tuple(cache(way.of_column) for way in ways)
        return Relation(select.columns(), values, tell=select.tell, limits=(*below, *limits))

    def _with(self, node: exp.Expr, ctes: Ctes) -> Ctes:
        given = node.args.get("with_")
        if given is None:
            return ctes
        found = dict(ctes)
        for cte in given.expressions:
            is_known = not given.args.get("recursive")
            one = self.of_query(cte.this, found) if is_known else Relation(None, is_told=False)
            found[cte.alias.lower()] = _renamed(one, cte)
        return found

    def _sources(self, node: exp.Select, ctes: Ctes) -> Iterator[tuple[str, Relation]]:
        first = node.args.get("from_")
        for part in ([first] if first else []) + (node.args.get("joins") or []):
            yield alias_of(part.this), self._source(part.this, ctes)
        for number, lateral in enumerate(node.args.get("laterals") or ()):
            yield lateral.alias.lower() or f"lateral {number}", _renamed(Relation(None), lateral)

    def _source(self, source: exp.Expr, ctes: Ctes) -> Relation:
        if source.args.get("pivots") or source.args.get("joins") or isinstance(source, exp.Lateral):
            return Relation(None, is_told=False)
        if isinstance(source, exp.Subquery):
            return _renamed(self.of_query(source, ctes), source)
        if not isinstance(source, exp.Table):
            return _renamed(Relation(None), source)
        return _renamed(self._named(table_name(source).lower(), ctes), source)

    def _named(self, name: str, ctes: Ctes) -> Relation:
        if name in ctes:
            return ctes[name]
        columns = self.columns.get(name)
        known = None if columns is None else tuple(column.lower() for column in columns)
        if name == self.table:
            return Relation(known, (_own,), tell=lambda column: f"{name}.{column}")
        if name.partition(".")[2] in self.views:
            return self.of_model(name.partition(".")[2])
        return Relation(known, is_told=MACRO not in name, tell=lambda column: f"{name}.{column}")


def _own(column: str) -> Values:
    return (exp.column(column),)


def _renamed(relation: Relation, node: exp.Expr) -> Relation:
    """A relation under the names of columns that its alias gives it."""
    names = tuple(name.lower() for name in node.alias_column_names)
    return _by_place(relation, names) if names else relation


def _by_place(relation: Relation, names: Sequence[str]) -> Relation:
    """A relation whose columns have other names, in their order."""
    old = relation.columns
    if old is None or len(old) != len(names):
        routes = tuple(lambda _: (UNTOLD,) for _ in relation.routes)
        return replace(relation, columns=tuple(names), routes=routes, tell=str)
    place = dict(zip(names, old, strict=True))

    def moved(route: Callable[[str], Values]) -> Callable[[str], Values]:
        return lambda name: route(place[name]) if name in place else (UNTOLD,)

    def told(name: str) -> str:
        return relation.tell(place.get(name, name))

    return replace(relation, columns=tuple(names), routes=tuple(map(moved, relation.routes)), tell=told)


def _union(left: Relation, right: Relation) -> Relation:
    """Both branches of a set operation, under the names of the first."""
    if left.columns is not None:
        right = _by_place(right, left.columns)
    elif right.routes:
        right = replace(right, routes=tuple(lambda _: (UNTOLD,) for _ in right.routes), is_told=False)
    routes = (left.routes + right.routes)[:_MOST]
    return replace(left, routes=routes, is_told=left.is_told and right.is_told, limits=left.limits + right.limits)
