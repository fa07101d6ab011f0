"""Follows each key of a mart to the table whose changed rows are to name it: a key computed on the way is another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.cli.key_origins import Origins
from lakehouse.cli.key_relations import CUT, Mix, Relation
from lakehouse.cli.key_spans import span_fault, window_fault
from lakehouse.cli.key_values import UNTOLD, is_same
from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.cli.model_sql import MACRO, query_in
from lakehouse.contracts.columns import UTC
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.element_rows import queries_of_spark
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import DIRECT, PAGE, Mart, Model
from lakehouse.publish.column_check import TableColumns
from lakehouse.publish.parsed import parse_query

_BRANCHES = re.compile(r"\{%-?\s*(?:else|elif|for|macro|call|set\s+\w+\s*-?%\})")
_ELEMENTS = re.compile(r"elements\.`(\w+)`")
_OF_SEVERAL_ROWS = (exp.AggFunc, exp.Window, exp.UDTF)


@dataclass(frozen=True)
class KeyCheck:
    """The models of a project, for the keys that their reach says a changed row names."""

    jinja: ProjectJinja
    contracts: Contracts
    columns: TableColumns
    _trees: dict[str, exp.Expr | None] = field(default_factory=dict)
    _relations: dict[tuple[str, str], Relation] = field(default_factory=dict)

    def faults(self, mart: Mart, table: str) -> Iterator[str]:
        """A sentence for each key of a mart that a changed row of a table certainly does not name."""
        said = self._said(mart, table)
        if said is None:
            return
        relation = self._relation(mart, table)
        every = {key.lower(): self._wanted(table, key, said) for key in mart.keys}
        for key in mart.keys:
            wanted = every[key.lower()]
            for route in relation.routes if wanted else ():
                values = route.of(key.lower())
                if not self._are_same(table, values, wanted):
                    own = f"the changed row's own {key}" if key not in said else f"{said[key]} of the changed row"
                    own += f", as read in {route.via}," if route.via else ""
                    yield _sentence(mart, key, own, values[0] if values else relation.tell(key.lower()))
                    break
        for mix in self._mixes(mart, relation):
            beyond = [key for key, wanted in every.items() if not self._has_in_common(table, mix, wanted)]
            if beyond:
                yield (
                    f"{mix.text} looks at rows of {table} beyond {', '.join(beyond)}, and a changed row recomputes its "
                    f"own key of {mart.name} alone, so that other keys would keep old values; put what the key is "
                    f"there into PARTITION BY, write a query that finds each key from `changed`, or whole ({PAGE})."
                )

    def limit_faults(self, mart: Mart) -> Iterator[str]:
        """A sentence for each key of a mart that in_changed() compares with something else than the key."""
        for table in mart.reads:
            said, relation = self._said(mart, table), self._relation(mart, table)
            for key, values in (limit for route in relation.routes for limit in route.limits):
                own = [value for route in relation.routes for value in route.of(key)]
                wanted = self._with_same(table, own) if said is None else self._wanted(table, key, said)
                if wanted and not self._are_same(table, values, wanted) and UNTOLD not in wanted:
                    yield (
                        f"in_changed() takes rows of {table} by {_text(values[0]) if values else 'another table'}, and "
                        f"the key {key} is {_text(wanted[0])}: a build of changed keys would leave rows out; give it "
                        f"what the key is there, in_changed({{'{key}': …}}), or leave in_changed() out ({PAGE})."
                    )
            for mix in self._mixes(mart, relation):
                beyond = [key for key, values in mix.limits if not self._has_in_common(table, mix, values)]
                if beyond:
                    yield (
                        f"in_changed() takes rows of {table} by {', '.join(beyond)} before {mix.text}, which looks at "
                        f"rows of others too: a build of changed keys would give it too few; put in_changed() behind "
                        f"it, in a later SELECT ({PAGE})."
                    )

    def span_faults(self, mart: Mart) -> Iterator[str]:
        """A sentence for each within_changed() that leaves out days of which a changed key is made."""
        keys = {key.lower() for key in mart.keys}
        for table in mart.reads:
            relation, types = self._relation(mart, table), self._types(table)
            for route in relation.routes:
                for span in (one for one in route.spans if one.key in keys):
                    own = self._with_same(table, list(route.of(span.key)))
                    yield from span_fault(table, span, own, types)
            for mix in self._mixes(mart, relation):
                for span in (one for one in mix.spans if one.key in keys):
                    own = self._with_same(table, [one for route in relation.routes for one in route.of(span.key)])
                    if not self._has_in_common(table, mix, own):
                        yield from window_fault(table, span, mix, own, types)

    def view_faults(self, model: Model, dataset: Dataset) -> Iterator[str]:
        """A sentence for what a view says it has of its table as it is and has not: tests would look at other rows."""
        table = f"{SILVER}.{dataset.name}"
        relation = Origins(table, frozenset(), self._tree, self.columns, self._identity(table)).of_model(model.name)
        known = relation.columns or ()
        for name in (*dataset.bounded_key, *(column.name for column in dataset.derived_columns if column.name == "dt")):
            wanted = self._with_same(table, [exp.column(name.lower())])
            for route in relation.routes if name.lower() in known else ():
                values = route.of(name.lower())
                if not self._are_same(table, values, wanted):
                    found = _text(values[0]) if values else relation.tell(name.lower())
                    yield (
                        f"{name} of {model.name} is {found}, and not {name} of {table}: a test that says "
                        f"`where: __changed__` would look for changed rows where they are not; select {name} as it is, "
                        f"or take this entry out, and the tests look at every row ({PAGE})."
                    )
                    break
        wide = [mix.text for route in relation.routes for mix in route.mixes if not self._is_one_row(table, mix)]
        for text in dict.fromkeys(wide):
            yield (
                f"{text} looks at other rows of {table} than the changed one, and a test that says "
                f"`where: __changed__` would not look at them; take this entry out, and the tests look at every row "
                f"({PAGE})."
            )

    def _is_one_row(self, table: str, mix: Mix) -> bool:
        names, identity = {value.sql() for value in mix.parts}, self._identity(table)
        return bool(identity) and all(exp.column(name).sql() in names for name in identity)

    def _mixes(self, mart: Mart, relation: Relation) -> Iterator[Mix]:
        """Where the mart looks at many rows; a LIMIT of its own is named whatever its reach."""
        tree = self._tree(mart.name)
        is_cut = tree is not None and tree.args.get("limit") is not None
        found = dict.fromkeys(mix for route in relation.routes for mix in route.mixes)
        return (mix for mix in found if not (is_cut and mix.text == CUT))

    def _has_in_common(self, table: str, mix: Mix, wanted: Iterable[exp.Expr]) -> bool:
        """Whether the rows that a window looks at have a key in common, or are of one row of the table."""
        is_fixed = not wanted or any(not one.find(exp.Column, exp.Placeholder) for one in wanted)
        return is_fixed or self._is_one_row(table, mix) or UNTOLD in wanted or self._are_same(table, mix.parts, wanted)

    def _said(self, mart: Mart, table: str) -> Mapping[str, str] | None:
        """The expressions of a reach by key; None for a query, or whole."""
        reach = (self.jinja.models[mart.name].config.get("meta") or {}).get("reach") or {}
        given = reach.get(table.partition(".")[2])
        return {} if given == DIRECT else given if isinstance(given, Mapping) else None

    def _relation(self, mart: Mart, table: str) -> Relation:
        if (mart.name, table) not in self._relations:
            origins = Origins(table, frozenset(mart.views), self._tree, self.columns, self._identity(table))
            self._relations[mart.name, table] = origins.of_model(mart.name)
        return self._relations[mart.name, table]

    def _are_same(self, table: str, values: Iterable[exp.Expr], wanted: Iterable[exp.Expr]) -> bool:
        types = self._types(table)
        return any(is_same(value, one, types) for value, one in product(values, wanted))

    def _wanted(self, table: str, key: str, said: Mapping[str, str]) -> list[exp.Expr]:
        """What says the same as the expression of a key; nothing where it cannot be read."""
        try:
            found = _small(parse_query(str(said.get(key, f"`{key}`")), "spark"))
        except SqlglotError:
            return []
        if found.find(exp.Query):
            return []
        for column in found.find_all(exp.Column):
            column.set("table", None)
        return self._with_same(table, [found])

    def _with_same(self, table: str, values: list[exp.Expr]) -> list[exp.Expr]:
        """Some values with what else a day or month of silver is."""
        dataset = self._datasets.get(table)
        names = [value.name for value in values if isinstance(value, exp.Column)] if dataset else []
        same = [one for name in names for one in _same_of_day(dataset, name)] if dataset else []
        return [*values, *(parse_query(one, "spark") for one in same)]

    def _types(self, table: str) -> Mapping[str, str]:
        dataset = self._datasets.get(table)
        return {} if dataset is None else {name.lower(): kind for name, kind in dataset.silver_types.items()}

    def _identity(self, table: str) -> tuple[str, ...]:
        """The columns of which a table has one row each."""
        dataset, model = self._datasets.get(table), self.jinja.models.get(table.partition(".")[2])
        keys = dataset.identity if dataset else model.keys if model else ()
        return tuple(key.lower() for key in keys)

    @cached_property
    def _datasets(self) -> dict[str, Dataset]:
        return {f"{SILVER}.{dataset.name}".lower(): dataset for dataset in self.contracts.datasets}

    @cached_property
    def _lists(self) -> dict[str, str]:
        lists = queries_of_spark(self.contracts.datasets)
        return {name: one["query"].replace("{table}", f"{SILVER}.{one['dataset']}") for name, one in lists.items()}

    def _query_of_list(self, found: re.Match[str]) -> str:
        return f"({self._lists[found[1]]})" if found[1] in self._lists else MACRO

    def _tree(self, name: str) -> exp.Expr | None:
        """The query of a model with its names in small letters; None where Jinja chooses what it is."""
        if name not in self._trees:
            model = self.jinja.models[name]
            text = None if _BRANCHES.search(self.jinja.text(model)) else self.jinja.of_changes(model)
            tree = None if text is None else query_in(_ELEMENTS.sub(self._query_of_list, text))
            self._trees[name] = None if tree is None else _small(tree)
        return self._trees[name]


def _small(tree: exp.Expr) -> exp.Expr:
    for part in tree.find_all(exp.Identifier):
        part.set("this", part.name.lower())
        part.set("quoted", False)
    return tree


def _same_of_day(dataset: Dataset, key: str) -> Iterator[str]:
    """What else a day or month of silver is."""
    if key == "dt" and dataset.date_column and dataset.date_zone == UTC:
        yield f"cast({dataset.date_column} as date)"
        yield f"date_trunc('day', {dataset.date_column})"
    if key == "month":
        yield "date_format(dt, 'yyyy-MM')"


def _text(value: exp.Expr) -> str:
    return str(value.sql(dialect="spark", comments=False, normalize_functions="lower"))


def _sentence(mart: Mart, key: str, own: str, found: exp.Expr | str) -> str:
    if isinstance(found, str):
        return (
            f"the key {key} of {mart.name} is {found}, which {own} need not be, and a key too few is a wrong mart; "
            f"write a query that finds it from `changed`, or whole ({PAGE})."
        )
    text = _text(found)
    if found.find(*_OF_SEVERAL_ROWS) or not found.find(exp.Column):
        wanted = "a query that finds it from `changed`"
    else:
        wanted = "no expression for it" if text == key.lower() else f"{{{key}: {json.dumps(text, ensure_ascii=False)}}}"
    return (
        f"the key {key} of {mart.name} is {text}, and not {own}: changed rows would not be found under it; write "
        f"{wanted}, or whole ({PAGE})."
    )
