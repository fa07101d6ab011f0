"""Talks with a script in a process of its own: one process for all tests, for Airflow takes seconds to start."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.dags.airflow_home import DAGS, HERE

ANSWER = "answer: "
LONGEST_SECONDS = 200


class Conversation:
    """A script beside the tests that answers each line of JSON with one that begins with `answer: `."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.log = process, ""

    def ask(self, **question: Any) -> Any:
        """Return the answer; what the script logged meanwhile is in `log`."""
        assert self._process.stdin
        assert self._process.stdout
        watchdog = threading.Timer(LONGEST_SECONDS, self._process.kill)
        watchdog.start()
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            said: list[str] = []
            for line in self._process.stdout:
                if line.startswith(ANSWER):
                    self.log = "".join(said)
                    return json.loads(line.removeprefix(ANSWER))
                said.append(line)
        finally:
            watchdog.cancel()
        raise AssertionError(f"The script ended, or said nothing for {LONGEST_SECONDS} s:\n{''.join(said)[-3000:]}")


@contextmanager
def talking(script: str, env: dict[str, str]) -> Iterator[Conversation]:
    """Start a script and end it with the block."""
    command = [sys.executable, str(HERE / script), str(DAGS)]
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield Conversation(process)
        assert process.stdin
        process.stdin.close()
