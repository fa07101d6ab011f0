"""New rows go into files that are clustered already, so that most partitions never need a rewrite."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.layout import Layout
from lakehouse.lake.table_files import Partition
from lakehouse.layout.grid import placed

LARGE_ROWS = 500_000
"""So many new rows are counted by partition, for a partition of theirs may need several files."""
LATE_PART = 0.1
"""A day with less than this part of its partition's fullest day came late, and goes into a file beside."""
MOST_DAYS = 500
"""A batch of more days is no delivery of a day and what came late."""
BYTES_PER_ROW = 48.0
"""Assumed of a table that has no rows yet."""


def clustered(rows: DataFrame, layout: Layout, number: int, bytes_per_row: float | None = None) -> DataFrame:
    """The same rows, those of a partition in one sorted file, or in several cells where they are many.

    number: about how many rows there are. bytes_per_row: in files that the table has already.
    """
    if number >= LARGE_ROWS:
        return placed(rows, layout, cells_of(rows, layout, bytes_per_row or BYTES_PER_ROW), number)
    if number and layout.is_by_day and layout.partition_by in ((), ("month",)):  # a day lies in one partition
        return _late_rows_apart(rows, layout)
    return _by_partition(rows, layout)


def cells_of(rows: DataFrame, layout: Layout, bytes_per_row: float) -> dict[Partition, int]:
    """How many files each partition of these rows should have."""
    counted = rows.groupBy(*layout.partition_by).count().collect()
    return {tuple(row)[:-1]: max(1, round(row[-1] * bytes_per_row / layout.target_bytes)) for row in counted}


def _late_rows_apart(rows: DataFrame, layout: Layout) -> DataFrame:
    """One file for the days that a partition got most rows of, one for the few rows of others.

    In one file they would stretch its bounds over all those days, and a question for any of them would open it.
    """
    days = [tuple(row) for row in rows.groupBy(*layout.partition_by, "dt").count().collect()]
    fullest: dict[Partition, int] = {}
    for *partition, _, number in days:
        fullest[tuple(partition)] = max(number, fullest.get(tuple(partition), 0))
    file_of: dict[tuple[Partition, bool], int] = {}
    places: list[Any] = []
    for *partition, day, number in days:
        kind = (tuple(partition), number < LATE_PART * fullest[tuple(partition)])
        places += [F.lit(day), F.lit(file_of.setdefault(kind, len(file_of)))]
    if len(file_of) == len(fullest) or len(days) > MOST_DAYS:
        return _by_partition(rows, layout)
    file = F.coalesce(F.create_map(*places)[F.col("dt")], F.lit(0))
    return rows.repartitionById(len(file_of), file).sortWithinPartitions(*layout.partition_by, *layout.cluster_by)


def _by_partition(rows: DataFrame, layout: Layout) -> DataFrame:
    together = rows.repartition(*layout.partition_by) if layout.partition_by else rows.coalesce(1)
    return together.sortWithinPartitions(*layout.partition_by, *layout.cluster_by)
