"""The one function that writes silver: merges a judged batch by the kind its contract declares, exactly once.

The batch is first compared with what silver has (`merge_plan.py`); only rows that are news are written
(`merge_write.py`). A commit that a rival makes in between leads to a fresh plan.
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
from lakehouse.contracts.contract import Dataset
from lakehouse.lake.batches import MERGE
from lakehouse.lake.conflicts import CHANGES_NO_ROW, conflict_of
from lakehouse.lake.delta_log import commits_since, progress, table_version
from lakehouse.lake.evolution import evolve
from lakehouse.transform.merge_errors import BatchOrderError, MergeConflictError, UnseenRivalError
from lakehouse.transform.merge_plan import Fates, MergePlan, plan_merge
from lakehouse.transform.merge_write import write_plan

TRIES = 5
FIRST_WAIT_SECONDS = 0.25

Commit = Mapping[str, Any]
"""A commit as `commits_since` tells it."""


@dataclass(frozen=True, kw_only=True)
class MergeResult(Fates):
    """What a merge did: rows by fate, the version it made, what it read, and Delta's own counts of files.

    skipped: the table had the batch already, and nothing was done.
    files_scanned, bytes_scanned: files that could hold a key of the batch, of which planning read the keys at least.
    bytes_rewritten: size of the files that were replaced; bytes_added: of the files in their place, new rows included.
    partitions: partitions that gained or lost a row. conflicts: fresh plans that rivals made necessary.
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
        """Rows that a newer one of their own batch stands for."""
        return self.rows - self.keys

    @property
    def ignored(self) -> int:
        """Rows that told silver nothing: superseded in their batch, unchanged or stale."""
        return self.rows - self.news


def merge_batch(
    spark: SparkSession,
    dataset: Dataset,
    rows: DataFrame,
    batch_id: int,
    path: str,
    number: int | None = None,
) -> MergeResult:
    """Merge the good rows of a batch (the contract's columns) into the silver table at a path.

    number: the turn of the batch among the merges of the table (`turns.py`), where that is not its own number. A turn
    begins after every earlier one is merged; one that comes after a later one is refused.
    Raises BatchOrderError then, and MergeConflictError after the last try; nothing was written then.
    """
    start, number = time.monotonic(), batch_id if number is None else number
    rival = ("a writer", -1)
    for conflicts in range(TRIES):
        if conflicts:
            log.warning("rival committed first", rival=rival[0], version=rival[1], tries=conflicts)
            # Rivals that failed together must not try again together.
            time.sleep(random.uniform(0.5, 1) * FIRST_WAIT_SECONDS * 2**conflicts)
        if progress(path, MERGE) >= number:
            return _skipped(dataset, batch_id, number, path, conflicts, time.monotonic() - start)
        attempt = _attempt(spark, dataset, rows, batch_id, path, number)
        if isinstance(attempt, Merged):
            result = _result(attempt, conflicts, time.monotonic() - start)
            said = {name: value for name, value in vars(result).items() if name not in ("dataset", "batch_id")}
            log.info("merged", **said)
            return result
        rival = attempt
    raise MergeConflictError(dataset.name, path, rival[1], rival[0], TRIES)


@dataclass(frozen=True)
class Merged:
    """A plan that was carried out, and the commit that it made."""

    plan: MergePlan
    commit: Commit


def _attempt(
    spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str, number: int
) -> Merged | tuple[str, int]:
    """Plan and write once; a rival that came between is returned with the version it made."""
    before, token = table_version(path), uuid.uuid4().hex
    try:
        evolve(spark, path, dataset.silver_columns, dataset, dataset.partition_by, dataset.table_properties)
        plan = plan_merge(spark, dataset, rows, batch_id, path)
        rival = _newest_rival(commits_since(path, plan.version))
        if rival:
            return rival
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


def _newest_rival(commits: Sequence[Commit]) -> tuple[str, int] | None:
    """The newest of some commits that changed rows or the table itself, as operation and version."""
    for commit in reversed(commits):
        if commit["operation"] not in CHANGES_NO_ROW:
            return commit["operation"], commit["version"]
    return None


def _own_commit(commits: Sequence[Commit], token: str) -> Commit | None:
    """The commit that carries our token; None when Delta skipped the write, or a rival's commit took its place."""
    for commit in commits:
        if (commit["lakehouse"] or {}).get("token") == token:
            return commit
    return None


def _refuse_unseen(dataset: Dataset, commits: Sequence[Commit], own: Commit) -> None:
    """Between the last look at the table and the start of Delta's transaction nothing watches."""
    for commit in commits:
        if commit["version"] <= own.get("readVersion", -1) and commit["operation"] not in CHANGES_NO_ROW:
            raise UnseenRivalError(dataset.name, commit["version"], commit["operation"], own["version"])


def _skipped(dataset: Dataset, batch_id: int, number: int, path: str, conflicts: int, seconds: float) -> MergeResult:
    """The table's progress has reached the turn: the batch was merged, or else provably passed over."""
    commits = commits_since(path, -1)
    said = [(commit["lakehouse"] or {}, commit["version"]) for commit in commits]
    # An earlier release told only the batch, which was its own number.
    merged = {metadata.get("number", metadata.get("batch_id")): version for metadata, version in said}
    from_the_start = bool(commits) and commits[0]["version"] == 0
    if number not in merged and from_the_start:
        raise BatchOrderError(dataset.name, batch_id, progress(path, MERGE))
    log.info("merged before", version=merged.get(number))
    return MergeResult(
        dataset=dataset.name,
        batch_id=batch_id,
        skipped=True,
        version=merged.get(number, -1),
        conflicts=conflicts,
        seconds=round(seconds, 3),
    )


def _result(merged: Merged, conflicts: int, seconds: float) -> MergeResult:
    plan, metrics = merged.plan, merged.commit.get("operationMetrics", {})
    # An append of no rows reports a file that its commit does not add.
    added = {} if not plan.fates.news else metrics
    return MergeResult(
        **vars(plan.fates),
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
