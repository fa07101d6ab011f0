"""What a query or table gives, and each way that one table's rows take to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from lakehouse.cli.key_values import UNTOLD

Values = tuple[exp.Expr, ...]
"""What a column may be written as, over the table's own columns; none where it is not of the table's row."""
Limits = tuple[tuple[str, Values], ...]
"""Each key by which in_changed() takes rows, with the values that it compares."""

CUT = "LIMIT"
"""The text of a part that takes some rows by their place."""


@dataclass(frozen=True)
class Span:
    """A within_changed(): the key that it names, the values that it compares, and the days after the last changed."""

    key: str
    values: Values
    days: int


@dataclass(frozen=True)
class Frame:
    """How many days of what it is ordered by a window looks back and ahead."""

    order: Values
    back: int
    ahead: int


@dataclass(frozen=True)
class Mix:
    """Where a row's result hangs on other rows. parts: values that those have in common.

    limits, spans: of the rows there; frame: None where nothing limits how many of them it looks at.
    """

    text: str
    parts: Values = ()
    limits: Limits = ()
    spans: tuple[Span, ...] = ()
    frame: Frame | None = None


@dataclass(frozen=True)
class Route:
    """A way of the table's rows. of: the values of a column by its name; limits, spans: by what rows are taken.

    links: what a subquery holds equal outside of it, with the values. via: the subquery of an expression, for people.
    """

    of: Callable[[str], Values]
    limits: Limits = ()
    mixes: tuple[Mix, ...] = ()
    links: tuple[tuple[exp.Expr, Values], ...] = ()
    via: str = ""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Relation:
    """What a query or table gives. columns: None where unknown.

    is_told: whether all that it reads is seen. tell: where a column is from, for people.
    """

    columns: tuple[str, ...] | None
    routes: tuple[Route, ...] = ()
    is_told: bool = True
    tell: Callable[[str], str] = str


def renamed(relation: Relation, node: exp.Expr) -> Relation:
    """A relation under the names of columns that its alias gives it."""
    names = tuple(name.lower() for name in node.alias_column_names)
    return _by_place(relation, names) if names else relation


def _by_place(relation: Relation, names: Sequence[str]) -> Relation:
    """A relation whose columns have other names, in their order."""
    old = relation.columns
    if old is None or len(old) != len(names):
        routes = tuple(replace(route, of=_untold) for route in relation.routes)
        return replace(relation, columns=tuple(names), routes=routes, tell=str)
    place = dict(zip(names, old, strict=True))

    def moved(route: Route) -> Route:
        return replace(route, of=lambda name: route.of(place[name]) if name in place else (UNTOLD,))

    def told(name: str) -> str:
        return relation.tell(place.get(name, name))

    return replace(relation, columns=tuple(names), routes=tuple(map(moved, relation.routes)), tell=told)


def _untold(_: str) -> Values:
    return (UNTOLD,)


def union(left: Relation, right: Relation, *, by_name: bool = False) -> Relation:
    """Both branches of a set operation, under the names of the first."""
    columns = left.columns
    if by_name:
        columns = None if columns is None or right.columns is None else (*dict.fromkeys((*columns, *right.columns)),)
    elif columns is not None:
        right = _by_place(right, columns)
    elif right.routes:
        right = replace(right, routes=tuple(replace(route, of=_untold) for route in right.routes), is_told=False)
    routes, is_told = (*left.routes, *right.routes), left.is_told and right.is_told
    return replace(left, columns=columns, routes=routes, is_told=is_told)


def without(relation: Relation, names: frozenset[str]) -> Relation:
    """A relation whose rows are grouped by all columns but some, which become others: a pivot."""

    def kept(route: Route) -> Route:
        return replace(route, of=lambda name: () if name in names else route.of(name))

    return Relation(None, tuple(map(kept, relation.routes)), relation.is_told, relation.tell)
