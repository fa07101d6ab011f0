"""What a table or view is: its columns with types and comments, its key, and how a history is joined; needs no JVM."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dbt_files import mart_names, read_marts
from lakehouse.contracts.layers import ANALYTICS, MARTS, QUARANTINE, SILVER
from lakehouse.contracts.project import Project
from lakehouse.errors import UnknownNameError
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.publish.catalogue import hive_type
from lakehouse.publish.descriptions import described, queryable_tables
from lakehouse.publish.element_views import project_views
from lakehouse.publish.engine import UNQUALIFIED, tables_of
from lakehouse.publish.query_errors import close_tables
from lakehouse.publish.views import View, resolve

PERSONAL = "personal"
KEY = "key"
_SENTENCE_END = re.compile(r"(?<=\.)\s")


@dataclass(frozen=True)
class ShownColumn:
    """One column: marks say that it is part of the key, or personal data."""

    name: str
    type: str
    marks: str
    comment: str


@dataclass(frozen=True)
class Shown:
    """A table or view. notes: its key, what it reads and how to join it, a line each."""

    name: str
    kind: str
    description: str
    notes: tuple[str, ...]
    columns: tuple[ShownColumn, ...]


def views_of(project: Project, lake: Lake) -> list[str]:
    """The views whose tables are all in the lake, as analytics.view."""
    tables = {f"{layer}.{name}" for layer, name in tables_of(lake)}
    views = resolve(project_views(project), {})
    return sorted(f"{ANALYTICS}.{view.name}" for view in views if tables.issuperset(view.tables))


def summaries(project: Project, names: Sequence[str]) -> dict[str, str]:
    """What each table and view is, in the first sentence of its description; names as layer.table."""
    views = {f"{ANALYTICS}.{view.name}": view.description for view in project_views(project)}
    whole = {n: views[n] if n in views else described(project, *n.split(".", 1)).description for n in names}
    return {name: _SENTENCE_END.split(text, maxsplit=1)[0] for name, text in whole.items()}


def databases_of(project: Project) -> dict[str, str]:
    """The layer of each table and view of the project that a query may name without it."""
    views = {view.name: ANALYTICS for view in project_views(project)}
    datasets = {dataset.name: SILVER for dataset in project.contracts.datasets}
    return {**views, **datasets, **dict.fromkeys(mart_names(project.dbt), MARTS)}


def describe(project: Project, lake: Lake, wanted: str) -> Shown:
    """A table of the lake or the project, or a view, by its name in any case; raises UnknownNameError."""
    name = _full_name(project, lake, wanted)
    layer, _, short = name.partition(".")
    if layer == ANALYTICS:
        return _of_view(next(v for v in project_views(project) if v.name == short))
    return _of_table(project, lake, layer, short)


def _full_name(project: Project, lake: Lake, wanted: str) -> str:
    in_lake = [f"{layer}.{name}" for layer, name in tables_of(lake)]
    views = [f"{ANALYTICS}.{view.name}" for view in project_views(project)]
    known = list(dict.fromkeys([*views, *queryable_tables(project), *in_lake]))
    name = wanted.strip().replace('"', "").lower()
    for candidate in [name] if "." in name else [f"{layer}.{name}" for layer in UNQUALIFIED]:
        if candidate in known:
            return candidate
    raise UnknownNameError("table or view", wanted, close_tables(name, known) or known)


def _of_view(view: View) -> Shown:
    columns = tuple(ShownColumn(c.name, c.type, "", c.comment) for c in view.columns)
    return Shown(f"{ANALYTICS}.{view.name}", "view", view.description, (f"Reads {', '.join(view.reads)}.",), columns)


def _of_table(project: Project, lake: Lake, layer: str, name: str) -> Shown:
    about = described(project, layer, name)
    dataset = next((d for d in project.contracts.datasets if d.name == name), None)
    key = _key(project, dataset, layer, name)
    personal = dataset.pii_columns if dataset else frozenset()
    table = open_table(lake.table(layer, name))
    types = {f.name: hive_type(f.type) for f in table.schema().fields} if table else _declared(project, layer, name)
    columns = tuple(
        ShownColumn(column, kind, _marks(column in key, column in personal), about.comments.get(column, ""))
        for column, kind in types.items()
    )
    notes = [f"One row per {', '.join(key)}."] if key else []
    if layer == SILVER and dataset:
        notes += _how_to_read(dataset)
    if table is None:
        notes.append("The lake does not have it yet.")
    return Shown(f"{layer}.{name}", "table", about.description, tuple(notes), columns)


def _declared(project: Project, layer: str, name: str) -> dict[str, str]:
    """The columns of a table that is not in the lake, with types where the contract has them."""
    found = {d.name: d.silver_types for d in project.contracts.datasets} if layer in (SILVER, QUARANTINE) else {}
    types = found.get(name, {})
    return {column: types.get(column, "") for column in queryable_tables(project).get(f"{layer}.{name}", ())}


def _key(project: Project, dataset: Dataset | None, layer: str, name: str) -> Sequence[str]:
    if layer == SILVER and dataset:
        return dataset.identity
    if layer == MARTS and name in mart_names(project.dbt):
        return next((mart.keys for mart in read_marts(project.dbt) if mart.name == name), ())
    return ()


def _marks(is_key: bool, is_personal: bool) -> str:
    return ", ".join(word for word, holds in ((KEY, is_key), (PERSONAL, is_personal)) if holds)


def _how_to_read(dataset: Dataset) -> list[str]:
    if dataset.merge_strategy is not MergeStrategy.SCD2:
        flag = dataset.delete_flag
        return [f"Rows with {flag} are in the table and in no query: readers do not see them."] if flag else []
    keys = ", ".join(dataset.key)
    same = " and ".join(f"h.{column} = t.{column}" for column in dataset.key)
    return [
        f"A history, a row per version: a join by {keys} alone counts a row once per version.",
        f"As of a time: left join (select *, nullif(valid_from, min(valid_from) over (partition by {keys}))"
        f" as counts_from from {SILVER}.{dataset.name}) h on {same}"
        " and (h.counts_from is null or t.TIME >= h.counts_from)"
        " and (h.valid_to is null or t.TIME < h.valid_to); put your column for TIME. The first version counts for"
        " times before it, too, as in the views and marts.",
        "As of now: where valid_from <= current_timestamp and (valid_to is null or valid_to > current_timestamp).",
    ]
