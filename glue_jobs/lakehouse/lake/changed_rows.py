"""The rows that changed between two versions of a table, read from the files in which the versions differ.

A version is a list of files, so what a commit added or removed need not be noted anywhere: rows that stand in the same
words in a removed and in an added file did not change. That holds for every kind of commit: merges, whole partitions,
maintenance, restored versions, other writers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.lake.conflicts import CHANGES_NO_ROW
from lakehouse.lake.log_files import commit_actions
from lakehouse.lake.paths import for_spark

IMAGE = "_image"
"""The column that says which a changed row is: OLD as it was, NEW as it is."""
OLD, NEW = "old", "new"


@dataclass(frozen=True)
class Span:
    """A table between two of its versions. before: -1 for a table that was not there."""

    path: str
    before: int
    after: int


@dataclass(frozen=True)
class FileChanges:
    """The files that only the earlier version has, and those that only the later one has, as Delta's add actions.

    schema_changed: whether the table itself changed in between. stats: of each that has come, Delta's statistics as
    JSON, None where its commit has none.
    """

    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()
    schema_changed: bool = False
    stats: tuple[str | None, ...] = ()

    @property
    def none(self) -> bool:
        """True when both versions have the same files."""
        return not (self.gone or self.come)

    @property
    def bytes(self) -> int:
        """The size of all of them."""
        return sum(int(json.loads(action)["add"]["size"]) for action in (*self.gone, *self.come))


NO_CHANGES = FileChanges()


def file_changes(span: Span) -> FileChanges | None:
    """In which files two versions differ, by the commits between; None where one of these cannot be read any more."""
    if span.after < span.before:
        return None
    gone: dict[tuple[str, str], str] = {}
    come: dict[tuple[str, str], str] = {}
    stats: dict[tuple[str, str], str | None] = {}
    schema_changed = rows_changed = False
    for version in range(span.before + 1, span.after + 1):
        actions = _actions(span.path, version)
        if actions is None:
            return None
        schema_changed |= any("metaData" in action for action in actions)
        rows_changed |= _operation(actions) not in CHANGES_NO_ROW
        for known, other, kind in ((gone, come, "remove"), (come, gone, "add")):
            for action in (action[kind] for action in actions if kind in action):
                key = (action["path"], json.dumps(action.get("deletionVector"), sort_keys=True))
                if other.pop(key, None) is None:
                    known[key] = _added(action)
                    stats[key] = action.get("stats")
    if not rows_changed:
        return NO_CHANGES  # maintenance alone, whose files need no comparison
    said = tuple(stats[key] for key in come)
    return FileChanges(tuple(gone.values()), tuple(come.values()), schema_changed, said)


def _operation(actions: Sequence[Mapping[str, Any]]) -> str | None:
    return next((action["commitInfo"].get("operation") for action in actions if "commitInfo" in action), None)


def _actions(path: str, version: int) -> list[dict[str, Any]] | None:
    """The actions of a commit; None where the log no longer has it, or does not say enough of a removed file."""
    actions = commit_actions(path, version)
    removed = [action["remove"] for action in actions or () if "remove" in action]
    return actions if all("partitionValues" in action for action in removed) else None


def _added(action: Mapping[str, Any]) -> str:
    """An add action for a file that a commit added or removed, of which Delta's reader wants place and partition."""
    wanted = ("path", "partitionValues", "deletionVector")
    known = {name: action[name] for name in wanted if action.get(name) is not None}
    return json.dumps({"add": {**known, "size": action.get("size") or 0, "modificationTime": 0, "dataChange": True}})


def changed_rows(spark: SparkSession, span: Span, changes: FileChanges) -> DataFrame | None:
    """The old and the new image of each changed row: the later version's columns, and `_image`.

    None where a file of the earlier version has been vacuumed, or its columns are asked of a log that was cleaned.
    """
    log = _Log(spark, span.path)
    if not log.exist(changes.gone) or (changes.gone and changes.schema_changed and not log.has(span.before)):
        return None
    if not changes.gone:
        return log.rows(changes.come).withColumn(IMAGE, F.lit(NEW))
    old = log.rows(changes.gone, span.before if changes.schema_changed else None)
    if not changes.come:
        return old.withColumn(IMAGE, F.lit(OLD))
    new = log.rows(changes.come)
    return _difference(_shaped(old, new), new)


def _shaped(rows: DataFrame, like: DataFrame) -> DataFrame:
    """Rows of an earlier version with the columns of the later: an added column was null."""
    known = set(rows.columns)
    columns = [
        (F.col(field.name) if field.name in known else F.lit(None)).cast(field.dataType).alias(field.name)
        for field in like.schema
    ]
    return rows.select(*columns)


def _difference(old: DataFrame, new: DataFrame) -> DataFrame:
    """Rows that only one side has, or has more often. The batch that brought a row is not part of what it says."""
    compared = [name for name in new.columns if name != BATCH_ID]
    sides = [rows.withColumn("_side", F.lit(side)) for rows, side in ((old, -1), (new, 1))]
    both = reduce(DataFrame.unionByName, sides)
    kept = [F.max(BATCH_ID).alias(BATCH_ID)] if BATCH_ID in new.columns else []
    counted = both.groupBy(*compared).agg(F.sum("_side").alias("_side"), *kept).where("_side <> 0")
    image = F.when(F.col("_side") > 0, NEW).otherwise(OLD).alias(IMAGE)
    return counted.select(*new.columns, image)


class _Log:
    """The log of a table as Delta's own library reads it, which knows deletion vectors and mapped columns."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        jvm: Any = spark._jvm
        self._spark, self._jvm, self._path = spark, jvm, for_spark(path)
        self._none = jvm.scala.Option.empty()
        self._log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, self._path)

    def exist(self, added: Collection[str]) -> bool:
        """Whether every one of some files is still there."""
        root = self._jvm.org.apache.hadoop.fs.Path(self._path)
        storage = root.getFileSystem(self._spark._jsc.hadoopConfiguration())
        return all(storage.exists(file.absolutePath(self._log)) for file in self._files(added))

    def has(self, version: int) -> bool:
        """Whether the log still says what a version was: it has a checkpoint before it, or all commits."""
        try:
            self._log.getSnapshotAt(version, self._none, self._none, False)
        except Exception as error:
            origin = getattr(error, "java_exception", None)
            if origin is None or str(origin.getClass().getSimpleName()) != "DeltaFileNotFoundException":
                raise
            return False
        return True

    def rows(self, added: Collection[str], version: int | None = None) -> DataFrame:
        """The rows of some files with the columns of a version, by default the newest."""
        snapshot = self._log.unsafeVolatileSnapshot()
        if version is not None:
            snapshot = self._log.getSnapshotAt(version, self._none, self._none, False)
        files = self._jvm.PythonUtils.toSeq(self._files(added))
        return DataFrame(self._log.createDataFrame(snapshot, files, False, self._none), self._spark)

    def _files(self, added: Collection[str]) -> list[Any]:
        read = self._jvm.org.apache.spark.sql.delta.actions.Action.fromJson
        return [read(action) for action in added]
