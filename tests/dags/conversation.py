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
LONGEST_SILENCE = 200
"""In seconds: on a slow machine all DAGs take many minutes, and log without a pause."""


class Conversation:
    """A script beside the tests that answers each line of JSON with one that begins with `answer: `."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self.log = process, ""

    def ask(self, **question: Any) -> Any:
        """Return the answer; what the script logged meanwhile is in `log`."""
        assert self._process.stdin
        assert self._process.stdout
        heard, is_over = threading.Event(), threading.Event()
        threading.Thread(target=self._watch, args=(heard, is_over), daemon=True).start()
        try:
            print(json.dumps(question), file=self._process.stdin, flush=True)
            said: list[str] = []
            for line in self._process.stdout:
                heard.set()
                if line.startswith(ANSWER):
                    self.log = "".join(said)
                    return json.loads(line.removeprefix(ANSWER))
                said.append(line)
        finally:
            is_over.set()
            heard.set()
        raise AssertionError(f"The script ended, or said nothing for {LONGEST_SILENCE} s:\n{''.join(said)[-3000:]}")

    def _watch(self, heard: threading.Event, is_over: threading.Event) -> None:
        """End the script when nothing is heard for long."""
        while heard.wait(LONGEST_SILENCE):
            if is_over.is_set():
                return
            heard.clear()
        self._process.kill()


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
