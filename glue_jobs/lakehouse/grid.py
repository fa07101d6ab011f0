"""Cuts the rows of each partition into cells of equal counts, one file each, at values of the cut columns.

The first column is cut into slabs, each slab by the second. No value is on both sides of a cut, so that a question for
one day and one store opens one file of a partition.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.layout import Layout
from lakehouse.layout_files import Partition

COUNTED_ROWS = 4_000_000
"""Of more rows than this a sample is counted to find the cuts."""

Count = tuple[Any, Any, int]
"""A value of each cut column (None for a column that is not cut) and the rows that have both."""


@dataclass(frozen=True)
class Cell:
    """Rows of a partition with low < value ≤ high in each cut column; None is no limit."""

    partition: Partition
    limits: tuple[tuple[Any, Any], ...]


def placed(
    rows: DataFrame,
    layout: Layout,
    cells: Mapping[Partition, int],
    number_of_rows: int,
    by_first: Collection[Partition] = (),
) -> DataFrame:
    """The same rows, one task per cell, each sorted by the cluster columns.

    cells: how many a partition should have. by_first: partitions that are cut by the first column alone.
    """
    found = _cells(rows, layout, cells, number_of_rows, by_first)
    cell = F.lit(0)
    if len(found) > 1:
        rows = rows.join(F.broadcast(_as_rows(rows, layout, found)), _within(layout), "left")
        cell = F.coalesce("_cell", F.lit(0))
    apart = rows.repartitionById(len(found), cell)
    columns = [name for name in rows.columns if not name.startswith("_cell")]
    return apart.sortWithinPartitions(*layout.partition_by, *layout.cluster_by).select(*columns)


def _cells(
    rows: DataFrame,
    layout: Layout,
    cells: Mapping[Partition, int],
    number_of_rows: int,
    by_first: Collection[Partition],
) -> list[Cell]:
    several = {partition for partition, number in cells.items() if number > 1}
    counts = _counts(rows, layout, number_of_rows) if several and layout.cut_by else {}
    found = []
    for partition, number in cells.items():
        found += cut_into(partition, counts.get(partition, ()), number, layout, len(cells), partition in by_first)
    return found


def _counts(rows: DataFrame, layout: Layout, number_of_rows: int) -> dict[Partition, list[Count]]:
    """Rows by partition and cut values; of very many a sample."""
    if number_of_rows > COUNTED_ROWS:
        rows = rows.sample(COUNTED_ROWS / number_of_rows, seed=1)
    columns = [*layout.partition_by, *layout.cut_by]
    counted = rows.groupBy(*columns).count().toArrow().to_pydict()
    found: dict[Partition, list[Count]] = {}
    second = counted[layout.cut_by[1]] if len(layout.cut_by) > 1 else [None] * len(counted["count"])
    partitions = zip(*(counted[name] for name in layout.partition_by), strict=True) if layout.partition_by else None
    for first, other, number in zip(counted[layout.cut_by[0]], second, counted["count"], strict=True):
        partition = tuple(next(partitions)) if partitions is not None else ()
        found.setdefault(partition, []).append((first, other, number))
    return found


def cut_into(
    partition: Partition,
    counts: Sequence[Count],
    number: int,
    layout: Layout,
    partitions: int = 1,
    by_first: bool = False,
) -> list[Cell]:
    """About so many cells of equal counts; fewer where there are not enough values to cut at."""
    if number == 1 or not counts:
        return [Cell(partition, tuple((None, None) for _ in layout.cut_by))]
    first_counts = _sums((first, rows) for first, _, rows in counts)
    if len(layout.cut_by) == 1:
        return [Cell(partition, (slab,)) for slab in slabs(first_counts, number)]
    if by_first:
        return [Cell(partition, (slab, (None, None))) for slab in slabs(first_counts, number)]
    stores = len({other for _, other, _ in counts})
    days_apart = partitions if layout.is_by_day and layout.partition_by == ("month",) else 1
    across, down = factors(number, len(first_counts), stores, days_apart)
    found = []
    for low, high in slabs(first_counts, across):
        within = [c for c in counts if c[0] is None or ((low is None or c[0] > low) and (high is None or c[0] <= high))]
        found += [
            Cell(partition, ((low, high), slab)) for slab in slabs(_sums((o, rows) for _, o, rows in within), down)
        ]
    return found


def factors(number: int, first_values: int, second_values: int, partitions: int = 1) -> tuple[int, int]:
    """Into how many slabs each column is cut, so that both are cut about as often in the whole table.

    The product is the number of files, or up to a tenth more where that lies nearer to a square. partitions: into how
    many the first column is cut already.
    """
    choices = []
    for cells in range(number, math.ceil(number * 1.1) + 1):
        for first in range(1, cells + 1):
            second = cells // first
            if first * second == cells and first <= first_values and second <= second_values:
                uneven = abs(math.log(partitions * first / second)) + 2 * (cells - number) / number
                choices.append((uneven, first, second))
    if not choices:
        return min(number, first_values), max(1, min(second_values, number // min(number, first_values)))
    _, first, second = min(choices)
    return first, second


def slabs(counts: Mapping[Any, int], number: int) -> list[tuple[Any, Any]]:
    """Limits (low, high] of about equally many rows; a value that has more than its part gets a slab to itself."""
    values = sorted(counts)
    upto = list(accumulate(counts[value] for value in values))
    cuts: list[int] = []
    for part in range(1, number):
        wanted = upto[-1] * part / number
        at = bisect_left(upto, wanted)
        if at and wanted - upto[at - 1] < upto[at] - wanted:
            at -= 1
        if at < len(values) - 1 and (not cuts or at > cuts[-1]):
            cuts.append(at)
    return list(pairwise([None, *(values[at] for at in cuts), None]))


def _sums(pairs: Iterable[tuple[Any, int]]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for value, rows in pairs:
        if value is not None:
            found[value] = found.get(value, 0) + rows
    return found


def _as_rows(rows: DataFrame, layout: Layout, cells: Sequence[Cell]) -> DataFrame:
    """The cells as a small table, with the types of the columns that they limit."""
    columns: dict[str, list[Any]] = {"_cell": list(range(len(cells)))}
    kinds = {"_cell": "int"}
    types = dict(rows.dtypes)
    for at, name in enumerate(layout.partition_by):
        columns[f"_cell_{name}"], kinds[f"_cell_{name}"] = [cell.partition[at] for cell in cells], types[name]
    for at, name in enumerate(layout.cut_by):
        for end, side in enumerate(("low", "high")):
            columns[f"_cell_{side}{at}"] = [cell.limits[at][end] for cell in cells]
            kinds[f"_cell_{side}{at}"] = types[name]
    table = rows.sparkSession.createDataFrame(pa.table(columns))
    return table.select(*[F.col(name).cast(kind).alias(name) for name, kind in kinds.items()])


def _within(layout: Layout) -> SparkColumn:
    """When a row belongs to a cell; a null belongs to the lowest."""
    found = F.lit(True)
    for name in layout.partition_by:
        found &= F.col(name).eqNullSafe(F.col(f"_cell_{name}"))
    for at, name in enumerate(layout.cut_by):
        low, high = F.col(f"_cell_low{at}"), F.col(f"_cell_high{at}")
        above = low.isNull() | F.coalesce(F.col(name) > low, F.lit(False))
        below = high.isNull() | F.coalesce(F.col(name) <= high, low.isNull())
        found &= above & below
    return found
