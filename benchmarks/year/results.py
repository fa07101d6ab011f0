"""What was counted of whole runs, kept as one small JSON file."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.shared import store

FILE = "year.json"


@dataclass(frozen=True)
class YearRun:
    """One whole run: which it was in the lake's life, its requests to S3, and its seconds."""

    number: int
    reads: int
    writes: int
    seconds: float


@dataclass(frozen=True)
class YearResults:
    """The runs that were counted. measured: the day. entered: runs that were entered in the ledgers between them.

    idle: runs of one domain that found nothing new, on a lake of their own.
    """

    machine: dict[str, str]
    versions: dict[str, str]
    measured: str
    entered: int
    runs: tuple[YearRun, ...]
    idle: tuple[YearRun, ...] = ()

    @property
    def early(self) -> list[YearRun]:
        """Those before the runs that were only entered."""
        return [run for run in self.runs if run.number <= len(self.runs)]

    @property
    def late(self) -> list[YearRun]:
        """Those after them."""
        return [run for run in self.runs if run.number > len(self.runs)]


def exponent(points: Sequence[tuple[int, float]]) -> float:
    """The slope of a straight line through (run, figure) on logarithmic axes: 0 is constant, 1 is in proportion."""
    logs = [(math.log(number), math.log(figure)) for number, figure in points]
    x, y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)


def load(folder: Path) -> YearResults | None:
    """The kept results; None before the first run."""
    kept = store.read(folder / FILE)
    if kept is None:
        return None
    runs, idle = (tuple(YearRun(**run) for run in kept[name]) for name in ("runs", "idle"))
    return YearResults(kept["machine"], kept["versions"], kept["measured"], kept["entered"], runs, idle)


def save(folder: Path, results: YearResults) -> None:
    """Keep the runs in place of those before: a lake's life is measured as a whole."""
    head = {name: value for name, value in dataclasses.asdict(results).items() if name not in ("runs", "idle")}
    store.write(folder / FILE, head, {"runs": results.runs, "idle": results.idle})
