"""`lakehouse publish`, `rollback` and `history`: what analysts are shown, and how to take it back."""

from __future__ import annotations

import argparse
from typing import Any

from lakehouse.cli.answers import print_table
from lakehouse.cli.options import add_lake
from lakehouse.errors import UsageError
from lakehouse.runtime.context import Context
from lakehouse.runtime.glue import command_context

_TABLE = "a silver table or the fact, such as silver.erp_orders"


def add_commands(commands: Any) -> None:
    """Add the commands."""
    publish = commands.add_parser(
        "publish",
        help="show analysts the last good version of every table; or keep one version as a table of its own",
        description="Prove every table and view and bring catalogue and views to them; a second call changes nothing. "
        "With TABLE and --as-of, keep that version as pinned.<table>_v<version>, with a view of that name.",
        epilog="example: lakehouse publish fct_daily_store_metrics --as-of 2026-10-12T06:00",
        allow_abbrev=False,
    )
    publish.add_argument("table", nargs="?", metavar="TABLE", help=_TABLE)
    publish.add_argument("--as-of", metavar="WHEN", help="a version such as 12, or a time in ISO 8601 (UTC)")
    publish.set_defaults(run=_publish)
    rollback = commands.add_parser(
        "rollback",
        help="take a table back to an earlier version, with fact, catalogue and views",
        description="Restore a table to an earlier version, build the fact anew from it, publish both. It is a commit "
        "like any other, recorded in ops.rollbacks, and is undone by a rollback to the version before it. Batches "
        "merged after that version are not merged again by themselves: replay them once they are mended.",
        epilog="example: lakehouse rollback silver.erp_orders --to 4",
        allow_abbrev=False,
    )
    rollback.add_argument("table", metavar="TABLE", help=_TABLE)
    rollback.add_argument("--to", metavar="VERSION", type=int, required=True, help="the version to show again")
    rollback.set_defaults(run=_rollback)
    history = commands.add_parser(
        "history",
        help="list the versions of a table that can be pinned or taken back to",
        description="List the versions of a table, newest first.",
        allow_abbrev=False,
    )
    history.add_argument("table", metavar="TABLE", help=_TABLE)
    history.set_defaults(run=_history)
    for command in (publish, rollback, history):
        add_lake(command)


def _publish(given: argparse.Namespace) -> int:
    from lakehouse.publish.publish import publish_domain, publish_marts

    context = command_context(given.lake)
    if (given.table is None) != (given.as_of is None):
        raise UsageError("TABLE and --as-of go together; without both, everything is published.")
    if given.table:
        return _pin(context, given.table, given.as_of)
    shown = [table for contract in context.contracts for table in publish_domain(context, contract)]
    views = publish_marts(context, with_docs=False)
    print(f"published: {', '.join([*shown, *(f'analytics.{view}' for view in views)]) or 'nothing new'}")
    return 0


def _pin(context: Context, wanted: str, as_of: str) -> int:
    from lakehouse.contracts.marts import find_table
    from lakehouse.publish.pins import pin_table
    from lakehouse.publish.publish import publish_pins

    pin = pin_table(context.lake, *find_table(context.contracts, wanted), as_of)
    publish_pins(context)
    print(
        f"{pin.layer}.{pin.table_name} version {pin.version} of {pin.changed_at:%Y-%m-%d %H:%M:%S} UTC stands as "
        f"pinned.{pin.pinned_as}, its view as analytics.{pin.pinned_as}"
    )
    return 0


def _rollback(given: argparse.Namespace) -> int:
    from lakehouse.cycle.rollback import roll_back

    done = roll_back(command_context(given.lake), given.table, given.to)
    print(f"{done.layer}.{done.name} shows version {done.to_version} again, as version {done.version}")
    print(f"to undo: lakehouse rollback {done.layer}.{done.name} --to {done.from_version}")
    return 0


def _history(given: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from lakehouse.contracts.marts import find_table
    from lakehouse.lake.delta_log import open_table
    from lakehouse.publish.query import EmptyLakeError

    context = command_context(given.lake)
    table = open_table(context.lake.table(*find_table(context.contracts, given.table)))
    if table is None:
        raise EmptyLakeError(context.lake)
    rows = [
        (c["version"], f"{datetime.fromtimestamp(c['timestamp'] / 1000, UTC):%Y-%m-%d %H:%M:%S}", c["operation"])
        for c in table.history()
    ]
    print_table(("version", "changed_at", "operation"), rows)
    return 0
