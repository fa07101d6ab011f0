"""Rows of formats that have types of their own, as the text columns that CSV and JSON give; one part a task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import Encoding
from lakehouse.ingest.drift import by_contract_names
from lakehouse.ingest.lines import FILE_STEP
from lakehouse.ingest.typed_text import Kind, json_text, may_lose_bytes
from lakehouse.ingest.whole_files import WholeFile

if TYPE_CHECKING:
    import pyarrow as pa

_NOT_UTF8 = Encoding.UTF_8.rule


@dataclass(frozen=True)
class Rows:
    """Some rows of a file that follow one another. first: the number of the first, from 1.

    columns: the text of each, by its name in the file. unreadable: the rule that a row breaks as a whole.
    """

    first: int
    columns: Mapping[str, Sequence[str | None]]
    unreadable: Sequence[str | None]


@dataclass(frozen=True)
class Part:
    """What one task reads of a file; place: which part, for a format that has several."""

    file: WholeFile
    place: int = 0


def without_lost_bytes(kind: Kind, texts: Sequence[str | None], broken: Sequence[str | None]) -> Sequence[str | None]:
    """The rules that some rows break, with that of the encoding where a column has bytes that are no UTF-8."""
    if not may_lose_bytes(kind):
        return broken
    return [_NOT_UTF8 if "\ufffd" in (text or "") else rule for text, rule in zip(texts, broken, strict=True)]


Read = Callable[[WholeFile, int, Dataset], Iterator[Rows]]
"""How the rows of a part are read."""


def reader_of(file_format: FileFormat) -> Read:
    """The function that reads a format; its library is imported where it is needed."""
    if file_format is FileFormat.PARQUET:
        from lakehouse.ingest.parquet_rows import parquet_rows

        return parquet_rows
    if file_format is FileFormat.AVRO:
        from lakehouse.ingest.avro_rows import avro_rows

        return avro_rows
    from lakehouse.ingest.xlsx_rows import xlsx_rows

    return xlsx_rows


def typed_rows(spark: SparkSession, parts: Sequence[Part], dataset: Dataset) -> DataFrame:
    """The rows of some parts, each column as text; an empty text is null."""
    own = list(parts)

    def read(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for place in batch.column(0).to_pylist():
                part = own[place]
                for rows in reader_of(dataset.file_format)(part.file, part.place, dataset):
                    yield batch_of(rows, part.file, dataset)

    text = [*dataset.column_names, RAW_TEXT, UNREADABLE, RESCUED, REPAIR_OF]
    schema = ", ".join(f"`{name}` STRING" for name in text)
    plan = spark.range(len(own), numPartitions=len(own))
    return plan.mapInArrow(read, f"{schema}, {ROW_ID} BIGINT, {SOURCE_FILE} STRING")


def batch_of(rows: Rows, file: WholeFile, dataset: Dataset) -> pa.RecordBatch:
    """Some rows as `read_rows` gives them."""
    import pyarrow as pa

    size = len(rows.unreadable)
    names = by_contract_names(tuple(rows.columns), dataset)
    texts = dict(zip(names, rows.columns.values(), strict=True))
    nothing: list[str | None] = [None] * size
    known = [[value or None for value in texts.get(name, nothing)] for name in dataset.column_names]
    beside = {name: values for name, values in texts.items() if name not in dataset.column_names}
    rescued = [_beside(beside, row) for row in range(size)] if beside else nothing
    columns = [*known, nothing, list(rows.unreadable), rescued, nothing]
    places = [file.number * FILE_STEP + rows.first + row for row in range(size)]
    return pa.RecordBatch.from_arrays(
        [
            *[pa.array(values, pa.string()) for values in columns],
            pa.array(places, pa.int64()),
            pa.array([file.source] * size, pa.string()),
        ],
        names=[*dataset.column_names, RAW_TEXT, UNREADABLE, RESCUED, REPAIR_OF, ROW_ID, SOURCE_FILE],
    )


def _beside(columns: Mapping[str, Sequence[Any]], row: int) -> str | None:
    """What a row has beside the contract's columns, as JSON."""
    found = {name: values[row] for name, values in columns.items() if values[row]}
    return json_text(found) if found else None
