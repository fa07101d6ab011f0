"""Row groups of a table's files, its files by partition, and when maintenance last clustered each partition."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler

from lakehouse.contracts.layout import Layout
from lakehouse.lake.delta_log import newest_commits, storage_options
from lakehouse.lake.table_files import Partition, TableFile


def row_groups(table: DeltaTable, files: Sequence[TableFile], columns: Sequence[str]) -> list[TableFile]:
    """The row groups of some files, from their Parquet footers."""
    filesystem = pa.fs.PyFileSystem(DeltaStorageHandler(table.table_uri, storage_options(table.table_uri)))
    groups = []
    for file in files:
        with filesystem.open_input_file(file.path) as opened:
            footer = pq.ParquetFile(opened).metadata
        names = {footer.schema.column(at).path: at for at in range(footer.num_columns)}
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            statistics = {name: range_ for name, range_ in file.statistics.items() if name not in names}
            for name in columns:
                own = group.column(names[name]).statistics if name in names else None
                if own is not None and own.has_min_max:
                    statistics[name] = (own.min, own.max)
            size = sum(group.column(at).total_compressed_size for at in range(group.num_columns))
            groups.append(TableFile(file.path, size, group.num_rows, file.partition, statistics))
    return groups


@dataclass(frozen=True)
class Clustered:
    """When any files, and when all files, of a partition were last rewritten (ms since 1970; -1: never)."""

    at: int = -1
    whole_at: int = -1


class History(dict[tuple[str, ...], Clustered]):
    """When each partition was last clustered; a partition that the log does not name, before the log begins."""

    def __init__(self, begins_at: int = -1) -> None:
        super().__init__()
        self.before = Clustered(begins_at, begins_at)

    def __missing__(self, partition: tuple[str, ...]) -> Clustered:
        return self.before


def clustered_at(path: str, partitions: Collection[tuple[str, ...]]) -> History:
    """When each of some partitions was last clustered, from the metadata of the commits that rewrote files.

    Only the part of the log is read that says it of all of them.
    """
    last: dict[tuple[str, ...], int] = {}
    last_whole: dict[tuple[str, ...], int] = {}
    oldest, missing = None, set(partitions)
    for commit in newest_commits(path):
        oldest, layout = commit, (commit["lakehouse"] or {}).get("layout") or {}
        for partition in map(tuple, layout.get("partitions", ())):
            last.setdefault(partition, layout["at"])
        for partition in map(tuple, layout.get("whole", ())):
            last_whole.setdefault(partition, layout["at"])
        missing -= last_whole.keys()
        if not missing:
            break
    # What is older than the first commit of a cleaned-up log was maintained while the log still reached back to it.
    is_trimmed = bool(missing) and oldest is not None and oldest["version"] > 0
    history = History(oldest["timestamp"] if is_trimmed and oldest else -1)
    history.update({of: Clustered(at, last_whole.get(of, history.before.whole_at)) for of, at in last.items()})
    return history


def partition_label(partition: Partition) -> tuple[str, ...]:
    """A partition as the metadata of commits names it."""
    return tuple(str(value) for value in partition)


def files_by_partition(files: Sequence[TableFile]) -> dict[Partition, list[TableFile]]:
    """The files of each partition, in the order of the partitions."""
    partitions: dict[Partition, list[TableFile]] = {}
    for file in files:
        partitions.setdefault(file.partition, []).append(file)
    return dict(sorted(partitions.items(), key=lambda item: str(item[0])))


def columns_of(layout: Layout) -> tuple[str, ...]:
    """The columns whose statistics show how good a layout is."""
    return tuple(dict.fromkeys((*layout.partition_by, *layout.cut_by, *layout.cluster_by)))
