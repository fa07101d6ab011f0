"""Which layout suits a table of this size: the predicted cost of the four questions under each layout on offer.

A question costs the bytes that it opens, and for each file as much as reading 4 MB (the cost that Spark itself plans
with, spark.sql.files.openCostInBytes). The advice is the layout of the least geometric mean over the questions, among
those whose files are not small: each night would add many, and each plan of a query would list them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.contracts.layout import TARGET_FILE_BYTES
from lakehouse.lake.table_files import LaidFile
from lakehouse.layout.cells import factors
from lakehouse.layout.measure import DAYS, STORES, geometric_mean, points_of
from lakehouse.layout.plan import SMALL_PART
from lakehouse.say import said_bytes

OPEN_COST = 4 << 20
DAYS_OF_MONTH = 30.4


@dataclass(frozen=True)
class TableSize:
    """What matters of a table: bytes, days and stores."""

    bytes: int
    days: int
    stores: int


@dataclass(frozen=True)
class Advised:
    """A layout on offer with its prediction. shares: of the bytes, opened by each of the four questions."""

    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    files: int
    file_bytes: int
    shares: tuple[float, ...]
    cost_bytes: float


def size_of(files: Sequence[LaidFile]) -> TableSize | None:
    """The size of a table by its log; None where its files have no days and stores."""
    days, stores = points_of(files, "dt"), points_of(files, "store_id")
    if not days or not stores:
        return None
    return TableSize(sum(file.bytes for file in files), (days[-1] - days[0]).days + 1, len(stores))


def advise(size: TableSize, target_bytes: int = TARGET_FILE_BYTES) -> list[Advised]:
    """The layouts on offer, the advised one first."""
    months = max(1, math.ceil(size.days / DAYS_OF_MONTH))
    offers = (
        (("dt",), ("store_id",), size.days, 1),
        (("month",), ("dt", "store_id"), months, 1),
        (("dt", "store_id"), (), size.days, size.stores),
        ((), ("dt", "store_id"), 1, 1),
    )
    found = [_predicted(size, target_bytes, *offer) for offer in offers]
    return sorted(
        found, key=lambda offer: (offer.files > 1 and offer.file_bytes < target_bytes / SMALL_PART, offer.cost_bytes)
    )


def reason(best: Advised, size: TableSize) -> str:
    """Why it is advised, in one sentence."""
    a_day = size.bytes / size.days
    shape = f"{said_bytes(a_day)} a day over {size.days} days and {size.stores} stores"
    what = f"partitionBy [{', '.join(best.partition_by)}] with clusterBy [{', '.join(best.cluster_by)}]"
    files = "1 file" if best.files == 1 else f"{best.files} files"
    return (
        f"{what}: with {shape} it makes {files} of {said_bytes(best.file_bytes)}, of which the four "
        f"questions open the equivalent of {said_bytes(best.cost_bytes)} on average; of those whose files are not "
        f"small it costs the least."
    )


def _predicted(
    size: TableSize, target: int, partition_by: tuple[str, ...], cluster_by: tuple[str, ...], days: int, stores: int
) -> Advised:
    """days, stores: into how many parts the partitions cut each already."""
    number = max(1, round(size.bytes / (days * stores) / target))
    across, down = 1, 1
    if cluster_by == ("store_id",):
        down = min(number, size.stores)
    elif cluster_by:
        across, down = factors(number, max(1, size.days // days), size.stores, days)
    days, stores = days * across, stores * down
    files = days * stores
    week = min(days, 1 + (DAYS - 1) * days / size.days)
    opened = [(1, stores), (days, 1), (1, 1), (week, min(stores, STORES))]
    shares = tuple(one * other / files for one, other in opened)
    costs = [share * size.bytes + one * other * OPEN_COST for share, (one, other) in zip(shares, opened, strict=True)]
    return Advised(partition_by, cluster_by, files, round(size.bytes / files), shares, geometric_mean(costs))
