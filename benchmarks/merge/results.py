"""What was measured, kept as one small JSON file per suite, and the statistics that the page shows of it."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.merge.names import ENGINES
from benchmarks.shared import store
from benchmarks.shared.spread import spread

SUITES = ("day", "redelivery", "random", "scattered")


@dataclass(frozen=True)
class Run:
    """One engine once. size: how often the rows of 1×, or for scattered updates the percent of rows changed.

    rewritten: files of the table that were replaced. written: data files and deletion vectors that came to the disk.
    doubled: keys of the batch that the table holds more than once afterwards. None: the engine does not report it.
    """

    engine: str
    size: float
    round: int
    seconds: float
    right: bool
    doubled: int
    files_scanned: int | None
    bytes_scanned: int | None
    files_rewritten: int
    bytes_rewritten: int
    files_written: int
    bytes_written: int
    reads_seconds: float | None = None


@dataclass(frozen=True)
class GivenUp:
    """From which size on an engine was not run any more, and why."""

    engine: str
    size: float
    reason: str


@dataclass(frozen=True)
class Setting:
    """Where and on how much was measured; figures of two settings are never mixed."""

    machine: dict[str, str]
    versions: dict[str, str]
    scale: dict[str, int]
    rounds: int
    limit_seconds: float


@dataclass(frozen=True)
class Results:
    """All runs of one suite, on the days on which it was measured."""

    suite: str
    setting: Setting
    measured: tuple[str, ...]
    runs: tuple[Run, ...]
    given_up: tuple[GivenUp, ...]

    @property
    def sizes(self) -> list[float]:
        """The sizes that were measured, in order."""
        return sorted({run.size for run in self.runs})

    @property
    def engines(self) -> list[str]:
        """The engines that ran, in the order of the tables."""
        ran = {run.engine for run in self.runs}
        return [name for name in ENGINES if name in ran]

    def of(self, engine: str, size: float) -> list[Run]:
        """The runs of one engine at one size."""
        return [run for run in self.runs if run.engine == engine and run.size == size]

    def with_more(self, other: Results) -> Results:
        """These and those of another time, whose figures stand where both have some; another setting replaces all."""
        if other.setting != self.setting:
            return other
        sizes = {run.size for run in other.runs}
        runs = [run for run in self.runs if run.size not in sizes]
        left = [note for note in self.given_up if note.size not in sizes]
        days = tuple(sorted({*self.measured, *other.measured}))
        return dataclasses.replace(other, measured=days, runs=(*runs, *other.runs), given_up=(*left, *other.given_up))


def load(folder: Path, suite: str) -> Results | None:
    """The kept results of a suite; None before its first run."""
    kept = store.read(folder / f"{suite}.json")
    return kept and Results(
        suite=kept["suite"],
        setting=Setting(**kept["setting"]),
        measured=tuple(kept["measured"]),
        runs=tuple(Run(**run) for run in kept["runs"]),
        given_up=tuple(GivenUp(**note) for note in kept["given_up"]),
    )


def save(folder: Path, results: Results) -> None:
    """Keep the results of a suite, with those of other sizes that were measured before in the same setting."""
    before = load(folder, results.suite)
    whole = results if before is None else before.with_more(results)
    head = dataclasses.asdict(dataclasses.replace(whole, runs=()))
    del head["runs"]
    store.write(folder / f"{results.suite}.json", head, {"runs": whole.runs}, sort_keys=True)


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """The slope of log(y) over log(x) by least squares: 0 for flat, 1 for proportional.

    None for fewer than two points, or a value of nothing, which has no logarithm.
    """
    if len(points) < 2 or any(x <= 0 or y <= 0 for x, y in points):
        return None
    return statistics.linear_regression([math.log(x) for x, _ in points], [math.log(y) for _, y in points]).slope


def medians(results: Results, engine: str, of: Callable[[Run], float | None]) -> list[tuple[float, float]]:
    """Size and median of a figure, for each size at which the engine reports it."""
    found = [(size, spread(of(run) for run in results.of(engine, size))) for size in results.sizes]
    return [(size, middle.median) for size, middle in found if middle is not None]
