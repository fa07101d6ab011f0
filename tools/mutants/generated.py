"""Makes mutations of a room's code, tries a seeded sample of them with the tests of their lines, and prints a score."""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from tools.mutants.copied import Copy, copied
from tools.mutants.operators import Mutation, mutations
from tools.mutants.sql_operators import sql_mutations
from tools.mutants.traced import Room, Trace, rooms, traced, worker_process

EXPLAINED = Path(__file__).with_name("explained.yaml")
State = Literal["killed", "survived", "explained", "not reached", "not run"]
_SECONDS = 30.0
"""What a mutant may take beyond three times the time of its tests; an endless loop ends here, and is found by it."""


@dataclass(frozen=True)
class Generated:
    """A mutation of a file of the project."""

    file: str
    line: int
    mutation: Mutation
    before: str
    after: str

    @property
    def change(self) -> tuple[str, str, str]:
        """What the kept list names it by."""
        return self.file, self.before, self.after

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: {self.mutation.operator}"
        return f"{place}\n    - {self.before}\n    + {self.after}"


def generated(root: Path, code: str) -> list[Generated]:
    """All mutations of a folder's code."""
    return [
        Generated(path.relative_to(root).as_posix(), found.lines[0], found, *found.shown(text))
        for suffix, made in (("py", mutations), ("sql", sql_mutations))
        for path in sorted((root / code).rglob(f"*.{suffix}"))
        for text in [path.read_text(encoding="utf-8")]
        for found in made(text)
    ]


def sample(found: list[Generated], number: int, seed: int) -> list[Generated]:
    """Some of them, the same for the same seed, in the order of the code."""
    chosen = random.Random(seed).sample(range(len(found)), min(number, len(found)))
    return [found[index] for index in sorted(chosen)]


def explained() -> dict[tuple[str, str, str], str]:
    """Mutations that no test can or need find, each with the reason."""
    listed = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8")) or []
    return {(entry["file"], entry["before"], entry["after"]): entry["why"] for entry in listed}


@contextmanager
def planted(copy: Copy, mutant: Generated) -> Iterator[None]:
    """Write a mutant's file, and put it back in the end."""
    file = copy.root / mutant.file
    text = file.read_text(encoding="utf-8")
    _write_source(file, mutant.mutation.planted(text))
    try:
        yield
    finally:
        _write_source(file, text)


def _write_source(file: Path, text: str) -> None:
    """Two texts of one second and one size have the same compiled file, so none stays."""
    file.write_text(text, encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()


class Worker:
    """A process beside this one that runs tests of the copy."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._passing: dict[tuple[str, ...], bool] = {}

    def ask(self, tests: Sequence[str], seconds: float) -> dict[str, Any]:
        """Run tests until one fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"tests": list(tests), "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def pass_alone(self, tests: tuple[str, ...]) -> bool:
        """Whether tests pass in a copy without a bug, asked once: only then their failure says something."""
        if tests not in self._passing:
            self._passing[tests] = self.ask(tests, 10 * _SECONDS)["code"] == 0
        return self._passing[tests]

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def try_mutant(copy: Copy, worker: Worker, mutant: Generated, tests: Sequence[str], seconds: float) -> State:
    """Plant a mutant and run its tests; killed, too, by what does not import, is not collected, or does not end."""
    if not tests:
        return "not reached"
    with planted(copy, mutant):
        said = worker.ask(tests, seconds)
    if said["code"] in (0, 5):
        return "survived"
    failed = (said["test"],) if said["code"] == 1 and said["test"] else tuple(tests)
    return "killed" if worker.pass_alone(failed) else "not run"


def try_room(copy: Copy, room: Room, number: int, seed: int) -> Counter[State]:
    """Plant a sample of a room's mutations, one at a time."""
    trace, file = traced(copy, room)
    if trace.failed:
        print(f"{room.name}: left out, for they do not pass here: {', '.join(trace.failed)}", flush=True)
    reasons, counts = explained(), Counter[State]()
    worker = Worker(worker_process(copy, file))
    try:
        for mutant in sample(generated(copy.root, room.code), number, seed):
            tests = _tests_of(trace, room, mutant)
            state = try_mutant(copy, worker, mutant, tests, _SECONDS + 3 * sum(trace.seconds[test] for test in tests))
            if state in ("survived", "not reached") and mutant.change in reasons:
                state = "explained"
            counts[state] += 1
            if state not in ("killed", "explained"):
                print(f"{state}, {len(tests)} tests: {mutant}", flush=True)
    finally:
        worker.close()
    return counts


def _tests_of(trace: Trace, room: Room, mutant: Generated) -> list[str]:
    inside = Path(mutant.file).relative_to(room.code).as_posix()
    return trace.tests_of(inside, mutant.mutation.lines, mutant.mutation.statement)


def scored(counts: Counter[State]) -> str:
    """The numbers of a room; the score is of those that a test could find and that the tests taken for it run."""
    asked = counts["killed"] + counts["survived"]
    states: tuple[State, ...] = ("killed", "explained", "survived", "not reached", "not run")
    numbers = ", ".join(f"{counts[state]} {state}" for state in states)
    return f"{counts.total()} planted, {numbers}: {100 * counts['killed'] / max(asked, 1):.0f} %"


def main() -> int:
    """Try the chosen rooms; 1 where a mutant survived that the kept list does not explain."""
    known = rooms()
    parser = argparse.ArgumentParser(prog="make mutants GENERATED=200", description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=f"of {', '.join(known)}; all if none is named")
    parser.add_argument("--number", type=int, default=200, help="mutants for each room")
    parser.add_argument("--seed", type=int, default=1, help="another seed takes another sample")
    words = parser.parse_args()
    if unknown := sorted(set(words.rooms) - known.keys()):
        parser.error(f"there is no room {', '.join(unknown)}; there are {', '.join(known)}")
    left = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, copied(Path(folder) / "project") as copy:
        for name in words.rooms or known:
            start = time.monotonic()
            counts = try_room(copy, known[name], words.number, words.seed)
            print(f"{name}: {scored(counts)}, {time.monotonic() - start:.0f} s", flush=True)
            left += counts["survived"] + counts["not reached"] + counts["not run"]
    return int(left > 0)


if __name__ == "__main__":
    sys.exit(main())
