"""The one function that writes silver: merges a judged batch by the kind its contract declares, exactly once.

The batch is first compared with what silver has (`merge_plan.py`); only rows that are news reach the MERGE, which
reads the partitions and key ranges that hold their old copies. The commit carries the batch (txnAppId, txnVersion) and
what it touched (userMetadata). A commit that a rival makes in between leads to a fresh plan.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import log, tables
from lakehouse.batches import MERGE
from lakehouse.conflicts import CHANGES_NO_ROW, conflict_of
from lakehouse.contract import Dataset, MergeMode
from lakehouse.delta_log import commits_since, progress, table_version
from lakehouse.evolution import evolve
from lakehouse.lake import for_spark
from lakehouse.merge_errors import BatchOrderError, MergeConflictError, UnseenRivalError
from lakehouse.merge_plan import Fates, MergePlan, plan_merge
from lakehouse.newest import OLD, identity
from lakehouse.quarantine import BATCH_ID
from lakehouse.reach import partition_predicates

REPLAY = "replay"
"""The application under which a batch is merged again on purpose; its versions count the replays."""

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


@dataclass(frozen=True)
class Stamp:
    """Under which name and number a batch is committed, so that it is committed once."""

    app: str
    number: int


def merge_batch(
    spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str, replay: bool = False
) -> MergeResult:
    """Merge the good rows of a batch (the contract's columns) into the silver table at a path.

    replay: merge a batch that the table has already, or that was passed over, once more.
    Raises MergeConflictError after the last try; nothing was written then.
    """
    start = time.monotonic()
    rival = ("a writer", -1)
    for conflicts in range(TRIES):
        if conflicts:
            log.warning("rival committed first", rival=rival[0], version=rival[1], tries=conflicts)
            # Rivals that failed together must not try again together.
            time.sleep(random.uniform(0.5, 1) * FIRST_WAIT_SECONDS * 2**conflicts)
        if not replay and progress(path, MERGE) >= batch_id:
            return _skipped(dataset, batch_id, path, time.monotonic() - start)
        stamp = Stamp(REPLAY, progress(path, REPLAY) + 1) if replay else Stamp(MERGE, batch_id)
        attempt = _attempt(spark, dataset, rows, batch_id, path, stamp)
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
    spark: SparkSession, dataset: Dataset, rows: DataFrame, batch_id: int, path: str, stamp: Stamp
) -> Merged | tuple[str, int]:
    """Plan and write once; a rival that came between is returned with the version it made."""
    before, token = table_version(path), uuid.uuid4().hex
    try:
        evolve(spark, path, dataset.silver_columns, dataset, dataset.partition_by, table_properties(dataset))
        plan = plan_merge(spark, dataset, rows, batch_id, path)
        rival = _newest_rival(commits_since(path, plan.version))
        if rival:
            return rival
        _write(spark, plan, path, stamp, token)
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


def _write(spark: SparkSession, plan: MergePlan, path: str, stamp: Stamp, token: str) -> None:
    """One commit: new rows alone need no MERGE; a batch without news still records that it was seen."""
    metadata = {**plan.metadata, "token": token}
    if plan.replaces:
        _merge(spark, plan, path, stamp, metadata)
    else:
        _append(spark, plan, path, stamp, metadata)


def _append(spark: SparkSession, plan: MergePlan, path: str, stamp: Stamp, metadata: Mapping[str, Any]) -> None:
    rows = plan.changes.drop(OLD)
    if plan.version >= 0 and plan.fates.news:
        rows = rows.unionByName(_watch(spark, plan, path))
    rows = rows.select(*[tables.described(column) for column in plan.dataset.silver_columns])
    properties = table_properties(plan.dataset)
    rows = _clustered(rows, plan.dataset)
    tables.append(rows, path, stamp.app, stamp.number, plan.dataset.partition_by, metadata, properties)


def table_properties(dataset: Dataset) -> dict[str, str]:
    """What a new silver table says of itself."""
    marks_rows = dataset.merge_mode is MergeMode.DELETION_VECTORS
    return {"delta.enableDeletionVectors": str(marks_rows).lower()}


def _clustered(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """Rows of one partition together and in the order of the cluster columns: one sorted file per partition."""
    together = rows.repartition(*dataset.partition_by) if dataset.partition_by else rows.coalesce(1)
    return together.sortWithinPartitions(*dataset.partition_by, *dataset.cluster_by)


def _merge(spark: SparkSession, plan: MergePlan, path: str, stamp: Stamp, metadata: Mapping[str, Any]) -> None:
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
        "spark.databricks.delta.write.txnAppId": stamp.app,
        "spark.databricks.delta.write.txnVersion": str(stamp.number),
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata),
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


def _skipped(dataset: Dataset, batch_id: int, path: str, seconds: float) -> MergeResult:
    """The table's progress has reached the batch: it was merged, or else provably passed over."""
    commits = commits_since(path, -1)
    merged = {(commit["lakehouse"] or {}).get("batch_id"): commit["version"] for commit in commits}
    from_the_start = bool(commits) and commits[0]["version"] == 0
    if batch_id not in merged and from_the_start:
        raise BatchOrderError(dataset.name, batch_id, progress(path, MERGE))
    log.info("merged before", version=merged.get(batch_id))
    version = merged.get(batch_id, -1)
    return MergeResult(
        dataset=dataset.name, batch_id=batch_id, skipped=True, version=version, seconds=round(seconds, 3)
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
        files_removed=int(metrics.get("numTargetFilesRemoved", 0)),
        bytes_added=int(added.get("numTargetBytesAdded", added.get("numOutputBytes", 0))),
        bytes_rewritten=int(metrics.get("numTargetBytesRemoved", 0)),
        partitions=len(plan.partitions),
        conflicts=conflicts,
        seconds=round(seconds, 3),
    )
