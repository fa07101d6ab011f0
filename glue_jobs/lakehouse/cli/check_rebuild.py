"""What makes the rows of a mart's build others than those of a full rebuild of the same tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlglot import exp

from lakehouse.cli.check_branches import branch_faults
from lakehouse.cli.check_jinja import DIFFERS_AT_EACH_BUILD, jinja_faults
from lakehouse.cli.check_order import order_faults
from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.cli.model_sql import clock_words, query_in
from lakehouse.cli.row_keys import Given, RowKeys
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import Mart, Model
from lakehouse.publish.column_check import TableColumns


def rebuild_problems(
    jinja: ProjectJinja, contracts: Contracts, marts: Iterable[Mart], columns: TableColumns
) -> Iterator[str]:
    """A line for each thing in the SQL of marts, and of the views that they read, that a rebuild would find otherwise.

    columns: those of tables and views, as far as they are known.
    """
    check, models = _Rebuild(jinja, contracts, columns), jinja.models
    seen: set[str] = set()
    for mart in marts:
        own = list(check.of_model(models[mart.name], is_in_parts=mart.is_in_parts))
        yield from own or check.of_parts(mart)
        for name in mart.views:
            yield from check.of_model(models[name], is_in_parts=False) if name not in seen else ()
            seen.add(name)


@dataclass(frozen=True)
class _Rebuild:
    """The models of a project as they are built."""

    jinja: ProjectJinja
    contracts: Contracts
    columns: TableColumns
    _given: dict[str, Given] = field(default_factory=dict)
    _trees: dict[str, exp.Expr | None] = field(default_factory=dict)

    def of_parts(self, mart: Mart) -> Iterator[str]:
        """What holds for a mart of which changed keys alone are recomputed."""
        if not mart.is_in_parts:
            return
        model = self.jinja.models[mart.name]
        tree = self._tree(model)
        if tree is not None and tree.args.get("limit"):
            where = self.jinja.place_of(model, "limit")
            yield f"{where}: LIMIT takes other rows of the changed keys than of all; remove it, or say reach whole."
        yield from branch_faults(self.jinja, model)

    def of_model(self, model: Model, *, is_in_parts: bool) -> Iterator[str]:
        """What holds for a mart, and for a view that one reads."""
        yield from jinja_faults(self.jinja, model, is_in_parts=is_in_parts)
        tree = self._tree(model)
        for word in clock_words(tree) if tree is not None else ():
            yield f"{self.jinja.place_of(model, word)}: {word}{DIFFERS_AT_EACH_BUILD}"
        every = order_faults(tree, self._of_table, is_cut=not is_in_parts) if tree is not None else ()
        for words, sentence in every:
            yield f"{self.jinja.place_of(model, *words)}: {sentence}"

    def _of_table(self, name: str) -> Given:
        """What a table of silver, a mart or a view gives."""
        if name not in self._given:
            self._given[name] = Given()
            self._given[name] = self._of_view(name) or self._with_key(name)
        return self._given[name]

    def _of_view(self, name: str) -> Given | None:
        model = self.jinja.models.get(name.partition(".")[2])
        tree = None if model is None or model.is_table else self._tree(model)
        return None if tree is None else RowKeys(self._of_table, lambda _: None).of_query(tree, {})

    def _with_key(self, name: str) -> Given:
        columns, key = self.columns.get(name), self._keys.get(name)
        known = None if columns is None else tuple(column.lower() for column in columns)
        return Given(known, frozenset(one.lower() for one in key) if key else None)

    @cached_property
    def _keys(self) -> Mapping[str, tuple[str, ...]]:
        """Of which columns each table of silver and each mart has one row."""
        found = {f"{SILVER}.{dataset.name}": tuple(dataset.identity) for dataset in self.contracts.datasets}
        return found | {f"{model.schema}.{model.name}": model.keys for model in self.jinja.models.values()}

    def _tree(self, model: Model) -> exp.Expr | None:
        if model.name not in self._trees:
            text = self.jinja.full(model)
            self._trees[model.name] = None if text is None else query_in(text)
        return self._trees[model.name]
