"""Rewrites files of a table in one commit that changes no row: the only way in which jobs rewrite a table.

Delta's SQL rewrites whole partitions, or small files in arbitrary order; its transaction API takes any files. In the
history the commit is an OPTIMIZE: it conflicts with another writer only where both removed the same file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.lake.paths import for_spark
from lakehouse.lake.tables import USER_METADATA, session_settings


class RowsLostError(LakehouseError):
    """The new files have another number of rows than those that they replace; nothing was committed."""

    def __init__(self, table: str, before: int, after: int) -> None:
        self.table, self.before, self.after = table, before, after
        super().__init__(
            f"{table}: the row count changed during the rewrite (read {before}, written {after}), so nothing was "
            f"committed and the table is unchanged; keep the log of this run and report it as a bug."
        )


@dataclass(frozen=True)
class Arrangement:
    """How rows are distributed over new files.

    arrange: the same rows, one task per file, sorted. cluster_by: the columns that they are sorted by. write_settings:
    Spark settings while the files are written.
    """

    arrange: Callable[[DataFrame], DataFrame] = lambda rows: rows
    cluster_by: tuple[str, ...] = ()
    write_settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rewritten:
    """What a rewrite did: the version that it created, files and bytes before and after."""

    version: int
    rows: int
    files_removed: int
    files_added: int
    bytes_removed: int
    bytes_added: int


@dataclass(frozen=True)
class NewTable:
    """What a table is after all of it was rewritten.

    properties: added to those of the table. metadata: what the commit says besides its layout.
    recorded: application and version that the table records, which outlive the commit.
    """

    partition_by: tuple[str, ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    recorded: tuple[str, int] | None = None


Partitions = Sequence[tuple[str, ...]]


def rewrite_files(
    spark: SparkSession,
    path: str,
    names: Collection[str],
    arrangement: Arrangement,
    partitions: Partitions,
    whole: Partitions,
) -> Rewritten | None:
    """Rewrite the files of these names; None, and no commit, when one of them is no longer in the table.

    partitions: those that the files belong to. whole: those of them that are rewritten completely.
    Raises RowsLostError, or Delta's conflicts (`conflicts.py`).
    """
    transaction = _Transaction(spark, path)
    removed = transaction.files(names)
    if len(removed) < len(names):
        return None
    transaction.reads(removed)
    added = transaction.write(arrangement.arrange(transaction.rows(removed)), arrangement)
    layout = {"partitions": partitions, "whole": whole, "cluster_by": arrangement.cluster_by}
    return transaction.replace(removed, added, {"layout": layout}, changes_data=False)


def rewrite_table(spark: SparkSession, path: str, arrangement: Arrangement, becomes: NewTable) -> Rewritten:
    """Rewrite a whole table; its new schema is that of the arranged rows.

    Any commit of another writer in between is a conflict. Raises RowsLostError, or Delta's conflicts (`conflicts.py`).
    """
    transaction = _Transaction(spark, path)
    removed = transaction.files()
    transaction.reads_whole_table()
    rows = arrangement.arrange(transaction.rows(removed))
    transaction.become(rows.schema.json(), becomes)
    added = transaction.write(rows, arrangement)
    partitions = sorted({transaction.partition_of(file, becomes.partition_by) for file in added})
    layout = {"partitions": partitions, "whole": partitions, "cluster_by": arrangement.cluster_by}
    return transaction.replace(removed, added, {**becomes.metadata, "layout": layout}, changes_data=True)


def replace_rows(
    spark: SparkSession, path: str, rows: DataFrame, arrangement: Arrangement, becomes: NewTable, version: int
) -> Rewritten | None:
    """Put other rows in the place of all that a version of a table has; its new schema is theirs.

    None, and no commit, where the table has another version by now. Any commit of another writer in between is one of
    Delta's conflicts (`conflicts.py`).
    """
    transaction = _Transaction(spark, path)
    if transaction.version != version:
        return None
    removed = transaction.files()
    transaction.reads_whole_table()
    transaction.become(rows.schema.json(), becomes)
    added = transaction.write(arrangement.arrange(rows), arrangement)
    partitions = sorted({transaction.partition_of(file, becomes.partition_by) for file in added})
    layout = {"partitions": partitions, "whole": partitions, "cluster_by": arrangement.cluster_by}
    return transaction.replace(removed, added, {**becomes.metadata, "layout": layout}, True, other_rows=True)


class _Transaction:
    """Delta's own transaction, on the newest version of a table."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        jvm: Any = spark._jvm
        self._spark, self._path, self._jvm = spark, path, jvm
        self._none, self._seq = jvm.scala.Option.empty(), jvm.PythonUtils.toSeq
        delta_log = jvm.org.apache.spark.sql.delta.DeltaLog
        self._log = delta_log.forTable(spark._jsparkSession, for_spark(path))
        self._transaction = self._log.startTransaction(self._none, self._none)
        self._snapshot = self._transaction.snapshot()
        self._more: list[Any] = []

    @property
    def version(self) -> int:
        """The version that the transaction began from."""
        return int(self._snapshot.version())

    def files(self, names: Collection[str] | None = None) -> list[Any]:
        """The files of these names, or all of them."""
        files = self._snapshot.allFiles()
        if names is not None:
            quoted = ", ".join(f"'{name}'" for name in sorted(names))
            files = files.where(f"substring_index(path, '/', -1) IN ({quoted})")
        return list(files.collect())

    def reads(self, files: Sequence[Any]) -> None:
        """Conflict with a writer that removes one of these files."""
        self._transaction.trackFilesRead(self._seq(files))

    def reads_whole_table(self) -> None:
        """Conflict with every other writer."""
        self._transaction.readWholeTable()

    def rows(self, files: Sequence[Any]) -> DataFrame:
        """The rows of some files."""
        return DataFrame(self._log.createDataFrame(self._snapshot, self._seq(files), False, self._none), self._spark)

    def become(self, schema: str, table: NewTable) -> None:
        """Change schema (Delta's JSON), partitions and properties in the same commit."""
        old = self._snapshot.metadata()
        properties = dict(_as_java(self._jvm, old.configuration()))
        configuration = self._jvm.PythonUtils.toScalaMap({**properties, **table.properties})
        about = (old.id(), old.name(), old.description(), old.format())
        names = self._seq(list(table.partition_by))
        self._transaction.updateMetadata(old.copy(*about, schema, names, configuration, old.createdTime()), False)
        if table.recorded is not None:
            self._more = [self._jvm.org.apache.spark.sql.delta.actions.SetTransaction(*table.recorded, self._none)]

    def write(self, rows: DataFrame, arrangement: Arrangement) -> list[Any]:
        """Write rows to new files, which no reader sees before the commit."""
        with session_settings(self._spark, arrangement.write_settings):
            return list(_as_java(self._jvm, self._transaction.writeFiles(rows._jdf, self._none, True, self._seq([]))))

    def partition_of(self, file: Any, partition_by: Sequence[str]) -> tuple[str, ...]:
        """The partition of a file as commits name it."""
        values = _as_java(self._jvm, file.partitionValues())
        return tuple(str(values[name]) for name in partition_by)

    def replace(
        self,
        removed: Sequence[Any],
        added: Sequence[Any],
        metadata: Mapping[str, Any],
        changes_data: bool,
        other_rows: bool = False,
    ) -> Rewritten:
        """Commit the new files in the place of the old ones.

        changes_data: readers of changes are to read the new files again, for example because types have changed.
        other_rows: the new files hold other rows, and the history shall not call it an OPTIMIZE.
        """
        if not other_rows:
            _refuse_loss(self._path, removed, added)
        added = [_with_data_change(file, changes_data) for file in added]
        now = int(time.time() * 1000)
        actions = [*self._more, *added, *(file.removeWithTimestamp(now, changes_data) for file in removed)]
        layout = {**metadata["layout"], "at": _newest(added)}
        with session_settings(self._spark, {USER_METADATA: json.dumps({**metadata, "layout": layout})}):
            operation = self._update() if other_rows else self._optimize(layout["cluster_by"])
            version = int(self._transaction.commit(self._seq(actions), operation))
        sizes = [sum(file.size() for file in files) for files in (removed, added)]
        return Rewritten(version, _rows(added), len(removed), len(added), *sizes)

    def _update(self) -> Any:
        """An operation of no particular kind, of which nobody who reads the history assumes that no row changed."""
        update = "org.apache.spark.sql.delta.DeltaOperations$ManualUpdate$"
        return self._jvm.java.lang.Class.forName(update).getField("MODULE$").get(None)

    def _optimize(self, cluster_by: Sequence[str]) -> Any:
        """OPTIMIZE, with the columns that the files are clustered by."""
        optimize = getattr(self._jvm.org.apache.spark.sql.delta, "DeltaOperations$Optimize")
        return optimize(self._seq([]), self._seq(list(cluster_by)), False, self._none, False)


def _as_java(jvm: Any, scala: Any) -> Any:
    return jvm.scala.jdk.javaapi.CollectionConverters.asJava(scala)


def _newest(files: Sequence[Any]) -> int:
    """When the last of some files was written (ms since 1970), which is before they are committed."""
    return max((int(file.modificationTime()) for file in files), default=0)


def _rows(files: Sequence[Any]) -> int:
    """Rows that readers see; a file without a row count in its statistics counts none, so the rewrite is refused."""
    counts = [file.numLogicalRecords() for file in files]
    return sum(int(count.get()) for count in counts if count.isDefined())


def _refuse_loss(path: str, removed: Sequence[Any], added: Sequence[Any]) -> None:
    before, after = _rows(removed), _rows(added)
    if before != after:
        raise RowsLostError(path, before, after)


def _with_data_change(file: Any, changes: bool) -> Any:
    """The same file, marked for readers of changes as new rows or as none."""
    fields = (file.path(), file.partitionValues(), file.size(), file.modificationTime(), changes, file.stats())
    rest = (file.tags(), file.deletionVector(), file.baseRowId(), file.defaultRowCommitVersion())
    return file.copy(*fields, *rest, file.clusteringProvider())
