"""What a batch means for silver, found before anything is written: the rows that are news, and what they touch.

Stages: one row per key; the files that can hold an old copy (from the log); the old copies; the fate of each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.contract import Dataset, Kind, MergeMode
from lakehouse.lake import tables
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.table_files import Partition
from lakehouse.transform.candidate_files import LIST_LIMIT, LOCATE_ABOVE_BYTES, KeyRange, Reach, reach_of
from lakehouse.transform.merge_errors import DoubledKeyError, NullKeyError
from lakehouse.transform.merge_touched import touched_by, touched_times
from lakehouse.transform.outcomes import (
    FATE,
    LOST,
    NEWS,
    OLD,
    ROWS,
    newest_per_key,
    with_dates,
    with_fate,
    with_validity,
)

BROADCAST_KEYS = 500_000
"""So many keys of a batch are sent to every task, so that the rows of silver need not be shuffled to meet them."""

TOUCHED_LIMIT = 50_000
"""A commit names at most so many store days or times; above it says nothing, and the fact is built whole."""


@dataclass(frozen=True)
class Fates:
    """How many rows of a batch met which fate."""

    rows: int = 0
    keys: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    moved: int = 0
    unchanged: int = 0
    stale: int = 0

    @property
    def news(self) -> int:
        """Rows that tell silver something new."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class BatchShape:
    """How much a batch holds, where its rows belong, and between which keys they lie."""

    rows: int
    keys: int
    partitions: frozenset[Partition]
    ranges: tuple[KeyRange, ...]


@dataclass(frozen=True)
class MergePlan:
    """The changes a table must take, and the version of the table that they were found against.

    changes: silver's columns and `_old`, the row that each replaces (null for a new one).
    touched: store ids by day, or for a history the keys with the time in which their value changed.
    read: what was read to find the changes.
    replaced: where the replaced rows lie.
    partitions: every partition that gains or loses a row.
    """

    dataset: Dataset
    batch_id: int
    version: int
    fates: Fates
    changes: DataFrame
    touched: Any
    read: Reach
    located: bool
    replaced: Reach
    partitions: tuple[Partition, ...]

    @property
    def replaces(self) -> bool:
        """True when rows of silver are replaced; else new ones are added, if any."""
        return bool(self.replaced.files)

    @property
    def replaces_whole_partitions(self) -> bool:
        """True where each partition that loses a row is one file, which a MERGE would write anew as well."""
        if self.dataset.merge_mode is MergeMode.DELETION_VECTORS or len(self.dataset.partition_by) != 1:
            return False
        losing = self.replaced.partitions
        files = sum(file.partition in losing for file in self.replaced.known)
        return self.replaces and files == len(losing) <= LIST_LIMIT

    @property
    def metadata(self) -> dict[str, Any]:
        """What the commit says of itself, for the marts, for maintenance and for the accounts."""
        said = {"dataset": self.dataset.name, "batch_id": self.batch_id, "counts": vars(self.fates)}
        if len(self.partitions) <= TOUCHED_LIMIT:
            said["partitions"] = [[str(value) for value in partition] for partition in self.partitions]
        touched = self.touched
        size = len(touched) if isinstance(touched, list) else sum(len(stores) for stores in touched.values())
        return said if size > TOUCHED_LIMIT else {**said, "touched": touched}


def plan_merge(
    spark: SparkSession,
    dataset: Dataset,
    rows: DataFrame,
    batch_id: int,
    path: str,
) -> MergePlan:
    """Compare the good rows of a batch with silver; raises NullKeyError or DoubledKeyError before any write."""
    table = open_table(path)
    version = -1 if table is None else table.version()
    news = _fixed(with_dates(newest_per_key(rows, dataset), dataset, batch_id))
    shape = _shape(news, dataset, batch_id)
    read = reach_of(table, dataset, shape.ranges, shape.partitions)
    must_locate = (
        bool(dataset.partition_by) and read.bytes > LOCATE_ABOVE_BYTES and not read.partitions <= shape.partitions
    )
    holding = read.within(_locate(spark, path, news, shape, read)) if must_locate else read
    silver = _silver(spark, dataset, path, holding)
    known = silver.join(_keys(news, shape, holding), on=list(dataset.key), how="left_semi")
    old = known if dataset.kind is Kind.HISTORY else small(known, shape.keys)
    judged = _fixed(with_fate(news, old, dataset))
    found = touched_by(judged, dataset)
    if found.judged > shape.keys:
        raise DoubledKeyError(dataset.name, version, found.judged - shape.keys)
    changes = _changes(judged, known, dataset)
    touched: Any
    if dataset.kind is Kind.HISTORY:
        touched, gaining, losing = touched_times(changes, dataset)
    else:
        touched, gaining, losing = found.days, found.gaining, found.losing
    return MergePlan(
        dataset=dataset,
        batch_id=batch_id,
        version=version,
        fates=Fates(rows=shape.rows, keys=shape.keys, **found.fates),
        changes=changes,
        touched=touched,
        read=read,
        located=must_locate,
        replaced=holding.within(losing),
        partitions=tuple(sorted(gaining | losing, key=str)),
    )


def _fixed(rows: DataFrame) -> DataFrame:
    """Rows computed once, at their first use.

    A checkpoint rather than a cached frame: what follows is planned against rows that are there, not against the whole
    road to them (a fifth of the time of a small merge), and Delta takes it as a source without copying it once more.
    """
    return rows.localCheckpoint(eager=False)


def _shape(news: DataFrame, dataset: Dataset, batch_id: int) -> BatchShape:
    """Look at a batch once, per partition; raises NullKeyError when one of its rows cannot be placed."""
    key = F.col(dataset.key[0])
    found = (
        news.groupBy(*dataset.partition_by)
        .agg(F.sum(ROWS), F.count("*"), F.sum(LOST), F.min(key), F.max(key))
        .collect()
    )
    values = [tuple(row)[-5:] for row in found if row[-5]]
    lost = sum(value[2] for value in values)
    if lost:
        raise NullKeyError(dataset.name, batch_id, lost)
    return BatchShape(
        rows=sum(value[0] for value in values),
        keys=sum(value[1] for value in values),
        partitions=frozenset(tuple(row)[:-5] for row in found),
        ranges=tuple(KeyRange(value[3], value[4]) for value in values),
    )


def _keys(news: DataFrame, shape: BatchShape, reach: Reach) -> DataFrame:
    """The keys of a batch that some file of a reach can hold: not those of a new day, where keys grow with time."""
    held = reach.key_predicate()
    return small((news if held is None else news.where(held)).select(*reach.dataset.key), shape.keys)


def small(rows: DataFrame, keys: int) -> DataFrame:
    """At most one row per key of a batch with so many: small enough for every task, unless they are very many."""
    return rows if keys > BROADCAST_KEYS else F.broadcast(rows)


def _locate(spark: SparkSession, path: str, news: DataFrame, shape: BatchShape, read: Reach) -> list[Partition]:
    """The partitions that hold a key of the batch; of silver only the key and partition columns are read."""
    dataset = read.dataset
    keys = _silver(spark, dataset, path, read).select(*dataset.key, *dataset.partition_by)
    held = keys.join(_keys(news, shape, read), on=list(dataset.key), how="left_semi")
    return [tuple(row) for row in held.select(*dataset.partition_by).distinct().collect()]


def _silver(spark: SparkSession, dataset: Dataset, path: str, reach: Reach) -> DataFrame:
    """The rows of silver that a reach leads to."""
    if not reach.files:
        return tables.empty(spark, dataset.silver_columns)
    rows = tables.read(spark, path).select(*dataset.silver_column_names)
    for predicate in reach.predicates():
        rows = rows.where(predicate)
    return rows


def _changes(judged: DataFrame, known: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows that the table must take, with `_old`: null for a new row.

    known: every row that silver has of the batch's keys.
    """
    news = judged.where(F.col(FATE).isin(*NEWS))
    columns = dataset.silver_column_names
    if dataset.kind is not Kind.HISTORY:
        return news.select(*columns, OLD)
    versions = news.select(*dataset.column_names, BATCH_ID, OLD)
    kept = known.join(news.select(*dataset.key).distinct(), on=list(dataset.key), how="left_semi")
    kept = kept.select(*dataset.column_names, BATCH_ID, F.struct(*known.columns).alias(OLD))
    renewed = with_validity(versions.unionByName(kept), dataset)
    is_new, has_moved = F.col(OLD).isNull(), ~F.col("valid_to").eqNullSafe(F.col(f"{OLD}.valid_to"))
    return renewed.where(is_new | has_moved).select(*columns, OLD)
