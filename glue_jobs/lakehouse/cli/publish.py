"""`lakehouse publish`, `rollback` and `history`: the versions that analysts see, and the way back to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from lakehouse.cli.app import FIX, QUERY, RUN, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, Author, LakePath, Reason, TableName, signature, table_names
from lakehouse.cli.printing import print_difference, print_line
from lakehouse.errors import UsageError

app = new_app()

_PROPERTIES = "SET TBLPROPERTIES"
_COUNTED = ("inserted", "updated", "deleted", "moved")


@command(app, "publish", example="lakehouse publish fct_daily_store_metrics --as-of 2026-10-12T06:00", panel=RUN)
def publish(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="The table to pin; it needs --as-of.", autocompletion=table_names),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="WHEN", help="A version such as 12, or a time in ISO 8601 (UTC).")
    ] = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Publish every table's last valid version to analysts, or pin one version as a separate table.

    Verify every table and view, then update the Glue Data Catalog and the Athena views; a second call changes nothing.

    With TABLE and --as-of, keep that version as pinned.TABLE_vVERSION, with a view of that name.
    """
    from lakehouse.runtime.glue import command_context

    if (table is None) != (as_of is None):
        raise UsageError("TABLE and --as-of go together; without both, everything is published.")
    context = command_context(lake)
    print_line(_published(context) if table is None else _pinned(context, table, str(as_of)))


def _published(context: Any) -> str:
    from lakehouse.publish.publish import publish_domain, publish_marts

    tables = [table for contract in context.contracts for table in publish_domain(context, contract)]
    views = publish_marts(context, with_docs=False)
    return f"published: {', '.join([*tables, *(f'analytics.{view}' for view in views)]) or 'nothing new'}"


def _pinned(context: Any, table: str, as_of: str) -> str:
    from lakehouse.contracts.marts import find_table
    from lakehouse.publish.pins import pin_table
    from lakehouse.publish.publish import publish_pins

    pin = pin_table(context.lake, *find_table(context.project, table), as_of)
    publish_pins(context)
    return (
        f"{pin.layer}.{pin.table_name} version {pin.version} of {pin.changed_at:%Y-%m-%d %H:%M:%S} UTC stands as "
        f"pinned.{pin.pinned_as}, its view as analytics.{pin.pinned_as}"
    )


@command(app, "rollback", example="lakehouse rollback silver.erp_orders --to 4 --why 'prices in cents'", panel=FIX)
def rollback(
    table: TableName,
    to: Annotated[int, typer.Option(metavar="VERSION", help="The version to restore.")],
    why: Reason,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    by: Author = None,
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Restore a table to an earlier version and republish everything built on it.

    Every mart that reads it is built again. A rollback is a commit like any other, recorded in ops.rollbacks with who
    and why, and is undone by a rollback to the version before it. Batches merged after that version are not merged
    again automatically: replay them (transform --replay) once they are fixed.
    """
    from lakehouse.cycle.rollback import difference_of, plan_rollback, roll_back
    from lakehouse.runtime.glue import command_context

    context = command_context(lake)
    plan = plan_rollback(context, table, to)
    if dry_run:
        print_difference(plan.table, difference_of(context, plan), f"version {to}")
        print_line("dry run: nothing was written")
        return
    version = roll_back(context, plan, signature(why, by))
    print_line(f"{plan.table} shows version {to} again, as version {version}")
    print_line(f"to undo: lakehouse rollback {plan.table} --to {plan.from_version} --why 'undone'")


@command(app, "history", example="lakehouse history silver.erp_orders", panel=QUERY)
def history(table: TableName, lake: LakePath = DEFAULT_LAKE) -> None:
    """List the versions of a table that can be pinned or restored, newest first, and what each brought."""
    from datetime import UTC, datetime

    from lakehouse.cli.printing import print_table
    from lakehouse.contracts.marts import find_table
    from lakehouse.lake.delta_log import newest_commits
    from lakehouse.publish.query_errors import EmptyLakeError
    from lakehouse.runtime.glue import command_context

    context = command_context(lake)
    rows = [
        (
            commit["version"],
            f"{datetime.fromtimestamp(commit['timestamp'] / 1000, UTC):%Y-%m-%d %H:%M:%S}",
            commit["operation"],
            "no row" if commit["operation"] == _PROPERTIES else what_it_brought(commit["lakehouse"] or {}),
        )
        for commit in newest_commits(context.lake.table(*find_table(context.project, table)))
    ]
    if not rows:
        raise EmptyLakeError(context.lake)
    print_table(("version", "changed_at", "operation", "what"), rows)


def what_it_brought(note: Mapping[str, Any]) -> str:
    """What our own note of a commit says, in words; empty where it has none."""
    if "batch_id" in note:
        changed = [f"{note['counts'][name]} {name}" for name in _COUNTED if note.get("counts", {}).get(name)]
        return f"batch {note['batch_id']}: {', '.join(changed) or 'no row changed'}"
    if "rollback" in note:
        return f"rolled back to version {note['rollback']['to_version']}"
    if "dataset_change" in note:
        return "rebuilt from bronze, or a column changed"
    if "silver_versions" in note:
        return "from " + ", ".join(f"{table} {version}" for table, version in note["silver_versions"].items())
    return "files clustered" if "layout" in note else ""
