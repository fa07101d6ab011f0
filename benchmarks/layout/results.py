"""What was measured of layouts, kept as one small JSON file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.shared import store

FILE = "layout.json"


@dataclass(frozen=True)
class QualityRun:
    """One way to lay the table out. shares, rows_shares: of the four questions; ratio: over the limit 1/√files."""

    way: str
    rows: int
    files: int
    bytes: int
    seconds: float
    shares: tuple[float, ...]
    ratio: float
    row_groups: int
    group_rows_shares: tuple[float, ...]
    group_ratio: float

    @property
    def key(self) -> tuple[str, ...]:
        """What a later run of the same replaces."""
        return (self.way,)


@dataclass(frozen=True)
class NightsRun:
    """One way to keep a table over some nights; written includes what was loaded."""

    way: str
    nights: int
    bytes_loaded: int
    bytes_written: int
    files: int
    effective_files: float
    shares: tuple[float, ...]
    ratio: float
    rows: int

    @property
    def key(self) -> tuple[str, ...]:
        """What a later run of the same replaces."""
        return (self.way,)


@dataclass(frozen=True)
class QueryRun:
    """Seconds of one question, every round, by one engine on one table."""

    way: str
    engine: str
    question: str
    seconds: tuple[float, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """What a later run of the same replaces."""
        return (self.way, self.engine, self.question)


SUITES: Mapping[str, Any] = {"quality": QualityRun, "nights": NightsRun, "queries": QueryRun}


@dataclass(frozen=True)
class LayoutResults:
    """All kept runs by suite, where they were measured and when."""

    setting: dict[str, dict[str, str]]
    measured: tuple[str, ...]
    runs: Mapping[str, tuple[Any, ...]]


def load(folder: Path) -> LayoutResults | None:
    """The kept results; None before the first run."""
    kept = store.read(folder / FILE)
    if kept is None:
        return None
    runs = {suite: tuple(kind(**_tuples(run)) for run in kept[suite]) for suite, kind in SUITES.items()}
    return LayoutResults(kept["setting"], tuple(kept["measured"]), runs)


def save(folder: Path, setting: dict[str, dict[str, str]], suite: str, runs: Sequence[Any], day: str) -> None:
    """Keep runs beside those that were measured before in the same setting; a repeated one takes its place."""
    before = load(folder)
    kept = dict(before.runs) if before and before.setting == setting else {}
    days = before.measured if before and before.setting == setting else ()
    kept[suite] = store.with_new(kept.get(suite, ()), runs, lambda run: run.key)
    head = {"setting": setting, "measured": sorted({*days, day})}
    store.write(folder / FILE, head, {name: kept.get(name, ()) for name in SUITES})


def _tuples(run: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in run.items()}
