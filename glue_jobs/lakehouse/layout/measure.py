"""Read amplification: the bytes that queries read, divided by the theoretical minimum for as many files.

Pure arithmetic over the statistics of files or row groups. A query reads every file whose min/max range contains one
of its values, as Delta's data skipping does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from lakehouse.lake.table_files import TableFile

MOST_POINTS = 1_000
DAYS, STORES = 7, 10
QUERIES = ("one day", "one store", "day and store", f"{DAYS} days, {STORES} stores")

Matrix = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class QueryRead:
    """What a query reads on average. share: of the bytes. minimum: the theoretical minimum of it for as many files."""

    query: str
    files: float
    share: float
    rows_share: float
    minimum: float

    @property
    def read_amplification(self) -> float:
        """How many times the theoretical minimum is read."""
        return self.share / self.minimum


def effective_files(files: Sequence[TableFile]) -> float:
    """The number of files weighted by size: (Σ bytes)² / Σ bytes², their number where all are equally large."""
    sizes = [float(file.bytes) for file in files]
    return sum(sizes) ** 2 / sum(size * size for size in sizes) if any(sizes) else 1.0


def points_of(files: Sequence[TableFile], column: str) -> list[Any]:
    """Values of a column to query: every day between the first and the last, or else the minima and maxima of files."""
    ranges = [file.statistics[column] for file in files if column in file.statistics]
    if not ranges:
        return []
    low, high = min(pair[0] for pair in ranges), max(pair[1] for pair in ranges)
    if type(low) is date:
        points: list[Any] = [low + timedelta(days=number) for number in range((high - low).days + 1)]
    else:
        points = sorted({value for pair in ranges for value in pair})
    step = -(-len(points) // MOST_POINTS)
    return points[::step]


def may_hold(files: Sequence[TableFile], column: str, points: Sequence[Any]) -> Matrix:
    """Which file (row) may contain which value (column)."""
    lows = [file.statistics[column][0] if column in file.statistics else points[0] for file in files]
    highs = [file.statistics[column][1] if column in file.statistics else points[-1] for file in files]
    order = {value: at for at, value in enumerate(sorted({*points, *lows, *highs}))}
    at = np.array([order[point] for point in points])
    low, high = (np.array([order[value] for value in ends]) for ends in (lows, highs))
    return (low[:, None] <= at) & (at <= high[:, None])


def read_amplification(files: Sequence[TableFile], cut_by: Sequence[str]) -> float:
    """How many times the theoretical minimum a query reads of one partition; 1 is best.

    √(number of files × the share of bytes that a query for one value reads, for each cut column). Where all partitions
    of a table have the same, the whole table's is so many times that of a table with 1 in each partition.
    """
    if not cut_by:
        return 1.0
    product = effective_files(files)
    for column in cut_by:
        points = points_of(files, column)
        if points:
            product *= float(_shares(may_hold(files, column, points), files).mean())
    return math.sqrt(max(1.0, product))


def query_reads(
    files: Sequence[TableFile],
    days: Sequence[date] = (),
    stores: Sequence[str] = (),
    columns: Sequence[str] = ("dt", "store_id"),
) -> list[QueryRead]:
    """What the four queries read, on average over days and stores; nothing where no file has statistics of both.

    days, stores: the values to query; else those that the statistics show. columns: those of the day and the store.
    """
    day, store = columns
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
    return [_read(name, files, *pair) for name, pair in zip(QUERIES, pairs, strict=True)]


def geometric_mean(ratios: Sequence[float]) -> float:
    """The mean by which ratios are averaged."""
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios)) if ratios else 1.0


def mean_read_amplification(reads: Sequence[QueryRead]) -> float:
    """The geometric mean for one day and for one store, whose theoretical minimum is 1/√files of the bytes each."""
    return geometric_mean([each.read_amplification for each in reads if each.query in QUERIES[:2]])


def _read(query: str, files: Sequence[TableFile], by_day: Matrix, by_store: Matrix, minimum: float) -> QueryRead:
    sizes = np.array([[file.bytes, file.rows, 1] for file in files], dtype=float)
    left, right = by_day.astype(float), by_store.astype(float)
    numbers = [float(((left * sizes[:, [at]]).T @ right).mean()) for at in range(3)]
    totals = [max(float(total), 1.0) for total in sizes.sum(axis=0)]
    return QueryRead(query, numbers[2], numbers[0] / totals[0], numbers[1] / totals[1], minimum)


def _shares(held: Matrix, files: Sequence[TableFile]) -> npt.NDArray[np.float64]:
    sizes = np.array([file.bytes for file in files], dtype=float)
    shares: npt.NDArray[np.float64] = sizes @ held.astype(float) / max(sizes.sum(), 1.0)
    return shares


def _runs(held: Matrix, length: int) -> Matrix:
    """Which file may contain one of `length` consecutive values, for every such run."""
    runs = max(1, held.shape[1] - length + 1)
    return np.stack([held[:, at : at + length].any(axis=1) for at in range(runs)], axis=1)


def _spread(held: Matrix, number: int) -> Matrix:
    """Which file may contain one of `number` values spread over the column, for every such choice."""
    step = max(1, held.shape[1] // number)
    return np.stack([held[:, at::step][:, :number].any(axis=1) for at in range(step)], axis=1)
