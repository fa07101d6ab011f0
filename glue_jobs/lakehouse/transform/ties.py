"""Ties: several contents of one key with one sequence. Which wins depends on bronze alone, not on the order of merges.

The order is (sequence, batch, deleted, content), where batch is the one in which that content first landed. So a later
delivery corrects an earlier one, a delete wins within a batch, and a content that is delivered again keeps its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy, Ties
from lakehouse.contracts.columns import ARRIVED, BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.bronze import without_ignored
from lakehouse.lake.tied_keys import listed_ties
from lakehouse.lake.ties import Tie
from lakehouse.transform.outcomes import (
    CORRECTED,
    LOST,
    OLD,
    OUTCOME,
    RESOLVED,
    ROWS,
    SEVERAL,
    TIE,
    arrived_first,
    is_deleted,
    with_dates,
)
from lakehouse.transform.snapshots import Delivered

Landed = Callable[[DataFrame], DataFrame]
"""Keys → every row of theirs that bronze has and that silver may know: the delivered columns and `_batch_id`."""


@dataclass(frozen=True)
class Bronze:
    """What a merge needs of bronze beside the rows of its batch; the defaults are for a table without one.

    landed: reads the rows that compete in a tie. passed: how many rows of the batch passed validation. record: lists
    ties in `ops.ties`. is_newest: no batch that silver has arrived after this one. snapshots: where files are those.
    """

    landed: Landed | None = None
    passed: int | None = None
    record: Callable[[Sequence[Tie]], None] | None = None
    is_newest: bool = True
    snapshots: Delivered | None = None


NO_BRONZE = Bronze()


def tie_columns(dataset: Dataset) -> tuple[str, ...]:
    """What rows have in common that compete by content: the key and, unless the first event stays, the sequence."""
    if dataset.merge_strategy is MergeStrategy.INSERT_ONLY:
        return dataset.key
    return (*dataset.key, *dataset.sequence_by)


def with_winners(latest: DataFrame, compared: DataFrame, landed: Landed | None, dataset: Dataset) -> DataFrame:
    """The rows of a batch where each tie is replaced by its winner, marked by `_resolved`.

    compared: the same rows with `_old` and `_outcome`. landed: without it only the batch and silver are compared; it
    is asked for few keys, which are broadcast.
    """
    by = list(tie_columns(dataset))
    tied = compared.where(F.col(OUTCOME) == TIE)
    candidates = _of_batch_and_silver(tied, dataset) if landed is None else landed(F.broadcast(tied.select(*by)))
    counts = tied.select(*by, *[name for name in (ROWS, LOST, SEVERAL) if name in latest.columns])
    best = winners(candidates, dataset)
    resolved = with_dates(best.join(counts, on=by, how="inner"), dataset, F.col(BATCH_ID))
    resolved = resolved.select(*latest.columns).withColumn(RESOLVED, F.lit(True))
    others = latest.join(tied.select(*dataset.identity), on=list(dataset.identity), how="left_anti")
    return others.select(*latest.columns).withColumn(RESOLVED, F.lit(False)).unionByName(resolved)


def _of_batch_and_silver(tied: DataFrame, dataset: Dataset) -> DataFrame:
    columns = (*dataset.content_names, BATCH_ID)
    old = tied.select(*[F.col(f"{OLD}.{name}").alias(name) for name in columns])
    both = tied.select(*columns).unionByName(old)
    came = F.struct(F.col(BATCH_ID).alias("batch"), F.lit(0).alias("row"))
    return both.withColumn(ARRIVED, came) if dataset.by_arrival else both


def winners(candidates: DataFrame, dataset: Dataset) -> DataFrame:
    """One row per tie: the greatest under (batch in which the content first landed, deleted, content).

    Where arrival decides it is the row that arrived last, with its batch. candidates: the delivered columns and
    `_batch_id`; the winner keeps the batch in which it first landed.
    """
    by = tie_columns(dataset)
    rest = [name for name in dataset.content_names if name not in by]
    first = candidates = without_ignored(candidates, dataset)
    if not dataset.by_arrival:
        first = candidates.groupBy(*dataset.content_names).agg(F.min(BATCH_ID).alias(BATCH_ID))
    pick, order = _order(dataset)
    ranked = F.struct(*order, *[F.col(name) for name in rest], F.col(BATCH_ID).alias("_first_batch"))
    best = first.groupBy(*by).agg(pick(ranked).alias("_row"))
    values = {name: F.col(f"_row.{name}") for name in rest} | {name: F.col(name) for name in by}
    batch = F.col("_row._first_batch").alias(BATCH_ID)
    return best.select(*[values[name].alias(name) for name in dataset.content_names], batch)


def _order(dataset: Dataset) -> tuple[Callable[[SparkColumn], SparkColumn], list[SparkColumn]]:
    """By what contents compete, before the content itself."""
    batch = F.col(BATCH_ID)
    is_event = dataset.merge_strategy is MergeStrategy.INSERT_ONLY
    sequence = [F.col(name).alias(f"_sequence_{name}") for name in dataset.sequence_by] if is_event else []
    pick = F.min if is_event else F.max
    if dataset.by_arrival:
        return pick, [*arrived_first(dataset), *sequence, F.col(ARRIVED)]
    if is_event:
        return pick, [batch.alias("_order"), *sequence]
    newest = -batch if dataset.ties is Ties.FIRST else batch
    return pick, [newest.alias("_order"), is_deleted(dataset).alias("_deleted")]


def with_several(latest: DataFrame, within: DataFrame, dataset: Dataset) -> DataFrame:
    """Add `_several`: whether the batch has several contents of a row's key and sequence."""
    flags = within.withColumn(SEVERAL, F.lit(True))
    joined = latest.join(flags, on=list(tie_columns(dataset)), how="left")
    return joined.select(*latest.columns, F.coalesce(SEVERAL, F.lit(False)).alias(SEVERAL))


def tied_in_batch(rows: DataFrame, latest: DataFrame, dataset: Dataset) -> DataFrame:
    """The keys and sequences of a batch that it delivers with several contents itself."""
    by = list(tie_columns(dataset))
    repeated = latest.where(F.col(ROWS) > 1).select(*by)
    content = F.struct(*[F.col(name) for name in dataset.content_names])
    counted = rows.join(repeated, on=by, how="left_semi").groupBy(*by).agg(F.count_distinct(content).alias("_contents"))
    return counted.where(F.col("_contents") > 1).select(*by)


def listed(compared: DataFrame, within: DataFrame | None, dataset: Dataset) -> tuple[int, tuple[Tie, ...]]:
    """How many keys of a batch are tied, and up to LISTED of them. within: those tied within the batch itself."""
    by = list(tie_columns(dataset))
    against = compared.where(F.col(RESOLVED)).select(*by, (F.col(OUTCOME) == CORRECTED).alias("corrected"))
    ties = against
    if within is not None:
        alone = within.join(against, on=by, how="left_anti").withColumn("corrected", F.lit(False))
        ties = against.unionByName(alone)
    return listed_ties(ties.withColumn("quarantined", F.lit(False)), dataset)
