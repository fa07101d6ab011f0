"""What was measured of ingest, kept as one small JSON file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import store

ENGINES = ("ingest", "Spark", "DuckDB")
"""All of them, in the order in which the page names them."""
FORMATS = ("CSV", "JSON Lines")

FILE = "ingest.json"


@dataclass(frozen=True)
class IngestRun:
    """One engine once. bytes: of the file; tasks: of Spark, 0 for DuckDB. right: it took the rows that it should."""

    engine: str
    format: str
    rows: int
    bytes: int
    round: int
    seconds: float
    jobs: int
    tasks: int
    right: bool


@dataclass(frozen=True)
class IngestSetting:
    """Where it was measured; figures of two settings are never mixed."""

    machine: dict[str, str]
    versions: dict[str, str]


@dataclass(frozen=True)
class IngestResults:
    """All kept runs, and the days on which they were measured."""

    setting: IngestSetting
    measured: tuple[str, ...]
    runs: tuple[IngestRun, ...]

    def of(self, engine: str, file_format: str, rows: int) -> list[IngestRun]:
        """The runs of one engine on one file."""
        return [r for r in self.runs if (r.engine, r.format, r.rows) == (engine, file_format, rows)]


def load(folder: Path) -> IngestResults | None:
    """The kept results; None before the first run."""
    kept = store.read(folder / FILE)
    if kept is None:
        return None
    runs = tuple(IngestRun(**run) for run in kept["runs"])
    return IngestResults(IngestSetting(**kept["setting"]), tuple(kept["measured"]), runs)


def save(folder: Path, setting: IngestSetting, runs: Sequence[IngestRun], day: str) -> None:
    """Keep runs with those on other files that were measured before in the same setting."""
    before = load(folder)
    old = before.runs if before and before.setting == setting else ()
    days = before.measured if before and before.setting == setting else ()
    kept = store.with_new(old, runs, lambda run: (run.engine, run.format, run.rows))
    head = {"setting": dataclasses.asdict(setting), "measured": sorted({*days, day})}
    store.write(folder / FILE, head, {"runs": kept})
