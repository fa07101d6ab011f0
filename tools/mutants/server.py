"""Runs tests in forks of a process that has imported the engines already: a mutant costs its tests and little more.

    python -m tools.mutants.server TRACE        # a line of standard input is a request, a line of output its answer

It imports what the traced tests had imported, and of the project nothing: a fork imports that, with its bug.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

_TIMED_OUT = -1


def main() -> None:
    """Answer requests until there are no more."""
    for name in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["modules"]:
        with suppress(BaseException):  # what cannot be imported out of order is imported by the fork
            importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(request["tests"], request["seconds"])), flush=True)


def answer(tests: Sequence[str], seconds: float) -> dict[str, Any]:
    """Run tests until one fails or the time is over: pytest's exit code, the failed test, the seconds."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            _run(tests, output.fileno())
        code = _waited_for(child, start + seconds)
        output.seek(0)
        said = output.read().decode(errors="replace")
    failed = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", said, re.M)
    took = round(time.monotonic() - start, 2)
    return {"code": code, "test": failed[1] if failed else "", "seconds": took, "said": said[-2000:]}


def _run(tests: Sequence[str], output: int) -> NoReturn:
    code = 3
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        words = ["-x", "-q", "-m", "", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
        code = int(pytest.main([*words, *tests]))
        sys.stdout.flush()
    finally:
        os._exit(code)


def _waited_for(child: int, until: float) -> int:
    code = _TIMED_OUT
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.02)
    with suppress(ProcessLookupError):  # what a test started and left is ended with it
        os.killpg(child, signal.SIGKILL)
    if code == _TIMED_OUT:
        os.waitpid(child, 0)
    return code


if __name__ == "__main__":
    main()
