"""The command `lakehouse`: asks the lake, checks the project, prints the settings."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable

from lakehouse import batch_commands, quarantine_commands
from lakehouse.console import ask_nicely, console
from lakehouse.errors import EXIT_TERMINAL
from lakehouse.lake import Lake
from lakehouse.printing import print_table
from lakehouse.project import find_project

_LAKE = "./local_output"


def parser() -> argparse.ArgumentParser:
    """The words of the command and of each subcommand."""
    words = argparse.ArgumentParser(
        prog="lakehouse",
        description="Work with a lake: ask it questions, check the project that fills it.",
        epilog="Every command works on ./local_output unless --lake names another lake.",
        allow_abbrev=False,
    )
    commands = words.add_subparsers(dest="command", required=True, metavar="COMMAND")
    query = commands.add_parser(
        "query",
        help="answer a SELECT from the lake's tables, without a JVM",
        description="Answer a SELECT with DuckDB over the Delta tables. Tables are named layer.table, as in "
        "silver.erp_orders; those of marts and silver also without the layer. Deleted rows are left out.",
        epilog="example: lakehouse query 'select store_id, sum(net_revenue) from fct_daily_store_metrics group by 1'",
        allow_abbrev=False,
    )
    query.add_argument("sql", help="the SELECT")
    query.add_argument("--csv", action="store_true", help="print CSV instead of a table")
    tables = commands.add_parser(
        "tables", help="list the lake's tables with their rows", description="List the tables.", allow_abbrev=False
    )
    for command in (query, tables):
        command.add_argument("--lake", default=_LAKE, metavar="PATH", help="a folder or s3://… (default: %(default)s)")
    commands.add_parser(
        "check",
        help="check contracts, suites and views, and say what is wrong where",
        description="Check every contract against our rules and the ODCS schema, every suite against its contract, "
        "every Athena view.",
        allow_abbrev=False,
    )
    commands.add_parser(
        "settings",
        help="print Spark's settings as Glue's --conf wants them",
        description="Print the settings that every job runs with, in the form of Glue's --conf argument.",
        allow_abbrev=False,
    )
    quarantine_commands.add_commands(commands)
    batch_commands.add_commands(commands)
    return words


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = ask_nicely(parser(), sys.argv[1:] if argv is None else argv)
    if isinstance(given, int):
        return given
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "query": _query, "tables": _tables, "check": _check, "settings": _settings,
    }  # fmt: skip
    run = getattr(given, "run", None) or commands[given.command]
    return console(lambda: run(given))


def _query(given: argparse.Namespace) -> int:
    from lakehouse.query import ask

    answer = ask(Lake.at(given.lake), find_project().contracts, given.sql)
    if given.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(answer.columns)
        writer.writerows(answer.rows)
    else:
        print_table(answer.columns, answer.rows)
    return 0


def _tables(given: argparse.Namespace) -> int:
    from lakehouse.delta_log import open_table, promised_rows
    from lakehouse.query import EmptyLakeError, tables_of

    lake = Lake.at(given.lake)
    rows: list[tuple[object, ...]] = []
    for layer, name in tables_of(lake):
        table = open_table(lake.table(layer, name))
        if table is not None:
            rows.append((f"{layer}.{name}", promised_rows(table), len(table.file_uris()), table.version()))
    if not rows:
        raise EmptyLakeError(lake)
    print_table(("table", "rows", "files", "version"), rows)
    return 0


def _check(given: argparse.Namespace) -> int:
    from lakehouse.check import problems

    found = problems(find_project())
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print("contracts, suites and views are right")
    return EXIT_TERMINAL if found else 0


def _settings(given: argparse.Namespace) -> int:
    from lakehouse.spark import SETTINGS

    print(" --conf ".join(f"{name}={value}" for name, value in SETTINGS.items()))
    return 0
