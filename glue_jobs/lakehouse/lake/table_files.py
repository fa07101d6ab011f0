"""The data files of a Delta table with their statistics, read from its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

Partition = tuple[Any, ...]
Bounds = tuple[Any, Any]


@dataclass(frozen=True)
class LaidFile:
    """A file, or a row group of one. bounds: smallest and greatest value by column; a column without may hold any."""

    path: str
    bytes: int
    rows: int
    partition: Partition
    bounds: Mapping[str, Bounds]
    written_ms: int = 0

    @property
    def name(self) -> str:
        """The file's own name, which no other file of the table has."""
        return self.path.rsplit("/", 1)[-1]


def laid_files(table: DeltaTable, columns: Sequence[str] = ()) -> list[LaidFile]:
    """The files of a table, with the bounds of its partition columns and of some others, by the log alone."""
    actions = pa.table(table.get_add_actions(flatten=True)).to_pydict()
    partition_by = table.metadata().partition_columns
    found = []
    for at, path in enumerate(actions["path"]):
        partition = tuple(actions[f"partition.{name}"][at] for name in partition_by)
        bounds = {
            name: (value, value) for name, value in zip(partition_by, partition, strict=True) if value is not None
        }
        for name in columns:
            pair = tuple(actions[f"{end}.{name}"][at] if f"{end}.{name}" in actions else None for end in ("min", "max"))
            if name not in bounds and None not in pair:
                bounds[name] = (pair[0], pair[1])
        size, rows, written = (actions[key][at] for key in ("size_bytes", "num_records", "modification_time"))
        found.append(LaidFile(unquote(path), size, rows or 0, partition, bounds, written))
    return found
