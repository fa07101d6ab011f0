"""One row per key, and what each row means for what silver has. Pure DataFrame → DataFrame functions."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.contract import Dataset, Kind

ROWS = "_rows"
LOST = "_lost"
OLD = "_old"
FATE = "_fate"
MOVED = "_moved"
INSERTED, UPDATED, DELETED, UNCHANGED, STALE = "inserted", "updated", "deleted", "unchanged", "stale"
NEWS = (INSERTED, UPDATED, DELETED)


def identity(dataset: Dataset) -> tuple[str, ...]:
    """The columns of which silver holds one row each: the key, and for a history the sequence too."""
    return (*dataset.key, dataset.sequence) if dataset.kind is Kind.HISTORY else dataset.key


def newest_per_key(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """One row per identity: the greatest sequence (insert-only: the smallest); ties are settled by content.

    Adds `_rows`, how many rows it stands for, and `_lost`, how many of them lack key, sequence or date.
    """
    by = identity(dataset)
    needed = [F.col(name) for name in (*dataset.key, dataset.sequence, dataset.date_from) if name]
    lost = reduce(lambda a, b: a | b, [column.isNull() for column in needed])
    rest = [dataset.sequence, *(c for c in dataset.column_names if c not in by and c != dataset.sequence)]
    pick = F.min if dataset.kind is Kind.INSERT_ONLY else F.max
    content = F.struct(*[F.col(name) for name in rest])
    counts = (F.count("*").alias(ROWS), F.count_if(lost).alias(LOST))
    picked = rows.groupBy(*[F.col(name) for name in by]).agg(pick(content).alias("_row"), *counts)
    values = {name: F.col(f"_row.{name}") for name in rest} | {name: F.col(name) for name in by}
    return picked.select(*[values[name].alias(name) for name in dataset.column_names], ROWS, LOST)


def with_dates(rows: DataFrame, dataset: Dataset, batch_id: int) -> DataFrame:
    """Add the derived date columns and the batch, in silver's order; validity is the history's own business."""
    dates: dict[str, SparkColumn] = {}
    if dataset.date_from is not None:
        dates["dt"] = F.to_date(dataset.date_from)
        dates["month"] = F.date_format(dataset.date_from, "yyyy-MM")
    derived = [dates[c.name].alias(c.name) for c in dataset.derived_columns if c.name in dates]
    return rows.select("*", *derived, F.lit(batch_id).cast("bigint").alias(BATCH_ID))


def with_fate(news: DataFrame, silver: DataFrame, dataset: Dataset) -> DataFrame:
    """Each row of a batch with what silver has of it (`_old`), its fate, and whether it changes partition."""
    by = identity(dataset)
    old = silver.select(*by, F.struct(*silver.columns).alias(OLD))
    joined = news.join(old, on=list(by), how="left")
    return joined.withColumn(FATE, _fate(dataset)).withColumn(MOVED, _moved(dataset))


def _fate(dataset: Dataset) -> SparkColumn:
    known = F.col(OLD).isNotNull()
    same = _all_equal(dataset.column_names)
    deleted = F.col(dataset.delete_flag) if dataset.delete_flag else F.lit(False)
    was_deleted = (
        F.coalesce(F.col(f"{OLD}.{dataset.delete_flag}"), F.lit(False)) if dataset.delete_flag else F.lit(False)
    )
    fate = F.when(~known & ~deleted, INSERTED).when(~known, DELETED).when(same, UNCHANGED)
    if dataset.kind is Kind.UPSERT:
        newer = is_newer(dataset)
        fate = fate.when(newer & deleted & ~was_deleted, DELETED).when(newer, UPDATED)
    return fate.otherwise(STALE)


def is_newer(dataset: Dataset) -> SparkColumn:
    """Whether a row is newer than what silver has; one as old as that tells nothing new."""
    return F.col(dataset.sequence) > F.col(f"{OLD}.{dataset.sequence}")


def _all_equal(names: tuple[str, ...]) -> SparkColumn:
    return F.expr(f"({_struct(names)}) <=> ({_struct(names, f'{OLD}.')})")


def _struct(names: tuple[str, ...], prefix: str = "") -> str:
    return "struct(" + ", ".join(f"{prefix}`{name}` AS `{name}`" for name in names) + ")"


def _moved(dataset: Dataset) -> SparkColumn:
    moved = F.lit(False)
    for name in dataset.partition_by:
        moved = moved | ~F.col(name).eqNullSafe(F.col(f"{OLD}.{name}"))
    return F.col(FATE).isin(UPDATED, DELETED) & F.col(OLD).isNotNull() & moved


def with_validity(versions: DataFrame, dataset: Dataset) -> DataFrame:
    """Give every version of a key valid_from, valid_to and is_current: no gap, no overlap, one current."""
    following = F.lead(dataset.sequence).over(Window.partitionBy(*dataset.key).orderBy(dataset.sequence))
    return (
        versions.withColumn("valid_from", F.col(dataset.sequence))
        .withColumn("valid_to", following)
        .withColumn("is_current", F.col("valid_to").isNull())
    )
