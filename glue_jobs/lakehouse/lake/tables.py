"""How the jobs write Delta tables with Spark: column comments, properties that Athena supports, idempotent commits."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import Column
from lakehouse.lake.delta_log import Commit
from lakehouse.lake.paths import for_spark

# Delta features that Athena does not read stay off, whatever the defaults of a later Delta are.
PROPERTIES: Mapping[str, str] = {
    "delta.enableDeletionVectors": "false",
    "delta.checkpointPolicy": "classic",
    "delta.enableTypeWidening": "false",
}

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
"""The setting that holds what the next commit says in its metadata, as JSON."""

# How an instant is written as text; the session's time zone is UTC.
INSTANT = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"


def described(column: Column, value: SparkColumn | None = None) -> SparkColumn:
    """A column with the name and the comment that its contract declares."""
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
    commit: Commit,
    partition_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
    adds_columns: bool = False,
    in_place_of: str | None = None,
) -> None:
    """Append rows in one commit; Delta skips it when the table has recorded its version already.

    properties: of a new table, in addition to those of every table.
    adds_columns: add columns that the table lacks; otherwise they are an error.
    in_place_of: a condition on partition columns; the rows for which it is true are removed in the same commit.
    """
    mode = "append" if in_place_of is None else "overwrite"
    writer = rows.write.format("delta").mode(mode).options(txnAppId=commit.app_id, txnVersion=commit.version)
    if in_place_of is not None:
        writer = writer.option("replaceWhere", in_place_of)
    writer = writer.options(**{**PROPERTIES, **(properties or {})})
    writer = writer.option("mergeSchema", str(adds_columns).lower())
    if commit.metadata is not None:
        writer = writer.option("userMetadata", json.dumps(commit.metadata))
    if partition_by:
        writer = writer.partitionBy(*partition_by)
    writer.save(for_spark(path))


def read(spark: SparkSession, path: str) -> DataFrame:
    """A Delta table by its path."""
    return spark.read.format("delta").load(for_spark(path))


@contextlib.contextmanager
def session_settings(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Settings for one statement; a transaction version left set would silently skip every later statement."""
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name in settings:
            spark.conf.unset(name)
