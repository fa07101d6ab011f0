"""Publishes the analytics views whose tables exist: on AWS in Athena, for a local lake as a check in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse import log
from lakehouse.contracts.layers import MARTS, OPS, PINNED, QUARANTINE, SILVER
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.publish.athena import Athena
from lakehouse.publish.catalogue import MANAGED, GlueCatalogue
from lakehouse.publish.column_check import TableColumns
from lakehouse.publish.descriptions import queryable_tables
from lakehouse.publish.element_views import ahead_of_tables, project_views, view_names
from lakehouse.publish.engine import tables_of
from lakehouse.publish.not_deleted import delete_flags
from lakehouse.publish.pinned_views import pinned_views
from lakehouse.publish.query import require_views_run
from lakehouse.publish.view_check import check_views
from lakehouse.publish.view_refresh import refresh_views
from lakehouse.publish.views import ResolvedView, View, resolve
from lakehouse.runtime.context import Context
from lakehouse.runtime.lineage import emit_views

_READ_BY_VIEWS = (SILVER, QUARANTINE, MARTS, OPS, PINNED)


def publish_views(context: Context) -> list[str]:
    """Check every view against the tables and publish it; returns their names. Raises ViewError, AthenaError."""
    tables = _columns_in_glue() if not context.lake.is_local else columns_in_lake(context.lake)
    available, postponed = available_views(context.project, context.lake, tables)
    if context.lake.is_local:
        require_views_run(context.lake, context.contracts, available)
    else:
        import boto3

        refreshed = refresh_views(
            Athena.of(context.lake, context.athena_workgroup), GlueCatalogue(boto3.client("glue")), available, postponed
        )
        log.info("views refreshed", created=",".join(refreshed.created), dropped=",".join(refreshed.dropped))
    emit_views(context, {view.name: view.tables for view in available})
    return [view.name for view in available]


def available_views(project: Project, lake: Lake, tables: TableColumns) -> tuple[list[ResolvedView], list[str]]:
    """The views whose tables all exist, and the names of the postponed ones; raises ViewError.

    A view is postponed until all of its tables exist; `lakehouse check` has verified its columns.
    """
    views, waiting = _not_ahead(project, lake, [*project_views(project), *pinned_views(project, lake)])
    available, postponed = _available(project, views, tables)
    return available, [*waiting, *postponed]


def _not_ahead(project: Project, lake: Lake, views: Sequence[View]) -> tuple[list[View], list[str]]:
    """The views that a table can have by now, and the names of those that its next delivery makes possible."""
    ahead = set(ahead_of_tables(project.contracts, lake))
    for view in views:  # each stands after those that it reads
        if ahead & set(view.views_read):
            ahead.add(view.name)
    for name in sorted(ahead):
        log.warning("view postponed, because its table is not yet what its contract says", view=name)
    return [view for view in views if view.name not in ahead], sorted(ahead)


def _available(project: Project, views: Sequence[View], tables: TableColumns) -> tuple[list[ResolvedView], list[str]]:
    fault = next(check_views(views, {**queryable_tables(project), **tables}), None)
    if fault:
        raise fault
    available, postponed = [], []
    for view in resolve(views, delete_flags(project.contracts)):
        missing = sorted(set(view.tables) - set(tables))
        if missing:
            log.warning(
                "view postponed, because a table of it does not exist yet", view=view.name, missing=", ".join(missing)
            )
            postponed.append(view.name)
        else:
            available.append(view)
    return available, postponed


def columns_in_lake(lake: Lake) -> dict[str, Sequence[str]]:
    """The columns of each table of a lake, from its Delta log."""
    found: dict[str, Sequence[str]] = {}
    for layer, name in tables_of(lake):
        table = open_table(lake.table(layer, name))
        if table is not None:
            found[f"{layer}.{name}"] = [field.name for field in table.schema().fields]
    return found


def _columns_in_glue() -> Mapping[str, Sequence[str]]:
    """The columns of each published table, from the Glue Data Catalog."""
    import boto3

    glue = GlueCatalogue(boto3.client("glue"))
    return {
        f"{layer}.{entry['Name']}": [column["Name"] for column in entry["StorageDescriptor"]["Columns"]]
        for layer in _READ_BY_VIEWS
        for entry in glue.entries(layer)
        if entry.get("Parameters", {}).get(MANAGED) == "table"
    }


def views_in_query(project: Project, lake: Lake, sql: str) -> list[ResolvedView]:
    """The available views that a query names; for DuckDB."""
    words, pinned = sql.lower(), pinned_views(project, lake)
    wanted = {name for name in {*view_names(project), *(pin.name for pin in pinned)} if name.lower() in words}
    if not wanted:
        return []
    # Another view may have an error, as one on a table that a run has not brought to its contract yet.
    views = [*project_views(project, wanted), *(pin for pin in pinned if pin.name in wanted)]
    possible, _ = _not_ahead(project, lake, views)
    available, _ = _available(project, possible, columns_in_lake(lake))
    return [view for view in available if view.name in wanted]
