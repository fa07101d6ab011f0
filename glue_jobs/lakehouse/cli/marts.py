"""`lakehouse marts`: what marts read, how changes reach them, what is pending; a rebuild after a definition changed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath, mart_names
from lakehouse.cli.printing import print_difference, print_line
from lakehouse.errors import UsageError

if TYPE_CHECKING:
    from lakehouse.transform.table_difference import TableDifference

app = new_app(
    """Show what marts read, how changes reach them and what is pending; rebuild one.

    A mart is any dbt model that is a table. Its grain is its unique_key, and meta.reach in its config says how a
    changed row of each table that it reads reaches it.""",
    example="lakehouse marts show",
)
MartName = Annotated[
    str, typer.Argument(metavar="NAME", help="A mart, such as fct_customer_value.", autocompletion=mart_names)
]


@command(app, "show", example="lakehouse marts show fct_daily_store_metrics")
def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A mart, such as fct_customer_value.", autocompletion=mart_names),
    ] = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Show what each mart reads, what is pending, and its last build.

    Without NAME: one line per mart, then the way from silver over marts to views. With NAME: how each table reaches it.
    All of it comes from the project's files and the Delta logs.
    """
    from lakehouse.cli.marts_printing import print_mart, print_marts
    from lakehouse.runtime.glue import command_context
    from lakehouse.transform.mart_states import states_of

    context = command_context(lake)
    if name is None:
        print_marts(context.project, states_of(context))
    else:
        print_mart(context.project, states_of(context, name)[0])


@command(app, "rebuild", example="lakehouse marts rebuild fct_customer_value --yes")
def rebuild(
    name: MartName,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where nobody can answer.")] = False,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Build a mart whole under its definition of today.

    Shows the difference in rows and in the sums of its numbers first, and replaces the mart in one commit, after its
    tests. The marts and views on it follow with the next run.
    """
    from lakehouse.runtime.glue import command_context
    from lakehouse.transform.mart_rebuild import rebuild_mart

    if not (yes or dry_run or sys.stdin.isatty()):
        raise UsageError("Nobody can be asked here; say --yes, or --dry-run to see what would change.")

    def agreed(found: TableDifference) -> bool:
        print_difference(name, found, "rebuilt")
        return not dry_run and (yes or typer.confirm(f"Replace {name}?"))

    if rebuild_mart(command_context(lake), name, agreed):
        print_line(f"{name}: rebuilt")
    else:
        print_line("dry run: nothing was written" if dry_run else "nothing was written")
