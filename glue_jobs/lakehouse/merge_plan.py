"""What a batch means for silver, found before anything is written: the rows that are news, and what they touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.contract import Dataset, Kind
from lakehouse.delta_log import table_version
from lakehouse.errors import LakehouseError
from lakehouse.newest import (
    DELETED,
    FATE,
    INSERTED,
    MOVED,
    NEWS,
    OLD,
    STALE,
    UNCHANGED,
    UPDATED,
    newest_per_key,
    with_dates,
    with_fate,
    with_validity,
)


class NullKeyError(LakehouseError):
    """A row without key, sequence or date reached the merge; validate should have quarantined it."""

    def __init__(self, dataset: str, batch_id: int, rows: int) -> None:
        self.dataset, self.batch_id, self.rows = dataset, batch_id, rows
        super().__init__(
            f"{dataset}: batch {batch_id} has {rows} rows whose key, sequence or date is null, "
            f"which no merge can place; add a not-null expectation to great_expectations/expectations/{dataset}.json."
        )


@dataclass(frozen=True)
class Fates:
    """How many rows of a batch met which fate."""

    rows: int
    keys: int
    inserted: int
    updated: int
    deleted: int
    moved: int
    unchanged: int
    stale: int

    @property
    def news(self) -> int:
        """Rows that tell silver something new."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class MergePlan:
    """The changes a table must take, and the version of the table that they were found against.

    changes: silver's columns and `_old`, the row that each replaces (null for a new one).
    touched: store ids by day, or for a history the keys with the time in which their value changed.
    old_partitions: values of the partition columns that hold the replaced rows.
    """

    dataset: Dataset
    batch_id: int
    version: int
    fates: Fates
    changes: DataFrame
    touched: Any
    replaces: bool
    old_partitions: tuple[Mapping[str, str], ...]
    judged: DataFrame

    def release(self) -> None:
        """Free what planning kept in memory."""
        self.judged.unpersist()

    @property
    def metadata(self) -> dict[str, Any]:
        """What the commit says of itself, for the marts and for the accounts."""
        return {
            "dataset": self.dataset.name,
            "batch_id": self.batch_id,
            "counts": vars(self.fates),
            "touched": self.touched,
        }


def plan_merge(spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str) -> MergePlan:
    """Compare the good rows of a batch with silver; raises NullKeyError before anything is written."""
    number = _count_rows(rows, dataset, batch_id)
    version = table_version(path)
    silver = _silver(spark, dataset, path, version)
    news = with_dates(newest_per_key(rows, dataset), dataset, batch_id)
    judged = with_fate(news, silver, dataset).persist()
    counted = _count(judged, dataset)
    names = [name for name in Fates.__dataclass_fields__ if name != "rows"]
    fates = Fates(rows=number, **{name: counted[name] for name in names})
    changes = _changes(judged, silver, dataset)
    if dataset.kind is Kind.HISTORY:
        touched: Any = _touched_times(changes, dataset)
        replaces = version >= 0 and not changes.where(F.col(OLD).isNotNull()).isEmpty()
    else:
        touched = _touched_days([*counted["new_pairs"], *counted["old_pairs"]])
        replaces = counted["replaced"] > 0
    partitions = tuple({name: str(value) for name, value in row.asDict().items()} for row in counted["partitions"])
    return MergePlan(dataset, batch_id, version, fates, changes, touched, replaces, partitions, judged)


def _count_rows(rows: DataFrame, dataset: Dataset, batch_id: int) -> int:
    """Count the rows of a batch; raises NullKeyError when one of them cannot be placed."""
    needed = [F.col(name) for name in (*dataset.key, dataset.sequence, dataset.date_from) if name]
    lost = reduce(lambda a, b: a | b, [column.isNull() for column in needed])
    counted = rows.agg(F.count("*").alias("rows"), F.count_if(lost).alias("lost")).first()
    assert counted is not None  # an aggregate without groups has one row
    if counted["lost"]:
        raise NullKeyError(dataset.name, batch_id, counted["lost"])
    return int(counted["rows"])


def _silver(spark: SparkSession, dataset: Dataset, path: str, version: int) -> DataFrame:
    """The silver table, or an empty one of its schema."""
    if version >= 0:
        return tables.read(spark, path)
    return tables.empty(spark, dataset.silver_columns)


def _count(judged: DataFrame, dataset: Dataset) -> Row:
    """Rows by fate, the (dt, store_id) pairs and the partitions touched, in one pass over the batch."""
    is_news = F.col(FATE).isin(*NEWS)
    replaced = is_news & F.col(OLD).isNotNull()
    old_partition = F.struct(*[F.col(f"{OLD}.{name}").alias(name) for name in dataset.partition_by or dataset.key[:1]])
    counted = judged.agg(
        *[F.count_if(F.col(FATE) == fate).alias(fate) for fate in (INSERTED, UPDATED, DELETED, UNCHANGED, STALE)],
        F.count_if(MOVED).alias("moved"),
        F.count_if(replaced).alias("replaced"),
        F.count("*").alias("keys"),
        F.collect_set(F.when(is_news, _pair(dataset, ""))).alias("new_pairs"),
        F.collect_set(F.when(replaced, _pair(dataset, f"{OLD}."))).alias("old_pairs"),
        F.collect_set(F.when(replaced & F.lit(bool(dataset.partition_by)), old_partition)).alias("partitions"),
    ).first()
    assert counted is not None  # an aggregate without groups has one row
    return counted


def _pair(dataset: Dataset, prefix: str) -> SparkColumn:
    """The day and, where there is one, the store of a row; nothing for a dataset without days."""
    names = [c.name for c in dataset.silver_columns if c.name in ("dt", "store_id")] if dataset.date_from else []
    fields = [F.col(f"{prefix}{name}").cast("string").alias(name) for name in names]
    return F.struct(*fields) if fields else F.lit(None).cast("struct<dt:string>")


def _touched_days(pairs: list[Row]) -> dict[str, list[str]]:
    days: dict[str, set[str]] = {}
    for pair in pairs:
        fields = pair.asDict()
        days.setdefault(fields["dt"], set()).update({fields["store_id"]} if fields.get("store_id") else ())
    return {day: sorted(stores) for day, stores in sorted(days.items())}


def _touched_times(changes: DataFrame, dataset: Dataset) -> list[dict[str, str]]:
    inserted = changes.where(F.col(OLD).isNull())
    times = [F.date_format(name, tables.INSTANT).alias(name) for name in ("valid_from", "valid_to")]
    return [row.asDict() for row in inserted.select(*dataset.key, *times).collect()]


def _changes(judged: DataFrame, silver: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows that the table must take, with `_old`: null for a new row."""
    news = judged.where(F.col(FATE).isin(*NEWS))
    columns = [column.name for column in dataset.silver_columns]
    if dataset.kind is not Kind.HISTORY:
        return news.select(*columns, OLD)
    versions = news.select(*dataset.column_names, "_batch_id", OLD)
    kept = silver.join(news.select(*dataset.key).distinct(), on=list(dataset.key), how="left_semi")
    kept = kept.select(*dataset.column_names, "_batch_id", F.struct(*silver.columns).alias(OLD))
    renewed = with_validity(versions.unionByName(kept), dataset)
    is_new, has_moved = F.col(OLD).isNull(), ~F.col("valid_to").eqNullSafe(F.col(f"{OLD}.valid_to"))
    return renewed.where(is_new | has_moved).select(*columns, OLD)
