"""The reference of commands: the help of `lakehouse`, the jobs, the local runner and make, as they print it."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

import typer.main

from lakehouse.cli.main import app, main
from tools.docs.markdown import block, page

_ENVIRONMENT = {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
_OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")


def page_of_commands(root: Path) -> str:
    """The whole page."""
    commands = [section for path in command_paths() for section in _section(path)]
    return page(
        "Commands",
        "Printed by the programs themselves. `lakehouse` is in the project's virtual environment: "
        "`source .venv/bin/activate`. A lake is `--lake` of the commands, `--lake_root` of the jobs, `--output-dir` of "
        "the local runner and `OUTPUT_DIR` of make. [Exit codes](exit-codes.md) are the same everywhere.",
        "## lakehouse",
        block(_help_of(())),
        *commands,
        "## Jobs",
        "On this machine `./spark_local.sh JOB …` starts them, on AWS Glue, with the same arguments: "
        "[run one job](../how-to/run-one-job.md).",
        *(block(_script_help(root / "glue_jobs" / f"{name}.py")) for name in job_names(root)),
        "## local_runner.py",
        block(_script_help(root / "local_runner.py")),
        "## make",
        block(_make_help(root)),
    )


def job_names(root: Path) -> list[str]:
    """The scripts of the Glue jobs."""
    return sorted(file.stem for file in (root / "glue_jobs").glob("*.py"))


def command_paths() -> list[tuple[str, ...]]:
    """Every command and subcommand that the help lists, in its order."""
    return list(_below(typer.main.get_command(app), ()))


def _below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, found in getattr(command, "commands", {}).items():
        if not found.hidden:
            yield (*path, name)
            yield from _below(found, (*path, name))


def _section(path: tuple[str, ...]) -> tuple[str, str]:
    level = "###" if len(path) == 1 else "####"
    return f"{level} lakehouse {' '.join(path)}", block(_help_of(path))


def _help_of(path: Sequence[str]) -> str:
    with mock.patch.dict(os.environ, _ENVIRONMENT), _printed() as printed:
        main([*path, "--help"])
    return printed.getvalue()


def _script_help(script: Path) -> str:
    arguments = [script.name if script.stem == "local_runner" else str(script), "--help"]
    as_called = mock.patch.object(sys, "argv", arguments)
    with mock.patch.dict(os.environ, _ENVIRONMENT), as_called, _printed() as printed, contextlib.suppress(SystemExit):
        runpy.run_path(str(script), run_name="__main__")
    return printed.getvalue()


def _make_help(root: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
    done = subprocess.run(["make", "help"], cwd=root, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@contextlib.contextmanager
def _printed() -> Iterator[io.StringIO]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        yield printed
