"""The one function that writes silver: merges a judged batch by the kind its contract declares, exactly once.

The batch is first compared with what silver has; only rows that are news reach the MERGE, which reads the partitions
that hold their old copies. The commit carries the batch (txnAppId, txnVersion) and what it touched (userMetadata).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import log, tables
from lakehouse.batches import MERGE
from lakehouse.contract import Dataset
from lakehouse.delta_log import commits_since
from lakehouse.lake import for_spark
from lakehouse.merge_plan import Fates, MergePlan, plan_merge
from lakehouse.newest import OLD, identity


@dataclass(frozen=True)
class MergeResult(Fates):
    """What a merge did: rows by fate, the version it made, and Delta's own counts of files."""

    dataset: str
    batch_id: int
    version: int
    files_added: int
    files_removed: int
    seconds: float

    @property
    def superseded(self) -> int:
        """Rows that a newer one of their own batch stands for."""
        return self.rows - self.keys

    @property
    def ignored(self) -> int:
        """Rows that told silver nothing: superseded in their batch, unchanged or stale."""
        return self.rows - self.news


def merge_batch(spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str) -> MergeResult:
    """Merge the good rows of a batch (the contract's columns) into the silver table at a path."""
    start = time.monotonic()
    plan = plan_merge(spark, dataset, rows, batch_id, path)
    try:
        if plan.replaces:
            _merge(spark, plan, path)
        else:
            _append(plan, path)
    finally:
        plan.release()
    result = _result(plan, path, time.monotonic() - start)
    log.info("merged", **{name: value for name, value in vars(result).items() if name not in ("dataset", "batch_id")})
    return result


def _append(plan: MergePlan, path: str) -> None:
    """New rows alone need no MERGE; a batch without news still records that it was seen."""
    rows = plan.changes.select(*[tables.described(column) for column in plan.dataset.silver_columns])
    partition_by = plan.dataset.partition_by
    tables.append(_clustered(rows, plan.dataset), path, MERGE, plan.batch_id, partition_by, plan.metadata)


def _clustered(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows of one partition together and in the order of the cluster columns: one sorted file per partition."""
    together = rows.repartition(*dataset.partition_by) if dataset.partition_by else rows.coalesce(1)
    return together.sortWithinPartitions(*dataset.partition_by, *dataset.cluster_by)


def _merge(spark: SparkSession, plan: MergePlan, path: str) -> None:
    """Replace old rows and add new ones in one commit; a row that changes its partition moves in that commit."""
    dataset = plan.dataset
    columns = [column.name for column in dataset.silver_columns]
    old_partitions = [F.col(f"{OLD}.{name}").alias(f"_old_{name}") for name in dataset.partition_by]
    source = plan.changes.select(*columns, F.col(OLD).isNotNull().alias("_known"), *old_partitions)
    source.createOrReplaceTempView("merge_source")
    on = ["s._known", *[f"t.`{name}` <=> s.`{name}`" for name in identity(dataset)]]
    on += [f"t.`{name}` = s.`_old_{name}`" for name in dataset.partition_by]
    on += partition_literals(plan)
    pairs = ", ".join(f"t.`{name}` = s.`{name}`" for name in columns)
    names, values = ", ".join(f"`{name}`" for name in columns), ", ".join(f"s.`{name}`" for name in columns)
    with tables.session_settings(spark, _commit_identity(plan)):
        spark.sql(
            f"MERGE INTO delta.`{for_spark(path)}` t USING merge_source s ON {' AND '.join(on)} "
            f"WHEN MATCHED THEN UPDATE SET {pairs} "
            f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
        ).collect()


def partition_literals(plan: MergePlan) -> list[str]:
    """The partitions that hold old copies, as literals: Delta prunes a MERGE's target by nothing else."""
    literals: list[str] = []
    for name in plan.dataset.partition_by:
        values = sorted({partition[name] for partition in plan.old_partitions})
        quoted = ", ".join("'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in values)
        literals.append(f"t.`{name}` IN ({quoted})")
    return literals


def _commit_identity(plan: MergePlan) -> dict[str, str]:
    """The batch and what it touches, for the commit to carry."""
    return {
        "spark.databricks.delta.write.txnAppId": MERGE,
        "spark.databricks.delta.write.txnVersion": str(plan.batch_id),
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(plan.metadata),
    }


def _result(plan: MergePlan, path: str, seconds: float) -> MergeResult:
    own = _own_commit(plan, path)
    metrics = own.get("operationMetrics", {})
    return MergeResult(
        **vars(plan.fates),
        dataset=plan.dataset.name,
        batch_id=plan.batch_id,
        version=own["version"],
        # An append of no rows reports a file that its commit does not add.
        files_added=int(metrics.get("numTargetFilesAdded", metrics.get("numFiles", 0))) if plan.fates.news else 0,
        files_removed=int(metrics.get("numTargetFilesRemoved", 0)),
        seconds=round(seconds, 3),
    )


def _own_commit(plan: MergePlan, path: str) -> dict[str, Any]:
    """The commit that carries the plan's batch, whatever a rival committed since."""
    for commit in commits_since(path, plan.version):
        if (commit["lakehouse"] or {}).get("batch_id") == plan.batch_id:
            return commit
    return {"version": plan.version}
