"""The one function that writes silver: merges a judged batch by the kind its contract declares, exactly once.

The batch is first compared with what silver has; only rows that are news reach the MERGE, which reads the partitions
that hold their old copies. The commit carries the batch (txnAppId, txnVersion) and what it touched (userMetadata).
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse import log, tables
from lakehouse.batches import MERGE
from lakehouse.contract import Dataset, Kind
from lakehouse.delta_log import commits_since, table_version
from lakehouse.errors import LakehouseError
from lakehouse.lake import for_spark
from lakehouse.newest import (
    DELETED, FATE, INSERTED, MOVED, NEWS, OLD, STALE, UNCHANGED, UPDATED, identity, newest_per_key, with_dates,
    with_fate, with_validity,
)  # fmt: skip


class NullKeyError(LakehouseError):
    """A row without a key reached the merge; validate should have quarantined it."""

    def __init__(self, dataset: str, batch_id: int, rows: int) -> None:
        self.dataset, self.batch_id, self.rows = dataset, batch_id, rows
        super().__init__(
            f"{dataset}: batch {batch_id} has {rows} rows whose key or sequence is null, which no merge can place; "
            f"add a not-null expectation to great_expectations/expectations/{dataset}.json."
        )


@dataclass(frozen=True)
class MergeResult:
    """What a merge did: rows by fate, the version it made, and Delta's own counts of files."""

    dataset: str
    batch_id: int
    rows: int
    inserted: int
    updated: int
    deleted: int
    moved: int
    unchanged: int
    stale: int
    superseded: int
    version: int
    files_added: int
    files_removed: int
    seconds: float

    @property
    def news(self) -> int:
        """Rows that told silver something new."""
        return self.inserted + self.updated + self.deleted

    @property
    def ignored(self) -> int:
        """Rows that told silver nothing: superseded in their batch, unchanged or stale."""
        return self.rows - self.news


def merge_batch(spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str) -> MergeResult:
    """Merge the good rows of a batch (the contract's columns) into the silver table at a path."""
    start, before = time.monotonic(), table_version(path)
    news = with_dates(newest_per_key(rows, dataset), dataset, batch_id)
    judged = with_fate(news, _silver(spark, dataset, path, before), dataset).persist()
    try:
        counts = _counts(rows, judged, dataset)
        if counts["null_keys"]:
            raise NullKeyError(dataset.name, batch_id, counts["null_keys"])
        changes = _changes(spark, judged, dataset, path, before)
        metadata = _metadata(dataset, batch_id, counts, changes)
        _write(spark, dataset, changes, batch_id, path, before, metadata)
    finally:
        judged.unpersist()
    result = _result(dataset, batch_id, counts, path, before, time.monotonic() - start)
    log.info("merged", **{name: value for name, value in vars(result).items() if name not in ("dataset", "batch_id")})
    return result


def _silver(spark: SparkSession, dataset: Dataset, path: str, version: int) -> DataFrame:
    """The silver table, or an empty one of its schema."""
    if version >= 0:
        return tables.read(spark, path)
    columns = ", ".join(f"`{column.name}` {column.spark_type}" for column in dataset.silver_columns)
    return spark.createDataFrame([], columns)


def _counts(rows: DataFrame, judged: DataFrame, dataset: Dataset) -> dict[str, Any]:
    """Rows by fate and the (dt, store_id) pairs touched, in one pass over the batch."""
    fates = [F.count_if(F.col(FATE) == fate).alias(fate) for fate in (*NEWS, UNCHANGED, STALE)]
    no_key = F.lit(False)
    for name in (*dataset.key, dataset.sequence):
        no_key = no_key | F.col(name).isNull()
    counted = judged.agg(
        *fates, F.count_if(MOVED).alias("moved"), F.count_if(no_key).alias("null_keys"), F.count("*").alias("keys"),
        F.collect_set(F.when(F.col(FATE).isin(*NEWS), _pair(dataset, ""))).alias("new_pairs"),
        F.collect_set(F.when(F.col(FATE).isin(*NEWS) & F.col(OLD).isNotNull(), _pair(dataset, f"{OLD}."))).alias("old_pairs"),
        F.collect_set(F.when(F.col(FATE).isin(*NEWS) & F.col(OLD).isNotNull(), _partition(dataset))).alias("partitions"),
    ).first()  # fmt: skip
    assert counted is not None  # an aggregate without groups has one row
    return {**counted.asDict(recursive=False), "rows": rows.count()}


def _pair(dataset: Dataset, prefix: str) -> Any:
    names = [c.name for c in dataset.silver_columns if c.name in ("dt", "store_id")]
    return F.struct(*[F.col(f"{prefix}{name}").cast("string").alias(name) for name in names or dataset.key[:1]])


def _partition(dataset: Dataset) -> Any:
    names = dataset.partition_by or dataset.key[:1]
    return F.struct(*[F.col(f"{OLD}.{name}").alias(name) for name in names])


def _changes(spark: SparkSession, judged: DataFrame, dataset: Dataset, path: str, version: int) -> DataFrame:
    """The rows that the table must take, with `_old`: null for a new row."""
    news = judged.where(F.col(FATE).isin(*NEWS))
    if dataset.kind is not Kind.HISTORY:
        return news.select(*[c.name for c in dataset.silver_columns], OLD)
    versions = news.select(*dataset.column_names, "_batch_id", OLD)
    silver = _silver(spark, dataset, path, version)
    touched = news.select(*dataset.key).distinct()
    kept = silver.join(touched, on=list(dataset.key), how="left_semi")
    kept = kept.select(*dataset.column_names, "_batch_id", F.struct(*silver.columns).alias(OLD))
    renewed = with_validity(versions.unionByName(kept), dataset)
    moved = ~F.col("valid_to").eqNullSafe(F.col(f"{OLD}.valid_to"))
    return renewed.where(F.col(OLD).isNull() | moved).select(*[c.name for c in dataset.silver_columns], OLD)


def _metadata(dataset: Dataset, batch_id: int, counts: Mapping[str, Any], changes: DataFrame) -> dict[str, Any]:
    """What the commit says of itself, for the marts and for the accounts."""
    fates = {name: counts[name] for name in ("rows", "keys", *NEWS, "moved", UNCHANGED, STALE)}
    return {"dataset": dataset.name, "batch_id": batch_id, "counts": fates, "touched": _touched(dataset, counts, changes)}


def _touched(dataset: Dataset, counts: Mapping[str, Any], changes: DataFrame) -> Any:
    """Store ids by day for dated rows; for a history the keys with the time in which their value changed."""
    if dataset.kind is Kind.HISTORY:
        inserted = changes.where(F.col(OLD).isNull()).select(*dataset.key, "valid_from", "valid_to")
        times = [F.date_format(name, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").alias(name) for name in ("valid_from", "valid_to")]
        return [row.asDict() for row in inserted.select(*dataset.key, *times).collect()]
    days: dict[str, list[str]] = {}
    for pair in {*map(_flat, counts["new_pairs"]), *map(_flat, counts["old_pairs"])}:
        days.setdefault(pair[0], []).extend(pair[1:])
    return {day: sorted(stores) for day, stores in sorted(days.items())}


def _flat(row: Row) -> tuple[str, ...]:
    fields = row.asDict()
    return tuple(fields[name] for name in ("dt", "store_id") if name in fields) or tuple(row)


def _write(
    spark: SparkSession,
    dataset: Dataset,
    changes: DataFrame,
    batch_id: int,
    path: str,
    before: int,
    metadata: Mapping[str, Any],
) -> None:
    counts = metadata["counts"]
    if before < 0 or counts[INSERTED] + counts[UPDATED] + counts[DELETED] == 0 or not _has_old(dataset, changes, counts):
        rows = changes.select(*[tables.described(column) for column in dataset.silver_columns])
        tables.append(_clustered(rows, dataset), path, MERGE, batch_id, dataset.partition_by, metadata)
        return
    with _commit_settings(spark, batch_id, metadata):
        _merge_statement(spark, dataset, changes, path)


def _has_old(dataset: Dataset, changes: DataFrame, counts: Mapping[str, int]) -> bool:
    """Whether rows of the table change; without any, an append does what a MERGE would."""
    if dataset.kind is Kind.HISTORY:
        return not changes.where(F.col(OLD).isNotNull()).isEmpty()
    return counts[UPDATED] + counts[DELETED] > 0


def _clustered(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows of one partition together and in the order of the cluster columns: one sorted file per partition."""
    if dataset.partition_by:
        rows = rows.repartition(*dataset.partition_by)
    else:
        rows = rows.coalesce(1)
    return rows.sortWithinPartitions(*dataset.partition_by, *dataset.cluster_by)


def _merge_statement(spark: SparkSession, dataset: Dataset, changes: DataFrame, path: str) -> None:
    columns = [column.name for column in dataset.silver_columns]
    where = [F.col(f"{OLD}.{name}").alias(f"_old_{name}") for name in dataset.partition_by]
    source = changes.select(*columns, F.col(OLD).isNotNull().alias("_known"), *where)
    source.createOrReplaceTempView("merge_source")
    on = [f"t.`{name}` <=> s.`{name}`" for name in identity(dataset)]
    on += [f"t.`{name}` = s.`_old_{name}`" for name in dataset.partition_by]
    on += ["s._known", *_partition_literals(source, dataset)]
    pairs = ", ".join(f"t.`{name}` = s.`{name}`" for name in columns)
    names = ", ".join(f"`{name}`" for name in columns)
    values = ", ".join(f"s.`{name}`" for name in columns)
    spark.sql(
        f"MERGE INTO delta.`{for_spark(path)}` t USING merge_source s ON {' AND '.join(on)} "
        f"WHEN MATCHED THEN UPDATE SET {pairs} "
        f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
    ).collect()


def _partition_literals(source: DataFrame, dataset: Dataset) -> list[str]:
    """The partitions that hold old copies, as literals: Delta prunes a MERGE's target by nothing else."""
    literals: list[str] = []
    for name in dataset.partition_by:
        rows = source.where("_known").select(F.col(f"_old_{name}").cast("string")).distinct().collect()
        literals.append(f"t.`{name}` IN ({', '.join(repr(row[0]) for row in sorted(rows))})")
    return literals


@contextlib.contextmanager
def _commit_settings(spark: SparkSession, batch_id: int, metadata: Mapping[str, Any]) -> Iterator[None]:
    """Give one statement its identity; left on, it would silently skip every other statement on the table."""
    settings = {
        "spark.databricks.delta.write.txnAppId": MERGE,
        "spark.databricks.delta.write.txnVersion": str(batch_id),
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata),
    }
    try:
        for name, value in settings.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name in settings:
            spark.conf.unset(name)


def _result(
    dataset: Dataset, batch_id: int, counts: Mapping[str, Any], path: str, before: int, seconds: float
) -> MergeResult:
    commits = commits_since(path, before)
    metrics = commits[-1].get("operationMetrics", {}) if commits else {}
    added = metrics.get("numTargetFilesAdded", metrics.get("numFiles", 0))
    return MergeResult(
        dataset=dataset.name,
        batch_id=batch_id,
        **{name: counts[name] for name in ("rows", *NEWS, "moved", UNCHANGED, STALE)},
        superseded=counts["rows"] - counts["keys"],
        version=commits[-1]["version"] if commits else before,
        files_added=int(added),
        files_removed=int(metrics.get("numTargetFilesRemoved", 0)),
        seconds=round(seconds, 3),
    )
