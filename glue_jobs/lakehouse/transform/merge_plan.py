"""Compares a batch with silver before anything is written: which rows are new or changed, and what they touch.

Stages: one row per key; the files that can contain an old copy (from the log); the old copies; the outcome per row.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.bronze import number_ignored, without_ignored
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.table_files import Partition
from lakehouse.lake.ties import Tie
from lakehouse.transform.append_plan import plan_append
from lakehouse.transform.candidate_files import (
    LOCATE_ABOVE_BYTES,
    CandidateFiles,
    KeyRange,
    candidate_files_of,
)
from lakehouse.transform.kept import kept_since, leave_out_aged
from lakehouse.transform.merge_errors import DoubledKeyError, NullKeyError
from lakehouse.transform.merge_touched import Touched, touched_by, touched_partitions
from lakehouse.transform.outcomes import (
    LOST,
    NEWS,
    OLD,
    OUTCOME,
    RESOLVED,
    ROWS,
    TIE,
    has_other_content,
    newest_per_key,
    with_dates,
    with_outcome,
    with_validity,
)
from lakehouse.transform.planned_merge import MergePlan, Outcomes
from lakehouse.transform.ties import Landed, listed, tied_in_batch, with_several, with_winners

BROADCAST_KEYS = 500_000
"""Up to so many keys of a batch are broadcast, so that the rows of silver need not be shuffled for the join."""


@dataclass(frozen=True)
class BatchShape:
    """Rows and keys of a batch, the partitions that its rows belong to, and its key ranges."""

    rows: int
    keys: int
    partitions: frozenset[Partition]
    ranges: tuple[KeyRange, ...]


def plan_merge(
    spark: SparkSession,
    dataset: Dataset,
    rows: DataFrame,
    batch_id: int,
    path: str,
    landed: Landed | None = None,
    is_newest: bool = True,
) -> MergePlan:
    """Compare the passed rows of a batch with silver; raises NullKeyError or DoubledKeyError before any write.

    landed: reads from bronze what ties need; without it only the batch and silver compete. is_newest: no row that
    silver has arrived later.
    """
    if dataset.merge_strategy is MergeStrategy.APPEND:
        return plan_append(spark, dataset, rows, batch_id, path)
    table = open_table(path)
    version, since = -1 if table is None else table.version(), kept_since(table, dataset)
    images, rows = number_ignored(rows, dataset), without_ignored(rows, dataset)
    latest = _fixed(with_dates(newest_per_key(rows, dataset), dataset, batch_id))
    shape = _shape(latest, dataset, batch_id)
    within = _tied_within(rows, latest, shape, dataset)
    if within is not None:
        latest = _fixed(with_several(latest, within, dataset))
    read = candidate_files_of(table, dataset, shape.ranges, shape.partitions)
    must_locate = (
        bool(dataset.partition_by) and read.bytes > LOCATE_ABOVE_BYTES and not read.partitions <= shape.partitions
    )
    holding = read.within(_locate(spark, path, latest, shape, read)) if must_locate else read
    silver = _silver(spark, dataset, path, holding)
    known = silver.join(_keys(latest, shape, holding), on=list(dataset.key), how="left_semi")
    old = known if dataset.merge_strategy is MergeStrategy.SCD2 else small(known, shape.keys)
    compared = _fixed(leave_out_aged(with_outcome(latest, old, dataset, is_newest), rows, dataset, since))
    effect = touched_by(compared, dataset)
    if effect.outcomes[TIE]:
        latest = _fixed(with_winners(latest, compared, landed, dataset))
        compared = _fixed(leave_out_aged(with_outcome(latest, old, dataset, is_newest), rows, dataset, since))
        effect = touched_by(compared, dataset)
    if effect.rows > shape.keys:
        raise DoubledKeyError(dataset.name, version, effect.rows - shape.keys)
    tied, ties = _ties(latest, compared, within, dataset)
    changes = _changes(compared, known, dataset)
    gaining, losing = effect.gaining, effect.losing
    if dataset.merge_strategy is MergeStrategy.SCD2:
        gaining, losing = touched_partitions(changes, dataset)
    return MergePlan(
        dataset=dataset,
        batch_id=batch_id,
        version=version,
        outcomes=Outcomes(rows=shape.rows + images, keys=shape.keys, tied=tied, **_counts(effect)),
        changes=changes,
        read=read,
        located=must_locate,
        replaced=holding.within(losing),
        partitions=tuple(sorted(gaining | losing, key=str)),
        ties=ties,
    )


def _counts(effect: Touched) -> dict[str, int]:
    return {name: number for name, number in effect.outcomes.items() if name != TIE}


def _tied_within(rows: DataFrame, latest: DataFrame, shape: BatchShape, dataset: Dataset) -> DataFrame | None:
    """The ties within a batch, looked for only where there can be any: with several rows per key."""
    is_event = dataset.merge_strategy is MergeStrategy.INSERT_ONLY
    if shape.rows == shape.keys or is_event or dataset.by_arrival:
        return None
    return _fixed(tied_in_batch(rows, latest, dataset))


def _ties(
    latest: DataFrame, compared: DataFrame, within: DataFrame | None, dataset: Dataset
) -> tuple[int, tuple[Tie, ...]]:
    """The ties of a batch: those within it, and those with silver."""
    if dataset.by_arrival or (within is None and RESOLVED not in latest.columns):
        return 0, ()
    return listed(compared, within, dataset)


def _fixed(rows: DataFrame) -> DataFrame:
    """Rows computed once, at their first use.

    A local checkpoint rather than a cache: Spark plans what follows without the lineage of these rows (a fifth of the
    time of a small merge), and Delta does not materialize the source of its MERGE once more.
    """
    return rows.localCheckpoint(eager=False)


def _shape(latest: DataFrame, dataset: Dataset, batch_id: int) -> BatchShape:
    """Aggregate a batch by partition; raises NullKeyError when a row has no key, sequence or date."""
    key = F.col(dataset.key[0])
    groups = (
        latest.groupBy(*dataset.partition_by)
        .agg(F.sum(ROWS), F.count("*"), F.sum(LOST), F.min(key), F.max(key))
        .collect()
    )
    values = [tuple(row)[-5:] for row in groups if row[-5]]
    lost = sum(value[2] for value in values)
    if lost:
        raise NullKeyError(dataset.name, batch_id, lost)
    return BatchShape(
        rows=sum(value[0] for value in values),
        keys=sum(value[1] for value in values),
        partitions=frozenset(tuple(row)[:-5] for row in groups),
        ranges=tuple(KeyRange(value[3], value[4]) for value in values),
    )


def _keys(latest: DataFrame, shape: BatchShape, candidates: CandidateFiles) -> DataFrame:
    """The keys of a batch that a candidate file can contain: where keys grow with time, none of a new day's."""
    possible = candidates.key_predicate()
    return small((latest if possible is None else latest.where(possible)).select(*candidates.dataset.key), shape.keys)


def small(rows: DataFrame, keys: int) -> DataFrame:
    """At most one row per key of a batch with so many: small enough for every task, unless they are very many."""
    return rows if keys > BROADCAST_KEYS else F.broadcast(rows)


def _locate(
    spark: SparkSession, path: str, latest: DataFrame, shape: BatchShape, read: CandidateFiles
) -> list[Partition]:
    """The partitions that contain a key of the batch; of silver only the key and partition columns are read."""
    dataset = read.dataset
    keys = _silver(spark, dataset, path, read).select(*dataset.key, *dataset.partition_by)
    held = keys.join(_keys(latest, shape, read), on=list(dataset.key), how="left_semi")
    return [tuple(row) for row in held.select(*dataset.partition_by).distinct().collect()]


def _silver(spark: SparkSession, dataset: Dataset, path: str, candidates: CandidateFiles) -> DataFrame:
    """The rows of silver that the predicates of some candidate files select."""
    if not candidates.files:
        return tables.empty(spark, dataset.silver_columns)
    rows = tables.read(spark, path).select(*dataset.silver_column_names)
    for predicate in candidates.predicates():
        rows = rows.where(predicate)
    return rows


def _changes(compared: DataFrame, known: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows to write, with `_old`: null for a new row.

    known: every row that silver has of the batch's keys.
    """
    news = compared.where(F.col(OUTCOME).isin(*NEWS))
    columns = dataset.silver_column_names
    if dataset.merge_strategy is not MergeStrategy.SCD2:
        return news.select(*columns, OLD)
    versions = news.select(*dataset.column_names, BATCH_ID, OLD)
    kept = known.join(news.select(*dataset.key).distinct(), on=list(dataset.key), how="left_semi")
    kept = kept.join(news.select(*dataset.identity), on=list(dataset.identity), how="left_anti")
    kept = kept.select(*dataset.column_names, BATCH_ID, F.struct(*known.columns).alias(OLD))
    renewed = with_validity(versions.unionByName(kept), dataset)
    has_moved = ~F.col("valid_to").eqNullSafe(F.col(f"{OLD}.valid_to"))
    return renewed.where(has_other_content(dataset) | has_moved).select(*columns, OLD)
