"""Runs the whole lakehouse on a laptop: `lakehouse run` under the names of its first options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent / "glue_jobs"))

import typer

from lakehouse.cli.app import command, new_app
from lakehouse.cli.console import run_app
from lakehouse.cli.options import DEFAULT_LAKE, LogLevel, OnlyWriter
from lakehouse.cli.run import run_delivery

app = new_app()


@command(app, "local_runner.py", example="python local_runner.py --landing-dir samples/day2")
def local_runner(
    output_dir: Annotated[
        str, typer.Option(metavar="PATH", help="The lake: a folder or s3://bucket/prefix.")
    ] = DEFAULT_LAKE,
    landing_dir: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The delivery: a folder, file or pattern, also s3:// (default: samples/)."),
    ] = None,
    only_writer: OnlyWriter = False,
    log_level: LogLevel = "warning",
) -> int:
    """Load a delivery through ingest, validate, transform, marts and publish on this machine.

    Run it again with another --landing-dir to add that delivery to the same lake. The same delivery again changes no
    data. `lakehouse run` does the same and can stop early.
    """
    return run_delivery(output_dir, landing_dir, only_writer=only_writer, log_level=log_level)


def main(argv: list[str]) -> int:
    """Run one cycle; the exit code says whether the whole delivery is in the lake."""
    return run_app(app, "local_runner.py", argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
