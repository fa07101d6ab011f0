"""Which tests run which lines of a room: traced once, kept in .cache until code or tests change, and chosen from."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.mutants.copied import Copy

ROOMS = Path(__file__).with_name("rooms.yaml")
CACHE = Path(".cache") / "mutants"
_MOST_SECONDS = 20.0
_MOST_SECONDS_UNTRACED = 60.0
_MOST_TESTS = 150
_LONGEST_TEST = 30
"""Seconds, in a traced run, which takes about twice as long; a test that takes longer is not taken for mutants."""


@dataclass(frozen=True)
class Room:
    """Where the code of a room lies, and the tests that are taken for it."""

    name: str
    code: str
    tests: tuple[str, ...]
    spark: bool = False


def rooms() -> dict[str, Room]:
    """The rooms that mutations are made for."""
    listed: dict[str, Any] = yaml.safe_load(ROOMS.read_text(encoding="utf-8"))
    return {
        name: Room(name, words["code"], tuple(words["tests"]), words.get("spark", False))
        for name, words in listed.items()
    }


@dataclass(frozen=True)
class Trace:
    """What a traced run of a room's tests saw."""

    seconds: dict[str, float]
    failed: list[str]
    lines: dict[str, dict[str, list[str]]]

    def tests_of(self, file: str, lines: tuple[int, int], statement: tuple[int, int]) -> list[str]:
        """The tests of some lines, the quickest first, as many as take few seconds.

        Lines that only an import ran are tried with those that run anything of the file. What only other processes run
        is not traced: then all. None for lines of a traced file that nothing ran.
        """
        known = self.lines.get(file, {})
        if known and not any(str(line) in known for line in range(statement[0], statement[1] + 1)):
            return []
        for first, last in (lines, statement):
            if found := {test for line in range(first, last + 1) for test in known.get(str(line), ())}:
                return self._few(found, _MOST_SECONDS)
        if found := {test for tests in known.values() for test in tests}:
            return self._few(found, 2 * _MOST_SECONDS)
        return self._few(self.seconds.keys() - set(self.failed), _MOST_SECONDS_UNTRACED)

    def _few(self, tests: set[str], most: float) -> list[str]:
        chosen, total = [], 0.0
        for test in sorted(tests, key=lambda name: (self.seconds[name], name)):
            total += self.seconds[test]
            if chosen and (total > most or len(chosen) == _MOST_TESTS):
                break
            chosen.append(test)
        return chosen


def traced(copy: Copy, room: Room) -> tuple[Trace, Path]:
    """The trace of a room, taken now unless one of the same code and tests is kept; and its file."""
    kept = copy.root / CACHE / f"{room.name}-{_digest(copy.root, (room.code, *room.tests))}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        done = _run_traced(copy, room, kept)
        if not kept.exists():
            sys.exit(f"The tests of {room.name} could not be traced:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    seen = json.loads(kept.read_text(encoding="utf-8"))
    if not seen["seconds"].keys() - set(seen["failed"]):
        sys.exit(f"Not one test of {room.name} passes in a copy of the project, so none can find a bug.")
    return Trace(seen["seconds"], seen["failed"], seen["lines"]), kept


def _run_traced(copy: Copy, room: Room, kept: Path) -> subprocess.CompletedProcess[str]:
    words = {"MUTANTS_FOLDER": str(copy.root / room.code), "MUTANTS_TRACE": str(kept)}
    environment = {**copy.environment(), **words, "MUTANTS_SPARK": "1" if room.spark else "0"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tools.mutants.tracing"]
    command += ["-p", "no:cacheprovider", "--continue-on-collection-errors", f"--timeout={_LONGEST_TEST}"]
    return subprocess.run(
        [*command, *room.tests], cwd=copy.root, env=environment, capture_output=True, text=True, check=False
    )


def _digest(root: Path, places: Sequence[str]) -> str:
    found = hashlib.sha256(sys.version.encode())
    for path in _python_files(root, [*places, "tests/helpers", "tests/conftest.py"]):
        found.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _python_files(root: Path, places: Sequence[str]) -> Iterator[Path]:
    for place in places:
        path = root / place
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def worker_process(copy: Copy, trace: Path) -> subprocess.Popen[str]:
    """A process that runs tests in forks of itself."""
    command = [sys.executable, "-m", "tools.mutants.server", str(trace)]
    return subprocess.Popen(
        command,
        cwd=copy.root,
        env={**copy.environment(), "TZ": "UTC", "NO_COLOR": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
