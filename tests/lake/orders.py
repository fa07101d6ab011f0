"""Orders whose contract changes, and a merge of one row of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.merge import MergeResult, merge_batch

AMOUNT = Column("amount", "decimal(12,2)", False, "Euro.")
PIECES = Column("pieces", "int", False, "Pieces.")
DEVICE = Column("device", "struct", False, "Device.", fields=(Column("type", "string", False, "Type."),))
AT = Column("at", "timestamp", True, "Sequence and day.")
COLUMNS = (Column("id", "string", True, "Key."), AMOUNT, PIECES, AT, DEVICE)
ORDERS = Dataset(
    "orders",
    "erp",
    "",
    MergeStrategy.UPSERT,
    "*",
    FileFormat.CSV,
    COLUMNS,
    ("id",),
    ("at",),
    None,
    "at",
    ("dt",),
    (),
    20,
)


def with_columns(*columns: Column, **words: Any) -> Dataset:
    """The dataset with columns in place of those of the same name, and others after the key."""
    new = {column.name: column for column in columns}
    kept = [new.pop(column.name, column) for column in COLUMNS]
    return replace(ORDERS, columns=(kept[0], *new.values(), *kept[1:]), **words)


def schema_of(dataset: Dataset) -> str:
    """The Delta schema of the dataset's contract columns."""
    names = {"int": "integer", "bigint": "long"}

    def field(column: Column) -> dict[str, Any]:
        kind: Any = names.get(column.type, column.type)
        if column.fields:
            kind = {"type": "struct", "fields": [field(inner) for inner in column.fields]}
        if column.element is not None:
            kind = {"type": "array", "elementType": field(column.element)["type"], "containsNull": True}
        return {"name": column.name, "type": kind}

    return json.dumps({"fields": [*map(field, dataset.columns), {"name": "_batch_id", "type": "long"}]})


def merge(spark: SparkSession, path: Path, dataset: Dataset, batch_id: int, **row: Any) -> MergeResult:
    """Merge one row; columns that it does not name are null."""
    at = datetime(2026, 10, batch_id, tzinfo=UTC)
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
    values = tuple({"at": at, **row}.get(column.name) for column in dataset.columns)
    return merge_batch(spark, dataset, spark.createDataFrame([values], schema), batch_id, str(path))
