"""Plans the merge of a snapshot: what the law says (`snapshots.py`) is compared with silver, and differences written.

A snapshot that comes after all that silver has is compared with silver alone. Any other batch, such as a repair, a
batch that was accepted late or an older snapshot, may change what others mean, so the law is asked of all of bronze.
"""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import ARRIVED, BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.table_files import table_files
from lakehouse.transform.candidate_files import CandidateFiles
from lakehouse.transform.merge_errors import NullKeyError
from lakehouse.transform.merge_touched import touched_partitions
from lakehouse.transform.outcomes import LOST, OLD, ROWS, newest_per_key
from lakehouse.transform.planned_merge import DROPPED, MergePlan, Outcomes
from lakehouse.transform.snapshots import DELETED, Delivered, Events, silver_of_snapshots

_WANTED = "_wanted"


def plan_snapshot(
    spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str, delivered: Delivered
) -> MergePlan:
    """Compare what the law says with silver; raises NullKeyError before any write."""
    table = open_table(path)
    silver = tables.empty(spark, dataset.silver_columns)
    if table is not None:
        silver = tables.read(spark, path).select(*dataset.silver_column_names)
    number, keys = _sizes(rows, dataset, batch_id)
    if delivered.is_next():
        if dataset.merge_strategy is MergeStrategy.SCD2:
            silver = silver.where("is_current")
        events = delivered.of_batch()
        if events.snapshots.isEmpty():
            log.warning("a row of the snapshot could not be read or has no key, so it deletes nothing")
        wanted = silver_of_snapshots(_after(silver, events, dataset), dataset)
    else:
        wanted = silver_of_snapshots(delivered.of_all(), dataset)
    changes = differences(wanted, silver, dataset).localCheckpoint(eager=False)
    known = () if table is None else tuple(table_files(table, ()))
    whole = CandidateFiles(dataset, known, known, None)
    gaining, losing = touched_partitions(changes, dataset)
    return MergePlan(
        dataset=dataset,
        batch_id=batch_id,
        version=-1 if table is None else table.version(),
        outcomes=_outcomes(changes, batch_id, number, keys, dataset),
        changes=changes,
        read=whole,
        located=False,
        replaced=whole.within(losing),
        partitions=tuple(sorted(gaining | losing, key=str)),
    )


def _sizes(rows: DataFrame, dataset: Dataset, batch_id: int) -> tuple[int, int]:
    """How many rows and keys a batch has."""
    found = newest_per_key(rows, dataset).agg(F.sum(ROWS), F.count("*"), F.sum(LOST)).first()
    number, keys, lost = (int(value or 0) for value in found or (0, 0, 0))
    if lost:
        raise NullKeyError(dataset.name, batch_id, lost)
    return number, keys


def _after(silver: DataFrame, events: Events, dataset: Dataset) -> Events:
    """The events of a batch after what silver has, which came before."""
    first = F.struct(F.lit(0).cast("bigint").alias("batch"), F.lit(0).cast("bigint").alias("row"))
    before = silver.withColumn(ARRIVED, first).select(*events.landed.columns)
    return Events(before.unionByName(events.landed), events.uncertain, events.snapshots)


def differences(wanted: DataFrame, silver: DataFrame, dataset: Dataset) -> DataFrame:
    """The rows to write, with `_old`; and the versions to remove (`_dropped`), which a late snapshot made repetitions.

    Not by the batch: a row that is delivered again stays as it is.
    """
    by = list(dataset.identity)
    old = silver.select(*by, F.struct(*silver.columns).alias(OLD))
    joined = wanted.withColumn(_WANTED, F.lit(True)).join(old, on=by, how="full")
    is_dropped = F.col(_WANTED).isNull()
    compared = [name for name in dataset.silver_column_names if name != BATCH_ID]
    news = F.struct(*compared), F.struct(*[F.col(f"{OLD}.{name}") for name in compared])
    changed = joined.where(is_dropped | F.col(OLD).isNull() | ~news[0].eqNullSafe(news[1]))
    values = [
        F.when(is_dropped, F.col(f"{OLD}.{name}")).otherwise(F.col(name)).alias(name)
        for name in dataset.silver_column_names
    ]
    return changed.select(*values, OLD, is_dropped.alias(DROPPED))


def _outcomes(changes: DataFrame, batch_id: int, rows: int, keys: int, dataset: Dataset) -> Outcomes:
    """missing: keys that become deleted, and whatever else changes that the batch does not hold itself."""
    names = (*dataset.column_names, DELETED)
    same = F.struct(*names).eqNullSafe(F.struct(*[F.col(f"{OLD}.{name}") for name in names]))
    is_new, is_said = F.col(OLD).isNull(), ~F.col(DROPPED) & (F.col(OLD).isNull() | ~same)
    own = is_said & ~F.col(DELETED) & (F.col(BATCH_ID) == batch_id)
    counts = {
        "inserted": F.count_if(own & is_new),
        "updated": F.count_if(own & ~is_new),
        "missing": F.count_if(is_said & F.col(DELETED)),
        "changes": F.count("*"),
    }
    found = changes.agg(*[count.alias(name) for name, count in counts.items()]).first()
    number = found.asDict() if found else dict.fromkeys(counts, 0)
    inserted, updated, missing = number["inserted"], number["updated"], number["missing"]
    if number["changes"] and not inserted + updated + missing:
        missing = number["changes"]
    return Outcomes(rows, keys, inserted, updated, unchanged=max(keys - inserted - updated, 0), missing=missing)
