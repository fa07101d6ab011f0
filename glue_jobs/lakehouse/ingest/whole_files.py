"""Files that cannot be split, each read by one task: compressed ones, UTF-16, and documents that are one JSON value.

The task holds a part of the file at a time, never the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import ROW_ID, SOURCE_FILE
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.json_document import elements
from lakehouse.ingest.lines import FILE_STEP, IS_CUT, LINE, OPENS, Lines
from lakehouse.ingest.packed import Codec
from lakehouse.ingest.text_streams import decoded_chunks, lines_of, open_stream

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 4096
_SCHEMA = f"{LINE} STRING, {ROW_ID} BIGINT, {SOURCE_FILE} STRING, {IS_CUT} BOOLEAN"


@dataclass(frozen=True)
class WholeFile:
    """A file, or a member of an archive, that one task reads. source: what its rows name as their file.

    number: its place in the batch. skipped: its lines before the first row.
    """

    path: str
    size: int
    source: str
    number: int
    skipped: int = 0
    is_cut: bool = False
    codec: Codec | None = None
    member: str = ""


def whole_lines(
    spark: SparkSession,
    files: Sequence[WholeFile],
    separator: str | None,
    opens: SparkColumn,
    prepared: Any,
    dataset: Dataset,
) -> Lines:
    """The lines of some files as `read_lines` gives them, or the elements of JSON documents, each as a line.

    separator: what ends a line; None for any of the usual ends. opens: whether a line opens a record. prepared: what
    a line is made before it is looked at.
    """
    own = list(files)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from _batches(own[place], separator, dataset)

    found = spark.range(len(own), numPartitions=len(own)).mapInArrow(read, _SCHEMA)
    found = found.withColumn(LINE, prepared(F.col(LINE)))
    opening = [row[0] for row in _opening(found, opens).collect()]
    rows = found.withColumn(OPENS, F.col(SOURCE_FILE).isin(*opening) if opening else F.lit(False))
    return Lines(rows, len(own), len(opening))


def _opening(lines: DataFrame, opens: SparkColumn) -> DataFrame:
    """The files of which a line opens a record."""
    return lines.where(opens).select(SOURCE_FILE).distinct()


def _batches(file: WholeFile, separator: str | None, dataset: Dataset) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    texts: list[str] = []
    first = 1
    with open_stream(file.path, file.size, file.codec, file.member) as stream:
        for text in _texts(stream, separator, dataset):
            texts.append(text)
            if len(texts) == _ROWS:
                yield _batch(pa, file, texts, first)
                first, texts = first + len(texts), []
    yield _batch(pa, file, texts, first)


def _batch(pa: Any, file: WholeFile, texts: list[str], first: int) -> Any:
    """Some lines of a file, without those before its first row."""
    places = range(first, first + len(texts))
    kept = [(text, place) for text, place in zip(texts, places, strict=True) if place > file.skipped]
    return pa.RecordBatch.from_arrays(
        [
            pa.array([text for text, _ in kept], pa.string()),
            pa.array([file.number * FILE_STEP + place for _, place in kept], pa.int64()),
            pa.array([file.source] * len(kept), pa.string()),
            pa.array([file.is_cut] * len(kept), pa.bool_()),
        ],
        names=[LINE, ROW_ID, SOURCE_FILE, IS_CUT],
    )


def _texts(stream: Any, separator: str | None, dataset: Dataset) -> Iterator[str]:
    text = decoded_chunks(stream, dataset.file_options.encoding)
    if dataset.file_format is FileFormat.JSON:
        return elements(text, dataset.file_options.path)
    return lines_of(text, separator)
