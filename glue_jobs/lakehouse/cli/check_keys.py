"""Follows each key of a mart to the table whose changed rows are to name it: a key computed on the way is another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.cli.key_origins import Origins
from lakehouse.cli.key_values import is_same
from lakehouse.cli.model_sql import tree_of
from lakehouse.contracts.columns import UTC
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.element_rows import queries_of_spark
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import DIRECT, PAGE, Mart, Model
from lakehouse.publish.column_check import TableColumns

_BRANCHES = re.compile(r"\{%-?\s*(?:else|elif|for|macro|call|set\s+\w+\s*-?%\})")
_OF_SEVERAL_ROWS = (exp.AggFunc, exp.Window, exp.UDTF)


@dataclass(frozen=True)
class KeyCheck:
    """The models of a project, for the keys that their reach says a changed row names."""

    root: Path
    models: Mapping[str, Model]
    contracts: Contracts
    columns: TableColumns
    _trees: dict[str, exp.Expr | None] = field(default_factory=dict)

    def faults(self, mart: Mart, table: str) -> Iterator[str]:
        """A sentence for each key of a mart that a changed row of a table certainly does not name."""
        given = ((self.models[mart.name].config.get("meta") or {}).get("reach") or {}).get(table.partition(".")[2])
        if given != DIRECT and not isinstance(given, Mapping):
            return
        ways = Origins(table, frozenset(mart.views), self._tree, self.columns, self._identity(table))
        relation = ways.of_model(mart.name)
        for key in mart.keys:
            said = {} if given == DIRECT else given
            wanted = self._wanted(table, key, str(said.get(key, f"`{key}`")))
            for route in relation.routes if wanted else ():
                values = route(key.lower())
                if not any(is_same(value, one, self._types(table)) for value in values for one in wanted):
                    own = f"the changed row's own {key}" if key not in said else f"{said[key]} of the changed row"
                    yield _sentence(mart, key, own, values[0] if values else relation.tell(key.lower()))
                    break

    def _wanted(self, table: str, key: str, text: str) -> list[exp.Expr]:
        """What says the same as the expression of a key; nothing where it cannot be read."""
        try:
            found = _small(sqlglot.parse_one(text, dialect="spark"))
        except SqlglotError:
            return []
        if found.find(exp.Query):
            return []
        for column in found.find_all(exp.Column):
            column.set("table", None)
        dataset = self._datasets.get(table)
        same = _same_of_day(dataset, found.name) if dataset and isinstance(found, exp.Column) else ()
        return [found, *(sqlglot.parse_one(one, dialect="spark") for one in same)]

    def _types(self, table: str) -> Mapping[str, str]:
        dataset = self._datasets.get(table)
        return {} if dataset is None else {name.lower(): kind for name, kind in dataset.silver_types.items()}

    def _identity(self, table: str) -> tuple[str, ...]:
        """The columns of which a table has one row each."""
        dataset, model = self._datasets.get(table), self.models.get(table.partition(".")[2])
        keys = dataset.identity if dataset else model.config.get("unique_key") if model else ()
        return tuple(key.lower() for key in ((keys,) if isinstance(keys, str) else keys or ()))

    @cached_property
    def _datasets(self) -> dict[str, Dataset]:
        return {f"{SILVER}.{dataset.name}".lower(): dataset for dataset in self.contracts.datasets}

    @cached_property
    def _lists(self) -> dict[str, str]:
        lists = queries_of_spark(self.contracts.datasets)
        return {name: one["query"].replace("{table}", f"{SILVER}.{one['dataset']}") for name, one in lists.items()}

    def _tree(self, name: str) -> exp.Expr | None:
        """The query of a model with its names in small letters; None where Jinja chooses what it is."""
        if name not in self._trees:
            model = self.models[name]
            is_plain = not _BRANCHES.search((self.root / model.file).read_text(encoding="utf-8"))
            tree = tree_of(model, self.models, self.root, self._lists) if is_plain else None
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


def _sentence(mart: Mart, key: str, own: str, found: exp.Expr | str) -> str:
    if isinstance(found, str):
        return (
            f"the key {key} of {mart.name} is {found}, which {own} need not be, and a key too few is a wrong mart; "
            f"write a query that finds it from `changed`, or whole ({PAGE})."
        )
    text = found.sql(dialect="spark", comments=False, normalize_functions="lower")
    if found.find(*_OF_SEVERAL_ROWS) or not found.find(exp.Column):
        wanted = "a query that finds it from `changed`"
    else:
        wanted = "no expression for it" if text == key.lower() else f"{{{key}: {json.dumps(text, ensure_ascii=False)}}}"
    return (
        f"the key {key} of {mart.name} is {text}, and not {own}: changed rows would not be found under it; write "
        f"{wanted}, or whole ({PAGE})."
    )
