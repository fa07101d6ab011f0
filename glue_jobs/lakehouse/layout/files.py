"""What a table's log, and where asked the Parquet footers, say of its files: size, rows, partition and bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler

from lakehouse.contracts.layout import Layout
from lakehouse.lake.delta_log import commits_since, storage_options
from lakehouse.lake.table_files import LaidFile, Partition


def row_groups(table: DeltaTable, files: Sequence[LaidFile], columns: Sequence[str]) -> list[LaidFile]:
    """The row groups of some files, by their footers."""
    filesystem = pa.fs.PyFileSystem(DeltaStorageHandler(table.table_uri, storage_options(table.table_uri)))
    found = []
    for file in files:
        with filesystem.open_input_file(file.path) as opened:
            footer = pq.ParquetFile(opened).metadata
        names = {footer.schema.column(at).path: at for at in range(footer.num_columns)}
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            bounds = {name: bound for name, bound in file.bounds.items() if name not in names}
            for name in columns:
                statistics = group.column(names[name]).statistics if name in names else None
                if statistics is not None and statistics.has_min_max:
                    bounds[name] = (statistics.min, statistics.max)
            size = sum(group.column(at).total_compressed_size for at in range(group.num_columns))
            found.append(LaidFile(file.path, size, group.num_rows, file.partition, bounds))
    return found


@dataclass(frozen=True)
class Clustered:
    """When files of a partition were last rewritten by maintenance, and when all of them (ms since 1970; -1: never)."""

    at: int = -1
    whole_at: int = -1


class History(dict[tuple[str, ...], Clustered]):
    """When each partition was last clustered; one of which the log says nothing was so before the log begins."""

    def __init__(self, begins_at: int = -1) -> None:
        super().__init__()
        self.before = Clustered(begins_at, begins_at)

    def __missing__(self, partition: tuple[str, ...]) -> Clustered:
        return self.before


def clustered_at(path: str) -> History:
    """When each partition was last clustered, by what the commits of maintenance say."""
    commits = commits_since(path, -1)
    # What was there before the first commit of a log that was trimmed has been seen to while its log was there.
    is_trimmed = bool(commits) and commits[0]["version"] > 0
    found = History(commits[0]["timestamp"] if is_trimmed else -1)
    for commit in commits:
        layout = (commit["lakehouse"] or {}).get("layout") or {}
        whole = {tuple(partition) for partition in layout.get("whole", ())}
        for partition in (tuple(partition) for partition in layout.get("partitions", ())):
            before = found[partition]
            found[partition] = Clustered(layout["at"], layout["at"] if partition in whole else before.whole_at)
    return found


def said_partition(partition: Partition) -> tuple[str, ...]:
    """A partition as commits and people name it."""
    return tuple(str(value) for value in partition)


def files_by_partition(files: Sequence[LaidFile]) -> dict[Partition, list[LaidFile]]:
    """The files of each partition, in the order of the partitions."""
    found: dict[Partition, list[LaidFile]] = {}
    for file in files:
        found.setdefault(file.partition, []).append(file)
    return dict(sorted(found.items(), key=lambda item: str(item[0])))


def columns_of(layout: Layout) -> tuple[str, ...]:
    """The columns whose bounds tell how good a layout is."""
    return tuple(dict.fromkeys((*layout.partition_by, *layout.cut_by, *layout.cluster_by)))
