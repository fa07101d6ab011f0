"""Reads rows from bronze: those of a batch, those of it that passed validation, those of some keys."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import (
    ARRIVED,
    BATCH_COLUMN,
    BATCH_ID,
    REPAIR_COLUMN,
    REPAIR_OF,
    ROW_ID,
    UTC_OFFSET,
    Column,
)
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.batches import batches_of, planned
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.evolution import with_columns_of
from lakehouse.lake.paths import Lake

_PLACE = (BATCH_COLUMN, Column(ROW_ID, "bigint", True, ""), REPAIR_COLUMN)


def bronze_batch(spark: SparkSession, lake: Lake, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of one batch, with every column that the contract has now; the table itself stays as it is.

    Raises SchemaChangeError where a column of bronze cannot be read as the contract says.
    """
    rows = tables.read(spark, lake.bronze(dataset.name)).where(F.col(BATCH_ID) == batch_id)
    return with_columns_of(rows, dataset.bronze_columns, dataset)


def passed_rows(spark: SparkSession, lake: Lake, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of a bronze batch that no rule put into quarantine."""
    rows = bronze_batch(spark, lake, dataset, batch_id)
    return _merged_by(_without_quarantined(spark, lake, dataset, rows), dataset)


def without_ignored(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows of a change log that say something, without images of what was before."""
    ignored = _ignored(dataset)
    return rows if ignored is None else rows.where(~ignored)


def number_ignored(rows: DataFrame, dataset: Dataset) -> int:
    """How many rows of a change log only say what was before."""
    ignored = _ignored(dataset)
    return 0 if ignored is None else rows.where(ignored).count()


def _ignored(dataset: Dataset) -> SparkColumn | None:
    if dataset.operations is None or not dataset.operations.ignore:
        return None
    word = F.col(dataset.operations.column).cast("string")
    return F.coalesce(word.isin(*dataset.operations.ignore), F.lit(False))


def with_arrival(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Add `_arrived` to rows of bronze where the contract orders by arrival; a repair keeps the place of its row."""
    if not dataset.by_arrival:
        return rows
    parts = [F.split_part(REPAIR_OF, F.lit(":"), F.lit(number)).try_cast("bigint") for number in (1, 2)]
    own = (F.col(BATCH_ID), F.col(ROW_ID))
    places = [F.coalesce(part, place) for part, place in zip(parts, own, strict=True)]
    return rows.withColumn(ARRIVED, F.struct(places[0].alias("batch"), places[1].alias("row")))


def _merged_by(rows: DataFrame, dataset: Dataset, *more: str) -> DataFrame:
    """The columns of bronze that a merge needs: the delivered ones, and the row's place where that counts."""
    appends = dataset.merge_strategy is MergeStrategy.APPEND
    place = [ROW_ID] if appends else [ARRIVED] if dataset.by_arrival else []
    return with_day(with_arrival(rows, dataset), dataset).select(*dataset.content_names, *place, *more)


def with_day(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Add `dt` to rows of bronze where the clock that wrote the date decides; null where its offset is not known."""
    if not dataset.keeps_offset:
        return rows
    shift = F.make_dt_interval(mins=F.col(UTC_OFFSET))
    return rows.withColumn("dt", F.to_date(F.col(str(dataset.date_column)) + shift))


def passed_rows_in(
    spark: SparkSession, lake: Lake, dataset: Dataset, batches: Collection[int], quarantined: DataFrame | None = None
) -> DataFrame:
    """Every row of some batches that no rule put into quarantine: the delivered columns and `_batch_id`.

    quarantined: `_batch_id` and `_row_id` of the rows to leave out, in place of those that are in quarantine now.
    """
    rows = tables.read(spark, lake.bronze(dataset.name)).where(F.col(BATCH_ID).isin(*sorted(batches)))
    rows = with_columns_of(rows, dataset.bronze_columns, dataset)
    if quarantined is not None:
        rows = rows.join(quarantined, on=[BATCH_ID, ROW_ID], how="left_anti")
    else:
        rows = _without_quarantined(spark, lake, dataset, rows)
    return _merged_by(rows, dataset, BATCH_ID)


def passed_rows_of(
    spark: SparkSession, lake: Lake, dataset: Dataset, batches: Collection[int], keys: DataFrame
) -> DataFrame:
    """The rows of some keys in some batches that no rule put into quarantine: the delivered columns and `_batch_id`.

    keys: they may name more than the key, such as the sequence.
    """
    first = dataset.key[0]
    low, high = keys.agg(F.min(first), F.max(first)).first() or (None, None)
    if not batches or low is None:
        return _merged_by(tables.empty(spark, (*dataset.bronze_columns, *_PLACE)), dataset, BATCH_ID)
    rows = tables.read(spark, lake.bronze(dataset.name)).where(F.col(BATCH_ID) <= max(batches))
    # Of the batches up to the last one those are named that are left out, for they are few.
    others = {b.batch_id for b in planned(batches_of(lake, dataset)) if b.batch_id < max(batches)}.difference(batches)
    if others:
        rows = rows.where(~F.col(BATCH_ID).isin(*sorted(others)))
    # By literals Delta leaves out the files whose statistics allow none of the keys; by a join it does not.
    rows = with_columns_of(rows, dataset.bronze_columns, dataset).where(F.col(first).between(F.lit(low), F.lit(high)))
    rows = rows.join(keys, on=keys.columns, how="left_semi")
    return _merged_by(_without_quarantined(spark, lake, dataset, rows), dataset, BATCH_ID)


def _without_quarantined(spark: SparkSession, lake: Lake, dataset: Dataset, rows: DataFrame) -> DataFrame:
    path = lake.quarantine(dataset.name)
    if table_version(path) < 0:
        return rows
    quarantined = tables.read(spark, path).select(BATCH_ID, ROW_ID)
    return rows.join(quarantined, on=[BATCH_ID, ROW_ID], how="left_anti")
