"""Clusters rows when they are first written, so that most partitions never need a rewrite; and whole tables."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.layout import Layout
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.rewrite import Arrangement
from lakehouse.lake.table_files import Partition, totals_of
from lakehouse.layout.grid import arranged

LARGE_ROWS = 500_000
"""From so many new rows on they are counted by partition, because a partition may need several files."""
LATE_PART = 0.1
"""A day with less than this part of its partition's largest day is late: its rows go to a separate file."""
MOST_DAYS = 500
"""A batch with more days is no daily delivery with a few late rows."""
BYTES_PER_ROW = 48.0
"""Assumed for a table without rows."""


def clustered(rows: DataFrame, layout: Layout, number: int, bytes_per_row: float | None = None) -> DataFrame:
    """The same rows, one sorted file per partition, or several where a partition has many rows.

    number: about how many rows there are. bytes_per_row: in the files that the table has.
    """
    if number >= LARGE_ROWS:
        return arranged(rows, layout, cells_of(rows, layout, bytes_per_row or BYTES_PER_ROW), number)
    if number and layout.is_by_day and layout.partition_by in ((), ("month",)):  # a day is in one partition
        return _late_rows_apart(rows, layout)
    return _by_partition(rows, layout)


def whole_table(path: str, layout: Layout) -> Arrangement:
    """All rows of the table at a path as the layout declares, split into files of the declared size."""

    def arrange(rows: DataFrame) -> DataFrame:
        totals = totals_of(existing_table(path))
        return arranged(rows, layout, cells_of(rows, layout, totals.bytes_per_row), totals.rows)

    return Arrangement(arrange, layout.cluster_by, layout.write_settings)


def cells_of(rows: DataFrame, layout: Layout, bytes_per_row: float) -> dict[Partition, int]:
    """How many files each partition of these rows should have."""
    counted = rows.groupBy(*layout.partition_by).count().collect()
    return {tuple(row)[:-1]: max(1, round(row[-1] * bytes_per_row / layout.target_bytes)) for row in counted}


def _late_rows_apart(rows: DataFrame, layout: Layout) -> DataFrame:
    """One file per partition for the days with most rows, and one for the few late rows of other days.

    In a single file the late rows would widen its min/max range of days, and a query for any of them would read it.
    """
    days = [tuple(row) for row in rows.groupBy(*layout.partition_by, "dt").count().collect()]
    largest: dict[Partition, int] = {}
    for *partition, _, number in days:
        largest[tuple(partition)] = max(number, largest.get(tuple(partition), 0))
    file_of: dict[tuple[Partition, bool], int] = {}
    files: list[Any] = []
    for *partition, day, number in days:
        kind = (tuple(partition), number < LATE_PART * largest[tuple(partition)])
        files += [F.lit(day), F.lit(file_of.setdefault(kind, len(file_of)))]
    if len(file_of) == len(largest) or len(days) > MOST_DAYS:
        return _by_partition(rows, layout)
    file = F.coalesce(F.create_map(*files)[F.col("dt")], F.lit(0))
    return rows.repartitionById(len(file_of), file).sortWithinPartitions(*layout.partition_by, *layout.cluster_by)


def _by_partition(rows: DataFrame, layout: Layout) -> DataFrame:
    together = rows.repartition(*layout.partition_by) if layout.partition_by else rows.coalesce(1)
    return together.sortWithinPartitions(*layout.partition_by, *layout.cluster_by)
