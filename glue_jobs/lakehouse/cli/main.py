"""The command `lakehouse`: runs, queries, checks and repairs a lake. Each module beside this one declares a group."""

from __future__ import annotations

import sys

from lakehouse.cli import (
    batch,
    cost,
    dataset,
    doctor,
    erase,
    layout,
    marts,
    new,
    project,
    publish,
    quarantine,
    query,
    run,
    site,
    status,
    tell,
    try_file,
    twin,
)
from lakehouse.cli.app import FIX, LAYOUT, new_app
from lakehouse.cli.console import run_app
from lakehouse.cli.options import DEFAULT_LAKE

app = new_app(
    f"""Work with a retail lakehouse: run it, query it, check its project, fix its data.

    Commands that read or change a lake use {DEFAULT_LAKE} unless --lake is given.""",
    example="lakehouse query 'select * from fct_daily_store_metrics'",
    completion=True,
)
app.add_typer(run.app)
app.add_typer(status.app)
app.add_typer(cost.app)
app.add_typer(tell.app)
app.add_typer(site.app)
app.add_typer(twin.app)
app.add_typer(query.app)
app.add_typer(project.app)
app.add_typer(new.app)
app.add_typer(try_file.app)
app.add_typer(doctor.app)
app.add_typer(quarantine.app, name="quarantine", rich_help_panel=FIX)
app.add_typer(batch.app, name="batch", rich_help_panel=FIX)
app.add_typer(dataset.app, name="dataset", rich_help_panel=FIX)
app.add_typer(erase.app)
app.add_typer(publish.app)
app.add_typer(layout.app, name="layout", rich_help_panel=LAYOUT)
app.add_typer(layout.maintenance)
app.add_typer(marts.app, name="marts", rich_help_panel=LAYOUT)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return run_app(app, "lakehouse", sys.argv[1:] if argv is None else argv)
