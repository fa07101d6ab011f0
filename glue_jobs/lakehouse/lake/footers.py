"""What data files hold, by their Parquet footers, compared with what the log of their table says of them.

No file is read for it but its end, the files that were compared before are left out, and many are opened by Spark's
executors: neither time nor memory of the driver grows with the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler

from lakehouse.lake.delta_log import storage_options
from lakehouse.lake.log_files import AddedFile, added_since
from lakehouse.lake.paths import for_spark
from lakehouse.lake.table_files import table_files
from lakehouse.privacy import without_values

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MANY_FILES = 64
"""More files than these are opened by executors."""


def difference(table: DeltaTable, spark: Callable[[], SparkSession] | None = None, since: int = -1) -> str | None:
    """In what a table's files differ from its log, in words; None where they hold what it says.

    since: the version of which this is known; only files that were added later are opened. -1: every file.
    spark: for many files; without it all are opened here.
    """
    files = _files(table, since)
    try:
        if "deletionVectors" in (table.protocol().reader_features or []):
            pa.table(table.deletion_vectors())
        if spark is None or len(files) <= MANY_FILES:
            held = _rows_here(table, files)
        else:
            held = _rows_by_spark(spark(), _root(table), files)
    except Exception as error:  # each reader raises its own, of no common kind
        return f"a file that its log names cannot be read ({without_values(error)})"
    return _in_words(files, held)


def _files(table: DeltaTable, since: int) -> Sequence[AddedFile]:
    """The files that the log added after a version, or all of them where it does not reach back so far."""
    is_known = 0 <= since <= table.version()  # a table that was made anew counts from 0 again
    added = added_since(_root(table), since, table.version()) if is_known else None
    if added is not None:
        return added
    return [AddedFile(file.path, file.bytes, file.rows) for file in table_files(table)]


def _root(table: DeltaTable) -> str:
    """The table's path as the lake writes it; on a disk delta-rs gives a URL."""
    uri = table.table_uri.rstrip("/")
    return unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri


def _rows_here(table: DeltaTable, files: Sequence[AddedFile]) -> dict[str, int]:
    """The rows of each file, and -1 for a file of another size than its log says."""
    handler = DeltaStorageHandler(table.table_uri, storage_options(table.table_uri))
    held = {}
    for file in files:
        with pa.fs.PyFileSystem(handler).open_input_file(file.path) as opened:
            held[file.name] = pq.ParquetFile(opened).metadata.num_rows if opened.size() == file.bytes else -1
    return held


def _rows_by_spark(spark: SparkSession, root: str, files: Sequence[AddedFile]) -> dict[str, int]:
    """The same by executors: a scan of no column opens footers alone."""
    paths = [for_spark(f"{root}/{file.path}") for file in files]
    rows = spark.read.schema("_none INT").option("recursiveFileLookup", "true").parquet(*paths)
    counted = rows.groupBy("_metadata.file_name", "_metadata.file_size").count().collect()
    found = {name: (size, number) for name, size, number in counted}
    held = {file.name: found.get(file.name, (file.bytes, 0)) for file in files}
    return {file.name: held[file.name][1] if held[file.name][0] == file.bytes else -1 for file in files}


def _in_words(files: Sequence[AddedFile], held: Mapping[str, int]) -> str | None:
    wrong = [file for file in files if held[file.name] != file.rows]
    if not wrong:
        return None
    if held[wrong[0].name] < 0:
        return f"a file that its log names cannot be read (another size than the {wrong[0].bytes} bytes of its log)"
    seen, logged = sum(held[file.name] for file in files), sum(file.rows for file in files)
    if seen != logged:
        return f"a reader counts {seen} rows, but its Delta log says {logged}"
    return f"a reader counts {held[wrong[0].name]} rows in a file, but its Delta log says {wrong[0].rows}"
