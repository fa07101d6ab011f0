"""Cuts of a partition into cells of about equally many rows, as plain arithmetic."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from lakehouse.contracts.layout import Layout
from lakehouse.lake.table_files import Partition

Count = tuple[Any, Any, int]
"""A value of each cut column (None for a column that is not cut) and the rows that have both."""


@dataclass(frozen=True)
class Cell:
    """Rows of a partition with low < value ≤ high in each cut column; None is no limit."""

    partition: Partition
    limits: tuple[tuple[Any, Any], ...]


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
