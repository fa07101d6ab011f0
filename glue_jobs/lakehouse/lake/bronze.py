"""Reads the rows of a batch from bronze."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID, SYSTEM_COLUMNS
from lakehouse.contracts.contract import Dataset
from lakehouse.lake import tables
from lakehouse.lake.evolution import with_columns_of
from lakehouse.lake.paths import Lake


def bronze_batch(spark: SparkSession, lake: Lake, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of one batch, with every column that the contract has now; the table itself stays as it is.

    Raises SchemaChangeError where a column of bronze cannot be read as the contract says.
    """
    rows = tables.read(spark, lake.bronze(dataset.name)).where(F.col(BATCH_ID) == batch_id)
    return with_columns_of(rows, (*dataset.columns, *SYSTEM_COLUMNS), dataset)
