"""Delivered files as DataFrames: every delivered row once, as text, with what keeps it from being read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.csv_rows import csv_rows, opens_record
from lakehouse.ingest.dialect import Dialect, decoded, in_own_words
from lakehouse.ingest.header import Header, as_written
from lakehouse.ingest.json_rows import json_rows
from lakehouse.ingest.lines import PlacedFile, read_lines
from lakehouse.ingest.names_inside import with_names_inside
from lakehouse.ingest.typed_rows import Part, typed_rows
from lakehouse.ingest.whole_files import WholeFile, whole_lines
from lakehouse.lake.files import StoredFile


def read_rows(
    spark: SparkSession, root: str, files: Sequence[tuple[StoredFile, Header]], dataset: Dataset
) -> DataFrame:
    """Read files as text columns of the contract, with what the lakehouse adds to them while they are parsed.

    `_unreadable` is null for a row that could be split into its columns, else `_raw_text` has its text. `_rescued` has
    the values beside the contract's columns as JSON. `_row_id` follows from the file's place among the files and the
    row's first line in it, and from nothing else.
    """
    every = _parts(files)
    headers = sorted({part.header for part in every if part.header.columns})
    parts = [_read(spark, root, [part for part in every if part.header == own], own, dataset) for own in headers]
    rows = parts[0] if parts else _no_rows(spark, dataset)
    for part in parts[1:]:
        rows = rows.unionByName(part)
    return with_names_inside(rows, dataset)


@dataclass(frozen=True)
class _Part:
    """A file, or a member of an archive, with its place in the batch."""

    file: StoredFile
    header: Header
    number: int

    @property
    def placed(self) -> PlacedFile:
        """It as a file that can be split."""
        return PlacedFile(self.file.path, self.number, self.header.lines, self.header.is_cut)

    def whole(self, root: str) -> WholeFile:
        """It as a file that cannot."""
        own, path = self.header, self.file.path
        source = f"{path}/{own.member}" if own.member else path
        return WholeFile(
            f"{root}/{path}", self.file.size, source, self.number, own.lines, own.is_cut, own.codec, own.member
        )


def _parts(files: Sequence[tuple[StoredFile, Header]]) -> list[_Part]:
    """The files, and in the place of an archive its own."""
    every = [(file, header) for file, own in files for header in (own.members or (own,))]
    return [_Part(file, header, number) for number, (file, header) in enumerate(every)]


def _read(spark: SparkSession, root: str, files: Sequence[_Part], header: Header, dataset: Dataset) -> DataFrame:
    """The rows of files with one header."""
    of = as_written(dataset, header.is_repair)
    if of.file_format.is_binary:
        tasks = [Part(part.whole(root), place) for part in files for place in range(part.header.parts)]
        return typed_rows(spark, tasks, of)
    dialect, encoding = Dialect(of.file_options), of.file_options.encoding
    separator, opens = (None, F.lit(False)) if of.file_format.is_json else (header.separator, opens_record())

    def prepared(line: SparkColumn) -> SparkColumn:
        text = line if header.is_whole else decoded(line, encoding)
        return text if of.file_options.is_rfc4180 else dialect.line_column(text)

    if header.is_whole:
        found = whole_lines(spark, [part.whole(root) for part in files], separator, opens, prepared, of)
    else:
        found = read_lines(spark, root, [part.placed for part in files], separator, opens, prepared)
    if of.file_format.is_json:
        return in_own_words(json_rows(found, header, of), encoding)
    rows = csv_rows(found, header, of)
    return in_own_words(rows if of.file_options.is_rfc4180 else dialect.undone(rows, of), encoding)


def _no_rows(spark: SparkSession, dataset: Dataset) -> DataFrame:
    text = [*dataset.column_names, RAW_TEXT, UNREADABLE, RESCUED, REPAIR_OF]
    schema = ", ".join(f"`{name}` STRING" for name in text)
    return spark.createDataFrame([], f"{schema}, {ROW_ID} BIGINT, {SOURCE_FILE} STRING")
