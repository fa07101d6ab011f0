"""Runs one cycle and kills its own process (SIGKILL) right after a named function has returned for the nth time.

    python killed_run.py lakehouse.ingest.ingest:record_batches:1 --output-dir LAKE --landing-dir DELIVERY

With `step:ingest_web` it dies at the end of that step, with `-` it is not killed. Words that begin with `lakehouse`
are a command of that name instead of a cycle. The environment's CORES is the number of cores that it sees.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "glue_jobs")]


def die() -> None:
    """End this process as a power cut would: no handler, no buffer, no farewell to the JVM."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_after(place: str) -> None:
    """Arrange the death."""
    if place.startswith("step:"):
        from lakehouse.cycle.display import StepDisplay

        finish = StepDisplay.finish
        StepDisplay.finish = lambda self: die() if self.name == place[5:] else finish(self)  # type: ignore[assignment,method-assign]
        return
    module_name, function_name, nth = place.split(":")
    module = importlib.import_module(module_name)
    setattr(module, function_name, counted(getattr(module, function_name), int(nth)))


def counted(function: Callable[..., Any], nth: int) -> Callable[..., Any]:
    """The function, deadly when it has returned for the nth time."""
    calls = 0

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        result = function(*args, **kwargs)
        calls += 1
        if calls == nth:
            die()
        return result

    return call


if __name__ == "__main__":
    if cores := os.environ.get("CORES"):
        os.cpu_count = lambda: int(cores)
    if sys.argv[1] != "-":
        die_after(sys.argv[1])
    if sys.argv[2] == "lakehouse":
        from lakehouse.cli.main import main

        sys.exit(main(sys.argv[3:]))
    import local_runner

    sys.exit(local_runner.main(sys.argv[2:]))
