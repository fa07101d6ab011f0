"""The quarantine of a dataset: each row as delivered, with every rule that it broke."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.batches import INGEST, VALIDATE
from lakehouse.contract import Column, Dataset
from lakehouse.delivered import RAW_TEXT, SOURCE_FILE
from lakehouse.lake import Lake
from lakehouse.typed import BROKEN_RULES, TEXT

OPEN = "open"
ROW_ID = "_row_id"
BATCH_ID = "_batch_id"
STEP = "_step"


def from_text(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows of `with_types` that broke a rule → rows of the quarantine."""
    text = {name: F.col(f"{TEXT}.{name}") for name in dataset.column_names}
    return _quarantined(rows, dataset, INGEST, text, F.col(RAW_TEXT))


def from_typed(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Bronze rows with `_broken_rules` → rows of the quarantine; values become the text they stand for."""
    text = {column.name: _as_text(column) for column in dataset.columns}
    return _quarantined(rows, dataset, VALIDATE, text, F.lit(None).cast("string"))


def _as_text(column: Column) -> SparkColumn:
    if column.fields:
        return F.to_json(column.name)
    if column.type == "timestamp":
        return F.date_format(column.name, tables.INSTANT)
    return F.col(column.name).cast("string")


def _quarantined(
    rows: DataFrame, dataset: Dataset, step: str, text: dict[str, SparkColumn], raw_text: SparkColumn
) -> DataFrame:
    return rows.select(
        *[text[name].alias(name) for name in dataset.column_names],
        raw_text.alias(RAW_TEXT),
        BROKEN_RULES,
        SOURCE_FILE,
        BATCH_ID,
        ROW_ID,
        F.lit(step).alias(STEP),
        F.current_timestamp().alias("_quarantined_at"),
        F.lit(OPEN).alias("_state"),
    )


def append(rows: DataFrame, lake: Lake, dataset: Dataset, step: str, batch_id: int) -> None:
    """Add rows to the quarantine once per step and batch; it keeps every column that a contract ever had."""
    tables.append(rows, lake.quarantine(dataset.name), step, batch_id, adds_columns=True)
