"""Removes rows of a table in one commit that writes new files: a deletion vector would leave them where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame

from lakehouse.lake.conflicts import when_free
from lakehouse.lake.paths import delta_name
from lakehouse.lake.tables import USER_METADATA, session_settings

_VIEW = "rows_that_go"
_NO_VECTORS = {"spark.databricks.delta.merge.deletionVectors.persistent": "false"}


def remove_rows(path: str, gone: DataFrame, said: Mapping[str, Any], within: str = "true") -> None:
    """Remove the rows that agree with one of `gone` in all its columns; one that is gone already is no error.

    said: what the commit says. within: a condition with literals on the table, `t`, by which Delta leaves out files.
    """
    spark = gone.sparkSession
    same = " AND ".join(f"t.`{name}` = s.`{name}`" for name in gone.columns)
    gone.createOrReplaceTempView(_VIEW)
    sql = f"MERGE INTO {delta_name(path)} t USING {_VIEW} s ON {same} AND {within} WHEN MATCHED THEN DELETE"
    with session_settings(spark, {**_NO_VECTORS, USER_METADATA: json.dumps(said)}):
        when_free(path, lambda: spark.sql(sql).collect())


def places(columns: Sequence[str], rows: DataFrame) -> DataFrame:
    """These columns of some rows, computed once and kept: what they were found by may be removed meanwhile."""
    return rows.select(*columns).distinct().localCheckpoint()
