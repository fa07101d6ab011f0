"""Holds what a mart's files say against one another: columns, grain and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.mart_graph import Mart, Model
from lakehouse.contracts.marts import models as described
from lakehouse.contracts.project import Project
from lakehouse.contracts.table_names import name_fault
from lakehouse.errors import nearest
from lakehouse.publish.column_check import TableColumns

MATERIALIZED = ("table", "incremental", "view", "ephemeral")
_ON_CHANGE = ("ignore", "fail", "append_new_columns", "sync_all_columns")
_ELSEWHERE = ("alias", "database", "location_root")
_UNLESS = " unless "


def model_problems(
    project: Project, contracts: Contracts, models: Mapping[str, Model], marts: Iterable[Mart], columns: TableColumns
) -> Iterator[str]:
    """A line for each thing that a build would refuse.

    columns: those of tables and views, as far as they are known.
    """
    yield from _of_files(project.dbt, contracts)
    for model in models.values():
        yield from (f"{model.file}:1: {fault}" for fault in (*_of_config(model), *_of_sources(model, contracts)))
    for mart in marts:
        faults = _of_columns(project.dbt, mart, columns.get(mart.full_name))
        yield from (f"{mart.file}:1: {fault}" for fault in faults)


def _of_files(dbt: Path, contracts: Contracts) -> Iterator[str]:
    """Names that no engine takes, that two models have, or that are those of a dataset."""
    seen: dict[str, Path] = {}
    datasets = {dataset.name for dataset in contracts.datasets}
    for file in sorted((dbt / "models").rglob("*.sql")):
        if fault := name_fault(file.stem):
            yield f"{file}:1: {fault} Rename the file."
        elif file.stem in seen:
            yield f"{file}:1: '{file.stem}' is a model already, {seen[file.stem]}; give each a name of its own."
        elif file.stem in datasets:
            yield f"{file}:1: '{file.stem}' is a dataset, and commands name both without a layer; rename the file."
        seen.setdefault(file.stem, file)


def _of_config(model: Model) -> Iterator[str]:
    if model.fault:
        return
    config = model.config
    if model.materialized not in MATERIALIZED:
        yield f"materialized='{model.materialized}' is not built here.{nearest(model.materialized, MATERIALIZED)}"
    if not model.is_table:
        return
    if config.get("file_format") != "delta":
        yield f"a mart is a Delta table, found file_format {config.get('file_format')!r}; say file_format='delta'."
    for word in _ELSEWHERE:
        if config.get(word):
            yield f"{word} puts the mart where no reader looks; remove it: it lies under its model's name."
    change = str(config.get("on_schema_change", "ignore"))
    if change not in _ON_CHANGE:
        yield f"on_schema_change='{change}' is unknown.{nearest(change, _ON_CHANGE)}"


def _of_sources(model: Model, contracts: Contracts) -> Iterator[str]:
    known = {f"{SILVER}.{dataset.name}" for dataset in contracts.datasets}
    for source in model.sources:
        if source.startswith(f"{SILVER}.") and source not in known:
            yield f"reads {source}, which no contract describes.{nearest(source, known)}"


def _of_columns(dbt: Path, mart: Mart, known: Sequence[str] | None) -> Iterator[str]:
    """Columns that the mart is said to have. known: those that its SQL gives; None where a macro writes them."""
    says = described(dbt).get(mart.name)
    own = known or (tuple(name.lower() for name in says.comments) if says else ())
    if not own:
        return
    for name in sorted({name for name in own if own.count(name) > 1}):
        yield f"selects {name} twice; give each column a name of its own."
    for key in mart.keys:
        if key.lower() not in own:
            yield f"unique_key names {key}, which is no column of it.{nearest(key, own)}"
    for column, words in mart.amounts.items():
        if column.lower() not in own:
            yield f"meta.amounts names {column}, which is no column of it.{nearest(column, own)}"
        read = [table.partition(".")[2] for table in mart.reads]
        if (dataset := words.partition(_UNLESS)[0]) not in read:
            yield f"meta.amounts.{column} names '{dataset}', which the mart does not read.{nearest(dataset, read)}"
    for name in says.comments if says and known else ():
        if name.lower() not in own:
            yield f"its YAML describes {name}, which its SQL does not select.{nearest(name, own)}"
