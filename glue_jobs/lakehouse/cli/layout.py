"""`lakehouse layout` and `lakehouse maintain`: how tables are clustered, how they should be, and the way there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lakehouse.cli.app import LAYOUT, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath, TableName, table_names
from lakehouse.cli.printing import print_line
from lakehouse.errors import LakehouseError, UsageError, gathering, raise_first

app = new_app(
    """Show how the files of tables are clustered, advise a layout, apply a declared one.

    Layouts are declared in contracts (partitionBy, clusterBy, targetFileSize) and in the dbt config of marts. All
    figures come from the Delta logs.""",
    example="lakehouse layout show silver.erp_orders",
)
maintenance = new_app()


@command(app, "show", example="lakehouse layout show silver.erp_orders --picture orders.svg")
def show(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="A silver table or the fact.", autocompletion=table_names),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an SVG heat map: how many files may contain each day and store."),
    ] = None,
    row_groups: Annotated[
        bool, typer.Option("--row-groups", help="Report Parquet row groups instead of files (reads the footers).")
    ] = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Show files, sizes, and the share that typical queries read.

    Without TABLE: one line per table. With TABLE: also the share of files and bytes that four typical queries read (one
    day, one store, both, 7 days × 10 stores), compared with the theoretical minimum.
    """
    from lakehouse.cli.layout_printing import draw, print_queries, print_tables
    from lakehouse.layout.declared import maintained_table, maintained_tables
    from lakehouse.runtime.glue import command_context

    if table is None and (picture or row_groups):
        raise UsageError("--picture and --row-groups need a TABLE.")
    context = command_context(lake)
    if table is None:
        print_tables(maintained_tables(context))
        return
    chosen = maintained_table(context, table)
    print_tables([chosen])
    files = print_queries(chosen, row_groups)
    if picture:
        draw(chosen, files, picture)


@command(app, "advise", example="lakehouse layout advise silver.erp_orders")
def advise(table: TableName, lake: LakePath = DEFAULT_LAKE) -> None:
    """Advise the layout that suits a table's real size, with the predicted figures.

    Predicts what the four typical queries read under each possible layout.
    """
    from lakehouse.cli.layout_printing import print_advice
    from lakehouse.layout.declared import maintained_table
    from lakehouse.runtime.glue import command_context

    print_advice(maintained_table(command_context(lake), table))


@command(app, "apply", example="lakehouse layout apply silver.erp_orders")
def apply(table: TableName, lake: LakePath = DEFAULT_LAKE) -> None:
    """Rewrite a table to its newly declared layout, in one commit.

    Readers see the old layout until the commit and the new one after it. A table that already has the declared layout
    is left unchanged.
    """
    from lakehouse.layout.apply import apply_layout
    from lakehouse.runtime.glue import command_context

    applied = apply_layout(command_context(lake), table)
    if applied.done is None:
        print_line(f"{applied.table} is laid out as declared")
        return
    done = applied.done
    files = f"{done.files_added} files instead of {done.files_removed}"
    print_line(f"{applied.table}: {done.rows} rows in {files}, as version {done.version}")


@command(maintenance, "maintain", example="lakehouse maintain --max-bytes 1000000000", panel=LAYOUT)
def maintain(
    max_bytes: Annotated[
        int | None, typer.Option(metavar="N", help="Rewrite at most N bytes per table and run (default: 20 GiB).")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show which rows and raw files keepDays would remove; change nothing.")
    ] = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Remove what keepDays no longer keeps, recluster, vacuum, clean up Delta logs.

    Rows that are older than the contract keeps them go first, with what was recorded of them in ops.dataset_changes.
    Rewrites only files that changed since they were last clustered and are poorly clustered, then removes what no
    version within the retention needs. Safe while jobs run; a second run does nothing.
    """
    from lakehouse.cli.layout_printing import print_maintained, print_old
    from lakehouse.cycle.keep import keep_lake, plan_keeping
    from lakehouse.layout.maintain import MAX_BYTES, BoundError, maintain_lake
    from lakehouse.runtime.glue import command_context

    if max_bytes is not None and max_bytes < 1:
        raise BoundError(str(max_bytes))
    context, errors = command_context(lake), list[LakehouseError]()
    if dry_run:
        print_old(plan_keeping(context))
        print_line("dry run: nothing was changed")
        return
    with gathering(errors):
        if gone := keep_lake(context):
            print_old(gone)
    print_maintained(maintain_lake(context, max_bytes or MAX_BYTES))
    raise_first(errors, ())
