"""Transform: judged batches, less their quarantined rows, into silver; then dbt's models of the domain."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log, tables
from lakehouse.batches import to_merge
from lakehouse.context import Context
from lakehouse.contract import Contract, Dataset
from lakehouse.delta_log import table_version
from lakehouse.merge import MergeResult, merge_batch
from lakehouse.quarantine import BATCH_ID, ROW_ID


def merge_domain(context: Context, contract: Contract) -> list[MergeResult]:
    """Merge every judged and passed batch of a domain that silver does not have yet, in their order."""
    results: list[MergeResult] = []
    for dataset in contract.datasets:
        for verdict in to_merge(context.lake, dataset):
            with log.about(dataset=dataset.name, batch=verdict.batch_id):
                rows = good_rows(context, dataset, verdict.batch_id)
                path = context.lake.silver(dataset.name)
                results.append(merge_batch(context.spark(), dataset, rows, verdict.batch_id, path))
    return results


def good_rows(context: Context, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of a bronze batch that no rule put into quarantine."""
    spark = context.spark()
    rows = tables.read(spark, context.lake.bronze(dataset.name)).where(F.col(BATCH_ID) == batch_id)
    path = context.lake.quarantine(dataset.name)
    if table_version(path) >= 0:
        bad = tables.read(spark, path).where(F.col(BATCH_ID) == batch_id).select(ROW_ID)
        rows = rows.join(bad, on=ROW_ID, how="left_anti")
    return rows.select(*dataset.column_names)
