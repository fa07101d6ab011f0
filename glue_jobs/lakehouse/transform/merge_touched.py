"""What the rows of a batch touch, once their fates are known: days and stores, times of a history, partitions."""

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
from lakehouse.transform.outcomes import DELETED, FATE, INSERTED, MOVED, NEWS, OLD, STALE, UNCHANGED, UPDATED

GAINS, LOSES, BOTH = "gains", "loses", "gains and loses"
"""What a place does: it gets a row, it gives one away, or one of its rows is replaced."""


@dataclass(frozen=True)
class Touched:
    """How many rows of a batch met which fate, and what they touch.

    judged: rows in all. days: store ids by day, of the news and of what they replace.
    gaining, losing: the partitions that gain and lose rows.
    """

    judged: int
    fates: Mapping[str, int]
    days: Mapping[str, list[str]]
    gaining: frozenset[Partition]
    losing: frozenset[Partition]


def touched_by(judged: DataFrame, dataset: Dataset) -> Touched:
    """Count the rows by fate and find the places they touch, in one pass over the batch."""
    # Grouped by place and not gathered into sets of places, for a set of structs is not built by hashing.
    at = judged.select(FATE, MOVED, F.explode_outer(_places(dataset)).alias("at"))
    groups = at.groupBy(FATE, MOVED, "at.change", "at.place").count().collect()
    rows = [group for group in groups if group.change != LOSES]  # that of a moved row is a second one
    fates = Counter(dict.fromkeys((INSERTED, UPDATED, DELETED, UNCHANGED, STALE), 0))
    for fate, _, _, _, number in rows:
        fates[fate] += number
    places = {change: {group.place for group in groups if group.change == change} for change in (GAINS, LOSES, BOTH)}
    return Touched(
        judged=fates.total(),
        fates={**fates, "moved": sum(number for _, moved, _, _, number in rows if moved)},
        days=_days(set().union(*places.values())) if dataset.date_from else {},
        gaining=_partitions(places[GAINS] | places[BOTH], dataset),
        losing=_partitions(places[LOSES] | places[BOTH], dataset),
    )


def _places(dataset: Dataset) -> SparkColumn:
    """The one or two places that a row changes, and how; null for a row that tells nothing new."""
    is_news, is_known = F.col(FATE).isin(*NEWS), F.col(OLD).isNotNull()
    here, there = _place(dataset), _place(dataset, f"{OLD}.")
    return (
        F.when(is_news & ~is_known, F.array(_change(GAINS, here)))
        .when(is_news & here.eqNullSafe(there), F.array(_change(BOTH, here)))
        .when(is_news, F.array(_change(GAINS, here), _change(LOSES, there)))
    )


def _change(does: str, place: SparkColumn) -> SparkColumn:
    return F.struct(F.lit(does).alias("change"), place.alias("place"))


def _place(dataset: Dataset, prefix: str = "") -> SparkColumn:
    """Partition, day and store of a row as far as there are any, after a constant: a struct must have a field."""
    names = dict.fromkeys(dataset.partition_by)
    names |= dict.fromkeys(name for name in dataset.silver_column_names if name in ("dt", "store_id"))
    return F.struct(F.lit(0).alias("_"), *[F.col(f"{prefix}{name}").alias(name) for name in names])


def _partitions(places: Iterable[Row], dataset: Dataset) -> frozenset[Partition]:
    return frozenset(tuple(place[name] for name in dataset.partition_by) for place in places)


def _days(places: Iterable[Row]) -> dict[str, list[str]]:
    """The stores of each touched day, sorted."""
    days: dict[str, set[str]] = {}
    for place in places:
        fields = place.asDict()
        days.setdefault(str(fields["dt"]), set()).update({fields["store_id"]} if fields.get("store_id") else ())
    return {day: sorted(stores) for day, stores in sorted(days.items())}


def touched_times(
    changes: DataFrame, dataset: Dataset
) -> tuple[list[dict[str, str]], frozenset[Partition], frozenset[Partition]]:
    """The keys and times of new versions, and the partitions that gain and lose rows."""
    times = [F.date_format(name, tables.INSTANT).alias(name) for name in ("valid_from", "valid_to")]
    known = F.col(OLD).isNotNull()
    places = (_place(dataset), F.when(known, _place(dataset, f"{OLD}.")))
    found = changes.select(F.struct(*dataset.key, *times), *places).collect()
    touched = [time.asDict() for time, _, old in found if old is None]
    gaining = _partitions((new for _, new, _ in found), dataset)
    return touched, gaining, _partitions((old for _, _, old in found if old), dataset)
