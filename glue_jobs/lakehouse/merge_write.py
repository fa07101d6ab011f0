"""Writes what a plan found in one commit: an append where rows are only added, else a MERGE of the differences.

The MERGE reads the partitions and key ranges that hold the replaced rows. The commit carries the batch (txnAppId,
txnVersion) and what it touched (userMetadata).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import tables
from lakehouse.batches import MERGE
from lakehouse.contract import Dataset, MergeMode
from lakehouse.first_write import clustered
from lakehouse.lake import for_spark
from lakehouse.layout import retention_properties
from lakehouse.merge_plan import MergePlan
from lakehouse.newest import OLD, identity
from lakehouse.quarantine import BATCH_ID
from lakehouse.reach import partition_predicates


def write_plan(spark: SparkSession, plan: MergePlan, path: str, number: int, token: str) -> None:
    """Carry a plan out in one commit; new rows alone need no MERGE, and without news the batch is still recorded.

    number: the turn under which the batch is committed, so that it is committed once.
    """
    metadata = {**plan.metadata, "number": number, "token": token}
    if plan.replaces:
        _merge(spark, plan, path, number, metadata)
    else:
        _append(spark, plan, path, number, metadata)


def _append(spark: SparkSession, plan: MergePlan, path: str, number: int, metadata: Mapping[str, Any]) -> None:
    rows = plan.changes.drop(OLD)
    if plan.version >= 0 and plan.fates.news:
        rows = rows.unionByName(_watch(spark, plan, path))
    rows = rows.select(*[tables.described(column) for column in plan.dataset.silver_columns])
    properties, layout = table_properties(plan.dataset), plan.dataset.layout
    rows = clustered(rows, layout, plan.fates.news, plan.read.bytes_per_row)
    with tables.session_settings(spark, layout.write_settings):
        tables.append(rows, path, MERGE, number, layout.partition_by, metadata, properties)


def table_properties(dataset: Dataset) -> dict[str, str]:
    """What a new silver table says of itself."""
    marks_rows = dataset.merge_mode is MergeMode.DELETION_VECTORS
    kept = retention_properties(dataset.retention_days)
    return {
        "delta.enableDeletionVectors": str(marks_rows).lower(),
        **tables.bounds_of(*dataset.bounded_columns),
        **kept,
    }


def _merge(spark: SparkSession, plan: MergePlan, path: str, number: int, metadata: Mapping[str, Any]) -> None:
    """Replace old rows and add new ones in one commit; a row that changes its partition moves in that commit."""
    dataset = plan.dataset
    columns = dataset.silver_column_names
    known = F.col(OLD).isNotNull().alias("_known")
    old_partition = [F.col(f"{OLD}.{name}").alias(f"_old_{name}") for name in dataset.partition_by]
    source = plan.changes.select(*columns, known, *old_partition)
    source = source.unionByName(_watch(spark, plan, path), allowMissingColumns=True)
    source.createOrReplaceTempView("merge_source")
    pairs = ", ".join(f"t.`{name}` = s.`{name}`" for name in columns)
    names, values = ", ".join(f"`{name}`" for name in columns), ", ".join(f"s.`{name}`" for name in columns)
    settings = {
        # The changes are computed and kept already; Delta need not copy them to be sure that they stay the same.
        "spark.databricks.delta.merge.materializeSource": "none",
        "spark.databricks.delta.write.txnAppId": MERGE,
        "spark.databricks.delta.write.txnVersion": str(number),
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata),
        **dataset.layout.write_settings,
    }
    with tables.session_settings(spark, settings):
        spark.sql(
            f"MERGE INTO delta.`{for_spark(path)}` t USING merge_source s ON {' AND '.join(match_conditions(plan))} "
            f"WHEN MATCHED THEN UPDATE SET {pairs} "
            f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
        ).collect()


def match_conditions(plan: MergePlan) -> list[str]:
    """When a row of silver is the one that a change replaces.

    Delta prunes a MERGE's target by literal predicates alone, so partitions and key ranges stand as literals.
    """
    found = ["s._known", *[f"t.`{name}` = s.`{name}`" for name in identity(plan.dataset)]]
    found += [f"t.`{name}` <=> s.`_old_{name}`" for name in plan.dataset.partition_by]
    return found + plan.replaced.predicates("t.")


def _watch(spark: SparkSession, plan: MergePlan, path: str) -> DataFrame:
    """No rows, by a scan of silver that statistics answer without opening a file.

    Within a transaction Delta notes what was scanned: here every partition in which a key of the batch could appear.
    A rival that adds rows there before our commit is thus a conflict, though the MERGE itself reads far less.
    """
    scan = tables.read(spark, path).where(F.col(BATCH_ID) < 0)
    if not plan.dataset.may_move:
        for predicate in partition_predicates(plan.dataset, plan.partitions, plan.partitions):
            scan = scan.where(predicate)
    return scan.select(*plan.dataset.silver_column_names)
