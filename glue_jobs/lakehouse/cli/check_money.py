"""Refuses marts and views that mix currencies, amounts with and without tax, or days of several clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlglot import exp

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import read_marts, read_models
from lakehouse.contracts.layers import MARTS, SILVER
from lakehouse.contracts.mart_graph import Mart, Model
from lakehouse.contracts.money import Money, mixture, said_money
from lakehouse.contracts.project import Project
from lakehouse.publish.views import View

Amounts = Mapping[str, Money]
"""The amounts of a table by their columns."""
_COMMENT = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
_HEADER = re.compile(r"^-- amounts in: *(.*)$", re.MULTILINE)
_WANTED = "such as `EUR, without tax`"


def mixed_marts(project: Project, contracts: Contracts) -> tuple[list[str], dict[str, Amounts]]:
    """A line for each mart that mixes, and the amounts of every table that a view may read."""
    models, found = read_models(project.dbt), dict(_of_silver(contracts))
    lines: list[str] = []
    for mart in read_marts(project.dbt):
        used = _used_by(mart, models, project.dbt.parent, found)
        said = _meta(models[mart.name]).get("amounts_in")
        money = None if said is None else said_money(str(said))
        if said is not None and money is None:
            lines.append(f"{mart.file}: meta.amounts_in '{said}' cannot be read; write currency and tax, {_WANTED}.")
        elif said is None and (mixed := mixture(used)):
            lines.append(f"{mart.file}: reads amounts {mixed}, and say in its YAML meta.amounts_in, {_WANTED}.")
        found[f"{MARTS}.{mart.name}"] = {mart.name: money} if money else used
        lines += _mixed_days(mart, models[mart.name], contracts)
    return lines, found


def mixed_views(views: tuple[View, ...], tables: Mapping[str, Amounts]) -> Iterator[str]:
    """A line for each view that mixes. tables: of those whose columns a query names, and of marts."""
    for view in views:
        names = {column.name for column in view.tree.find_all(exp.Column)}
        used = {
            f"{table.partition('.')[2]}.{column}" if table.startswith(f"{SILVER}.") else column: money
            for table in view.reads
            for column, money in tables.get(table, {}).items()
            if not table.startswith(f"{SILVER}.") or column in names
        }
        said = _HEADER.search(view.sql)
        if said and said_money(said[1]) is None:
            yield f"{view.file}: header 'amounts in: {said[1]}' cannot be read; write currency and tax, {_WANTED}."
        elif not said and (mixed := mixture(used)):
            yield f"{view.file}: reads amounts {mixed}, and say in its header `-- amounts in:`, {_WANTED}."


def _of_silver(contracts: Contracts) -> Iterator[tuple[str, Amounts]]:
    for dataset in contracts.datasets:
        yield f"{SILVER}.{dataset.name}", {c.name: c.money for c in dataset.columns if c.money}


def _meta(model: Model) -> Mapping[str, object]:
    return model.config.get("meta") or {}


def _used_by(mart: Mart, models: Mapping[str, Model], root: Path, tables: Mapping[str, Amounts]) -> dict[str, Money]:
    """The amounts that a mart reads: by their names in its SQL, or in a view's that does more than pass them on."""
    own = _sql(root / mart.file)
    between = [_sql(root / models[name].file) for name in mart.views]
    used: dict[str, Money] = {}
    for table in mart.reads:
        layer, _, name = table.partition(".")
        for column, money in tables.get(table, {}).items():
            if layer == MARTS:
                used[column] = money
            elif _names(own, column) or any(_computes_with(sql, column) for sql in between):
                used[f"{name}.{column}"] = money
    return used


def _sql(file: Path) -> str:
    return _COMMENT.sub("", file.read_text(encoding="utf-8"))


def _names(sql: str, column: str) -> int:
    return len(re.findall(rf"\b{column}\b", sql))


def _computes_with(sql: str, column: str) -> bool:
    """Whether a view does more with a column than to pass it on: under another name its amounts are not seen again."""
    own = rf"(?:\w+\.)?{column}"
    passed_on = rf"(?m)^\s*(?:{own}|cast\({own} as [^\n]*\) as {column})\s*,?\s*$"
    return _names(re.sub(passed_on, "", sql), column) > 0


def _mixed_days(mart: Mart, model: Model, contracts: Contracts) -> Iterator[str]:
    datasets = [d for d in contracts.datasets if f"{SILVER}.{d.name}" in mart.reads]
    zones: dict[str, list[str]] = {}
    for dataset in datasets:
        if dataset.merge_strategy is not MergeStrategy.SCD2:
            zones.setdefault(dataset.date_zone, []).append(dataset.name)
    if len(zones) > 1 and "date_zone" not in _meta(model):
        said = " and of ".join(f"{zone} ({', '.join(names)})" for zone, names in zones.items())
        yield (
            f"{mart.file}: reads days of {said}; give them one dateZone, or say in its YAML meta.date_zone, whose days "
            f"its own are."
        )
