"""Which views a lake can have, and the refresh of them: through Athena on AWS, answered by DuckDB on a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lakehouse import log
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.publish.athena import Athena
from lakehouse.publish.catalogue import MANAGED, GlueCatalogue
from lakehouse.publish.descriptions import known_tables
from lakehouse.publish.pinned_views import pinned_views
from lakehouse.publish.query import require_answers, tables_of
from lakehouse.publish.view_check import Known, check_views
from lakehouse.publish.view_refresh import refresh_views
from lakehouse.publish.views import Shown, View, read_views, ready
from lakehouse.runtime.context import Context
from lakehouse.runtime.lineage import tell_views

_READ_BY_VIEWS = ("silver", "quarantine", "marts", "ops", "pinned")


def show_views(context: Context) -> list[str]:
    """Check every view against the lake and bring all of them to their files; raises ViewError, AthenaError."""
    known = _in_glue() if not context.lake.is_local else columns_of(context.lake)
    standing, waiting = standing_views(context.project, context.lake, known)
    if context.lake.is_local:
        require_answers(context.lake, context.contracts, standing)
    else:
        import boto3

        done = refresh_views(Athena.of(context.lake), GlueCatalogue(boto3.client("glue")), standing, waiting)
        log.info("views refreshed", made=",".join(done.made), dropped=",".join(done.dropped))
    tell_views(context, {view.name: view.tables for view in standing})
    return [view.name for view in standing]


def standing_views(project: Project, lake: Lake, known: Known) -> tuple[list[Shown], list[str]]:
    """The views that can stand on these tables, and the names of those that wait for one; raises ViewError.

    A view over a table that was never delivered waits for it; `lakehouse check` has proved its names.
    """
    views = [*read_views(project.dbt / "athena_views"), *pinned_views(project, lake)]
    fault = next(check_views(views, {**known_tables(project), **known}), None)
    if fault:
        raise fault
    standing, waiting = [], []
    for view in ready(views):
        missing = sorted(set(view.tables) - set(known))
        if missing:
            log.warning("view left out, its table holds nothing yet", view=view.name, missing=", ".join(missing))
            waiting.append(view.name)
        else:
            standing.append(view)
    return standing, waiting


def columns_of(lake: Lake) -> dict[str, Sequence[str]]:
    """The columns of each table of a lake, by its log."""
    found: dict[str, Sequence[str]] = {}
    for layer, name in tables_of(lake):
        table = open_table(lake.table(layer, name))
        if table is not None:
            found[f"{layer}.{name}"] = [field.name for field in table.schema().fields]
    return found


def _in_glue() -> Mapping[str, Sequence[str]]:
    """The columns of each table that we published, by the catalogue."""
    import boto3

    glue = GlueCatalogue(boto3.client("glue"))
    return {
        f"{layer}.{entry['Name']}": [column["Name"] for column in entry["StorageDescriptor"]["Columns"]]
        for layer in _READ_BY_VIEWS
        for entry in glue.entries(layer)
        if entry.get("Parameters", {}).get(MANAGED) == "table"
    }


def views_named(project: Project, lake: Lake, sql: str) -> list[Shown]:
    """The views that a query names, and those of them that can stand; for the embedded engine."""
    named = [view for view in read_views(project.dbt / "athena_views") if view.name in sql]
    pinned: list[View] = [view for view in pinned_views(project, lake) if view.name in sql]
    if not named and not pinned:
        return []
    standing, _ = standing_views(project, lake, columns_of(lake))
    wanted = {view.name for view in (*named, *pinned)}
    return [view for view in standing if view.name in wanted]
