"""Maintenance: reclusters partitions above the declared read amplification, vacuums, cleans up the Delta log.

One commit per table and run, so that a concurrent merge has to plan again once at most; maintenance itself gives up
after one retry and leaves the rest to the next run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from pyspark.sql import SparkSession

from lakehouse import log
from lakehouse.contracts.layers import OPS
from lakehouse.contracts.layout import LOG_DAYS, RETENTION_DAYS
from lakehouse.errors import UsageError
from lakehouse.lake.conflicts import conflict_of, when_free
from lakehouse.lake.delta_log import PROPERTIES, existing_table, open_table
from lakehouse.lake.files import list_files
from lakehouse.lake.log_files import begins_at
from lakehouse.lake.paths import LEDGERS, Lake, delta_name, for_spark
from lakehouse.lake.rewrite import Arrangement, Rewritten, rewrite_files
from lakehouse.lake.table_files import table_files
from lakehouse.layout.declared import BY_BATCH, DeclaredTable, appended_tables, describe, maintained_tables
from lakehouse.layout.files import clustered_at, columns_of, partition_label
from lakehouse.layout.grid import arranged
from lakehouse.layout.plan import Plan, plan_appended, plan_maintenance
from lakehouse.layout.recount import recount
from lakehouse.runtime.context import Context
from lakehouse.runtime.recording import did, timed

MAX_BYTES = 20 << 30
"""One run rewrites at most so much of each table, unless another limit is passed."""
TRIES = 2
DAY_MS = 24 * 3600 * 1000


class BoundError(UsageError):
    """The limit of bytes to rewrite is not a positive number."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(f"--max_bytes is '{given}'; it takes a number of bytes, at least 1.")


@dataclass(frozen=True)
class MaintenanceResult:
    """What maintenance did to one table.

    left: partitions left to the next run. gave_way: another writer committed first at each try.
    """

    table: str
    partitions: int = 0
    files_removed: int = 0
    files_added: int = 0
    bytes_removed: int = 0
    bytes_added: int = 0
    left: int = 0
    gave_way: bool = False
    described: bool = False
    vacuumed: int = 0
    log_cleaned: bool = False

    @property
    def did_something(self) -> bool:
        """True when the table or its folder changed."""
        return bool(self.files_removed or self.described or self.vacuumed or self.log_cleaned)


def maintain_lake(context: Context, max_bytes: int = MAX_BYTES) -> list[MaintenanceResult]:
    """Maintain every table of the lake; returns those that needed it. A second run changes nothing.

    At last the files of all of them are counted; raises FileCountError where one is not as the log says.
    """
    results, tables = [], [*maintained_tables(context), *appended_tables(context)]
    for table in tables:
        with log.about(domain=table.domain, dataset=table.name), timed(table.name):
            results.append(maintain_table(context, table, max_bytes))
    results += [maintain_ledger(context.lake, name) for name in sorted(LEDGERS)]
    recount(context, tables)
    return [result for result in results if result.did_something or result.left or result.gave_way]


def maintain_ledger(lake: Lake, name: str) -> MaintenanceResult:
    """Remove what the compaction of a table of `ops` left; its appends compact it, and clean up its log."""
    path, result = lake.ops(name), MaintenanceResult(f"{OPS}.{name}")
    opened = open_table(path)
    if opened is None:
        return result
    missing = {key: value for key, value in PROPERTIES.items() if opened.metadata().configuration.get(key) != value}
    if missing:
        when_free(path, lambda: existing_table(path).alter.set_table_properties(missing, raise_if_not_exists=False))
    obsolete = _obsolete(path, RETENTION_DAYS)
    if obsolete:
        existing_table(path).vacuum(RETENTION_DAYS * 24, dry_run=False, enforce_retention_duration=False)
    return replace(result, described=bool(missing), vacuumed=len(obsolete))


def maintain_table(context: Context, table: DeclaredTable, max_bytes: int = MAX_BYTES) -> MaintenanceResult:
    """Write properties, recluster, vacuum and clean up the log of one table, each only where it is needed."""
    opened = existing_table(table.path)
    result = MaintenanceResult(table.full_name, described=describe(context, table, opened))
    if tuple(opened.metadata().partition_columns) == table.layout.partition_by:
        result = cluster_table(context, table, result, max_bytes)
    else:
        log.warning("declared layout not applied", cure=f"lakehouse layout apply {table.full_name}")
    result = replace(result, vacuumed=_vacuum(context, table), log_cleaned=_clean_log(context, table))
    if result.did_something or result.left or result.gave_way:
        did(table.name, bytes_read=result.bytes_removed)
        log.info("maintained", **{name: value for name, value in vars(result).items() if name != "table"})
    return result


def cluster_table(
    context: Context, table: DeclaredTable, result: MaintenanceResult, max_bytes: int
) -> MaintenanceResult:
    """Plan and carry out; when another writer commits first, plan once more, then leave it to the next run."""
    for _ in range(TRIES):
        plan = plan_table(table, max_bytes)
        result = replace(result, left=len(plan.left))
        if not plan.tasks:
            return result
        done = carry_out(context.spark(), table, plan)
        if done is not None:
            return replace(
                result,
                partitions=len(plan.tasks),
                files_removed=done.files_removed,
                files_added=done.files_added,
                bytes_removed=done.bytes_removed,
                bytes_added=done.bytes_added,
            )
    log.warning("gave way to a writer", tries=TRIES, partitions=len(plan.tasks))
    return replace(result, gave_way=True, left=len(plan.tasks) + len(plan.left))


def plan_table(table: DeclaredTable, max_bytes: int = MAX_BYTES) -> Plan:
    """What should be rewritten now, from the table's log."""
    opened = existing_table(table.path)
    files = table_files(opened, columns_of(table.layout))
    if table.layout is BY_BATCH:
        return plan_appended(files, table.layout, max_bytes)
    clustered = clustered_at(table.path, {partition_label(file.partition) for file in files})
    return plan_maintenance(files, table.layout, clustered, max_bytes)


def carry_out(spark: SparkSession, table: DeclaredTable, plan: Plan) -> Rewritten | None:
    """Rewrite the plan's files in one commit; None when another writer committed first."""
    names = [file.name for task in plan.tasks for file in task.files]
    cells = {task.partition: task.cells for task in plan.tasks}
    # Late rows are of many days and all stores: split by days alone they add little to any day.
    compacted = [task.partition for task in plan.tasks if not task.whole]
    rows = sum(file.rows for task in plan.tasks for file in task.files)
    partitions = [partition_label(task.partition) for task in plan.tasks]
    whole = [partition_label(task.partition) for task in plan.tasks if task.whole]
    arrangement = Arrangement(
        lambda moved: arranged(moved, table.layout, cells, rows, compacted),
        table.layout.cluster_by,
        table.layout.write_settings,
    )
    try:
        return rewrite_files(spark, table.path, names, arrangement, partitions, whole)
    except Exception as error:
        if conflict_of(error) is None:
            raise
        return None


def _vacuum(context: Context, table: DeclaredTable) -> int:
    """Remove the files that no version within the retention needs; returns how many there were."""
    obsolete = _obsolete(table.path, table.retention_days)
    if obsolete:
        # With the table's own retention, which `describe` wrote, Delta asks for no confirmation.
        context.spark().sql(f"VACUUM {delta_name(table.path)}").collect()
    return len(obsolete)


def _obsolete(path: str, days: int) -> set[str]:
    opened = existing_table(path)
    # The log also names files that were deleted long ago; only those that still exist count.
    named = {unquote(name) for name in opened.vacuum(days * 24, dry_run=True, enforce_retention_duration=False)}
    return named & {file.path for file in list_files(path)} if named else named


def _clean_log(context: Context, table: DeclaredTable) -> bool:
    """Checkpoint a log whose first commits are older than its retention; Delta then deletes them."""
    expired = time.time() * 1000 - (max(table.retention_days, LOG_DAYS) + 1) * DAY_MS
    oldest = begins_at(table.path)
    if oldest is None or oldest[0] == existing_table(table.path).version() or oldest[1] >= expired:
        return False
    spark = context.spark()
    jvm: Any = spark._jvm
    delta_log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, for_spark(table.path))
    nothing = jvm.scala.Option.empty()
    delta_log.checkpoint(delta_log.update(False, nothing, nothing), nothing)
    return True
