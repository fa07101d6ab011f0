"""Makes silver anew from bronze: the law by which merges choose their rows (`ties.py`), over all that landed at once.

What comes is what the merges of the same batches leave, in whatever order they were merged; and `_batch_id` is the
batch in which a content first landed, as where they were merged in the order in which they landed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.bronze import passed_rows_in
from lakehouse.lake.delta_log import open_table
from lakehouse.runtime.context import Context
from lakehouse.transform.kept import kept_since, without_aged
from lakehouse.transform.merge_errors import NullKeyError
from lakehouse.transform.merge_order import batches_in_silver
from lakehouse.transform.outcomes import with_dates, with_validity
from lakehouse.transform.snapshot_bronze import events_of
from lakehouse.transform.snapshots import silver_of_snapshots
from lakehouse.transform.table_difference import rows_that_differ
from lakehouse.transform.ties import winners

_SIDE = "_side"
_BEFORE, _AFTER = -1, 1


@dataclass(frozen=True)
class Sums:
    """Rows of a table, and the sums of its decimal columns."""

    rows: int
    sums: dict[str, Decimal | None]


@dataclass(frozen=True)
class Difference:
    """What a rebuild changes: the whole before and after, and how many rows go and come (a changed row: both)."""

    before: Sums
    after: Sums
    going: int
    coming: int

    @property
    def is_none(self) -> bool:
        """Whether no row differs."""
        return not (self.going or self.coming)


def rows_from_bronze(context: Context, dataset: Dataset, quarantined: DataFrame | None = None) -> DataFrame:
    """The rows that silver has under today's contract; raises NullKeyError or SchemaChangeError.

    quarantined: the rows that are left out (`_batch_id`, `_row_id`), in place of those that are in quarantine now.
    """
    merged = batches_in_silver(context.lake, dataset)
    if dataset.is_snapshot:
        events = events_of(context.spark(), context.lake, dataset, merged, quarantined)
        _refuse_nulls(events.landed, dataset)
        return _as_silver(silver_of_snapshots(events, dataset), dataset).localCheckpoint(eager=False)
    landed = passed_rows_in(context.spark(), context.lake, dataset, merged, quarantined)
    _refuse_nulls(landed, dataset)
    since = kept_since(open_table(context.lake.silver(dataset.name)), dataset)
    return silver_of(without_aged(landed, dataset, since), dataset).localCheckpoint(eager=False)


def silver_of(landed: DataFrame, dataset: Dataset) -> DataFrame:
    """Every passed row of some batches → silver.

    landed: the delivered columns and `_batch_id`.
    """
    best = landed if dataset.merge_strategy is MergeStrategy.APPEND else winners(landed, dataset)
    if dataset.merge_strategy is MergeStrategy.UPSERT:
        order = F.struct(F.lit(0), *dataset.sequence_by)
        newest = F.max_by(F.struct(*best.columns), order).alias("_row")
        best = best.groupBy(*dataset.key).agg(newest).select("_row.*")
    rows = with_dates(best, dataset, F.col(BATCH_ID))
    if dataset.merge_strategy is MergeStrategy.SCD2:
        rows = with_validity(rows, dataset)
    return _as_silver(rows, dataset)


def _as_silver(rows: DataFrame, dataset: Dataset) -> DataFrame:
    return rows.select(*[tables.described(column) for column in dataset.silver_columns])


def _refuse_nulls(landed: DataFrame, dataset: Dataset) -> None:
    lost = reduce(lambda a, b: a | b, [F.col(name).isNull() for name in dataset.needed_columns])
    row = landed.agg(F.count_if(lost), F.min(F.when(lost, F.col(BATCH_ID)))).first()
    if row is not None and row[0]:
        raise NullKeyError(dataset.name, row[1], row[0])


def difference(before: DataFrame, after: DataFrame, dataset: Dataset) -> Difference:
    """Compare silver with its rebuild by the columns that both have with one type.

    Not by the batch: of a content that landed in two, silver keeps the one that was merged first.
    """
    types = dict(before.dtypes)
    shared = [name for name, kind in after.dtypes if types.get(name) == kind and name != BATCH_ID]
    sides = [rows.select(*shared, F.lit(side).alias(_SIDE)) for rows, side in ((before, _BEFORE), (after, _AFTER))]
    both = sides[0].unionByName(sides[1])
    money = (column.name for column in dataset.columns if column.type.startswith("decimal"))
    decimals = [name for name in money if name in shared]
    totals = {
        row[_SIDE]: Sums(row["_rows"], {name: row[f"sum {name}"] for name in decimals})
        for row in both.groupBy(_SIDE)
        .agg(F.count("*").alias("_rows"), *[F.sum(name).alias(f"sum {name}") for name in decimals])
        .collect()
    }
    going, coming = rows_that_differ(before, after, shared)
    empty = Sums(0, dict.fromkeys(decimals))
    return Difference(totals.get(_BEFORE, empty), totals.get(_AFTER, empty), going, coming)
