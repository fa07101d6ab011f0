"""Which rows silver keeps by their age: those of keys of which at least one row is of the day `kept since`, or later.

That day stands in silver's properties and moves when maintenance removes rows, not with the clock, so that a merge, a
replay and a rebuild agree. A key counts as a whole: where its newest version says an earlier day than one before it,
the earlier version must not come back.
"""

from __future__ import annotations

from datetime import date

from deltalake import DeltaTable
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.outcomes import DELETED, INSERTED, OLD, OUTCOME, STALE, day_of

KEPT_SINCE = "lakehouse.keptSince"
"""The table property of silver."""
NEWEST = "_newest_day"
_RECENT = "_recent"


def kept_since(silver: DeltaTable | None, dataset: Dataset) -> date | None:
    """The first day that silver keeps; None where it keeps all, as under a contract that has given up silver's days."""
    said = None if silver is None else silver.metadata().configuration.get(KEPT_SINCE)
    return date.fromisoformat(said) if said and dataset.keep_days.silver is not None else None


def day_in(dataset: Dataset) -> SparkColumn:
    """The day of a row of bronze; null where it has none."""
    if dataset.keeps_offset:
        return F.col("dt")
    return day_of(dataset.date_column, dataset.date_zone) if dataset.date_column else F.lit(None).cast("date")


def newest_days(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The newest day of each key; null where no row of it has one."""
    return rows.groupBy(*dataset.key).agg(F.max(day_in(dataset)).alias(NEWEST))


def without_aged(landed: DataFrame, dataset: Dataset, since: date | None) -> DataFrame:
    """The rows of bronze from which silver is made; a row without a day stays."""
    if since is None:
        return landed
    if dataset.merge_strategy is MergeStrategy.APPEND:
        return landed.where(~_is_before(day_in(dataset), since))
    gone = newest_days(landed, dataset).where(_is_before(F.col(NEWEST), since))
    return landed.join(gone, on=list(dataset.key), how="left_anti").select(*landed.columns)


def leave_out_aged(compared: DataFrame, rows: DataFrame, dataset: Dataset, since: date | None) -> DataFrame:
    """Outcomes in which a key that silver has not is no news where all its rows are too old.

    compared: as `with_outcome` gives it. rows: of the batch. A row that silver has is changed whatever its day.
    """
    if since is None:
        return compared
    recent = rows.where(day_in(dataset) >= F.lit(since)).select(*dataset.key).distinct()
    marked = compared.join(recent.withColumn(_RECENT, F.lit(True)), on=list(dataset.key), how="left")
    is_new = F.col(OLD).isNull() & F.col(OUTCOME).isin(INSERTED, DELETED)
    is_aged = is_new & F.col(_RECENT).isNull() & _is_before(F.col("dt"), since)
    outcome = F.when(is_aged, STALE).otherwise(F.col(OUTCOME))
    return marked.withColumn(OUTCOME, outcome).select(*compared.columns)


def _is_before(day: SparkColumn, since: date) -> SparkColumn:
    return F.coalesce(day < F.lit(since), F.lit(False))
