"""One row per key, and what each row means for what silver has. Pure DataFrame → DataFrame functions."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import DateType

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import ARRIVED, BATCH_ID, DELETED_COLUMN, UTC
from lakehouse.contracts.dataset import Dataset

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


def newest_per_key(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """One row per identity: the greatest (sequence, deleted, content); insert-only: the smallest (sequence, content).

    Where arrival orders them, `_arrived` of each row stands in the place of deleted and content.
    Adds `_rows`, how many rows it stands for, and `_lost`, how many of them lack key, sequence or date.
    """
    by = dataset.identity
    lost = reduce(lambda a, b: a | b, [F.col(name).isNull() for name in dataset.needed_columns])
    ordered = [name for name in dataset.sequence_by if name not in by]
    rest = [*ordered, *(name for name in dataset.content_names if name not in (*by, *ordered))]
    pick = F.min if dataset.merge_strategy is MergeStrategy.INSERT_ONLY else F.max
    content = F.struct(*_weights(dataset, ordered), *[F.col(name) for name in rest[len(ordered) :]])
    counts = (F.count("*").alias(ROWS), F.count_if(lost).alias(LOST))
    picked = rows.groupBy(*[F.col(name) for name in by]).agg(pick(content).alias("_row"), *counts)
    values = {name: F.col(f"_row.{name}") for name in rest} | {name: F.col(name) for name in by}
    return picked.select(*[values[name].alias(name) for name in dataset.content_names], ROWS, LOST)


def _weights(dataset: Dataset, ordered: list[str]) -> list[SparkColumn]:
    """By what rows of one identity and batch compete, before their content."""
    sequence = [F.col(name) for name in ordered]
    if dataset.by_arrival:
        return [*arrived_first(dataset), *sequence, F.col(ARRIVED)]
    return [*sequence, is_deleted(dataset).alias("_deleted")] if dataset.delete_flag else sequence


def arrived_first(dataset: Dataset) -> list[SparkColumn]:
    """Of events the batch counts before the sequence, for the first that came stays."""
    is_event = dataset.merge_strategy is MergeStrategy.INSERT_ONLY
    return [F.col(ARRIVED).getField("batch").alias("_came_in")] if is_event else []


def with_dates(rows: DataFrame, dataset: Dataset, batch: int | SparkColumn) -> DataFrame:
    """Add the derived date columns and the batch; validity is added to histories later.

    rows: already with `dt` where bronze says which day the delivered clock showed (`lake/bronze.py`).
    """
    dates: dict[str, SparkColumn] = {DELETED_COLUMN.name: is_deleted(dataset)} if dataset.operations else {}
    if dataset.date_column is not None:
        dates["dt"] = F.col("dt") if dataset.keeps_offset else day_of(dataset.date_column, dataset.date_zone)
        dates["month"] = F.date_format(dates["dt"], "yyyy-MM")
    derived = [dates[c.name].alias(c.name) for c in dataset.derived_columns if c.name in dates]
    batch_id = (F.lit(batch) if isinstance(batch, int) else batch).cast("bigint").alias(BATCH_ID)
    known = {BATCH_ID, *(["dt"] if dataset.keeps_offset else [])}
    return rows.select(*[name for name in rows.columns if name not in known], *derived, batch_id)


def day_of(column: str, zone: str) -> SparkColumn:
    """The day that the clock of a zone showed; the first and the last day that readers can hold have no neighbour."""
    if zone == UTC:
        return F.to_date(column)
    day = F.to_date(F.from_utc_timestamp(column, zone))
    first, last = (F.lit(text).cast("date") for text in ("0001-01-01", "9999-12-31"))
    return F.when(day < first, first).when(day > last, last).otherwise(day)


def with_outcome(latest: DataFrame, silver: DataFrame, dataset: Dataset, is_newest: bool = True) -> DataFrame:
    """Each row of a batch with what silver has of it (`_old`), its outcome, and whether it changes partition.

    latest: with `_resolved` where ties have been resolved; without it each tie still has the outcome TIE. With
    `_several` where the batch itself may have several contents of a key and sequence.
    is_newest: no row that silver has arrived after those of the batch.
    """
    by = dataset.identity
    old = silver.select(*by, F.struct(*silver.columns).alias(OLD))
    unknown = [name for name in (RESOLVED, SEVERAL) if name not in latest.columns]
    rows = latest.withColumns(dict.fromkeys(unknown, F.lit(False)))
    joined = rows.join(old, on=list(by), how="left")
    return joined.withColumn(OUTCOME, _outcome(dataset, is_newest)).withColumn(MOVED, _moved(dataset))


def _outcome(dataset: Dataset, is_newest: bool) -> SparkColumn:
    known = F.col(OLD).isNotNull()
    same = _all_equal(dataset.content_names)
    deleted, was_deleted = is_deleted(dataset), is_deleted(dataset, f"{OLD}.")
    tie, resolved = _is_undecided(dataset, same, is_newest), F.col(RESOLVED)
    outcome = F.when(~known & ~deleted, INSERTED).when(~known, DELETED).when(tie & ~resolved, TIE)
    outcome = outcome.when(same, UNCHANGED)
    if not dataset.by_arrival:
        outcome = outcome.when(tie, CORRECTED)
    if dataset.by_arrival or dataset.merge_strategy is MergeStrategy.UPSERT:
        newer = _wins(dataset)
        outcome = outcome.when(newer & deleted & ~was_deleted, DELETED).when(newer, UPDATED)
    return outcome.otherwise(STALE)


def _is_undecided(dataset: Dataset, same: SparkColumn, is_newest: bool) -> SparkColumn:
    """Whether only bronze can say which row wins: of a tie, or of rows by arrival that come out of their turn."""
    if not dataset.by_arrival:
        return _is_tie(dataset, same)
    rivals = F.lit(True) if dataset.merge_strategy is MergeStrategy.INSERT_ONLY else _at_once(dataset)
    return F.lit(False) if is_newest else rivals & ~same


def _wins(dataset: Dataset) -> SparkColumn:
    """Whether a row with another content than silver's replaces it, once nothing is undecided."""
    if not dataset.by_arrival:
        return is_newer(dataset)
    if dataset.merge_strategy is MergeStrategy.INSERT_ONLY:
        return F.col(RESOLVED)
    return is_newer(dataset) | _at_once(dataset)


def _is_tie(dataset: Dataset, same: SparkColumn) -> SparkColumn:
    """Whether silver's row has the same sequence and may have to give way: by content, or because it landed later.

    Where the batch has several contents itself, one of them may have landed after silver's, though another is equal to
    it. Of events the first that landed stays, so only one that landed before silver's matters there.
    """
    landed_before = F.col(BATCH_ID) < F.col(f"{OLD}.{BATCH_ID}")
    if dataset.merge_strategy is MergeStrategy.INSERT_ONLY:
        return landed_before | (F.col(RESOLVED) & ~same)
    return _at_once(dataset) & (~same | landed_before | F.col(SEVERAL))


def _at_once(dataset: Dataset) -> SparkColumn:
    """Whether a row has the sequence of silver's; where there is none, every row has."""
    same = [F.col(name) == F.col(f"{OLD}.{name}") for name in dataset.sequence_by]
    return reduce(lambda a, b: a & b, same, F.lit(True))


def is_deleted(dataset: Dataset, prefix: str = "") -> SparkColumn:
    """Whether a row says that its key is deleted; a null flag or operation does not."""
    if dataset.operations:
        word = F.col(f"{prefix}{dataset.operations.column}").cast("string")
        return F.coalesce(word.isin(*dataset.operations.delete), F.lit(False))
    return F.coalesce(F.col(f"{prefix}{dataset.delete_flag}"), F.lit(False)) if dataset.delete_flag else F.lit(False)


def has_other_content(dataset: Dataset) -> SparkColumn:
    """Whether a row differs from the one that it replaces in a delivered column; true for a new one."""
    return F.col(OLD).isNull() | ~_all_equal(dataset.content_names)


def is_newer(dataset: Dataset) -> SparkColumn:
    """Whether the sequence of a row is greater than that of the row in silver."""
    newer = F.lit(False)
    for name in reversed(dataset.sequence_by):
        own, old = F.col(name), F.col(f"{OLD}.{name}")
        newer = (own > old) | ((own == old) & newer)
    return newer


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
    first = dataset.sequence_by[0]
    at = F.col(first)
    if isinstance(versions.schema[first].dataType, DateType):
        at = at.cast("timestamp")  # a day begins at midnight UTC
    following = F.lead(at).over(Window.partitionBy(*dataset.key).orderBy(*dataset.sequence_by))
    if dataset.operations:
        versions = versions.withColumn(DELETED_COLUMN.name, is_deleted(dataset))
    return (
        versions.withColumn("valid_from", at)
        .withColumn("valid_to", following)
        .withColumn("is_current", F.col("valid_to").isNull())
    )
