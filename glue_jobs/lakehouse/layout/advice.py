"""Which layout suits a table of this size: the predicted cost of the four queries with each candidate layout.

A query costs the bytes that it reads, plus 4 MB for each file (the cost that Spark itself assumes,
spark.sql.files.openCostInBytes). The advised layout has the lowest geometric mean over the queries, among those whose
files are not small: each load would add many of them, and planning a query would list them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.contracts.layout import TARGET_FILE_BYTES
from lakehouse.lake.table_files import TableFile
from lakehouse.layout.cells import factors
from lakehouse.layout.measure import DAYS, STORES, geometric_mean, points_of
from lakehouse.layout.plan import SMALL_PART
from lakehouse.say import format_bytes

OPEN_COST = 4 << 20
DAYS_OF_MONTH = 30.4


@dataclass(frozen=True)
class TableSize:
    """The size of a table: bytes, days, stores."""

    bytes: int
    days: int
    stores: int


@dataclass(frozen=True)
class Advised:
    """A candidate layout with its prediction. shares: of the bytes, read by each of the four queries."""

    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    files: int
    file_bytes: int
    shares: tuple[float, ...]
    cost_bytes: float


def size_of(files: Sequence[TableFile]) -> TableSize | None:
    """The size of a table from its log; None where its files have no statistics of days and stores."""
    days, stores = points_of(files, "dt"), points_of(files, "store_id")
    if not days or not stores:
        return None
    return TableSize(sum(file.bytes for file in files), (days[-1] - days[0]).days + 1, len(stores))


def advise(size: TableSize, target_bytes: int = TARGET_FILE_BYTES) -> list[Advised]:
    """The candidate layouts, the advised one first."""
    months = max(1, math.ceil(size.days / DAYS_OF_MONTH))
    candidates = (
        (("dt",), ("store_id",), size.days, 1),
        (("month",), ("dt", "store_id"), months, 1),
        (("dt", "store_id"), (), size.days, size.stores),
        ((), ("dt", "store_id"), 1, 1),
    )
    predictions = [_predicted(size, target_bytes, *candidate) for candidate in candidates]
    return sorted(
        predictions, key=lambda each: (each.files > 1 and each.file_bytes < target_bytes / SMALL_PART, each.cost_bytes)
    )


def reason(best: Advised, size: TableSize) -> str:
    """Why it is advised, in one sentence."""
    a_day = size.bytes / size.days
    shape = f"{format_bytes(a_day)} a day over {size.days} days and {size.stores} stores"
    what = f"partitionBy [{', '.join(best.partition_by)}] with clusterBy [{', '.join(best.cluster_by)}]"
    files = "1 file" if best.files == 1 else f"{best.files} files"
    return (
        f"{what}: with {shape} it makes {files} of {format_bytes(best.file_bytes)}, of which the four "
        f"queries read the equivalent of {format_bytes(best.cost_bytes)} on average; among the layouts without small "
        f"files it costs the least."
    )


def _predicted(
    size: TableSize, target: int, partition_by: tuple[str, ...], cluster_by: tuple[str, ...], days: int, stores: int
) -> Advised:
    """The cost of one candidate. days, stores: into how many parts its partitions cut each."""
    number = max(1, round(size.bytes / (days * stores) / target))
    across, down = 1, 1
    if cluster_by == ("store_id",):
        down = min(number, size.stores)
    elif cluster_by:
        across, down = factors(number, max(1, size.days // days), size.stores, days)
    days, stores = days * across, stores * down
    files = days * stores
    week = min(days, 1 + (DAYS - 1) * days / size.days)
    files_read = [(1, stores), (days, 1), (1, 1), (week, min(stores, STORES))]
    shares = tuple(one * other / files for one, other in files_read)
    costs = [
        share * size.bytes + one * other * OPEN_COST for share, (one, other) in zip(shares, files_read, strict=True)
    ]
    return Advised(partition_by, cluster_by, files, round(size.bytes / files), shares, geometric_mean(costs))
