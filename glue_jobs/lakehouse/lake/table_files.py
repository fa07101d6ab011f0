"""The data files of a Delta table as its log lists them: size, rows, partition, column statistics.

The only reader of Delta's add actions. It stays columnar: no value is made for a column that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

Partition = tuple[Any, ...]
Range = tuple[Any, Any]
"""The smallest and the greatest value of a column."""


@dataclass(frozen=True)
class TableFile:
    """A data file, or a row group of one. A column that is not in `statistics` may have any value."""

    path: str
    bytes: int
    rows: int
    partition: Partition
    statistics: Mapping[str, Range]
    written_ms: int = 0

    @property
    def name(self) -> str:
        """The file's own name, which no other file of the table has."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class TableTotals:
    """Rows that readers see, and files and bytes, of a whole table."""

    rows: int
    files: int
    bytes: int

    @property
    def bytes_per_row(self) -> float:
        """Average size of a row in its files."""
        return self.bytes / max(self.rows, 1)


def table_files(table: DeltaTable, columns: Sequence[str] = ()) -> list[TableFile]:
    """The files of a table, with the statistics of its partition columns and of the given columns."""
    partition_by = table.metadata().partition_columns
    actions = _add_actions(table)
    paths, sizes, counts, written = (
        actions[name].to_pylist() for name in ("path", "size_bytes", "num_records", "modification_time")
    )
    partitions = _rows(actions, [f"partition.{name}" for name in partition_by])
    statistics = _statistics(actions, partition_by, columns)
    return [
        TableFile(unquote(path), size, rows or 0, partition, ranges, at)
        for path, size, rows, partition, ranges, at in zip(
            paths, sizes, counts, partitions, statistics, written, strict=True
        )
    ]


def totals_of(table: DeltaTable) -> TableTotals:
    """Add up a table by its log alone; rows that deletion vectors mark as deleted are not counted."""
    actions = _add_actions(table)
    marked = pa.table(table.deletion_vectors()).column("selection_vector").to_pylist()
    rows = _total(actions["num_records"]) - sum(int(vector.count(False)) for vector in marked)
    return TableTotals(rows, actions.num_rows, _total(actions["size_bytes"]))


def _add_actions(table: DeltaTable) -> pa.Table:
    return pa.table(table.get_add_actions(flatten=True))


def _total(column: pa.ChunkedArray) -> int:
    return sum(int(value or 0) for value in column.to_pylist())


def _rows(actions: pa.Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Some columns as one tuple per file."""
    if not names:
        return [()] * actions.num_rows
    return list(zip(*(actions[name].to_pylist() for name in names), strict=True))


def _statistics(actions: pa.Table, partition_by: Sequence[str], columns: Sequence[str]) -> list[dict[str, Range]]:
    """The ranges of each file by column; left out where the log does not have both ends."""
    ends = {name: (f"partition.{name}", f"partition.{name}") for name in partition_by}
    ends |= {name: (f"min.{name}", f"max.{name}") for name in columns if name not in ends}
    statistics: list[dict[str, Range]] = [{} for _ in range(actions.num_rows)]
    for name, (low, high) in ends.items():
        if low not in actions.column_names or high not in actions.column_names:
            continue
        for ranges, least, greatest in zip(
            statistics, actions[low].to_pylist(), actions[high].to_pylist(), strict=True
        ):
            if least is not None and greatest is not None:
                ranges[name] = (least, greatest)
    return statistics
