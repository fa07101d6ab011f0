"""`lakehouse run`: the whole cycle in one process, from a folder of delivered files to the published tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from lakehouse.cli.app import RUN, command, new_app
from lakehouse.cli.console import say_error
from lakehouse.cli.options import DEFAULT_LAKE, LakePath, LogLevel, OnlyWriter, commands_on, domain_names
from lakehouse.errors import UnknownNameError

app = new_app()


def step_names(incomplete: str) -> list[str]:
    """Complete the name of a step."""
    from lakehouse.contracts.plan import STEPS

    return list(STEPS)


@command(app, "run", example="lakehouse run --landing samples/day2 --domain erp --until validate", panel=RUN)
def run(
    landing: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The delivery: a folder, file or pattern, also s3:// (default: samples/)."),
    ] = None,
    lake: LakePath = DEFAULT_LAKE,
    domain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only this domain, and the marts; may be given several times.",
            autocompletion=domain_names,
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="STEP",
            help="Stop after this step of all domains: ingest, validate, transform or publish.",
            autocompletion=step_names,
        ),
    ] = None,
    only_writer: OnlyWriter = False,
    log_level: LogLevel = "warning",
) -> int:
    """Load a delivery through ingest, validate, transform and publish on this machine.

    The delivery are the files directly in a folder or below an s3:// prefix, one file, or those that a pattern in
    quotes matches.

    Run it again with another --landing to add that delivery to the same lake. The same delivery again changes no data.
    """
    return run_delivery(lake, landing, domain or (), until, only_writer, log_level)


def run_delivery(
    lake: str,
    landing: str | None,
    domains: Sequence[str] = (),
    until: str | None = None,
    only_writer: bool = False,
    log_level: str = "warning",
) -> int:
    """Run one cycle; the exit code says whether the whole delivery is in the lake.

    Raises UnknownNameError for a domain or step that there is not.
    """
    import logging

    from lakehouse import log
    from lakehouse.contracts.dbt_files import read_marts
    from lakehouse.contracts.plan import cycle_jobs
    from lakehouse.cycle.closing_table import print_summary
    from lakehouse.cycle.cycle import run_cycle
    from lakehouse.cycle.display import Display
    from lakehouse.runtime.glue import command_context
    from lakehouse.runtime.safe_commits import require_jar
    from lakehouse.site.build import write_pages

    log.configure(getattr(logging, log_level.upper()))
    context = command_context(lake, only_writer)
    only = _selection(context.contracts, domains, until)
    if not only_writer:
        require_jar(context.project, context.lake)
    place = landing or str(context.project.samples)
    jobs = cycle_jobs(context.contracts, read_marts(context.project.dbt))
    with Display(total=sum(map(only.has, jobs))) as display:
        result = run_cycle(context, place, display, only)
    print_summary(result.summary, display.console)  # first, for the row counts must not depend on a full disk
    ending = _exit_of(lambda: write_pages(context.lake, context.project, commands_on(lake), result.summary))
    _tell(lake)
    return result.exit_code or ending


def _tell(lake: str) -> None:
    """Where a channel is set, notify people of how the lake stands now; that nobody could be reached is said."""
    from lakehouse.cli.tell import tell_findings
    from lakehouse.runtime.channels import channels, is_any_channel

    if is_any_channel():
        _exit_of(lambda: tell_findings(lake, channels()), "Nobody was notified")


def _exit_of(work: Callable[[], None], otherwise: str = "No report was written") -> int:
    """Do what follows a run that has ended: what goes wrong there is said, and hides nothing of the run."""
    from lakehouse import log
    from lakehouse.errors import EXIT_UNEXPECTED, LakehouseError
    from lakehouse.privacy import trace_of, without_values
    from lakehouse.runtime.machine import foreseen

    try:
        work()
    except Exception as error:  # of a table that cannot be read, too, for which the run itself has failed before
        known = error if isinstance(error, LakehouseError) else foreseen(error)
        if known is None:
            log.warning("unexpected error", trace=trace_of(error))
        say_error(f"{otherwise}: {known or without_values(error)}")
        return known.exit_code if known else EXIT_UNEXPECTED
    return 0


def _selection(contracts: Any, domains: Sequence[str], until: str | None) -> Any:
    from lakehouse.contracts.plan import STEPS
    from lakehouse.cycle.cycle import Selection

    for name in domains:
        contracts.of(name)
    if until is not None and until not in STEPS:
        raise UnknownNameError("step", until, STEPS)
    return Selection(frozenset(domains) or None, until)
