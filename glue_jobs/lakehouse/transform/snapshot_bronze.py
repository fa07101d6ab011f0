"""Reads from bronze what the merge of a snapshot and the rebuild of its table need."""

from __future__ import annotations

from collections.abc import Collection

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import among, batches_of, validation_results_of
from lakehouse.lake.bronze import passed_rows_in
from lakehouse.lake.delivered_keys import delivered_keys, kept_out
from lakehouse.lake.paths import Lake
from lakehouse.lake.snapshot_times import times_of
from lakehouse.transform.merge_order import Turn, batches_in_silver, is_newest
from lakehouse.transform.snapshots import DELETED, Delivered, Events, deleting


def delivered(spark: SparkSession, lake: Lake, dataset: Dataset, turn: Turn) -> Delivered:
    """What the merge of a turn needs of bronze; nothing is read before it asks."""

    def merged() -> frozenset[int]:
        return batches_in_silver(lake, dataset, turn)

    def is_next() -> bool:
        if not is_newest(lake, dataset, turn):
            return False
        return not dataset.sequence_by or _is_latest(spark, lake, dataset, merged(), turn)

    return Delivered(
        is_next,
        lambda: events_of(spark, lake, dataset, {turn.batch_id}),
        lambda: events_of(spark, lake, dataset, merged()),
    )


def _is_latest(spark: SparkSession, lake: Lake, dataset: Dataset, merged: Collection[int], turn: Turn) -> bool:
    """Whether every time of a batch is later than all that were merged before."""
    results = [result for result in validation_results_of(lake, dataset) if result.batch_id in merged]
    times = times_of(lambda: spark, lake, dataset, results)
    first = times.pop(turn.batch_id).first
    return first.text is not None and all(first > other.last for other in times.values())


def events_of(
    spark: SparkSession,
    lake: Lake,
    dataset: Dataset,
    batches: Collection[int],
    quarantined: DataFrame | None = None,
) -> Events:
    """What happened by some batches. quarantined: rows to leave out, in place of those that are in quarantine now."""
    where = among(batches)
    unreadable = {r.batch_id for r in validation_results_of(lake, dataset, where) if r.rows_unreadable}
    files = {batch.batch_id for batch in batches_of(lake, dataset, where) if not batch.is_repair}
    keys = delivered_keys(spark, lake, dataset, batches)
    landed = passed_rows_in(spark, lake, dataset, batches, quarantined).withColumn(DELETED, F.lit(False))
    return Events(
        landed,
        kept_out(spark, lake, dataset, keys, quarantined),
        deleting(spark, keys, files - unreadable, dataset),
    )
