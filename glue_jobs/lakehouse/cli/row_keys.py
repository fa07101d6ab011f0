"""Of which columns a query has one row each, as far as its text and the keys of the tables tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from lakehouse.cli.key_nodes import OUTER, own_nodes
from lakehouse.cli.key_relations import Relation
from lakehouse.cli.key_selects import SelectOf, alias_of
from lakehouse.publish.column_check import table_name

Names = frozenset[str]


@dataclass(frozen=True)
class Given:
    """What a query or table gives. columns: None where unknown.

    unique: the columns of which it has one row each, also those that it does not give; None where that is unknown.
    numbered: by a column that counts the rows of a partition from 1, the columns of the partition.
    """

    columns: tuple[str, ...] | None = None
    unique: Names | None = None
    numbered: Mapping[str, Names] = field(default_factory=dict)


@dataclass(frozen=True)
class Rows:
    """One SELECT with its sources, and what decides which row of them is meant."""

    select: SelectOf
    given: Mapping[str, Given]

    @property
    def groups(self) -> tuple[exp.Expr, ...]:
        """What its rows are grouped by."""
        return tuple(self.select.groups())

    def lacking(self, decided: list[exp.Expr]) -> Names | None:
        """The columns by which its rows with the same values of some expressions differ; None where unknown."""
        if self.select.node.args.get("group") or self._is_one_row:
            own = {_text(one) for one in self._flat(decided)}
            known = self._closed(decided)
            return frozenset(_text(key) for key in self.groups if _text(key) not in own and not known.has(key))
        return self.lacking_of_rows(decided)

    def lacking_of_rows(self, decided: list[exp.Expr]) -> Names | None:
        """The same of the rows before they are grouped."""
        keys = [self._key(alias) for alias in self._joined]
        if None in keys or self.select.is_hidden or self.select.node.args.get("laterals"):
            return None
        known = self._closed(decided)
        every = {f"{alias}.{name}" for alias, key in zip(self._joined, keys, strict=True) for name in key or ()}
        return frozenset(
            one for one in every if one.partition(".")[0] not in known.sources and one not in known.columns
        )

    def decides(self, decided: list[exp.Expr], value: exp.Expr) -> bool:
        """Whether rows with the same values of some expressions have the same value of another."""
        return self._closed(decided).has(self.select.qualified(value))

    @property
    def _is_one_row(self) -> bool:
        node = self.select.node
        aggregates = (one for item in node.expressions for one in own_nodes([item], exp.AggFunc))
        return not node.args.get("group") and any(not one.find_ancestor(exp.Window) for one in aggregates)

    @property
    def _joined(self) -> list[str]:
        """The sources whose rows the result has."""
        only = {alias_of(one.this) for one in self.select.node.args.get("joins") or () if one.kind in ("SEMI", "ANTI")}
        return [alias for alias in self.given if alias not in only]

    def _key(self, alias: str) -> Names | None:
        """The columns of which a source has one row each, where a condition takes the first of a partition too."""
        one = self.given[alias]
        for left, right in self.select.equal:
            if isinstance(left, exp.Column) and left.table == alias and left.name in one.numbered and right.name == "1":
                return one.numbered[left.name]
        return one.unique

    def _closed(self, decided: Sequence[exp.Expr]) -> _Known:
        """All that follows from some expressions: what is held equal, and every column of a row that is known."""
        known = _Known({_text(one) for one in self._flat(decided)}, set())
        size = -1
        while size != (size := len(known.columns) + len(known.sources)):
            for left, right in self.select.equal:
                if known.has(right):
                    known.columns.add(_text(left))
            for alias in self.given:
                key = self._key(alias)
                if key is not None and all(f"{alias}.{name}" in known.columns for name in key):
                    known.sources.add(alias)
        return known

    def _flat(self, nodes: Sequence[exp.Expr]) -> Iterator[exp.Expr]:
        for node in nodes:
            if isinstance(node, (exp.Struct, exp.Tuple, exp.Ordered, exp.Paren, exp.PropertyEQ, exp.Alias)):
                inner = node.expressions or [node.expression if isinstance(node, exp.PropertyEQ) else node.this]
                yield from self._flat(inner)
            else:
                yield self.select.qualified(node)

    def result(self) -> Given:
        """What the SELECT gives."""
        names = self.select.columns()
        if self.select.node.args.get("distinct"):
            return Given(names, None if names is None else frozenset(names))
        lacking = self.lacking([])
        key = None if lacking is None else self._smallest(lacking)
        first = self._first()
        shown = {_text(self.select.item(name) or exp.Null()): name for name in reversed(names or ())}
        unique = first if first is not None else key
        return Given(
            names, None if unique is None else frozenset(shown.get(one, one) for one in unique), self._numbered(shown)
        )

    def _smallest(self, lacking: Names) -> Names:
        """Without what follows from the others."""
        kept = set(lacking)
        for one in sorted(lacking):
            alias, _, name = one.partition(".")
            rest = [
                exp.column(part.partition(".")[2], table=part.partition(".")[0]) for part in kept - {one} if "." in part
            ]
            if alias in self.given and self._closed(rest).has(exp.column(name, table=alias)):
                kept.discard(one)
        return frozenset(kept)

    def _first(self) -> Names | None:
        """The partition of which QUALIFY row_number() … = 1 takes one row each."""
        qualify = self.select.node.args.get("qualify")
        parts = [] if qualify is None else [qualify.this]
        for part in parts:
            if isinstance(part, exp.EQ) and _numbers(part.this) and part.expression.name == "1":
                return frozenset(_text(self.select.qualified(one)) for one in part.this.args.get("partition_by") or ())
        return None

    def _numbered(self, shown: Mapping[str, str]) -> dict[str, Names]:
        found = {}
        for item in self.select.node.expressions:
            window = item.unalias()
            if _numbers(window):
                texts = [_text(self.select.qualified(one)) for one in window.args.get("partition_by") or ()]
                found[item.alias_or_name.lower()] = frozenset(shown.get(text, text) for text in texts)
        return found


@dataclass(frozen=True)
class _Known:
    columns: set[str]
    sources: set[str]

    def has(self, node: exp.Expr) -> bool:
        """Whether an expression follows from what is known."""
        return _text(node) in self.columns or all(
            _text(one) in self.columns or one.table in self.sources or one.table.startswith(OUTER)
            for one in node.find_all(exp.Column)
        )


@dataclass(frozen=True)
class RowKeys:
    """Walks a query from its tables up. table_key: what a table of a name gives; visit: called with each SELECT."""

    table_key: Callable[[str], Given]
    visit: Callable[[Rows], None]

    def of_query(self, node: exp.Expr, ctes: Mapping[str, Given], outer: SelectOf | None = None) -> Given:
        """What a query gives, each SELECT in it visited once."""
        given = node.args.get("with_")
        found = dict(ctes)
        for cte in given.expressions if given else ():
            found[cte.alias.lower()] = _renamed(self.of_query(cte.this, found), cte)
        if isinstance(node, exp.Subquery):
            return self.of_query(node.this, found, outer)
        if isinstance(node, exp.SetOperation):
            left, _ = self.of_query(node.this, found, outer), self.of_query(node.expression, found, outer)
            return Given(left.columns, frozenset(left.columns) if node.args.get("distinct") and left.columns else None)
        if not isinstance(node, exp.Select):
            return Given()
        given_by = {alias: self._source(one, found, outer) for alias, one in _sources(node)}
        select = SelectOf(node, {alias: Relation(one.columns) for alias, one in given_by.items()}, outer)
        rows = Rows(select, given_by)
        self.visit(rows)
        parts = [value for word, value in node.args.items() if word not in ("with_", "from_", "joins", "laterals")]
        parts = [one for part in parts for one in (part if isinstance(part, list) else [part])]
        conditions = [join.args.get("on") for join in node.args.get("joins") or ()]
        for query in own_nodes([one for one in (*parts, *conditions) if isinstance(one, exp.Expr)], exp.Query):
            self.of_query(query, found, select)
        return rows.result()

    def _source(self, source: exp.Expr, ctes: Mapping[str, Given], outer: SelectOf | None) -> Given:
        if isinstance(source, exp.Subquery):
            found = self.of_query(source, ctes, outer)
        elif isinstance(source, exp.Table):
            name = table_name(source).lower()
            found = ctes[name] if name in ctes else self.table_key(name)
        else:
            found = Given()
        is_plain = not source.args.get("pivots") and not source.args.get("joins")
        return _renamed(found, source) if is_plain else Given()


def _sources(node: exp.Select) -> Iterator[tuple[str, exp.Expr]]:
    first = node.args.get("from_")
    for part in ([first] if first else []) + (node.args.get("joins") or []):
        yield alias_of(part.this), part.this
    for number, lateral in enumerate(node.args.get("laterals") or ()):
        yield lateral.alias.lower() or f"lateral {number}", lateral


def _renamed(given: Given, node: exp.Expr) -> Given:
    names = tuple(name.lower() for name in node.alias_column_names)
    if not names:
        return given
    if given.columns is None or len(given.columns) != len(names):
        return Given(names)
    new = dict(zip(given.columns, names, strict=True))
    unique = None if given.unique is None else frozenset(new.get(one, one) for one in given.unique)
    return replace(given, columns=names, unique=unique, numbered={})


def _numbers(node: exp.Expr) -> bool:
    return isinstance(node, exp.Window) and isinstance(node.this, exp.RowNumber)


def _text(node: exp.Expr) -> str:
    node = node.unnest()
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):  # most are, and SQL is slow to write
        return ".".join(part.name for part in node.parts).lower().replace("`", "")
    return str(node.sql(dialect="spark", comments=False).lower().replace("`", ""))
