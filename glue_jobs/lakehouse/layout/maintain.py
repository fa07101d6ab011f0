"""Maintenance: rewrites the few files whose layout fell below what is declared, then drops what no reader needs.

One commit a table and run, so that a merge beside it plans again once at most; it gives way itself after one retry.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from pyspark.sql import SparkSession

from lakehouse import log
from lakehouse.contracts.layout import LOG_DAYS
from lakehouse.errors import UsageError
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import for_spark
from lakehouse.lake.table_files import laid_files
from lakehouse.layout.declared import Maintained, describe, maintained_tables
from lakehouse.layout.files import clustered_at, columns_of, said_partition
from lakehouse.layout.grid import placed
from lakehouse.layout.plan import Plan, plan_maintenance
from lakehouse.layout.rewrite import Rewritten, rewrite
from lakehouse.runtime.context import Context

MAX_BYTES = 20 << 30
"""One run rewrites at most so much of each table, unless told otherwise."""
TRIES = 2
DAY_MS = 24 * 3600 * 1000


class BoundError(UsageError):
    """The most that a run may rewrite is no number of bytes."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(f"--max_bytes is '{given}'; it takes a number of bytes, at least 1.")


@dataclass(frozen=True)
class MaintenanceResult:
    """What maintenance did to one table. left: partitions left to the next run. gave_way: a rival was first, twice."""

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
        """True when the table or its folder is no longer as it was."""
        return bool(self.files_removed or self.described or self.vacuumed or self.log_cleaned)


def maintain_lake(context: Context, max_bytes: int = MAX_BYTES) -> list[MaintenanceResult]:
    """Maintain every table that has a layout; returns those that needed something. A second run does nothing."""
    results = []
    for table in maintained_tables(context):
        with log.about(domain=table.domain, dataset=table.name):
            result = maintain_table(context, table, max_bytes)
        if result.did_something or result.left or result.gave_way:
            results.append(result)
    return results


def maintain_table(context: Context, table: Maintained, max_bytes: int = MAX_BYTES) -> MaintenanceResult:
    """Describe, cluster, vacuum and trim one table, each only where it is needed."""
    opened = existing_table(table.path)
    result = MaintenanceResult(table.full_name, described=describe(context, table, opened))
    if tuple(opened.metadata().partition_columns) == table.layout.partition_by:
        result = cluster_table(context, table, result, max_bytes)
    else:
        log.warning("declared layout not applied", cure=f"lakehouse layout apply {table.full_name}")
    result = replace(result, vacuumed=_vacuum(context, table), log_cleaned=_clean_log(context, table))
    if result.did_something or result.left or result.gave_way:
        log.info("maintained", **{name: value for name, value in vars(result).items() if name != "table"})
    return result


def cluster_table(context: Context, table: Maintained, result: MaintenanceResult, max_bytes: int) -> MaintenanceResult:
    """Carry out a fresh plan; when a rival was first, once more, and else leave it to the next run."""
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


def plan_table(table: Maintained, max_bytes: int = MAX_BYTES) -> Plan:
    """What the table's log says should be rewritten now."""
    opened = existing_table(table.path)
    files = laid_files(opened, columns_of(table.layout))
    return plan_maintenance(files, table.layout, clustered_at(table.path), max_bytes)


def carry_out(spark: SparkSession, table: Maintained, plan: Plan) -> Rewritten | None:
    """Rewrite the plan's files in one commit; None when a rival's commit was first."""
    names = [file.name for task in plan.tasks for file in task.files]
    cells = {task.partition: task.cells for task in plan.tasks}
    # Late rows are of many days and all stores: cut by days they add little to any of them.
    gathered = [task.partition for task in plan.tasks if not task.whole]
    rows = sum(file.rows for task in plan.tasks for file in task.files)
    note = {
        "partitions": [said_partition(task.partition) for task in plan.tasks],
        "whole": [said_partition(task.partition) for task in plan.tasks if task.whole],
        "cluster_by": table.layout.cluster_by,
    }
    try:
        return rewrite(
            spark,
            table.path,
            names,
            lambda found: placed(found, table.layout, cells, rows, gathered),
            note,
            table.layout.write_settings,
        )
    except Exception as error:
        if conflict_of(error) is None:
            raise
        return None


def _vacuum(context: Context, table: Maintained) -> int:
    """Remove the files that no version within the retention needs; returns how many were to go."""
    opened = existing_table(table.path)
    hours = table.retention_days * 24
    # The log names what was removed long ago as well, so that only what is still there counts.
    named = {unquote(name) for name in opened.vacuum(hours, dry_run=True, enforce_retention_duration=False)}
    lost = named & {file.path for file in list_files(table.path)} if named else named
    if lost:
        # By the table's own retention, which `describe` wrote: Delta asks for no confirmation then.
        context.spark().sql(f"VACUUM delta.`{for_spark(table.path)}`").collect()
    return len(lost)


def _clean_log(context: Context, table: Maintained) -> bool:
    """Checkpoint and trim a log whose first commits are older than it is kept for."""
    opened = existing_table(table.path)
    expired = time.time() * 1000 - (max(table.retention_days, LOG_DAYS) + 1) * DAY_MS
    old = [commit for commit in opened.history() if commit["timestamp"] < expired]
    if not any(commit["version"] < opened.version() for commit in old):
        return False
    spark = context.spark()
    jvm: Any = spark._jvm
    delta_log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, for_spark(table.path))
    nothing = jvm.scala.Option.empty()
    delta_log.checkpoint(delta_log.update(False, nothing, nothing), nothing)
    return True
