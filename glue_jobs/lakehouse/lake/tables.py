"""How our jobs write Delta tables: schema with comments, properties that Athena reads, progress in the commit."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import Column
from lakehouse.lake.paths import for_spark

# Reader features that Athena lacks stay off, whatever a later Delta makes its default.
PROPERTIES: Mapping[str, str] = {
    "delta.enableDeletionVectors": "false",
    "delta.checkpointPolicy": "classic",
    "delta.enableTypeWidening": "false",
}

# How an instant is written as text; the session's time zone is UTC.
INSTANT = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"


def described(column: Column, value: SparkColumn | None = None) -> SparkColumn:
    """A column under its contract's name and comment."""
    value = F.col(column.name) if value is None else value
    return value.alias(column.name, metadata={"comment": column.description})


def nothing(columns: Sequence[Column]) -> str:
    """A SELECT of no rows with the given columns; needs no Python worker, unlike an empty list."""
    return "SELECT " + ", ".join(f"CAST(NULL AS {c.spark_type}) AS `{c.name}`" for c in columns) + " WHERE false"


def empty(spark: SparkSession, columns: Sequence[Column]) -> DataFrame:
    """A DataFrame without rows."""
    return spark.sql(nothing(columns))


def append(
    rows: DataFrame,
    path: str,
    app_id: str,
    version: int,
    partition_by: Sequence[str] = (),
    metadata: Mapping[str, Any] | None = None,
    properties: Mapping[str, str] | None = None,
    adds_columns: bool = False,
    in_place_of: str | None = None,
) -> None:
    """Append rows and progress in one commit; a version that the table has already is skipped by Delta.

    properties: of a table that is new, beside those of every table.
    adds_columns: columns that the table lacks are added to it, else they are refused.
    in_place_of: a condition on partition columns; the rows for which it holds go in the same commit.
    """
    mode = "append" if in_place_of is None else "overwrite"
    writer = rows.write.format("delta").mode(mode).options(txnAppId=app_id, txnVersion=version)
    if in_place_of is not None:
        writer = writer.option("replaceWhere", in_place_of)
    writer = writer.options(**{**PROPERTIES, **(properties or {})})
    writer = writer.option("mergeSchema", str(adds_columns).lower())
    if metadata is not None:
        writer = writer.option("userMetadata", json.dumps(metadata))
    if partition_by:
        writer = writer.partitionBy(*partition_by)
    writer.save(for_spark(path))


def read(spark: SparkSession, path: str) -> DataFrame:
    """A Delta table by its path."""
    return spark.read.format("delta").load(for_spark(path))


@contextlib.contextmanager
def session_settings(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Settings for one statement; a commit's identity left on would silently skip every other statement."""
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name in settings:
            spark.conf.unset(name)
