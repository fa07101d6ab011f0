"""Merges a validated batch into silver with the merge strategy of its contract, exactly once.

The batch is first compared with silver (`merge_plan.py`), and only new or changed rows are written
(`merge_write.py`). When another writer commits in between, the merge is planned again.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import MERGE
from lakehouse.lake.conflicts import CHANGES_NO_ROW, conflict_of
from lakehouse.lake.delta_log import commits_since, newest_commits, recorded, table_version
from lakehouse.lake.evolution import WantedTable, evolve
from lakehouse.layout.first_write import whole_table
from lakehouse.runtime.recording import did
from lakehouse.transform.merge_errors import BatchOrderError, MergeConflictError, PassedRowsError, UnseenRivalError
from lakehouse.transform.merge_plan import plan_merge
from lakehouse.transform.merge_write import write_plan
from lakehouse.transform.planned_merge import MergePlan, Outcomes
from lakehouse.transform.snapshot_plan import plan_snapshot
from lakehouse.transform.ties import NO_BRONZE, Bronze

TRIES = 5
FIRST_WAIT_SECONDS = 0.25

LoggedCommit = Mapping[str, Any]
"""A commit as `commits_since` returns it."""


@dataclass(frozen=True, kw_only=True)
class MergeResult(Outcomes):
    """What a merge did: rows by outcome, the version it created, what it read, and Delta's own counts of files.

    skipped: the table had the batch already, and nothing was done.
    files_scanned, bytes_scanned: files that could contain a key of the batch; at least their keys were read.
    bytes_rewritten: size of the replaced files; bytes_added: of the new ones, which include the new rows.
    partitions: partitions that gained or lost a row. conflicts: how often another writer made a new plan necessary.
    """

    dataset: str
    batch_id: int
    skipped: bool
    version: int
    files_scanned: int = 0
    bytes_scanned: int = 0
    partitions_by: str = "none"
    located: bool = False
    files_added: int = 0
    files_removed: int = 0
    bytes_added: int = 0
    bytes_rewritten: int = 0
    partitions: int = 0
    conflicts: int = 0
    seconds: float

    @property
    def superseded(self) -> int:
        """Rows for which the same batch has a newer version."""
        return self.rows - self.keys

    @property
    def ignored(self) -> int:
        """Rows that changed nothing: superseded in their batch, unchanged or stale."""
        return self.rows - self.written


def merge_batch(
    spark: SparkSession,
    dataset: Dataset,
    rows: DataFrame,
    batch_id: int,
    path: str,
    number: int | None = None,
    bronze: Bronze = NO_BRONZE,
) -> MergeResult:
    """Merge the passed rows of a batch (the contract's columns) into the silver table at a path.

    number: the position of the batch in the merge order (`merge_order.py`), where it is not its batch ID. A table only
    takes increasing numbers: raises BatchOrderError for one below the last that is not in silver, and
    MergeConflictError after the last try. Nothing was written then.

    bronze: for ties. Raises PassedRowsError before any write when not all rows arrive that passed validation.
    """
    start, number = time.monotonic(), batch_id if number is None else number
    rival = ("a writer", -1)
    for conflicts in range(TRIES):
        if conflicts:
            log.warning("another writer committed first", rival=rival[0], version=rival[1], tries=conflicts)
            # Writers that failed at the same time must not try again at the same time.
            time.sleep(random.uniform(0.5, 1) * FIRST_WAIT_SECONDS * 2**conflicts)
        if recorded(path, MERGE) >= number:
            return _skipped(dataset, batch_id, number, path, conflicts, time.monotonic() - start)
        attempt = _attempt(spark, dataset, rows, batch_id, path, number, bronze)
        if isinstance(attempt, Merged):
            result = _result(attempt, conflicts, time.monotonic() - start)
            fields = {name: value for name, value in vars(result).items() if name not in ("dataset", "batch_id")}
            did(dataset.name, result.rows, result.news, result.bytes_scanned)
            log.info("merged", **fields)
            return result
        rival = attempt
    raise MergeConflictError(dataset.name, path, rival[1], rival[0], TRIES)


@dataclass(frozen=True)
class Merged:
    """A plan that was written, and its commit."""

    plan: MergePlan
    commit: LoggedCommit


def _attempt(
    spark: SparkSession,
    dataset: Dataset,
    rows: DataFrame,
    batch_id: int,
    path: str,
    number: int,
    bronze: Bronze,
) -> Merged | tuple[str, int]:
    """Plan and write once; returns operation and version of a concurrent writer that committed first."""
    before, token = table_version(path), uuid.uuid4().hex
    try:
        evolve(spark, path, _declared(dataset, path))
        plan = _plan(spark, dataset, rows, batch_id, path, bronze)
        if bronze.passed not in (None, plan.outcomes.rows):
            raise PassedRowsError(dataset.name, batch_id, plan.outcomes.rows, bronze.passed)
        rival = _newest_rival(commits_since(path, plan.version))
        if rival:
            return rival
        if plan.ties and bronze.record:
            bronze.record(plan.ties)
        write_plan(spark, plan, path, number, token)
    except Exception as error:
        conflict = conflict_of(error)
        if conflict is None:
            raise
        return _newest_rival(commits_since(path, before)) or (conflict, table_version(path))
    commits = commits_since(path, plan.version)
    own = _own_commit(commits, token)
    if own is None:
        return _newest_rival(commits) or ("a writer", table_version(path))
    _refuse_unseen(dataset, commits, own)
    return Merged(plan, own)


def _plan(
    spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str, bronze: Bronze
) -> MergePlan:
    if bronze.snapshots is not None:
        return plan_snapshot(spark, dataset, rows, batch_id, path, bronze.snapshots)
    return plan_merge(spark, dataset, rows, batch_id, path, bronze.landed, bronze.is_newest)


def _declared(dataset: Dataset, path: str) -> WantedTable:
    arrangement = whole_table(path, dataset.layout)
    return WantedTable(dataset, dataset.silver_columns, dataset.partition_by, dataset.table_properties, arrangement)


def _newest_rival(commits: Sequence[LoggedCommit]) -> tuple[str, int] | None:
    """The newest of some commits that changed rows or the table itself, as operation and version."""
    for commit in reversed(commits):
        if commit["operation"] not in CHANGES_NO_ROW:
            return commit["operation"], commit["version"]
    return None


def _own_commit(commits: Sequence[LoggedCommit], token: str) -> LoggedCommit | None:
    """The commit with our token; None when Delta skipped the write, because another writer's commit has its number."""
    for commit in commits:
        if (commit["lakehouse"] or {}).get("token") == token:
            return commit
    return None


def _refuse_unseen(dataset: Dataset, commits: Sequence[LoggedCommit], own: LoggedCommit) -> None:
    """Raise UnseenRivalError for a commit between the last read of the log and the start of Delta's transaction."""
    for commit in commits:
        if commit["version"] <= own.get("readVersion", -1) and commit["operation"] not in CHANGES_NO_ROW:
            raise UnseenRivalError(dataset.name, commit["version"], commit["operation"], own["version"])


def _skipped(dataset: Dataset, batch_id: int, number: int, path: str, conflicts: int, seconds: float) -> MergeResult:
    """The result for a number that the table has recorded: merged before, or BatchOrderError when provably not."""
    version = _version_of(path, number)
    if version is None:
        raise BatchOrderError(dataset.name, batch_id, recorded(path, MERGE))
    log.info("merged before", version=version)
    return MergeResult(
        dataset=dataset.name,
        batch_id=batch_id,
        skipped=True,
        version=version,
        conflicts=conflicts,
        seconds=round(seconds, 3),
    )


def _version_of(path: str, number: int) -> int | None:
    """The version that merged a number, None where there is provably none; -1 where a cleaned-up log no longer says.

    Numbers grow along the log, so the search ends at the first that is smaller.
    """
    for commit in newest_commits(path):
        said = commit["lakehouse"] or {}
        # An earlier release recorded only the batch ID, which was its number.
        merged = said.get("number", said.get("batch_id"))
        if merged == number:
            return int(commit["version"])
        if commit["version"] == 0 or (merged is not None and merged < number):
            return None
    return -1


def _result(merged: Merged, conflicts: int, seconds: float) -> MergeResult:
    plan, metrics = merged.plan, merged.commit.get("operationMetrics", {})
    # An append of no rows reports a file that its commit does not add.
    added = {} if not plan.outcomes.news else metrics
    return MergeResult(
        **vars(plan.outcomes),
        dataset=plan.dataset.name,
        batch_id=plan.batch_id,
        skipped=False,
        version=merged.commit["version"],
        files_scanned=len(plan.read.files),
        bytes_scanned=plan.read.bytes,
        partitions_by=plan.read.partitions_by,
        located=plan.located,
        files_added=int(added.get("numTargetFilesAdded", added.get("numFiles", 0))),
        files_removed=int(metrics.get("numTargetFilesRemoved", metrics.get("numRemovedFiles", 0))),
        bytes_added=int(added.get("numTargetBytesAdded", added.get("numOutputBytes", 0))),
        bytes_rewritten=int(metrics.get("numTargetBytesRemoved", metrics.get("numRemovedBytes", 0))),
        partitions=len(plan.partitions),
        conflicts=conflicts,
        seconds=round(seconds, 3),
    )
