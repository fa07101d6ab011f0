"""What was measured of the judges, kept as one small JSON file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import store

ENGINES = ("no check", "ours", "ours with quarantine", "GX BASIC", "GX SUMMARY", "GX COMPLETE")
"""All of them, in the order in which the page names them."""

FILE = "quality.json"


@dataclass(frozen=True)
class QualityRun:
    """One engine once. python_bytes: by how much the driver's Python process grew. right: it found the seeded rows."""

    engine: str
    rows: int
    bad_percent: int
    round: int
    seconds: float
    jobs: int
    python_bytes: int
    right: bool


@dataclass(frozen=True)
class QualitySetting:
    """Where and on what was measured; figures of two settings are never mixed."""

    machine: dict[str, str]
    versions: dict[str, str]
    expectations: int


@dataclass(frozen=True)
class QualityResults:
    """All kept runs, and the days on which they were measured."""

    setting: QualitySetting
    measured: tuple[str, ...]
    runs: tuple[QualityRun, ...]

    def of(self, engine: str, rows: int, bad_percent: int) -> list[QualityRun]:
        """The runs of one engine on one batch."""
        return [r for r in self.runs if (r.engine, r.rows, r.bad_percent) == (engine, rows, bad_percent)]


def load(folder: Path) -> QualityResults | None:
    """The kept results; None before the first run."""
    kept = store.read(folder / FILE)
    if kept is None:
        return None
    runs = tuple(QualityRun(**run) for run in kept["runs"])
    return QualityResults(QualitySetting(**kept["setting"]), tuple(kept["measured"]), runs)


def save(folder: Path, setting: QualitySetting, runs: Sequence[QualityRun], day: str) -> None:
    """Keep runs with those of other engines and batches that were measured before in the same setting."""
    before = load(folder)
    old = before.runs if before and before.setting == setting else ()
    days = before.measured if before and before.setting == setting else ()
    kept = store.with_new(old, runs, lambda run: (run.engine, run.rows, run.bad_percent))
    head = {"setting": dataclasses.asdict(setting), "measured": sorted({*days, day})}
    store.write(folder / FILE, head, {"runs": kept})
