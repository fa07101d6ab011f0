"""Where a partition is split so that all cells have about the same number of rows: plain arithmetic."""

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
"""A value of each cut column (None where there is no second one) and the number of rows that have both."""


@dataclass(frozen=True)
class Cell:
    """The rows of a partition with low < value ≤ high in each cut column; None means no limit."""

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
    """About `number` cells with equal row counts; fewer where there are not enough values to cut at.

    partitions: of the whole table. by_first: cut by the first column alone.
    """
    if number == 1 or not counts:
        return [Cell(partition, tuple((None, None) for _ in layout.cut_by))]
    first_counts = _sums((first, rows) for first, _, rows in counts)
    if len(layout.cut_by) == 1:
        return [Cell(partition, (slab,)) for slab in slabs(first_counts, number)]
    if by_first:
        return [Cell(partition, (slab, (None, None))) for slab in slabs(first_counts, number)]
    stores = len({other for _, other, _ in counts})
    days_apart = partitions if layout.is_by_day and layout.partition_by == ("month",) else 1
    across, down = factors(number, max(1, len(first_counts)), stores, days_apart)
    cells = []
    for low, high in slabs(first_counts, across):
        within = [c for c in counts if c[0] is None or ((low is None or c[0] > low) and (high is None or c[0] <= high))]
        cells += [
            Cell(partition, ((low, high), slab)) for slab in slabs(_sums((o, rows) for _, o, rows in within), down)
        ]
    return cells


def factors(number: int, first_values: int, second_values: int, partitions: int = 1) -> tuple[int, int]:
    """Into how many parts each column is cut, so that both have about as many parts in the whole table.

    The product is the number of files, or up to a tenth more where that is nearer to a square. partitions: into how
    many parts the partitions cut the first column already.
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
    """Limits (low, high] with about equal row counts; a value with more rows than that gets a slab of its own.

    One slab without limits where a partition has only nulls.
    """
    if not counts:
        return [(None, None)]
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
    sums: dict[Any, int] = {}
    for value, rows in pairs:
        if value is not None:
            sums[value] = sums.get(value, 0) + rows
    return sums
