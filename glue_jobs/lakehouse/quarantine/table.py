"""Writes the quarantine of a dataset: each row as delivered, with every rule that it broke."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import (
    ARRAY,
    BATCH_ID,
    BROKEN_RULES,
    MAP_KEY,
    QUARANTINED_AT,
    RAW_TEXT,
    REPAIR_COLUMN,
    REPAIR_OF,
    RESCUED_COLUMN,
    ROW_ID,
    SOURCE_FILE,
    STATE,
    STEP,
    TEXT,
    UTC_OFFSET,
    Column,
)
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layout import bounds_of
from lakehouse.lake import tables
from lakehouse.lake.batches import INGEST, VALIDATE
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import Commit, table_version
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.rows import RowState


def from_text(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows of `with_types` that broke a rule → rows of the quarantine table."""
    text = {name: F.col(f"{TEXT}.{name}") for name in dataset.column_names}
    return _quarantined(rows, dataset, INGEST, text, F.col(RAW_TEXT))


def from_typed(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Bronze rows with `_broken_rules` → rows of the quarantine table; typed values are written as text again."""
    text = {column.name: _as_text(column) for column in dataset.columns}
    if dataset.keeps_offset:
        date = str(dataset.date_column)
        text[date] = F.coalesce(_by_its_clock(date), text[date])
    return _quarantined(rows, dataset, VALIDATE, text, F.lit(None).cast("string"))


def _as_text(column: Column) -> SparkColumn:
    if column.is_nested:
        return F.to_json(_as_delivered(column, F.col(column.name)), _AS_TEXT)
    if column.type == "timestamp":
        return F.date_format(column.name, tables.INSTANT)
    return F.col(column.name).cast("string")


_AS_TEXT = {"timestampFormat": tables.INSTANT, "ignoreNullFields": "false"}


def _as_delivered(column: Column, value: SparkColumn) -> SparkColumn:
    """The value with a map where the table has its entries."""
    if column.items is None:
        if not any(field.is_nested for field in column.fields):
            return value
        fields = [_as_delivered(field, value[field.name]).alias(field.name) for field in column.fields]
        return F.when(value.isNotNull(), F.struct(*fields))
    items = column.items
    if column.type == ARRAY:
        return F.transform(value, lambda one: _as_delivered(items, one)) if items.is_nested else value

    def entry(one: SparkColumn) -> SparkColumn:
        return F.struct(one[MAP_KEY.name], _as_delivered(items, one[items.name]))

    return F.map_from_entries(F.transform(value, entry))


def _by_its_clock(name: str) -> SparkColumn:
    """The time as the clock showed it that wrote it, with its offset, so that a repair keeps its day."""
    offset = F.col(UTC_OFFSET)
    shown = F.date_format(F.col(name) + F.make_dt_interval(mins=offset), tables.INSTANT.removesuffix("'Z'"))
    hours, minutes = F.floor(F.abs(offset) / 60), F.abs(offset) % 60
    sign = F.when(offset < 0, "-").otherwise("+")
    return F.when(offset == 0, F.concat(shown, F.lit("Z"))).otherwise(
        F.concat(shown, sign, F.format_string("%02d:%02d", hours, minutes))
    )


def _quarantined(
    rows: DataFrame, dataset: Dataset, step: str, text: dict[str, SparkColumn], raw_text: SparkColumn
) -> DataFrame:
    return rows.select(
        *[text[name].alias(name) for name in dataset.column_names],
        raw_text.alias(RAW_TEXT),
        tables.described(RESCUED_COLUMN),
        tables.described(REPAIR_COLUMN),
        BROKEN_RULES,
        SOURCE_FILE,
        BATCH_ID,
        ROW_ID,
        F.lit(step).alias(STEP),
        F.current_timestamp().alias(QUARANTINED_AT),
        F.when(F.col(REPAIR_OF).isNull(), RowState.OPEN.value).otherwise(RowState.DISCARDED.value).alias(STATE),
    )


def append(rows: DataFrame, lake: Lake, dataset: Dataset, step: str, number: int) -> None:
    """Append rows, once per step and batch number; the table keeps every column that a contract ever had."""
    # If a row could not be split, any column can contain personal data, so the Delta log stores min/max statistics only
    # for the columns that the lakehouse adds.
    properties = bounds_of(ROW_ID, BATCH_ID)
    path = lake.quarantine(dataset.name)
    when_free(path, lambda: tables.append(rows, path, Commit(step, number), properties=properties, adds_columns=True))


def replace_validated(
    caught: DataFrame, changed: DataFrame, batches: Collection[int], lake: Lake, dataset: Dataset, commit: Commit
) -> None:
    """Take rows of some batches out of quarantine and put others into it, in one commit.

    changed: `_batch_id` and `_row_id` of what goes. caught: what comes, rows of `from_typed`; some of it may be both.
    """
    path, spark = lake.quarantine(dataset.name), caught.sparkSession
    numbers = ", ".join(map(str, sorted(batches)))
    own = f"{BATCH_ID} IN ({numbers}) AND {STEP} = '{VALIDATE}'"
    if table_version(path) < 0:
        tables.append(caught, path, commit, properties=bounds_of(ROW_ID, BATCH_ID), adds_columns=True)
        return
    stay = tables.read(spark, path).where(own).join(changed, on=[BATCH_ID, ROW_ID], how="left_anti")
    rows = stay.unionByName(caught, allowMissingColumns=True)
    tables.append(rows, path, commit, adds_columns=True, in_place_of=own)


def keep_only(rows: DataFrame, lake: Lake, dataset: Dataset, step: str, number: int) -> None:
    """Make the rows of a step and batch exactly these, where an attempt that died has left others.

    The contract may have changed since, and with it which rows can be read. Where the rows are the same, nothing is
    written.
    """
    path = lake.quarantine(dataset.name)
    if table_version(path) < 0:
        return
    own = f"{BATCH_ID} = {number} AND {STEP} = '{step}'"
    left, wanted = tables.read(rows.sparkSession, path).where(own).select(ROW_ID), rows.select(ROW_ID)
    if left.exceptAll(wanted).isEmpty() and wanted.exceptAll(left).isEmpty():
        return

    def replace() -> None:
        commit = Commit(f"{step}-retaken", table_version(path) + 1)
        tables.append(rows, path, commit, adds_columns=True, in_place_of=own)

    when_free(path, replace)
