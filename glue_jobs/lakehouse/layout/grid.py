"""Grid clustering: splits each partition at values of its cut columns into cells of equal row counts, one file each.

The partition is split by the first column into slabs, and each slab by the second column into cells. No value is in
two cells, so a query for one day and one store reads one file of a partition.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.layout import Layout
from lakehouse.lake.table_files import Partition
from lakehouse.layout.cells import Cell, Count, cut_into

COUNTED_ROWS = 4_000_000
"""With more rows than this the cuts are computed from a sample."""


def arranged(
    rows: DataFrame,
    layout: Layout,
    cells: Mapping[Partition, int],
    number_of_rows: int,
    by_first: Collection[Partition] = (),
) -> DataFrame:
    """The same rows, one task per cell, each sorted by the cluster columns.

    cells: the number of cells per partition. by_first: partitions that are split by the first column alone.
    """
    limits = _cells(rows, layout, cells, number_of_rows, by_first)
    cell = F.lit(0)
    if len(limits) > 1:
        rows = rows.join(F.broadcast(_as_rows(rows, layout, limits)), _within(layout), "left")
        cell = F.coalesce("_cell", F.lit(0))
    apart = rows.repartitionById(len(limits), cell)
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
    limits = []
    for partition, number in cells.items():
        limits += cut_into(partition, counts.get(partition, ()), number, layout, len(cells), partition in by_first)
    return limits


def _counts(rows: DataFrame, layout: Layout, number_of_rows: int) -> dict[Partition, list[Count]]:
    """Row counts by partition and values of the cut columns, from a sample where there are very many rows."""
    if number_of_rows > COUNTED_ROWS:
        rows = rows.sample(COUNTED_ROWS / number_of_rows, seed=1)
    columns = [*layout.partition_by, *layout.cut_by]
    counted = rows.groupBy(*columns).count().toArrow().to_pydict()
    counts: dict[Partition, list[Count]] = {}
    second = counted[layout.cut_by[1]] if len(layout.cut_by) > 1 else [None] * len(counted["count"])
    partitions = zip(*(counted[name] for name in layout.partition_by), strict=True) if layout.partition_by else None
    for first, other, number in zip(counted[layout.cut_by[0]], second, counted["count"], strict=True):
        partition = tuple(next(partitions)) if partitions is not None else ()
        counts.setdefault(partition, []).append((first, other, number))
    return counts


def _as_rows(rows: DataFrame, layout: Layout, cells: Sequence[Cell]) -> DataFrame:
    """The cells as a DataFrame; their limits have the types of the columns that they limit."""
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
    """The join condition of rows and cells; a null belongs to the lowest cell."""
    condition = F.lit(True)
    for name in layout.partition_by:
        condition &= F.col(name).eqNullSafe(F.col(f"_cell_{name}"))
    for at, name in enumerate(layout.cut_by):
        low, high = F.col(f"_cell_low{at}"), F.col(f"_cell_high{at}")
        above = low.isNull() | F.coalesce(F.col(name) > low, F.lit(False))
        below = high.isNull() | F.coalesce(F.col(name) <= high, low.isNull())
        condition &= above & below
    return condition
