"""What the new and changed rows of a batch touch: days and stores, validity times (SCD type 2), partitions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.contracts.contract import Dataset
from lakehouse.lake import tables
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
    has_other_content,
)

GAINS, LOSES, BOTH = "gains", "loses", "gains and loses"
"""How a location changes: a row is added, a row is removed, or a row is replaced."""


@dataclass(frozen=True)
class Touched:
    """How many rows of a batch had which outcome, and what they touch.

    rows: all of them. days: store ids by day, of new and changed rows and of the rows that they replace.
    gaining, losing: the partitions that gain and lose rows.
    """

    rows: int
    outcomes: Mapping[str, int]
    days: Mapping[str, list[str]]
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
        days=_days(set().union(*locations.values())) if dataset.date_column else {},
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
    """Partition, day and store of a row as far as it has them, after a constant, because a struct needs a field."""
    names = dict.fromkeys(dataset.partition_by)
    names |= dict.fromkeys(name for name in dataset.silver_column_names if name in ("dt", "store_id"))
    return F.struct(F.lit(0).alias("_"), *[F.col(f"{prefix}{name}").alias(name) for name in names])


def _partitions(locations: Iterable[Row], dataset: Dataset) -> frozenset[Partition]:
    return frozenset(tuple(location[name] for name in dataset.partition_by) for location in locations)


def _days(locations: Iterable[Row]) -> dict[str, list[str]]:
    """The stores of each touched day, sorted."""
    days: dict[str, set[str]] = {}
    for location in locations:
        fields = location.asDict()
        days.setdefault(str(fields["dt"]), set()).update({fields["store_id"]} if fields.get("store_id") else ())
    return {day: sorted(stores) for day, stores in sorted(days.items())}


def touched_times(
    changes: DataFrame, dataset: Dataset
) -> tuple[list[dict[str, str]], frozenset[Partition], frozenset[Partition]]:
    """The keys and times of new and corrected versions, and the partitions that gain and lose rows."""
    times = [F.date_format(name, tables.INSTANT).alias(name) for name in ("valid_from", "valid_to")]
    known = F.col(OLD).isNotNull()
    locations = (_location(dataset), F.when(known, _location(dataset, f"{OLD}.")))
    is_other = has_other_content(dataset)
    rows = changes.select(F.struct(*dataset.key, *times), is_other, *locations).collect()
    touched = [time.asDict() for time, other, _, _ in rows if other]
    gaining = _partitions((new for _, _, new, _ in rows), dataset)
    return touched, gaining, _partitions((old for _, _, _, old in rows if old), dataset)
