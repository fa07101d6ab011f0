"""Writes what a plan found in one commit, which carries the batch (txnAppId, txnVersion) and what it touched.

Rows that replace none are appended. Where every partition that loses a row is one file, those partitions are written
anew; elsewhere a MERGE finds the files, within the partitions and key ranges that hold the replaced rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.lake import tables
from lakehouse.lake.batches import MERGE
from lakehouse.lake.paths import for_spark
from lakehouse.layout.first_write import clustered
from lakehouse.transform.candidate_files import partition_predicates
from lakehouse.transform.merge_plan import MergePlan, small
from lakehouse.transform.outcomes import OLD, identity


def write_plan(spark: SparkSession, plan: MergePlan, path: str, number: int, token: str) -> None:
    """Carry a plan out in one commit; without news the batch is still recorded.

    number: the turn under which the batch is committed, so that it is committed once.
    """
    metadata = {**plan.metadata, "number": number, "token": token}
    if plan.replaces and not plan.replaces_whole_partitions:
        _merge(spark, plan, path, number, metadata)
    else:
        _write(spark, plan, path, number, metadata)


def _write(spark: SparkSession, plan: MergePlan, path: str, number: int, metadata: Mapping[str, Any]) -> None:
    """Write the new rows and, where some replace old ones, what else the partitions of those hold, in their place."""
    dataset, layout = plan.dataset, plan.dataset.layout
    count = plan.fates.news
    rows = plan.changes.drop(OLD) if count else tables.empty(spark, dataset.silver_columns)
    if plan.version >= 0 and count:
        rows = rows.unionByName(_watch(spark, plan, path))
    in_place_of, settings = None, layout.write_settings
    if plan.replaces:
        in_place_of = " AND ".join(plan.replaced.partition_predicates())
        rows = rows.unionByName(_kept(spark, plan, path, in_place_of))
        count += sum(file.rows for file in plan.replaced.files)
        # New rows may belong to partitions that lose none.
        settings = {**settings, "spark.databricks.delta.replaceWhere.constraintCheck.enabled": "false"}
    rows = rows.select(*[tables.described(column) for column in dataset.silver_columns])
    rows = clustered(rows, layout, count, plan.read.bytes_per_row)
    properties = dataset.table_properties
    with tables.session_settings(spark, settings):
        tables.append(rows, path, MERGE, number, layout.partition_by, metadata, properties, in_place_of=in_place_of)


def _kept(spark: SparkSession, plan: MergePlan, path: str, where: str) -> DataFrame:
    """The rows of some partitions that the plan does not replace."""
    names = identity(plan.dataset)
    replaced = plan.changes.where(F.col(OLD).isNotNull()).select(*[F.col(f"{OLD}.{name}") for name in names])
    silver = tables.read(spark, path).where(where).select(*plan.dataset.silver_column_names)
    return silver.join(small(replaced, plan.fates.keys), on=list(names), how="left_anti").select(*silver.columns)


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
