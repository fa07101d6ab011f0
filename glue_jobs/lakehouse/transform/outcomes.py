"""One row per key, and what each row means for what silver has. Pure DataFrame → DataFrame functions."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DateType

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.contract import Dataset, MergeStrategy

ROWS = "_rows"
LOST = "_lost"
OLD = "_old"
OUTCOME = "_outcome"
MOVED = "_moved"
RESOLVED = "_resolved"
SEVERAL = "_several"
INSERTED, UPDATED, DELETED, UNCHANGED, STALE = "inserted", "updated", "deleted", "unchanged", "stale"
CORRECTED = "corrected"
"""Silver had another content with the same sequence, and the law of ties lets this one win (`ties.py`)."""
NEWS = (INSERTED, UPDATED, DELETED, CORRECTED)
TIE = "tie"
"""Silver has another content with the same sequence; which one wins is still to be found."""


def identity(dataset: Dataset) -> tuple[str, ...]:
    """The columns of which silver holds one row each: the key, and for a history the sequence too."""
    return (*dataset.key, dataset.sequence_by) if dataset.merge_strategy is MergeStrategy.SCD2 else dataset.key


def newest_per_key(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """One row per identity: the greatest (sequence, deleted, content); insert-only: the smallest (sequence, content).

    Adds `_rows`, how many rows it stands for, and `_lost`, how many of them lack key, sequence or date.
    """
    by = identity(dataset)
    needed = [F.col(name) for name in (*dataset.key, dataset.sequence_by, dataset.date_column) if name]
    lost = reduce(lambda a, b: a | b, [column.isNull() for column in needed])
    rest = [dataset.sequence_by, *(c for c in dataset.column_names if c not in by and c != dataset.sequence_by)]
    pick = F.min if dataset.merge_strategy is MergeStrategy.INSERT_ONLY else F.max
    first = [F.col(rest[0]), is_deleted(dataset).alias("_deleted")] if dataset.delete_flag else [F.col(rest[0])]
    content = F.struct(*first, *[F.col(name) for name in rest[1:]])
    counts = (F.count("*").alias(ROWS), F.count_if(lost).alias(LOST))
    picked = rows.groupBy(*[F.col(name) for name in by]).agg(pick(content).alias("_row"), *counts)
    values = {name: F.col(f"_row.{name}") for name in rest} | {name: F.col(name) for name in by}
    return picked.select(*[values[name].alias(name) for name in dataset.column_names], ROWS, LOST)


def with_dates(rows: DataFrame, dataset: Dataset, batch: int | SparkColumn) -> DataFrame:
    """Add the derived date columns and the batch, in silver's order; validity is added to histories later."""
    dates: dict[str, SparkColumn] = {}
    if dataset.date_column is not None:
        dates["dt"] = F.to_date(dataset.date_column)
        dates["month"] = F.date_format(dataset.date_column, "yyyy-MM")
    derived = [dates[c.name].alias(c.name) for c in dataset.derived_columns if c.name in dates]
    batch_id = (F.lit(batch) if isinstance(batch, int) else batch).cast("bigint").alias(BATCH_ID)
    return rows.select(*[name for name in rows.columns if name != BATCH_ID], *derived, batch_id)


def with_outcome(latest: DataFrame, silver: DataFrame, dataset: Dataset) -> DataFrame:
    """Each row of a batch with what silver has of it (`_old`), its outcome, and whether it changes partition.

    latest: with `_resolved` where ties have been resolved; without it each tie still has the outcome TIE. With
    `_several` where the batch itself may have several contents of a key and sequence.
    """
    by = identity(dataset)
    old = silver.select(*by, F.struct(*silver.columns).alias(OLD))
    unknown = [name for name in (RESOLVED, SEVERAL) if name not in latest.columns]
    rows = latest.withColumns(dict.fromkeys(unknown, F.lit(False)))
    joined = rows.join(old, on=list(by), how="left")
    return joined.withColumn(OUTCOME, _outcome(dataset)).withColumn(MOVED, _moved(dataset))


def _outcome(dataset: Dataset) -> SparkColumn:
    known = F.col(OLD).isNotNull()
    same = _all_equal(dataset.column_names)
    deleted, was_deleted = is_deleted(dataset), is_deleted(dataset, f"{OLD}.")
    tie, resolved = _is_tie(dataset, same), F.col(RESOLVED)
    outcome = F.when(~known & ~deleted, INSERTED).when(~known, DELETED).when(tie & ~resolved, TIE)
    outcome = outcome.when(same, UNCHANGED).when(tie, CORRECTED)
    if dataset.merge_strategy is MergeStrategy.UPSERT:
        newer = is_newer(dataset)
        outcome = outcome.when(newer & deleted & ~was_deleted, DELETED).when(newer, UPDATED)
    return outcome.otherwise(STALE)


def _is_tie(dataset: Dataset, same: SparkColumn) -> SparkColumn:
    """Whether silver's row has the same sequence and may have to give way: by content, or because it landed later.

    Where the batch has several contents itself, one of them may have landed after silver's, though another is equal to
    it. Of events the first that landed stays, so only one that landed before silver's matters there.
    """
    landed_before = F.col(BATCH_ID) < F.col(f"{OLD}.{BATCH_ID}")
    if dataset.merge_strategy is MergeStrategy.INSERT_ONLY:
        return landed_before | (F.col(RESOLVED) & ~same)
    at_once = F.col(dataset.sequence_by) == F.col(f"{OLD}.{dataset.sequence_by}")
    return at_once & (~same | landed_before | F.col(SEVERAL))


def is_deleted(dataset: Dataset, prefix: str = "") -> SparkColumn:
    """Whether a row says that its key is deleted; a null flag does not."""
    return F.coalesce(F.col(f"{prefix}{dataset.delete_flag}"), F.lit(False)) if dataset.delete_flag else F.lit(False)


def has_other_content(dataset: Dataset) -> SparkColumn:
    """Whether a row differs from the one that it replaces in a delivered column; true for a new one."""
    return F.col(OLD).isNull() | ~_all_equal(dataset.column_names)


def is_newer(dataset: Dataset) -> SparkColumn:
    """Whether the sequence of a row is greater than that of the row in silver."""
    return F.col(dataset.sequence_by) > F.col(f"{OLD}.{dataset.sequence_by}")


def _all_equal(names: tuple[str, ...]) -> SparkColumn:
    return F.expr(f"({_struct(names)}) <=> ({_struct(names, f'{OLD}.')})")


def _struct(names: tuple[str, ...], prefix: str = "") -> str:
    return "struct(" + ", ".join(f"{prefix}`{name}` AS `{name}`" for name in names) + ")"


def _moved(dataset: Dataset) -> SparkColumn:
    moved = F.lit(False)
    for name in dataset.partition_by:
        moved = moved | ~F.col(name).eqNullSafe(F.col(f"{OLD}.{name}"))
    return F.col(OUTCOME).isin(UPDATED, DELETED, CORRECTED) & F.col(OLD).isNotNull() & moved


def with_validity(versions: DataFrame, dataset: Dataset) -> DataFrame:
    """Give every version of a key valid_from, valid_to and is_current: no gap, no overlap, one current."""
    at = F.col(dataset.sequence_by)
    if isinstance(versions.schema[dataset.sequence_by].dataType, DateType):
        at = at.cast("timestamp")  # a day begins at midnight UTC
    following = F.lead(at).over(Window.partitionBy(*dataset.key).orderBy(dataset.sequence_by))
    return (
        versions.withColumn("valid_from", at)
        .withColumn("valid_to", following)
        .withColumn("is_current", F.col("valid_to").isNull())
    )
