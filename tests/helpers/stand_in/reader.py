"""An analyst who asks the same questions in a loop, in a thread, and notes every answer that was none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.helpers.stand_in.trino import Trino

Rows = tuple[tuple[object, ...], ...]


class Reader(threading.Thread):
    """Asks until told to stop. failures: questions that failed; seen: every different answer to a question."""

    def __init__(self, trino: Trino, questions: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.failures: list[str] = []
        self.seen: dict[str, set[Rows]] = {question: set() for question in questions}
        self.rounds = 0
        self._trino, self._ended = trino, threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            for question, answers in self.seen.items():
                result = self._trino.run(question)
                if result.error:
                    self.failures.append(f"{question}: {result.error}")
                answers.add(tuple(sorted((tuple(row) for row in result.rows), key=repr)))
            self.rounds += 1

    def asks(self, times: int = 2) -> None:
        """Wait until every question was asked so many times more; those under way do not count."""
        wanted, until = self.rounds + times + 1, time.monotonic() + 120
        while self.rounds < wanted:
            assert time.monotonic() < until, "the reader hangs"
            time.sleep(0.05)

    def end(self) -> None:
        """Stop after the questions under way."""
        self._ended.set()
        self.join(60)


@contextmanager
def reading(trino: Trino, *questions: str) -> Iterator[Reader]:
    """A reader for the time of a block."""
    reader = Reader(trino, questions)
    reader.start()
    try:
        yield reader
    finally:
        reader.end()
