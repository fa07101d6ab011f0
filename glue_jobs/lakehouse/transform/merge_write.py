"""Writes the rows of a merge plan in one commit, which records the batch (txnAppId, txnVersion) and what it touched.

Rows that replace none are appended. Where every partition that loses a row is one file, those partitions are
overwritten; otherwise a MERGE replaces the rows, pruned to the partitions and key ranges that contain them.
"""

from __future__ import annotations

import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.lake import tables
from lakehouse.lake.batches import MERGE
from lakehouse.lake.delta_log import Commit
from lakehouse.lake.paths import delta_name
from lakehouse.layout.first_write import clustered
from lakehouse.transform.candidate_files import partition_predicates
from lakehouse.transform.merge_plan import small
from lakehouse.transform.outcomes import OLD
from lakehouse.transform.planned_merge import DROPPED, MergePlan


def write_plan(spark: SparkSession, plan: MergePlan, path: str, number: int, token: str) -> None:
    """Write a plan in one commit; a batch without new or changed rows is recorded by a commit without rows.

    number: the transaction version of the batch, with which Delta commits it once only.
    """
    commit = Commit(MERGE, number, {**plan.metadata, "number": number, "token": token})
    if plan.replaces and not plan.replaces_whole_partitions:
        _merge(spark, plan, path, commit)
    else:
        _write(spark, plan, path, commit)


def _write(spark: SparkSession, plan: MergePlan, path: str, commit: Commit) -> None:
    """Append the new rows; where some replace old ones, overwrite their partitions with all rows that stay."""
    dataset, layout = plan.dataset, plan.dataset.layout
    count = plan.outcomes.news
    rows = _staying(plan).drop(OLD, DROPPED) if count else tables.empty(spark, dataset.silver_columns)
    if plan.version >= 0 and count:
        rows = rows.unionByName(_conflict_scan(spark, plan, path))
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
        tables.append(rows, path, commit, layout.partition_by, properties, in_place_of=in_place_of)


def _staying(plan: MergePlan) -> DataFrame:
    """The changes that silver has afterwards."""
    return plan.changes.where(~F.col(DROPPED)) if DROPPED in plan.changes.columns else plan.changes


def _kept(spark: SparkSession, plan: MergePlan, path: str, where: str) -> DataFrame:
    """The rows of some partitions that the plan does not replace."""
    names = plan.dataset.identity
    replaced = plan.changes.where(F.col(OLD).isNotNull()).select(*[F.col(f"{OLD}.{name}") for name in names])
    silver = tables.read(spark, path).where(where).select(*plan.dataset.silver_column_names)
    return silver.join(
        small(replaced, plan.outcomes.keys + plan.outcomes.missing), on=list(names), how="left_anti"
    ).select(*silver.columns)


def _merge(spark: SparkSession, plan: MergePlan, path: str, commit: Commit) -> None:
    """Replace old rows and add new ones in one commit; a row that changes its partition moves in that commit."""
    dataset = plan.dataset
    columns = dataset.silver_column_names
    known = F.col(OLD).isNotNull().alias("_known")
    old_partition = [F.col(f"{OLD}.{name}").alias(f"_old_{name}") for name in dataset.partition_by]
    dropped = (F.col(DROPPED) if DROPPED in plan.changes.columns else F.lit(False)).alias("_goes")
    source = plan.changes.select(*columns, known, dropped, *old_partition)
    source = source.unionByName(_conflict_scan(spark, plan, path), allowMissingColumns=True)
    source.createOrReplaceTempView("merge_source")
    pairs = ", ".join(f"t.`{name}` = s.`{name}`" for name in columns)
    names, values = ", ".join(f"`{name}`" for name in columns), ", ".join(f"s.`{name}`" for name in columns)
    settings = {
        # The changes are checkpointed already, so Delta need not materialize them to read the same rows twice.
        "spark.databricks.delta.merge.materializeSource": "none",
        "spark.databricks.delta.write.txnAppId": commit.app_id,
        "spark.databricks.delta.write.txnVersion": str(commit.version),
        tables.USER_METADATA: json.dumps(commit.metadata),
        **dataset.layout.write_settings,
    }
    with tables.session_settings(spark, settings):
        spark.sql(
            f"MERGE INTO {delta_name(path)} t USING merge_source s ON {' AND '.join(match_conditions(plan))} "
            f"WHEN MATCHED AND s._goes THEN DELETE "
            f"WHEN MATCHED THEN UPDATE SET {pairs} "
            f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
        ).collect()


def match_conditions(plan: MergePlan) -> list[str]:
    """The conditions under which a row of silver is the one that a change replaces.

    Delta prunes the target of a MERGE by predicates with literals only, so partitions and key ranges are literals.
    """
    conditions = ["s._known", *[f"t.`{name}` = s.`{name}`" for name in plan.dataset.identity]]
    conditions += [f"t.`{name}` <=> s.`_old_{name}`" for name in plan.dataset.partition_by]
    return conditions + plan.replaced.predicates("t.")


def _conflict_scan(spark: SparkSession, plan: MergePlan, path: str) -> DataFrame:
    """No rows, from a scan of silver that statistics answer without opening a file.

    Delta's transaction records what was scanned: here every partition in which a key of the batch could appear. So a
    concurrent writer that adds rows there before our commit is a conflict, although the MERGE itself reads far less.
    """
    scan = tables.read(spark, path).where(F.col(BATCH_ID) < 0)
    if plan.dataset.partition_is_stable:
        for predicate in partition_predicates(plan.dataset, plan.partitions, plan.partitions):
            scan = scan.where(predicate)
    return scan.select(*plan.dataset.silver_column_names)
