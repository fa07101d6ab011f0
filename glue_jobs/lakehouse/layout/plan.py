"""Which files of a table one maintenance run rewrites: few, and no well-clustered ones, from the log alone.

A partition is reclustered as a whole when its read amplification is above the declared limit and at least half of its
bytes are new since it was last reclustered, so that no byte is rewritten often. Otherwise small files are compacted
among themselves: rewriting well-clustered files for a few late rows does not pay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lakehouse.contracts.layout import Layout
from lakehouse.lake.table_files import Partition, TableFile
from lakehouse.layout.files import Clustered, History, files_by_partition, partition_label
from lakehouse.layout.measure import read_amplification

SMALL_PART = 8
"""A file below this part of the target is small."""
SMALL_FILES = 7
"""With so many new small files, a week of nightly loads, all small files of a partition are compacted."""
LARGE_TIMES = 2
"""A file larger than so many times the target is too large."""
LATE_SHARE = 0.05
"""Where days are cut, compacted files add at most about this part of a day's bytes to a query for one day."""


@dataclass(frozen=True)
class Task:
    """Files of one partition that are to be rewritten as about `cells` files.

    read_amplification: of the partition before. whole: all its files are rewritten, not only the small ones.
    """

    partition: Partition
    files: tuple[TableFile, ...]
    cells: int
    read_amplification: float
    whole: bool

    @property
    def bytes(self) -> int:
        """Size of the files to be rewritten."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True)
class Plan:
    """What one run rewrites, and what it leaves to the next because of the limit."""

    tasks: tuple[Task, ...] = ()
    left: tuple[Task, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of the files to be rewritten."""
        return sum(task.bytes for task in self.tasks)


def plan_maintenance(files: Sequence[TableFile], layout: Layout, clustered: History, max_bytes: int) -> Plan:
    """The tasks of one run, worst partition first, of at most `max_bytes` in total."""
    tasks = []
    for partition, own in files_by_partition(files).items():
        task = task_for(partition, own, layout, clustered[partition_label(partition)])
        if task is not None:
            tasks.append(task)
    chosen: list[Task] = []
    left: list[Task] = []
    room = max_bytes
    for task in sorted(tasks, key=lambda task: -task.read_amplification):
        (chosen if task.bytes <= room else left).append(task)
        room -= task.bytes if task.bytes <= room else 0
    return Plan(tuple(chosen), tuple(left))


def plan_appended(files: Sequence[TableFile], layout: Layout, max_bytes: int) -> Plan:
    """Bring the small files of a table that only grows into few, where there are many; the large ones stay as they are.

    By the order of what they are clustered by, so that a batch stays in as few files as it was.
    """
    small = [file for file in files if file.bytes < layout.target_bytes / SMALL_PART]
    if len(small) < SMALL_FILES:
        return Plan()
    by, room, chosen = layout.cut_by[0], max_bytes, []
    for file in sorted(small, key=lambda file: file.statistics.get(by, (-1, -1))):
        room -= file.bytes
        if room < 0:
            break
        chosen.append(file)
    cells = max(1, round(sum(file.bytes for file in chosen) / layout.target_bytes))
    return Plan((Task((), tuple(chosen), cells, 1.0, whole=False),)) if len(chosen) > cells else Plan()


def task_for(partition: Partition, files: Sequence[TableFile], layout: Layout, last: Clustered) -> Task | None:
    """What a partition needs, None for nothing. last: when it was last clustered."""
    small = [file for file in files if file.bytes < layout.target_bytes / SMALL_PART]
    large = [file for file in files if file not in small] or list(files)
    now = read_amplification(large, layout.cut_by)
    if _needs_reclustering(large, now, layout, last):
        size = sum(file.bytes for file in files)
        return Task(partition, tuple(files), max(1, round(size / layout.target_bytes)), now, whole=True)
    if sum(file.written_ms > last.at for file in small) < SMALL_FILES:
        return None
    return Task(partition, tuple(small), _compacted_files(small, files, layout), now, whole=len(small) == len(files))


def _needs_reclustering(files: Sequence[TableFile], now: float, layout: Layout, last: Clustered) -> bool:
    """True when a partition should be reclustered: its read amplification or one of its files is too large."""
    new = [file for file in files if file.written_ms > last.whole_at]
    too_large = any(file.bytes > LARGE_TIMES * layout.target_bytes for file in new)
    mostly_new = 2 * sum(file.bytes for file in new) >= sum(file.bytes for file in files)
    return too_large or (len(files) > 1 and now > layout.max_read_amplification and mostly_new)


def _compacted_files(small: Sequence[TableFile], files: Sequence[TableFile], layout: Layout) -> int:
    """How many files the small ones become: as few as possible without making a query for one day read much more."""
    small_bytes = sum(file.bytes for file in small)
    fewest = max(1, round(small_bytes / layout.target_bytes))
    days = [file.statistics["dt"] for file in files if "dt" in file.statistics]
    if not layout.is_by_day or len(small) == len(files) or not days:
        return fewest
    first, last = min(pair[0] for pair in days), max(pair[1] for pair in days)
    number = (last - first).days + 1 if isinstance(first, date) else 1
    of_a_day = sum(file.bytes for file in files) / number
    return max(fewest, min(len(small) * 2 // 3, math.ceil(small_bytes / (LATE_SHARE * of_a_day))))
