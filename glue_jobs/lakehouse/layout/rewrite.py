"""Moves the rows of chosen files into new ones, in one commit of Delta's own transaction, which changes no row.

Delta's SQL rewrites whole partitions, or small files in whatever order they come; its transaction takes any files. The
commit is an OPTIMIZE to whoever reads the log: it meets a rival only where both removed the same file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.lake.paths import for_spark
from lakehouse.lake.tables import session_settings

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"

Placing = Callable[[DataFrame], DataFrame]


class RowsLostError(LakehouseError):
    """New files would not hold as many rows as those that they replace; nothing was committed."""

    def __init__(self, table: str, before: int, after: int) -> None:
        self.table, self.before, self.after = table, before, after
        super().__init__(
            f"{table}: {before} rows were read to be laid out anew and {after} written, so nothing was committed and "
            f"the table is as it was; keep the log of this run and report it as a bug."
        )


@dataclass(frozen=True)
class Rewritten:
    """What a rewrite did: the version it made, files and bytes before and after."""

    version: int
    rows: int
    files_removed: int
    files_added: int
    bytes_removed: int
    bytes_added: int


@dataclass(frozen=True)
class NewTable:
    """What a table becomes while it is rewritten as a whole: schema (Delta's JSON), partitions, properties."""

    schema: str
    partition_by: tuple[str, ...]
    properties: Mapping[str, str]


def rewrite(
    spark: SparkSession,
    path: str,
    names: Collection[str] | None,
    place: Placing,
    note: Mapping[str, Any],
    settings: Mapping[str, str],
    becomes: NewTable | None = None,
) -> Rewritten | None:
    """Rewrite the files of these names (None: all) as `place` arranges their rows; None when a file is gone.

    note: what the commit says of the layout, beside when its files were written. settings: of the session while it
    writes. becomes: for a new layout; then any commit of a rival in between is a conflict.
    Raises RowsLostError, or Delta's conflicts (`conflicts.py`).
    """
    jvm: Any = spark._jvm
    none, seq = jvm.scala.Option.empty(), jvm.PythonUtils.toSeq
    log = jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, for_spark(path))
    transaction = log.startTransaction(none, none)
    snapshot = transaction.snapshot()
    removed = _files(snapshot, names)
    if names is not None and len(removed) < len(names):
        return None
    moves_only = becomes is None
    if moves_only:
        transaction.trackFilesRead(seq(removed))
    else:
        transaction.readWholeTable()
    rows = DataFrame(log.createDataFrame(snapshot, seq(removed), False, none), spark)
    if becomes is not None:
        transaction.updateMetadata(_metadata(jvm, snapshot.metadata(), becomes), False)
    with session_settings(spark, settings):
        written = transaction.writeFiles(place(rows)._jdf, none, True, seq([]))
    added = list(jvm.scala.jdk.javaapi.CollectionConverters.asJava(written))
    _refuse_loss(path, removed, added)
    added = [_with_data_change(file, not moves_only) for file in added]
    now = int(time.time() * 1000)
    gone = [file.removeWithTimestamp(now, not moves_only) for file in removed]
    with session_settings(spark, {USER_METADATA: json.dumps({"layout": {**note, "at": _newest(added)}})}):
        version = int(transaction.commit(seq([*added, *gone]), _operation(jvm, note)))
    sizes = [sum(file.size() for file in files) for files in (removed, added)]
    return Rewritten(version, _rows(added), len(removed), len(added), *sizes)


def _files(snapshot: Any, names: Collection[str] | None) -> list[Any]:
    files = snapshot.allFiles()
    if names is not None:
        quoted = ", ".join(f"'{name}'" for name in sorted(names))
        files = files.where(f"substring_index(path, '/', -1) IN ({quoted})")
    return list(files.collect())


def _newest(files: Sequence[Any]) -> int:
    """When the last of some files was written (ms since 1970), which is before they are committed."""
    return max((int(file.modificationTime()) for file in files), default=0)


def _rows(files: Sequence[Any]) -> int:
    """Rows that readers see; a file whose statistics do not count them counts none, and so the rewrite is refused."""
    counts = [file.numLogicalRecords() for file in files]
    return sum(int(count.get()) for count in counts if count.isDefined())


def _refuse_loss(path: str, removed: Sequence[Any], added: Sequence[Any]) -> None:
    before, after = _rows(removed), _rows(added)
    if before != after:
        raise RowsLostError(path, before, after)


def _with_data_change(file: Any, changes: bool) -> Any:
    """The same file, marked as new rows for readers of changes or as none."""
    fields = (file.path(), file.partitionValues(), file.size(), file.modificationTime(), changes, file.stats())
    rest = (file.tags(), file.deletionVector(), file.baseRowId(), file.defaultRowCommitVersion())
    return file.copy(*fields, *rest, file.clusteringProvider())


def _metadata(jvm: Any, old: Any, new: NewTable) -> Any:
    properties = jvm.scala.jdk.javaapi.CollectionConverters.asJava(old.configuration())
    configuration = jvm.PythonUtils.toScalaMap({**dict(properties), **new.properties})
    names = jvm.PythonUtils.toSeq(list(new.partition_by))
    about = (old.id(), old.name(), old.description(), old.format())
    return old.copy(*about, new.schema, names, configuration, old.createdTime())


def _operation(jvm: Any, note: Mapping[str, Any]) -> Any:
    """OPTIMIZE, with the columns that the files are clustered by."""
    seq = jvm.PythonUtils.toSeq
    optimize = getattr(jvm.org.apache.spark.sql.delta, "DeltaOperations$Optimize")
    return optimize(seq([]), seq(list(note["cluster_by"])), False, jvm.scala.Option.empty(), False)
