"""The columns of files that have types of their own, held against the contract before a row is read."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.file_options import FileOptions
from lakehouse.ingest.drift import by_contract_names, header_problem
from lakehouse.ingest.opened import open_file
from lakehouse.ingest.typed_text import BrokenFileError, Kind, kind_problem


def typed_columns(path: str, size: int, dataset: Dataset) -> tuple[tuple[str, ...], int]:
    """The columns by the contract's names, and how many tasks can share the file.

    Raises BrokenFileError, and PackedError for a broken workbook.
    """
    kinds, parts = column_kinds(path, size, dataset.file_format, dataset.file_options)
    columns = by_contract_names(tuple(kinds), dataset)
    if problem := header_problem(columns, dataset):
        raise BrokenFileError(problem)
    found = dict(zip(columns, kinds.values(), strict=True))
    for column in dataset.columns:
        kind = found.get(column.name)
        if kind is not None and (problem := kind_problem(column, kind)):
            raise BrokenFileError(problem)
    return columns, parts


def column_kinds(
    path: str, size: int, file_format: FileFormat, options: FileOptions
) -> tuple[Mapping[str, Kind | None], int]:
    """The columns of a file with the kinds of their values, None where each has its own, and in how many parts it is.

    Raises BrokenFileError, and PackedError for a broken workbook.
    """
    with contextlib.closing(open_file(path, size)) as raw:
        if file_format is FileFormat.PARQUET:
            from lakehouse.ingest import parquet_rows

            return parquet_rows.columns_of(raw)
        if file_format is FileFormat.AVRO:
            from lakehouse.ingest import avro_rows

            return avro_rows.columns_of(raw), 1
        from lakehouse.ingest import xlsx_rows

        return dict.fromkeys(xlsx_rows.columns_of(raw, size, options)), 1
