"""Drives a merging process: starts it, tells it what to do, reads what it says, kills it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROCESS = Path(__file__).with_name("merging_process.py")
MODULES = os.pathsep.join(str(ROOT / folder) for folder in ("glue_jobs", ""))
ENVIRONMENT = {"PYTHONPATH": MODULES, "TZ": "UTC", "LAKEHOUSE_DRIVER_MEMORY": "1g"}


class MergingProcess:
    """A process that merges into one table; it leads a process group, which its JVM belongs to."""

    def __init__(self, path: str, script: Path = PROCESS, words: Sequence[str] = ()) -> None:
        self._errors = Path(f"{path}.{uuid.uuid4().hex}.log")
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, script, *(words or (path,))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                cwd=ROOT,
                env={**os.environ, **ENVIRONMENT},
            )

    def tell(self, command: str) -> None:
        """Give a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def wait_for(self, *moments: str) -> dict[str, Any]:
        """Read on until the process says that one of these is reached; raises when it ends before."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if not line.startswith("{"):  # VACUUM prints its result beside
                continue
            said: dict[str, Any] = json.loads(line)
            if said["at"] in moments:
                return said
        last_words = self._errors.read_text()[-4000:]
        raise AssertionError(f"exit {self._process.wait()}, {moments} not reached\n{last_words}")

    def said_to_the_end(self) -> list[dict[str, Any]]:
        """What a killed process still had said."""
        assert self._process.stdout is not None
        return [json.loads(line) for line in self._process.stdout if line.endswith("}\n")]

    def kill(self, alone: bool = False) -> None:
        """SIGKILL to the process and its JVM; alone, the JVM is left to notice by itself."""
        if alone:
            self._process.kill()
        else:
            self.end()
        self._process.wait()

    def end(self) -> None:
        """Leave nothing of it behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


@contextlib.contextmanager
def started(
    path: str, number: int = 1, script: Path = PROCESS, words: Sequence[str] = ()
) -> Iterator[list[MergingProcess]]:
    """So many processes, ready for commands; their logs lie beside the path."""
    processes = [MergingProcess(path, script, words) for _ in range(number)]
    try:
        for process in processes:
            process.wait_for("ready")
        yield processes
    finally:
        for process in processes:
            process.end()
