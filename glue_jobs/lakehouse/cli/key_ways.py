"""The columns of a SELECT in terms of a table, on the way of that table's rows through one of its sources."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from sqlglot import exp

from lakehouse.cli.key_nodes import OUTER, inside, is_outside
from lakehouse.cli.key_relations import Frame, Limits, Mix, Relation, Route, Span, Values
from lakehouse.cli.key_selects import SelectOf
from lakehouse.cli.key_spans import frame_of
from lakehouse.cli.key_values import UNTOLD

_SAME_OF_A_GROUP = (
    exp.Min, exp.Max, exp.ArgMin, exp.ArgMax, exp.AnyValue, exp.Mode,
    exp.First, exp.Last, exp.FirstValue, exp.LastValue,
)  # fmt: skip
_MOST = 4


@dataclass(frozen=True)
class Way:
    """The way of a table's rows through one source of a SELECT. route: how they came to that source.

    identity: the columns of which the table has one row each; none where they are not known. is_strict: whether only
    what holds for every row counts, also for those of an outer join that match nothing.
    """

    select: SelectOf
    source: str
    route: Route
    identity: tuple[str, ...] = ()
    is_strict: bool = False
    known: dict[str, Values] = field(default_factory=dict)
    """By its text what is equal to something of the row."""

    def __post_init__(self) -> None:
        equal = self.select.equal_for(self.source) if self.is_strict else self.select.equal
        self.known.update({outside.sql(): values for outside, values in self.route.links})
        for _ in range(len(equal) + 1):
            before = dict(self.known)
            for left, right in equal:
                text, values = right.sql(), self.values(left)
                if values and values != self.values(right):
                    self.known[text] = _once((*self.known.get(text, ()), *values))
            if self.known == before:
                break

    def of_column(self, name: str) -> Values:
        """The values of a column of the SELECT."""
        item = self.select.item(name)
        return (UNTOLD,) if item is None else self.values(item)

    def result(self) -> Route:
        """The way on, out of the SELECT."""
        own = tuple((key, self.values(compared)) for key, compared in self.select.limits())
        limits = (*self.route.limits, *own)
        asked = tuple(Span(key, self.values(compared), days) for key, compared, days in self.select.spans())
        spans = (*self.route.spans, *asked)
        mixes = (*self.route.mixes, *self._mixes(limits, spans))
        return Route(cache(self.of_column), limits, mixes, self._links, self.route.via, spans)

    @cached_property
    def _strict(self) -> Way:
        return self if self.is_strict else replace(self, is_strict=True, known={})

    @cached_property
    def _links(self) -> tuple[tuple[exp.Expr, Values], ...]:
        pairs = self.select.equal_for(self.source) if self.select.outer else ()
        return tuple((inside(right), self._strict.values(left)) for left, right in pairs if is_outside(right))

    def _mixes(self, limits: Limits, spans: tuple[Span, ...]) -> Iterator[Mix]:
        """Where a row's result hangs on other rows of the SELECT: in windows, and where some rows are left out."""
        linked = tuple(value for _, values in self._links for value in values)
        for text, parts, window in self.select.mixing():
            common = (*linked, *(value for part in parts for value in self._strict.values(part)))
            yield Mix(text, common, limits, spans, None if window is None else self._frame(window))

    def _frame(self, window: exp.Expr) -> Frame | None:
        order = window.args.get("order")
        first = [self.select.qualified(one.this) for one in order.expressions[:1]] if order else []
        return frame_of(window.args.get("spec"), tuple(value for one in first for value in self.values(one)))

    def values(self, node: exp.Expr) -> Values:
        """The values of an expression of the SELECT."""
        node = node.unnest()
        return _once((*self.known.get(node.sql(), ()), *self._own(node)))

    def _own(self, node: exp.Expr) -> Values:
        if isinstance(node, exp.Column):
            return self._of_source(node)
        if node.find(exp.Query):
            return ()
        if not node.find(exp.Column):
            return (node,)
        return self._one_of(node) or self._of_group(node) or self._computed(node)

    def _of_source(self, column: exp.Column) -> Values:
        if column.table == self.source:
            return self.route.of(column.name)
        if column.table.startswith(OUTER):
            return ()
        one = self.select.sources.get(column.table)
        if one is None or not one.is_told or self.select.is_hidden:
            return (UNTOLD,)
        return one.routes[0].of(column.name) if self._is_same_row(column.table, one) else ()

    def _is_same_row(self, name: str, one: Relation) -> bool:
        """Whether another source has the same row of the table, because what identifies it is held equal."""
        if len(one.routes) != 1 or not self.identity:
            return False
        texts = {key.sql() for key in map(exp.column, self.identity)}
        held = (self._identities(name, column, one) & texts for column in one.columns or ())
        return set().union(*held) == texts

    def _identities(self, name: str, column: str, one: Relation) -> set[str]:
        """What of the row a column of another source is, and is held equal to."""
        equal = {value.sql() for value in self.known.get(exp.column(column, table=name).sql(), ())}
        return equal and equal & {value.sql() for value in one.routes[0].of(column)}

    def _one_of(self, node: exp.Expr) -> Values:
        """The values that all that an expression chooses from have; null counts for none, since no key is null."""
        if self.is_strict and isinstance(node, exp.Coalesce):  # it takes another where one is null
            return replace(self, is_strict=False, known={}).values(node)
        if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
            choices = [node.this, *node.expressions]
        elif isinstance(node, exp.Nullif):
            choices = [node.this]
        elif isinstance(node, exp.Case):
            choices = [*(one.args["true"] for one in node.args["ifs"]), node.args.get("default")]
        elif isinstance(node, (exp.If, exp.Nvl2)):
            choices = [node.args["true"], node.args.get("false")]
        else:
            return ()
        every = [self.values(one) for one in choices if one is not None and not isinstance(one, exp.Null)]
        return _common(every)

    def _of_group(self, node: exp.Expr) -> Values:
        """The value that all rows of a group or partition share, of which an aggregate takes one."""
        is_window = isinstance(node, exp.Window)
        taken = node.this if is_window else node
        if not isinstance(taken, _SAME_OF_A_GROUP):
            return ()
        parts = node.args.get("partition_by") or () if is_window else self.select.groups()
        return _common([self.values(taken.this), tuple(one for part in parts for one in self.values(part))])

    def _computed(self, node: exp.Expr) -> Values:
        """An expression with the values of its parts in it."""
        parts = [part for part in node.iter_expressions() if part.find(exp.Column)]
        every = [self.values(part) for part in parts]
        if any(UNTOLD in one for one in every):
            return (UNTOLD,)
        return tuple(_replaced(node, chosen) for chosen in itertools.islice(itertools.product(*every), _MOST))


def _replaced(node: exp.Expr, chosen: tuple[exp.Expr, ...]) -> exp.Expr:
    copied = node.copy()
    parts = [part for part in copied.iter_expressions() if part.find(exp.Column)]
    for part, value in zip(parts, chosen, strict=True):
        part.replace(exp.paren(value) if isinstance(value, exp.Binary) else value.copy())
    return copied


def _once(values: Values) -> Values:
    return tuple({value.sql(): value for value in values}.values())[:_MOST]


def _common(every: list[Values]) -> Values:
    """The values that are in each of some; what cannot be told may be any."""
    told = [{value.sql() for value in one} for one in every if UNTOLD not in one]
    same = set.intersection(*told) if told else set()
    found = tuple(value for one in every for value in one if value.sql() in same)
    return _once((*found, UNTOLD) if len(told) < len(every) else found)
