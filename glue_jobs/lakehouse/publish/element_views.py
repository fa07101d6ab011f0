"""The views of lists whose elements are rows (`explode` in a contract), and with them every view of a project."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Any

from deltalake.schema import ArrayType, StructType

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset, exploded_lists
from lakehouse.contracts.element_rows import athena_type, own_columns, parent_columns, query_of_athena
from lakehouse.contracts.elements import Elements
from lakehouse.contracts.layers import SILVER
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.publish.catalogue import hive_type
from lakehouse.publish.views import View, ViewColumn, ViewError, in_order, read_views


def view_names(project: Project) -> set[str]:
    """The name of every view of a project, whose files are not opened."""
    files = {file.stem for file in (project.dbt / "athena_views").glob("*.sql")}
    return files | {elements.name for _, elements in exploded_lists(project.contracts.datasets)}


def project_views(project: Project, only: Set[str] | None = None) -> list[View]:
    """Every view of a project, or those of some names and what they read, each after those that it reads.

    Raises ViewError.
    """
    files, lists = read_views(project.dbt / "athena_views", only), element_views(project.contracts)
    if only is not None:
        needed = {*only, *(name for view in files for name in view.views_read)}
        lists = [view for view in lists if view.name in needed]
    names = {view.name: view for view in lists}
    for view in files:
        if view.name in names:
            wanted = f"has the name of a list that {names[view.name].file} explodes; rename one of the two."
            raise ViewError(view.file, wanted)
    return in_order([*files, *lists])


def element_views(contracts: Contracts) -> list[View]:
    """A view for each list that a contract explodes."""
    return [_view(dataset, elements) for dataset, elements in exploded_lists(contracts.datasets)]


def _view(dataset: Dataset, elements: Elements) -> View:
    columns = (*parent_columns(dataset, elements), *own_columns(elements))
    return View(
        name=elements.name,
        file=Path(f"contracts/{dataset.domain}.yaml"),
        description=f"A row for each element of {elements.path} in {SILVER}.{dataset.name}, with the key of its row.",
        columns=tuple(ViewColumn(column.name, athena_type(column), column.description) for column in columns),
        sql=query_of_athena(dataset, elements),
    )


def ahead_of_tables(contracts: Contracts, lake: Lake) -> frozenset[str]:
    """The views of lists whose table has not become what its contract says, which its next delivery makes it."""
    lists = exploded_lists(contracts.datasets)
    return frozenset(elements.name for dataset, elements in lists if _is_ahead(lake, dataset, elements))


def _is_ahead(lake: Lake, dataset: Dataset, elements: Elements) -> bool:
    table = open_table(lake.silver(dataset.name))
    if table is None:
        return False  # postponed like every view of a table that is not there yet
    held = {field.name: field.type for field in table.schema().fields}
    listed = _at(StructType(table.schema().fields), elements.path.split("."))
    if not isinstance(listed, ArrayType):
        return True
    of_element = {field.name: field.type for field in getattr(listed.element_type, "fields", ())}
    wanted = {column.name: column.spark_type for column in elements.fields} if elements.element.fields else {}
    if any(_type_of(of_element.get(name)) != _plain(kind) for name, kind in wanted.items()):
        return True
    return any(
        column.name not in held or (column.is_nested and _type_of(held[column.name]) != _plain(column.spark_type))
        for column in parent_columns(dataset, elements)
    )


def _at(kind: Any, path: list[str]) -> Any:
    """The type at a path in structs; None where there is none."""
    for part in path:
        kind = next((field.type for field in getattr(kind, "fields", ()) if field.name == part), None)
    return kind


def _type_of(kind: Any) -> str:
    return "" if kind is None else _plain(hive_type(kind))


def _plain(kind: str) -> str:
    return kind.replace(" ", "")
