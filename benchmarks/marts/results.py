"""What was measured of the marts, kept as one small JSON file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.shared import store

FILE = "marts.json"
BUSY = 2.0
"""A load at which other work runs beside: seconds would say nothing of the mart, and are not kept."""


@dataclass(frozen=True)
class MartRun:
    """One mart brought up to date once. rows: of silver before; keys: recomputed, 0 where every row was.

    whole: why every row was recomputed. load: of the machine when it began; seconds: None where it was busy.
    """

    way: str
    mart: str
    rows: int
    keys: int
    whole: str | None
    jobs: int
    bytes_read: int
    bytes_written: int
    seconds: float | None
    load: float

    @property
    def key(self) -> tuple[Any, ...]:
        """What a later run of the same replaces."""
        return (self.way, self.mart, self.rows)


@dataclass(frozen=True)
class LateRun:
    """The cells in which a mart is wrong after so many late rows."""

    way: str
    rows: int
    late: int
    cells: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What a later run of the same replaces."""
        return (self.way, self.rows, self.late)


KINDS: Mapping[str, Any] = {"runs": MartRun, "late": LateRun}


@dataclass(frozen=True)
class MartResults:
    """All kept runs, where they were measured and when."""

    setting: dict[str, dict[str, str]]
    measured: tuple[str, ...]
    runs: tuple[MartRun, ...]
    late: tuple[LateRun, ...]


def load(folder: Path) -> MartResults | None:
    """The kept results; None before the first run."""
    kept = store.read(folder / FILE)
    if kept is None:
        return None
    found = {name: tuple(kind(**run) for run in kept[name]) for name, kind in KINDS.items()}
    return MartResults(kept["setting"], tuple(kept["measured"]), **found)


def save(folder: Path, setting: dict[str, dict[str, str]], name: str, runs: Sequence[Any], day: str) -> None:
    """Keep runs beside those that were measured before in the same setting; a repeated one takes its place."""
    before = load(folder)
    same = before is not None and before.setting == setting
    kept = {kind: getattr(before, kind) if same else () for kind in KINDS}
    kept[name] = store.with_new(kept[name], runs, lambda run: run.key)
    days = sorted({*(before.measured if before and same else ()), day})
    store.write(folder / FILE, {"setting": setting, "measured": days}, kept)
