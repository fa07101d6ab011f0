"""Which partitions the new and changed rows of a batch touch, and how many rows had which outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.table_files import Partition
from lakehouse.transform.outcomes import (
    CORRECTED,
    DELETED,
    INSERTED,
    MOVED,
    NEWS,
    OLD,
    OUTCOME,
    STALE,
    TIE,
    UNCHANGED,
    UPDATED,
)

GAINS, LOSES, BOTH = "gains", "loses", "gains and loses"
"""How a location changes: a row is added, a row is removed, or a row is replaced."""


@dataclass(frozen=True)
class Touched:
    """How many rows of a batch had which outcome, and what they touch.

    rows: all of them. gaining, losing: the partitions that gain and lose rows.
    """

    rows: int
    outcomes: Mapping[str, int]
    gaining: frozenset[Partition]
    losing: frozenset[Partition]


def touched_by(compared: DataFrame, dataset: Dataset) -> Touched:
    """Count the rows by outcome and collect the locations that they touch, in one pass over the batch."""
    # Grouped by location rather than collected with collect_set, which does not hash structs.
    at = compared.select(OUTCOME, MOVED, F.explode_outer(_locations(dataset)).alias("at"))
    groups = at.groupBy(OUTCOME, MOVED, "at.change", "at.location").count().collect()
    rows = [group for group in groups if group.change != LOSES]  # a moved row has a second group for its old location
    outcomes = Counter(dict.fromkeys((INSERTED, UPDATED, DELETED, CORRECTED, UNCHANGED, STALE, TIE), 0))
    for outcome, _, _, _, number in rows:
        outcomes[outcome] += number
    locations = {
        change: {group.location for group in groups if group.change == change} for change in (GAINS, LOSES, BOTH)
    }
    return Touched(
        rows=outcomes.total(),
        outcomes={**outcomes, "moved": sum(number for _, moved, _, _, number in rows if moved)},
        gaining=_partitions(locations[GAINS] | locations[BOTH], dataset),
        losing=_partitions(locations[LOSES] | locations[BOTH], dataset),
    )


def _locations(dataset: Dataset) -> SparkColumn:
    """The one or two locations that a row changes, and how; null for a row that changes nothing."""
    is_news, is_known = F.col(OUTCOME).isin(*NEWS), F.col(OLD).isNotNull()
    here, there = _location(dataset), _location(dataset, f"{OLD}.")
    return (
        F.when(is_news & ~is_known, F.array(_change(GAINS, here)))
        .when(is_news & here.eqNullSafe(there), F.array(_change(BOTH, here)))
        .when(is_news, F.array(_change(GAINS, here), _change(LOSES, there)))
    )


def _change(change: str, location: SparkColumn) -> SparkColumn:
    return F.struct(F.lit(change).alias("change"), location.alias("location"))


def _location(dataset: Dataset, prefix: str = "") -> SparkColumn:
    """The partition of a row, after a constant, because a struct needs a field."""
    return F.struct(F.lit(0).alias("_"), *[F.col(f"{prefix}{name}").alias(name) for name in dataset.partition_by])


def _partitions(locations: Iterable[Row], dataset: Dataset) -> frozenset[Partition]:
    return frozenset(tuple(location[name] for name in dataset.partition_by) for location in locations)


def touched_partitions(changes: DataFrame, dataset: Dataset) -> tuple[frozenset[Partition], frozenset[Partition]]:
    """The partitions that gain and lose rows by changed versions, those included of which only the end moved."""
    known = F.col(OLD).isNotNull()
    locations = (_location(dataset), F.when(known, _location(dataset, f"{OLD}.")))
    rows = changes.select(*locations).distinct().collect()
    gaining = _partitions((new for new, _ in rows), dataset)
    return gaining, _partitions((old for _, old in rows if old), dataset)
