"""`lakehouse try`: what ingest and the suite would do with a file, without a lake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.cli.app import CHECK, command, new_app
from lakehouse.cli.printing import print_line, print_table

if TYPE_CHECKING:
    from lakehouse.cycle.try_file import Tried

app = new_app()


@command(app, "try", example="lakehouse try deliveries/erp_orders_2026-10-18.csv", panel=CHECK)
def try_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One delivered file, under its own name.")],
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=1, help="List at most so many rows.")] = 20,
) -> int:
    """Say what ingest and the suite would do with a file, row by row; nothing is written.

    The file's name decides which dataset it belongs to. The file is ingested and validated in a folder that is thrown
    away afterwards, so no lake is needed and none is touched; what a row ties with in the lake is not seen. Listed
    are the rows that would not pass, with their lines and the values of the rules that they broke, personal data
    masked.

    The exit code is 3 where the file would be refused or the batch stopped.
    """
    import logging
    import tempfile

    from lakehouse import log
    from lakehouse.cycle.try_file import dataset_for, try_file
    from lakehouse.errors import EXIT_TERMINAL, UsageError
    from lakehouse.runtime.glue import command_context

    if not file.is_file():
        raise UsageError(f"{file}: there is no such file; give the path of one delivered file.")
    log.configure(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        context = command_context(f"{folder}/lake")
        dataset_for(context.contracts, file.name)  # before Spark is started
        tried = try_file(context, file, rows)
    _print(tried, file)
    return EXIT_TERMINAL if tried.evaluation.is_stopped else 0


def _print(tried: Tried, file: Path) -> None:
    from lakehouse.say import format_count

    evaluation = tried.evaluation
    print_line(f"{file.name}: {tried.dataset}")
    for line in tried.differences:
        print_line(line)
    if tried.rows:
        found = [(row.place, row.step, ", ".join(row.rules), row.values) for row in tried.rows]
        print_table(("line", "quarantined by", "broken rules", "values"), found)
    for result in evaluation.results:
        if not result.success and result.rule.on_failure == "warn":
            print_line(f"warning: {result.rule.name}: {result.rule.sentence}")
    for line in tried.odd_keys:
        print_line(f"warning: {line}")
    if evaluation.is_stopped:
        print_line(f"the batch would be stopped: {evaluation.reason}")
        return
    held = tried.unreadable + evaluation.quarantined
    print_line(f"{format_count(evaluation.passed, 'row')} would pass, {held} would be quarantined")
