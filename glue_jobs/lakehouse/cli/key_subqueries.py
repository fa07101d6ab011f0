"""The subqueries of a SELECT's expressions: each joins its rows to those that it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlglot import exp

from lakehouse.cli.key_nodes import own_nodes, text_of
from lakehouse.cli.key_relations import Mix, Route, Values
from lakehouse.cli.key_selects import SelectOf

_PARTS = ("where", "having", "qualify", "group", "order")


@dataclass(frozen=True)
class SubqueryOf:
    """A subquery of an expression. compared: what IN compares with it; is_open: whether a null in it matters."""

    query: exp.Expr
    text: str
    compared: tuple[exp.Expr, ...] = ()
    is_open: bool = False

    def joined(self, route: Route, columns: tuple[str, ...] | None, identity: tuple[str, ...]) -> Route:
        """A way of rows through it, with what it holds equal outside, and nothing of its columns."""
        given = [route.of(name) for name in columns or ()]
        links: tuple[tuple[exp.Expr, Values], ...] = tuple(zip(self.compared, given, strict=False))
        mixes = route.mixes
        if self.is_open and not all(self._is_never_null(place, one, identity) for place, one in enumerate(given)):
            mixes = (*mixes, Mix(f"{self.text} (a null in it decides for every row)", (), route.limits))
        return replace(route, of=lambda _: (), links=(*route.links, *links), mixes=mixes, via=self.text)

    def _is_never_null(self, place: int, values: Values, identity: tuple[str, ...]) -> bool:
        select = self.query.this if isinstance(self.query, exp.Subquery) else self.query
        if any(isinstance(value, exp.Column) and value.name in identity for value in values):
            return True
        where = select.args.get("where") if isinstance(select, exp.Select) else None
        held = {one.this.this.sql() for one in own_nodes([where], exp.Not) if _is_null(one.this)}
        return isinstance(select, exp.Select) and select.expressions[place].unalias().sql() in held


def subqueries_of(select: SelectOf) -> Iterator[SubqueryOf]:
    """Each subquery of the SELECT's own expressions."""
    node = select.node
    conditions = [node.args.get(name) for name in _PARTS] + [one.args.get("on") for one in node.args.get("joins") or ()]
    for query in own_nodes([*node.expressions, *conditions], exp.Query):
        asked = query.parent
        text = text_of(query)
        text = text if len(text) < 100 else f"{text[:96]} …)"
        if isinstance(asked, exp.In) and asked.args.get("query") is query:
            left = asked.this.unnest()
            compared = left.expressions if isinstance(left, exp.Tuple) else [left]
            is_open = asked.find_ancestor(exp.Not, exp.Where, exp.Join, exp.Query)
            links = tuple(select.qualified(one) for one in compared)
            yield SubqueryOf(query, text, links, is_open=not isinstance(is_open, (exp.Where, exp.Join)))
        else:
            yield SubqueryOf(query, text)


def _is_null(node: exp.Expr) -> bool:
    return isinstance(node, exp.Is) and isinstance(node.expression, exp.Null)
