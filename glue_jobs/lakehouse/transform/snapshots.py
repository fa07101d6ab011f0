"""The law of snapshots: what silver has where each file is all there is. Pure DataFrame → DataFrame functions.

Rows and snapshots have a place: the time that they say, where the contract names one, then the batch in which they
came. A key is deleted by the first snapshot after its last row of which it is certain that it lacks the key.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import ARRIVED, BATCH_ID, DELETED_COLUMN
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.outcomes import with_dates, with_validity

DELETED = DELETED_COLUMN.name
_CAME, _PLACE, _SNAPSHOTS, _GONE, _UNCERTAIN = "_came", "_place", "_snapshots", "_gone", "_uncertain"


@dataclass(frozen=True)
class Events:
    """What happened to the keys of a dataset.

    landed: the rows that passed, with `_batch_id`, `_arrived` and whether they are deleted already. uncertain: key and
    batch of rows in quarantine. snapshots: those that delete what they lack, by sequence and `_batch_id`.
    """

    landed: DataFrame
    uncertain: DataFrame
    snapshots: DataFrame


@dataclass(frozen=True)
class Delivered:
    """What the merge of a batch needs of bronze, read when it is asked for.

    is_next: whether the batch comes after all that silver has. of_batch, of_all: the events of the batch alone, and of
    every batch that silver has once it is merged.
    """

    is_next: Callable[[], bool]
    of_batch: Callable[[], Events]
    of_all: Callable[[], Events]


def deleting(spark: SparkSession, keys: DataFrame, whole: Collection[int], dataset: Dataset) -> DataFrame:
    """The snapshots that delete what they lack: each row has a key, and all have one time where a column says it.

    keys: what the files delivered. whole: the batches that are files of which every row could be read; one without any
    row is a snapshot too, unless a time is wanted of it.
    """
    times = dataset.sequence_by
    nulls = reduce(lambda a, b: a | b, [F.col(name).isNull() for name in (*dataset.key, *times)])
    ends = [end for name in times for end in (F.min(name).alias(name), F.max(name).alias(f"_last_{name}"))]
    found = keys.groupBy(BATCH_ID).agg(F.count_if(nulls).alias("_nulls"), *ends)
    listed = ", ".join(f"{batch}L" for batch in sorted(whole))
    ids = f"SELECT explode(array({listed})) AS {BATCH_ID}" if whole else f"SELECT 0L AS {BATCH_ID} WHERE false"
    found = spark.sql(ids).join(found, on=BATCH_ID, how="left").where(F.coalesce("_nulls", F.lit(0)) == 0)
    for name in times:
        found = found.where(F.col(name) == F.col(f"_last_{name}"))
    return found.select(*times, BATCH_ID)


def silver_of_snapshots(events: Events, dataset: Dataset) -> DataFrame:
    """Events → silver: the last row of each key, or its versions where the contract asks for them."""
    rows = _with_end(_last_at_each_time(events.landed, dataset), events, dataset)
    if dataset.merge_strategy is MergeStrategy.SCD2:
        return with_validity(_versions(rows, dataset), dataset).select(*dataset.silver_column_names)
    last = F.max_by(F.struct(*rows.columns), F.col(_PLACE)).alias("_row")
    rows = rows.groupBy(*dataset.key).agg(last).select("_row.*")
    ends = ~F.col(DELETED) & F.col(_GONE).isNotNull()
    batch = F.when(ends, F.col(_GONE)[_CAME]).otherwise(F.col(BATCH_ID))
    rows = rows.withColumns({BATCH_ID: batch, DELETED: F.col(DELETED) | ends})
    rows = with_dates(rows.select(*dataset.content_names, DELETED, BATCH_ID), dataset, F.col(BATCH_ID))
    return rows.select(*dataset.silver_column_names)


def _last_at_each_time(landed: DataFrame, dataset: Dataset) -> DataFrame:
    """Of each key and time the row that arrived last, with its place."""
    by = (*dataset.key, *(name for name in dataset.sequence_by if name not in dataset.key))
    rest = [*(name for name in dataset.content_names if name not in by), BATCH_ID, DELETED]
    came = F.col(ARRIVED)["batch"].alias(_CAME)
    last = F.max_by(F.struct(*rest, came), F.col(ARRIVED)).alias("_row")
    return landed.groupBy(*by).agg(last).select(*by, "_row.*").withColumn(_PLACE, _place(dataset, F.col(_CAME)))


def _place(dataset: Dataset, came: SparkColumn) -> SparkColumn:
    times = [F.col(name).alias(f"_at_{number}") for number, name in enumerate(dataset.sequence_by)]
    return F.struct(*times, came.cast("bigint").alias(_CAME))


def _with_end(rows: DataFrame, events: Events, dataset: Dataset) -> DataFrame:
    """Add `_gone`: the place of the first snapshot after a row that certainly lacks its key."""
    places = events.snapshots.agg(F.array_sort(F.collect_list(_place(dataset, F.col(BATCH_ID)))).alias(_SNAPSHOTS))
    uncertain = events.uncertain.groupBy(*dataset.key).agg(F.collect_set(BATCH_ID).alias(_UNCERTAIN))
    rows = rows.join(uncertain, on=list(dataset.key), how="left").crossJoin(F.broadcast(places))

    def lacks(snapshot: SparkColumn) -> SparkColumn:
        may_have = F.coalesce(F.array_contains(F.col(_UNCERTAIN), snapshot[_CAME]), F.lit(False))
        return (snapshot > F.col(_PLACE)) & ~may_have

    return rows.withColumn(_GONE, F.get(F.filter(_SNAPSHOTS, lacks), F.lit(0))).drop(_SNAPSHOTS, _UNCERTAIN)


def _versions(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows and the ends of their keys as versions, without those that only say again what was before."""
    times = dataset.sequence_by
    following = F.lead(_PLACE).over(Window.partitionBy(*dataset.key).orderBy(_PLACE))
    gone = F.col(_GONE)
    ends = rows.withColumn("_following", following).where(
        gone.isNotNull() & ~F.col(DELETED) & (F.col("_following").isNull() | (gone < F.col("_following")))
    )
    said = {name: gone[f"_at_{number}"] for number, name in enumerate(times)}
    ends = ends.withColumns({**said, _CAME: gone[_CAME], BATCH_ID: gone[_CAME], DELETED: F.lit(True)})
    names = [*dataset.column_names, BATCH_ID, DELETED, _CAME]
    both = rows.select(*names).unionByName(ends.select(*names))
    last = Window.partitionBy(*dataset.key, *times).orderBy(F.col(_CAME).desc())
    both = both.withColumn("_rank", F.row_number().over(last)).where(F.col("_rank") == 1)
    content = F.struct(*[name for name in dataset.column_names if name not in times], DELETED)
    before = F.lag(content).over(Window.partitionBy(*dataset.key).orderBy(*times))
    new = both.withColumns({"_content": content, "_before": before}).where(
        ~F.col("_content").eqNullSafe(F.col("_before"))
    )
    return new.select(*dataset.column_names, DELETED, BATCH_ID)
