"""Runs the whole lakehouse on a laptop: one delivery from landing to the fact, in one process."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "glue_jobs"))

from lakehouse import log
from lakehouse.cli.console import ask_nicely, console
from lakehouse.runtime.glue import command_context


def parser() -> argparse.ArgumentParser:
    """The words of the command."""
    words = argparse.ArgumentParser(
        prog="local_runner.py",
        description="Take a delivery through ingest, validate, transform, marts and publish on this machine.",
        epilog="Run it again with another --landing-dir to add that delivery to the same lake; "
        "the same delivery again changes no data.",
        allow_abbrev=False,
    )
    words.add_argument(
        "--output-dir", default="./local_output", help="the lake: a folder or s3://… (default: %(default)s)"
    )
    words.add_argument("--landing-dir", help="folder whose files are the delivery (default: samples/)")
    words.add_argument(
        "--only-writer",
        action="store_true",
        help="for a lake on S3 that nothing else writes to: do not ask for the log store (`make jar`)",
    )
    words.add_argument("--log-level", default="warning", choices=["info", "warning"], help="how much the jobs log")
    return words


def main(argv: list[str]) -> int:
    """Run one cycle; the exit code says whether the whole delivery is in the lake."""
    given = ask_nicely(parser(), argv)
    if isinstance(given, int):
        return given
    log.configure(getattr(logging, given.log_level.upper()))
    return console(lambda: _cycle(given))


def _cycle(given: argparse.Namespace) -> int:
    from lakehouse.cycle import report
    from lakehouse.cycle.closing_table import print_summary
    from lakehouse.cycle.cycle import STEPS, run_cycle
    from lakehouse.cycle.display import Progress
    from lakehouse.runtime.safe_commits import require_jar

    context = command_context(given.output_dir, given.only_writer)
    landing = Path(given.landing_dir or context.project.samples)
    if not given.only_writer:
        require_jar(context.project, context.lake)
    with Progress(total=len(STEPS) * len(context.contracts.domains) + 2) as progress:
        result = run_cycle(context, landing, progress)
    report.write(result.summary, f"{context.lake.root}/report.html")
    print_summary(result.summary, progress.console)
    return result.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
