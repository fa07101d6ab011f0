"""One SELECT: the source of each name in it, its columns, and what its conditions hold equal."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from lakehouse.cli.key_nodes import outside, own_nodes, text_of
from lakehouse.cli.key_relations import Relation
from lakehouse.cli.model_sql import LIMIT, MACRO, WITHIN


def alias_of(source: exp.Expr) -> str:
    """The name of a source of FROM or JOIN: one of its own where it has none, or where a macro writes it."""
    name = source.alias_or_name if source.alias_or_name.lower() != MACRO else source.name
    return str(name).lower() or f"unnamed {id(source)}"


@dataclass(frozen=True)
class SelectOf:
    """A SELECT with its sources by alias. outer: that in which it stands, and whose columns it sees."""

    node: exp.Select
    sources: Mapping[str, Relation]
    outer: SelectOf | None = None

    def columns(self) -> tuple[str, ...] | None:
        """The names of its columns; None where a `*` cannot be told."""
        names: list[str] = []
        for item in self.node.expressions:
            if not item.is_star:
                names.append(item.alias_or_name.lower())
                continue
            given = self._of_star(item)
            if given is None:
                return None
            names += given
        return tuple(names)

    def _of_star(self, item: exp.Expr) -> list[str] | None:
        star = item if isinstance(item, exp.Star) else item.this
        wanted = [item.table.lower()] if isinstance(item, exp.Column) else [*self.sources]
        lists = [self.sources[name].columns if name in self.sources else None for name in wanted]
        if star.args.get("rename") or None in lists:
            return None
        names = [name for names in lists for name in names or ()]
        once = [name for place, name in enumerate(names) if name not in self._using or name not in names[:place]]
        return [name for name in once if name not in _left_out(star)]

    def item(self, name: str) -> exp.Expr | None:
        """The expression of a column, each name in it with its source; None where it cannot be told."""
        for place, item in enumerate(self.node.expressions):
            if not item.is_star and item.alias_or_name.lower() == name:
                return self.qualified(item.unalias(), place)
        for item in self.node.expressions:
            star = item if isinstance(item, exp.Star) else item.this
            if not item.is_star or name in _left_out(star) or star.args.get("rename") or star.args.get("replace"):
                continue
            column = exp.column(name, table=item.table if isinstance(item, exp.Column) else None)
            found = self.qualified(column, 0)
            if found.name != MACRO:
                return found
        return None

    def tell(self, name: str) -> str:
        """Where a column is from, in words."""
        item = self.item(name)
        if isinstance(item, exp.Column) and item.table in self.sources:
            return self.sources[item.table].tell(item.name)
        return name if item is None else item.sql(dialect="spark", comments=False, normalize_functions="lower")

    def qualified(self, node: exp.Expr, place: int | None = None) -> exp.Expr:
        """A copy with the source of each name. place: of the select's item that it is, which may use those before."""
        return node.transform(lambda part: self._qualified(part, place) if isinstance(part, exp.Column) else part)

    def _qualified(self, column: exp.Column, place: int | None) -> exp.Expr:
        first, *rest = [part.name.lower() for part in column.parts]
        if rest and first in self.sources:
            return _with_fields(exp.column(rest[0], table=first), rest[1:])
        source = self._source_of(first)
        if source:
            return _with_fields(exp.column(first, table=source), rest)
        before = self.node.expressions[: len(self.node.expressions) if place is None else place]
        for number, item in enumerate(before):
            if item.alias.lower() == first and not rest:
                return exp.paren(self.qualified(item.unalias(), number), copy=False)
        return exp.column(MACRO) if self.outer is None else outside(self.outer.qualified(column))

    def _source_of(self, name: str) -> str | None:
        """The source of a column that is named without one."""
        if name in self._using:
            return self._using[name][0]
        having = [alias for alias, one in self.sources.items() if one.columns is not None and name in one.columns]
        having = having or [alias for alias, one in self.sources.items() if one.columns is None]
        shown = [alias for alias in having if alias not in self._hidden_sources] or having
        return shown[0] if len(shown) == 1 else None

    @cached_property
    def _hidden_sources(self) -> frozenset[str]:
        """Sources of which only the condition of their join sees the columns."""
        joins = self.node.args.get("joins") or ()
        return frozenset(alias_of(join.this) for join in joins if join.kind in ("SEMI", "ANTI"))

    @cached_property
    def _using(self) -> dict[str, list[str]]:
        """The sources that USING makes one column of, by its name."""
        found: dict[str, list[str]] = {}
        for join in self.node.args.get("joins") or ():
            right = alias_of(join.this)
            before = list(itertools.takewhile(right.__ne__, self.sources))
            for name in (part.name.lower() for part in join.args.get("using") or ()):
                having = [alias for alias in before if name in (self.sources[alias].columns or ())] or before
                found[name] = [*dict.fromkeys([*found.get(name, having), right])]
        return found

    @cached_property
    def is_hidden(self) -> bool:
        """Whether a macro, or a natural join, may hold columns equal here that are not seen to be."""
        joins = self.node.args.get("joins") or ()
        conditions = [self.node.args.get("where"), *(join.args.get("on") for join in joins)]
        names = [join.this.alias_or_name for join in joins] + [part.name for part in _columns_in(conditions)]
        return MACRO in names or any(join.method == "NATURAL" for join in joins)

    @cached_property
    def equal(self) -> list[tuple[exp.Expr, exp.Expr]]:
        """What its conditions hold equal, both ways.

        An outer join holds it for the rows that match; of the others the columns of one side are null, and a mart's key
        is never null.
        """
        return self._both_ways(join for join in self.node.args.get("joins") or ())

    def equal_for(self, source: str) -> list[tuple[exp.Expr, exp.Expr]]:
        """What they hold equal for every row that a row of one source has a part in, also where an outer join nulls."""
        joins = self.node.args.get("joins") or ()
        return self._both_ways(join for join in joins if _matches(join, source))

    def _both_ways(self, joins: Iterator[exp.Join]) -> list[tuple[exp.Expr, exp.Expr]]:
        found: list[tuple[exp.Expr, exp.Expr]] = []
        for name, (first, *others) in self._using.items():
            found += [(exp.column(name, table=first), exp.column(name, table=other)) for other in others]
        where = self.node.args.get("where")
        found += [] if where is None else list(self._pairs(where.this))
        for join in joins:
            pairs = self._pairs(join.args["on"]) if join.args.get("on") else ()
            found += [pair for pair in pairs if not join.side or _is_across(alias_of(join.this), *pair)]
        return [*found, *((right, left) for left, right in found)]

    def _pairs(self, condition: exp.Expr) -> Iterator[tuple[exp.Expr, exp.Expr]]:
        for part in _parts(condition):
            if not isinstance(part, (exp.EQ, exp.NullSafeEQ)) or part.find(exp.Query):
                continue
            left, right = part.this.unnest(), part.expression.unnest()
            tuples = isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple)
            pairs = zip(left.expressions, right.expressions, strict=False) if tuples else [(left, right)]
            yield from ((self.qualified(one), self.qualified(other)) for one, other in pairs)

    def limits(self) -> Iterator[tuple[str, exp.Expr]]:
        """Each key that in_changed() asks for, with what it compares with the changed ones."""
        for part in self._asked(LIMIT):
            keys = [one.name.lower() for one in part.expressions[::2]]
            yield from zip(keys, map(self.qualified, part.expressions[1::2]), strict=True)

    def spans(self) -> Iterator[tuple[str, exp.Expr, int]]:
        """Each key that within_changed() asks for, with what it compares and the days after the changed ones."""
        for part in self._asked(WITHIN):
            key, compared, days = part.expressions
            yield key.name.lower(), self.qualified(compared), int(days.name)

    def _asked(self, name: str) -> Iterator[exp.Anonymous]:
        where, joins = self.node.args.get("where"), self.node.args.get("joins") or ()
        conditions = [where.this if where else None, *(join.args.get("on") for join in joins)]
        for part in (part for condition in conditions if condition for part in _parts(condition)):
            if isinstance(part, exp.Anonymous) and part.name == name:
                yield part

    def mixing(self) -> Iterator[tuple[str, list[exp.Expr], exp.Expr | None]]:
        """The text of each part that looks at many rows, with what those have in common, and the window if any."""
        named = {one.name.lower(): one for one in self.node.args.get("windows") or ()}
        for window in own_nodes([*self.node.expressions, self.node.args.get("qualify")], exp.Window):
            of = named.get(window.alias.lower(), window) if isinstance(window, exp.Window) else window
            yield text_of(window), [self.qualified(part) for part in of.args.get("partition_by") or ()], of
        for word in ("limit", "offset"):
            if self.node.args.get(word):
                yield word.upper(), [], None
        for part in [self.node.args.get("from_"), *(self.node.args.get("joins") or ())]:
            if part is not None and part.this.args.get("sample"):
                yield "TABLESAMPLE", [], None

    def groups(self) -> Iterator[exp.Expr]:
        """What its rows are grouped by."""
        group = self.node.args.get("group")
        items = self.node.expressions
        for part in group.expressions if group else ():
            is_place = part.is_int and 0 < int(part.name) <= len(items)
            yield self.qualified(items[int(part.name) - 1].unalias() if is_place else part)
        if group and group.args.get("all"):
            yield from (self.qualified(item.unalias()) for item in items if not item.find(exp.AggFunc, exp.Star))


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions that all hold where one does."""
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        for part in condition.flatten():
            yield from _parts(part)
    else:
        yield condition


def _columns_in(nodes: list[exp.Expr | None]) -> Iterator[exp.Column]:
    return (part for node in nodes if node is not None for part in node.find_all(exp.Column))


def _matches(join: exp.Join, source: str) -> bool:
    """Whether the rows of a source that come out of a join are those that match, or none is nulled."""
    if not join.side or join.kind in ("SEMI", "ANTI"):
        return True
    return bool((alias_of(join.this) == source) == (join.side == "LEFT") and join.side != "FULL")


def _is_across(right: str, *pair: exp.Expr) -> bool:
    """Whether each side of a join has one of two expressions: of one side alone it says nothing."""
    sides = [{column.table == right for column in one.find_all(exp.Column)} for one in pair]
    return sorted(map(sorted, sides)) == [[False], [True]]


def _left_out(star: exp.Expr) -> set[str]:
    return {part.name.lower() for part in star.args.get("except_") or ()}


def _with_fields(column: exp.Expr, fields: list[str]) -> exp.Expr:
    for name in fields:
        column = exp.Dot(this=column, expression=exp.to_identifier(name))
    return column
