"""The kept list of planted bugs: a file per room in `planted/`, each bug with the tests that must find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

LISTS = Path(__file__).parent / "planted"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """A bug: a text of a file and what replaces it.

    bug: what goes wrong, in words. tests: arguments of pytest, of which at least one test must fail.
    """

    room: str
    bug: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def planted(self, text: str) -> str:
        """The text of the file with the bug; raises ValueError unless the old text is in it exactly once."""
        found = text.count(self.old)
        if found != 1 or self.old == self.new:
            raise ValueError(f"{self.room}: {self.bug}: {self.file} has the old text {found} times, wanted once")
        return text.replace(self.old, self.new)


def rooms() -> list[str]:
    """The rooms that have a list."""
    return sorted(path.stem for path in LISTS.glob("*.yaml"))


def mutants_of(names: Sequence[str]) -> list[Mutant]:
    """The bugs of some rooms, in the order of their lists."""
    return [
        Mutant(name, entry["bug"], entry["file"], entry["old"], entry["new"], tuple(entry["tests"]))
        for name in names
        for entry in yaml.safe_load((LISTS / f"{name}.yaml").read_text(encoding="utf-8"))
    ]
