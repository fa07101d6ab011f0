"""What was measured of layouts, kept as one small JSON file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    path = folder / FILE
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    runs = {suite: tuple(kind(**_tuples(run)) for run in told[suite]) for suite, kind in SUITES.items()}
    return LayoutResults(told["setting"], tuple(told["measured"]), runs)


def save(folder: Path, setting: dict[str, dict[str, str]], suite: str, runs: Sequence[Any], day: str) -> None:
    """Keep runs beside those that were measured before in the same setting; a repeated one takes its place."""
    before = load(folder)
    kept = dict(before.runs) if before and before.setting == setting else {}
    days = before.measured if before and before.setting == setting else ()
    now = {run.key for run in runs}
    kept[suite] = (*(run for run in kept.get(suite, ()) if run.key not in now), *runs)
    head = json.dumps({"setting": setting, "measured": sorted({*days, day})}, indent=1).removesuffix("\n}")
    parts = []
    for name in SUITES:
        lines = ",\n  ".join(json.dumps(dataclasses.asdict(run)) for run in kept.get(name, ()))
        parts.append(f' "{name}": [\n  {lines}\n ]')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(head + ",\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _tuples(run: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in run.items()}
