"""How good a layout is: the share of bytes that a question opens, against the least possible for as many files.

Pure arithmetic over files (or row groups) as `layout_files.py` tells of them. A question opens every file whose bounds
do not exclude it, as Delta's readers do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from lakehouse.lake.table_files import LaidFile

MOST_POINTS = 1_000
DAYS, STORES = 7, 10
QUESTIONS = ("one day", "one store", "day and store", f"{DAYS} days, {STORES} stores")

Matrix = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Opened:
    """What a question opens on average. best: the least possible share of bytes for as many files."""

    question: str
    files: float
    share: float
    rows_share: float
    best: float

    @property
    def ratio(self) -> float:
        """How many times the least possible is opened."""
        return self.share / self.best


def effective_files(files: Sequence[LaidFile]) -> float:
    """How many files of equal size these are worth: (Σ bytes)² / Σ bytes², as many as there are when all are equal."""
    sizes = [float(file.bytes) for file in files]
    return sum(sizes) ** 2 / sum(size * size for size in sizes) if any(sizes) else 1.0


def points_of(files: Sequence[LaidFile], column: str) -> list[Any]:
    """Values of a column to ask for: every day between the first and the last, or else the bounds of the files."""
    bounds = [file.bounds[column] for file in files if column in file.bounds]
    if not bounds:
        return []
    low, high = min(pair[0] for pair in bounds), max(pair[1] for pair in bounds)
    if type(low) is date:
        found: list[Any] = [low + timedelta(days=number) for number in range((high - low).days + 1)]
    else:
        found = sorted({value for pair in bounds for value in pair})
    step = -(-len(found) // MOST_POINTS)
    return found[::step]


def may_hold(files: Sequence[LaidFile], column: str, points: Sequence[Any]) -> Matrix:
    """Which file (row) may hold which value (column)."""
    lows = [file.bounds[column][0] if column in file.bounds else points[0] for file in files]
    highs = [file.bounds[column][1] if column in file.bounds else points[-1] for file in files]
    order = {value: at for at, value in enumerate(sorted({*points, *lows, *highs}))}
    at = np.array([order[point] for point in points])
    low, high = (np.array([order[value] for value in ends]) for ends in (lows, highs))
    return (low[:, None] <= at) & (at <= high[:, None])


def measure(files: Sequence[LaidFile], cut_by: Sequence[str]) -> float:
    """How many times the least possible the files of one partition let a question open; 1 is best.

    √(shares opened by one value of each cut column, multiplied, × files): for whole partitions of a table that are
    equally good this is the factor that they put on the table's own measure.
    """
    if not cut_by:
        return 1.0
    product = effective_files(files)
    for column in cut_by:
        points = points_of(files, column)
        if points:
            product *= float(_shares(may_hold(files, column, points), files).mean())
    return math.sqrt(max(1.0, product))


def opened_by(
    files: Sequence[LaidFile],
    days: Sequence[date] = (),
    stores: Sequence[str] = (),
    asked: Sequence[str] = ("dt", "store_id"),
) -> list[Opened]:
    """What the four questions open, on average over days and stores; those without a bound anywhere are left out.

    days, stores: the values to ask for; else those that the bounds tell of.
    """
    day, store = asked
    days, stores = days or points_of(files, day), stores or points_of(files, store)
    if not days or not stores:
        return []
    by_day, by_store = may_hold(files, day, days), may_hold(files, store, stores)
    week, ten = _runs(by_day, DAYS), _spread(by_store, STORES)
    several = math.sqrt(effective_files(files))
    one = 1 / several
    slabs_of_week = min(several, 1 + (DAYS - 1) * several / max(len(days), 1))
    wide = slabs_of_week / several * min(several, STORES) / several
    every = np.ones((len(files), 1), dtype=bool)
    pairs = ((by_day, every, one), (every, by_store, one), (by_day, by_store, one * one), (week, ten, wide))
    return [_opened(name, files, *pair) for name, pair in zip(QUESTIONS, pairs, strict=True)]


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean by which ratios are averaged."""
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios)) if ratios else 1.0


def two_dimensional(opened: Sequence[Opened]) -> float:
    """The geometric mean of what one day and one store open, over the limit 1/√files (design.md, section 7)."""
    return geometric_mean([each.ratio for each in opened if each.question in QUESTIONS[:2]])


def _opened(question: str, files: Sequence[LaidFile], by_day: Matrix, by_store: Matrix, best: float) -> Opened:
    sizes = np.array([[file.bytes, file.rows, 1] for file in files], dtype=float)
    left, right = by_day.astype(float), by_store.astype(float)
    numbers = [float(((left * sizes[:, [at]]).T @ right).mean()) for at in range(3)]
    totals = [max(float(total), 1.0) for total in sizes.sum(axis=0)]
    return Opened(question, numbers[2], numbers[0] / totals[0], numbers[1] / totals[1], best)


def _shares(opened: Matrix, files: Sequence[LaidFile]) -> npt.NDArray[np.float64]:
    sizes = np.array([file.bytes for file in files], dtype=float)
    shares: npt.NDArray[np.float64] = sizes @ opened.astype(float) / max(sizes.sum(), 1.0)
    return shares


def _runs(opened: Matrix, length: int) -> Matrix:
    """Which file may hold one of several values in a row, for every run of that length."""
    runs = max(1, opened.shape[1] - length + 1)
    return np.stack([opened[:, at : at + length].any(axis=1) for at in range(runs)], axis=1)


def _spread(opened: Matrix, number: int) -> Matrix:
    """Which file may hold one of several values that lie apart, for every such choice."""
    step = max(1, opened.shape[1] // number)
    return np.stack([opened[:, at::step][:, :number].any(axis=1) for at in range(step)], axis=1)
