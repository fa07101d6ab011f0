"""Which keys each delivery had, whether or not its rows passed: what a snapshot lacks is told by all of them."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID, ROW_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.evolution import with_columns_of
from lakehouse.lake.paths import Lake


def delivered_keys(spark: SparkSession, lake: Lake, dataset: Dataset, batches: Collection[int]) -> DataFrame:
    """The place, key and sequence of every row of some batches that ingest could read."""
    rows = tables.read(spark, lake.bronze(dataset.name)).where(F.col(BATCH_ID).isin(*sorted(batches)))
    rows = with_columns_of(rows, dataset.bronze_columns, dataset)
    return rows.select(BATCH_ID, ROW_ID, *dict.fromkeys((*dataset.key, *dataset.sequence_by)))


def kept_out(
    spark: SparkSession, lake: Lake, dataset: Dataset, keys: DataFrame, quarantined: DataFrame | None = None
) -> DataFrame:
    """The key and batch of those delivered rows that a rule put into quarantine.

    quarantined: `_batch_id` and `_row_id` of what counts as quarantined, in place of what is in quarantine now.
    """
    path = lake.quarantine(dataset.name)
    if quarantined is None:
        if table_version(path) < 0:
            return keys.where(F.lit(False)).select(*dataset.key, BATCH_ID)
        quarantined = tables.read(spark, path).select(BATCH_ID, ROW_ID)
    return keys.join(quarantined, on=[BATCH_ID, ROW_ID], how="left_semi").select(*dataset.key, BATCH_ID)
