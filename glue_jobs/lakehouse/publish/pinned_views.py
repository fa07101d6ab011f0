"""The view of each pinned version, under the name `<table>_v<version>`."""

from __future__ import annotations

from pathlib import Path

from lakehouse.contracts.layers import PINNED, SILVER
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import Pin, pins_of
from lakehouse.publish.catalogue import hive_type
from lakehouse.publish.descriptions import described
from lakehouse.publish.not_deleted import where_shown
from lakehouse.publish.views import View, ViewColumn


def pinned_views(project: Project, lake: Lake) -> list[View]:
    """A view for each pin: its columns at that version, without deleted rows."""
    return [view for pin in pins_of(lake) if (view := _view(project, lake, pin)) is not None]


def _view(project: Project, lake: Lake, pin: Pin) -> View | None:
    table = open_table(lake.table(PINNED, pin.pinned_as))
    if table is None:
        return None
    about = described(project, pin.layer, pin.table_name)
    fields = [(f.name, hive_type(f.type), f.metadata) for f in table.schema().fields]
    columns = tuple(
        ViewColumn(name, _athena_type(kind), str(metadata.get("comment") or about.comments.get(name, "")))
        for name, kind, metadata in fields
        if "<" not in kind  # Athena and DuckDB write nested types differently; the table has these columns
    )
    selected = ",\n    ".join(f'"{column.name}"' for column in columns)
    sql = f'select\n    {selected}\nfrom {PINNED}."{pin.pinned_as}"{_without_deleted(project, pin)}'
    text = f"{pin.layer}.{pin.table_name} as of version {pin.version}, {pin.changed_at:%Y-%m-%d %H:%M} UTC."
    return View(pin.pinned_as, Path(f"{pin.pinned_as}.sql"), text, columns, sql)


def _without_deleted(project: Project, pin: Pin) -> str:
    shown = {dataset.name: where_shown(dataset) for dataset in project.contracts.datasets}
    return shown.get(pin.table_name, "") if pin.layer == SILVER else ""


def _athena_type(kind: str) -> str:
    return {
        "string": "varchar",
        "int": "integer",
        "float": "real",
        "timestamp": "timestamp(6)",
        "binary": "varbinary",
    }.get(kind, kind)
