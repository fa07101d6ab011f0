"""The command `lakehouse`: asks the lake, checks the project, prints the settings."""

from __future__ import annotations

import argparse
import sys

from lakehouse.cli import batch, layout, publish, quarantine, query
from lakehouse.cli.console import ask_nicely, console
from lakehouse.contracts.project import find_project
from lakehouse.errors import EXIT_TERMINAL


def parser() -> argparse.ArgumentParser:
    """The words of the command and of each subcommand."""
    words = argparse.ArgumentParser(
        prog="lakehouse",
        description="Work with a lake: ask it questions, check the project that fills it.",
        epilog="Every command works on ./local_output unless --lake names another lake.",
        allow_abbrev=False,
    )
    commands = words.add_subparsers(dest="command", required=True, metavar="COMMAND")
    query.add_commands(commands)
    publish.add_commands(commands)
    check = commands.add_parser(
        "check",
        help="check contracts, suites and views, and say what is wrong where",
        description="Check every contract against our rules and the ODCS schema, every suite against its contract, "
        "every Athena view.",
        allow_abbrev=False,
    )
    check.set_defaults(run=_check)
    settings = commands.add_parser(
        "settings",
        help="print Spark's settings as Glue's --conf wants them",
        description="Print the settings that every job runs with, in the form of Glue's --conf argument.",
        allow_abbrev=False,
    )
    settings.set_defaults(run=_settings)
    quarantine.add_commands(commands)
    batch.add_commands(commands)
    layout.add_commands(commands)
    return words


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = ask_nicely(parser(), sys.argv[1:] if argv is None else argv)
    if isinstance(given, int):
        return given
    return console(lambda: given.run(given))


def _check(given: argparse.Namespace) -> int:
    from lakehouse.cli.check import problems

    found = problems(find_project())
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print("contracts, suites and views are right")
    return EXIT_TERMINAL if found else 0


def _settings(given: argparse.Namespace) -> int:
    from lakehouse.runtime.spark_settings import SETTINGS

    print(" --conf ".join(f"{name}={value}" for name, value in SETTINGS.items()))
    return 0
