"""How commands end: Ctrl-C, a reader that has gone, errors that say whether to retry."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.cli.console import console
from lakehouse.errors import LakehouseError, TransientError, UsageError

ROOT = Path(__file__).parents[2]


def raising(error: BaseException) -> object:
    """A function that raises."""

    def work(*_: object, **__: object) -> int:
        raise error

    return work


INTERRUPTED = """
import os, signal, time
import lakehouse.contracts.project as project
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit that it is ignored
# The signal may reach another thread first.
project.find_project = lambda: (os.kill(os.getpid(), signal.SIGINT), time.sleep(30))
from lakehouse.cli.main import main
raise SystemExit(main(["check"]))
"""


def test_ctrl_c_is_130_and_one_line() -> None:
    command = [sys.executable, "-c", INTERRUPTED]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "glue_jobs")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "error: interrupted; the next run resumes where this one stopped.\n"


@pytest.mark.parametrize(
    ("error", "exit_code"), [(UsageError("x"), 2), (LakehouseError("x"), 3), (TransientError("x"), 75)]
)
def test_an_error_says_whether_to_retry(
    error: LakehouseError, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert console(raising(error)) == exit_code  # type: ignore[arg-type]
    assert capsys.readouterr().err == "error: x\n"


def test_an_unexpected_error_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        console(raising(ZeroDivisionError()))  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [["settings"], ["--help"], ["quarantine", "-h"]])
def test_a_reader_that_has_gone_is_no_error(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "lakehouse", *words]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")
