"""Delivered files as lines of text, each with its place: splittable, so that many tasks read one large file.

Spark gives no line numbers, but it gives each line the block of the file that it was read from, and the lines of a
block follow one another within a task. A first look counts the lines of every block; the lines before a block and the
place within it make the number of a line in its file, whatever the blocks and tasks are.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import ROW_ID, SOURCE_FILE
from lakehouse.lake.paths import for_spark

LINE = "_line"
"""The text of a physical line without its end."""
SKIPPED, IS_CUT, OPENS = "_skipped", "_is_cut", "_opens"
"""Of the line's file: its lines before the first row, whether its end is missing, whether a line opens a record."""

FILE_STEP = 10**10
"""`_row_id` is the line's number in its file plus this for each file before it in the batch."""

_PATH, _BLOCK, _AT, _OFFSET = "_path", "_block", "_at", "_offset"
_WITHIN_TASK = (1 << 33) - 1
_SPLITS = "spark.sql.files.minPartitionNum"


@dataclass(frozen=True)
class PlacedFile:
    """A file of a batch. number: its place among the batch's files. skipped: its lines before the first row."""

    path: str
    number: int
    skipped: int
    is_cut: bool


@dataclass(frozen=True)
class Lines:
    """The lines of some files. opening: how many of the files have a line that opens a record of several lines."""

    rows: DataFrame
    files: int
    opening: int


@contextlib.contextmanager
def same_splits(spark: SparkSession) -> Iterator[None]:
    """Within this, files are cut and packed into tasks alike, also when executors come or go between two jobs."""
    if spark.conf.get(_SPLITS, None) is not None:
        yield
        return
    spark.conf.set(_SPLITS, str(spark.sparkContext.defaultParallelism))
    try:
        yield
    finally:
        spark.conf.unset(_SPLITS)


def read_lines(
    spark: SparkSession,
    root: str,
    files: Sequence[PlacedFile],
    separator: str | None,
    opens: SparkColumn,
    prepared: Callable[[SparkColumn], SparkColumn] = lambda line: line,
) -> Lines:
    """Read every line after a file's skipped ones, as _line, _row_id, _source_file and what is known of its file.

    separator: what ends a line; None for any of the usual ends. opens: whether a line opens a record. prepared: what a
    line is made before it is looked at.
    """
    reader = spark.read if separator is None else spark.read.option("lineSep", separator)
    lines = reader.text([_literal(f"{for_spark(root)}/{file.path}") for file in files]).select(
        prepared(F.col("value")).alias(LINE),
        F.col("_metadata.file_path").alias(_PATH),
        F.col("_metadata.file_block_start").alias(_BLOCK),
        F.monotonically_increasing_id().bitwiseAND(F.lit(_WITHIN_TASK)).alias(_AT),
    )
    counted = lines.groupBy(_PATH, _BLOCK).agg(
        F.min(_AT).alias("first"), F.count("*").alias("lines"), F.coalesce(F.bool_or(opens), F.lit(False)).alias(OPENS)
    )
    blocks = _blocks(counted.collect(), _by_uri(root, files))
    # A block that the first look did not see means that files are cut otherwise now: better no rows than wrong ones.
    known = F.coalesce(_OFFSET, F.raise_error(F.lit("a file was cut otherwise than when its lines were counted")))
    placed = (
        lines.join(F.broadcast(spark.createDataFrame(blocks)), on=[_PATH, _BLOCK], how="left")
        .withColumn(ROW_ID, known + F.col(_AT))
        # Where SKIPPED decided alone, the optimizer would make an inner join of it and drop such lines in silence.
        .where(F.col(ROW_ID) % FILE_STEP > F.coalesce(SKIPPED, F.lit(0)))
        .select(LINE, ROW_ID, SOURCE_FILE, IS_CUT, OPENS)
    )
    of_file = dict(zip(blocks.column(SOURCE_FILE).to_pylist(), blocks.column(OPENS).to_pylist(), strict=True))
    return Lines(placed, len(of_file), sum(of_file.values()))


def _literal(path: str) -> str:
    """The path as a name and no pattern, whatever brackets and stars it holds."""
    return re.sub(r"([\[\]{}*?\\])", r"\\\1", path)


def _by_uri(root: str, files: Sequence[PlacedFile]) -> Mapping[str, PlacedFile]:
    """The files by the end of their URI, without what stands before the root."""
    bare_root = root.split("://", 1)[-1].strip("/")
    return {f"{bare_root}/{file.path}": file for file in files}


def _file_of(uri: str, by_uri: Mapping[str, PlacedFile]) -> PlacedFile:
    """The file of a percent-encoded URI."""
    plain = unquote(uri)
    return by_uri[plain.split(":", 1)[-1].lstrip("/")]


def _blocks(counted: Sequence[Row], by_uri: Mapping[str, PlacedFile]) -> pa.Table:
    """For each block its file, what is known of that, and what a line's place in its task lacks of its `_row_id`."""
    found = [(_file_of(row[_PATH], by_uri), row) for row in counted]
    opening = {file for file, row in found if row[OPENS]}
    before: dict[PlacedFile, int] = {}
    rows = []
    for file, row in sorted(found, key=lambda item: (item[0].number, item[1][_BLOCK])):
        line = before.get(file, 0) + 1
        before[file] = before.get(file, 0) + row["lines"]
        rows.append(
            {
                _PATH: row[_PATH],
                _BLOCK: row[_BLOCK],
                _OFFSET: file.number * FILE_STEP + line - row["first"],
                SOURCE_FILE: file.path,
                SKIPPED: file.skipped,
                IS_CUT: file.is_cut,
                OPENS: file in opening,
            }
        )
    return pa.Table.from_pylist(rows, schema=_BLOCKS)


_BLOCKS = pa.schema(
    [
        (_PATH, pa.string()),
        (_BLOCK, pa.int64()),
        (_OFFSET, pa.int64()),
        (SOURCE_FILE, pa.string()),
        (SKIPPED, pa.int64()),
        (IS_CUT, pa.bool_()),
        (OPENS, pa.bool_()),
    ]
)
