"""The rows of bronze that silver may know: of the batches merged so far, without their quarantined rows."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID, ROW_ID
from lakehouse.contracts.contract import Dataset
from lakehouse.lake import tables
from lakehouse.lake.batches import Batch, BatchState, ValidationResult, ValidationStatus
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.evolution import with_columns_of
from lakehouse.runtime.context import Context


def passed_rows(context: Context, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of a bronze batch that no rule put into quarantine."""
    rows = bronze_batch(context.spark(), context.lake, dataset, batch_id)
    return _without_quarantined(context, dataset, rows).select(*dataset.column_names)


def landed_rows(
    context: Context, dataset: Dataset, merged: frozenset[int], other: frozenset[int], keys: DataFrame
) -> DataFrame:
    """The rows of some keys in all batches that silver has, as the delivered columns and `_batch_id`.

    merged: these batches; other: those with lower numbers that silver does not have. keys: few, they are broadcast.
    """
    names = keys.columns
    rows = tables.read(context.spark(), context.lake.bronze(dataset.name))
    rows = rows.where(F.col(BATCH_ID) <= max(merged))
    if other:
        rows = rows.where(~F.col(BATCH_ID).isin(*sorted(other)))
    rows = with_columns_of(rows, dataset.columns, dataset)
    rows = rows.join(F.broadcast(keys), on=names, how="left_semi")
    return _without_quarantined(context, dataset, rows).select(*dataset.column_names, BATCH_ID)


def _without_quarantined(context: Context, dataset: Dataset, rows: DataFrame) -> DataFrame:
    path = context.lake.quarantine(dataset.name)
    if table_version(path) < 0:
        return rows
    quarantined = tables.read(context.spark(), path).select(BATCH_ID, ROW_ID)
    return rows.join(quarantined, on=[BATCH_ID, ROW_ID], how="left_anti")


def merged_batches(
    batches: Iterable[Batch], results: Iterable[ValidationResult], number: int
) -> tuple[frozenset[int], frozenset[int]]:
    """The batches that silver has once the turn `number` is merged, and those below the last that it does not have."""
    batches = list(batches)
    passed = {result.batch_id for result in results if result.status is ValidationStatus.PASSED}
    due = [batch for batch in batches if batch.batch_id <= number]
    merged = {batch.batch_id for batch in due if batch.state is BatchState.PLANNED and batch.batch_id in passed}
    merged |= {batch.repeats for batch in due if batch.repeats is not None}
    last = max(merged, default=0)
    planned = {batch.batch_id for batch in batches if batch.state is BatchState.PLANNED and batch.batch_id <= last}
    return frozenset(merged), frozenset(planned - merged)
