"""Delivered files as DataFrames: every delivered row once, as text, with what keeps it from being read."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import RAW_TEXT, REPAIR_OF, RESCUED, ROW_ID, SOURCE_FILE, UNREADABLE
from lakehouse.contracts.contract import Dataset, FileFormat
from lakehouse.ingest.csv_rows import csv_rows, opens_record
from lakehouse.ingest.header import Header
from lakehouse.ingest.json_rows import json_rows
from lakehouse.ingest.lines import PlacedFile, read_lines
from lakehouse.lake.files import StoredFile


def read_rows(
    spark: SparkSession, root: str, files: Sequence[tuple[StoredFile, Header]], dataset: Dataset
) -> DataFrame:
    """Read files as text columns of the contract, with what the lakehouse adds to them while they are parsed.

    `_unreadable` is null for a row that could be split into its columns, else `_raw_text` has its text. `_rescued` has
    the values beside the contract's columns as JSON. `_row_id` follows from the file's place among the files and the
    row's first line in it, and from nothing else.
    """
    parts: list[DataFrame] = []
    for header in sorted({header for _, header in files if header.columns}):
        placed = [
            PlacedFile(file.path, number, own.lines, own.is_cut)
            for number, (file, own) in enumerate(files)
            if own == header
        ]
        parts.append(_read(spark, root, placed, header, dataset))
    rows = parts[0] if parts else _no_rows(spark, dataset)
    for part in parts[1:]:
        rows = rows.unionByName(part)
    return rows


def _read(spark: SparkSession, root: str, files: Sequence[PlacedFile], header: Header, dataset: Dataset) -> DataFrame:
    """The rows of files with one header."""
    if dataset.file_format is FileFormat.JSON_LINES:
        return json_rows(read_lines(spark, root, files, None, F.lit(False)), header, dataset)
    return csv_rows(read_lines(spark, root, files, header.separator, opens_record()), header, dataset)


def _no_rows(spark: SparkSession, dataset: Dataset) -> DataFrame:
    text = [*dataset.column_names, RAW_TEXT, UNREADABLE, RESCUED, REPAIR_OF]
    schema = ", ".join(f"`{name}` STRING" for name in text)
    return spark.createDataFrame([], f"{schema}, {ROW_ID} BIGINT, {SOURCE_FILE} STRING")
