"""What a column of a query is in terms of one table's columns, on each way that the table's rows take to it.

A way goes from the table through views, common table expressions and subqueries, of FROM and of expressions; in a join
each side is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from lakehouse.cli.key_relations import Mix, Relation, Route, Values, renamed, union, without
from lakehouse.cli.key_selects import SelectOf, alias_of
from lakehouse.cli.key_subqueries import subqueries_of
from lakehouse.cli.key_ways import Way
from lakehouse.cli.model_sql import MACRO
from lakehouse.publish.column_check import TableColumns, table_name, tables_in

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

    def of_query(self, node: exp.Expr, ctes: Ctes, outer: SelectOf | None = None) -> Relation:
        """What a query gives. outer: the SELECT whose columns it sees."""
        ctes = self._with(node, ctes)
        if isinstance(node, exp.Subquery):
            return _cut(node, self.of_query(node.this, ctes, outer))
        if isinstance(node, exp.SetOperation):
            left, right = (self.of_query(one, ctes, outer) for one in (node.this, node.expression))
            return _cut(node, union(left, right, by_name=bool(node.args.get("by_name"))))
        if not isinstance(node, exp.Select) or node.args.get("kind"):
            return self._lost(node, ctes)
        select = SelectOf(node, self._sources(node, ctes, outer), outer)
        routes = [(name, route) for name, source in select.sources.items() for route in source.routes]
        for sub in subqueries_of(select):
            given = self.of_query(sub.query, ctes, select)
            routes += [(sub.text, sub.joined(route, given.columns, self.identity)) for route in given.routes]
        ways = [Way(select, name, route, self.identity) for name, route in routes[:_MOST]]
        return Relation(select.columns(), tuple(way.result() for way in ways), tell=select.tell)

    def _lost(self, node: exp.Expr, ctes: Ctes) -> Relation:
        """What is not followed; a way of the table into it has no key."""
        is_read = any(self._named(table_name(one).lower(), ctes).routes for one in tables_in(node))
        routes = (Route(lambda _: ()),) if is_read else ()
        return Relation(None, routes, is_told=False, tell=lambda name: f"{name} of a part that is not followed")

    def _with(self, node: exp.Expr, ctes: Ctes) -> Ctes:
        given = node.args.get("with_")
        if given is None:
            return ctes
        found = dict(ctes)
        for cte in given.expressions:
            is_known = not given.args.get("recursive")
            one = self.of_query(cte.this, found) if is_known else self._lost(cte.this, found)
            found[cte.alias.lower()] = renamed(one, cte)
        return found

    def _sources(self, node: exp.Select, ctes: Ctes, outer: SelectOf | None) -> dict[str, Relation]:
        found: dict[str, Relation] = {}
        first = node.args.get("from_")
        for part in ([first] if first else []) + (node.args.get("joins") or []):
            before = SelectOf(node, dict(found), outer)
            found[alias_of(part.this)] = self._source(part.this, ctes, before)
        for number, lateral in enumerate(node.args.get("laterals") or ()):
            found[lateral.alias.lower() or f"lateral {number}"] = renamed(Relation(None), lateral)
        return found

    def _source(self, source: exp.Expr, ctes: Ctes, before: SelectOf) -> Relation:
        if source.args.get("joins"):
            return self._lost(source, ctes)
        if isinstance(source, exp.Lateral):
            is_query = isinstance(source.this, exp.Query)
            return renamed(self.of_query(source.this, ctes, before) if is_query else self._lost(source, ctes), source)
        if isinstance(source, exp.Subquery):
            found = self.of_query(source, ctes)
        elif isinstance(source, exp.Table):
            found = self._named(table_name(source).lower(), ctes)
        else:
            found = Relation(None)
        pivots = source.args.get("pivots") or ()
        if pivots:
            used = {column.name.lower() for one in pivots for column in one.find_all(exp.Column)}
            return without(replace(found, is_told=False), frozenset(used))
        return renamed(found, source)

    def _named(self, name: str, ctes: Ctes) -> Relation:
        if name in ctes:
            return ctes[name]
        columns = self.columns.get(name)
        known = None if columns is None else tuple(column.lower() for column in columns)
        if name == self.table:
            return Relation(known, (Route(_own),), tell=lambda column: f"{name}.{column}")
        if name.partition(".")[2] in self.views:
            return self.of_model(name.partition(".")[2])
        return Relation(known, is_told=MACRO not in name, tell=lambda column: f"{name}.{column}")


def _own(column: str) -> Values:
    return (exp.column(column),)


def _cut(node: exp.Expr, relation: Relation) -> Relation:
    """A relation of which a query leaves rows out by their place among the others."""
    words = [word.upper() for word in ("limit", "offset") if node.args.get(word)]
    if not words:
        return relation
    cut = (
        replace(one, mixes=(*one.mixes, *(Mix(word, (), one.limits, one.spans) for word in words)))
        for one in relation.routes
    )
    return replace(relation, routes=tuple(cut))
