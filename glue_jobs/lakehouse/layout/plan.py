"""Which files of a table are worth rewriting, by what its log says: few, and none that lies well.

A partition is clustered anew as a whole when its measure is bad and half of it came since it was last clustered, so
that over time no byte is rewritten often. Small files are gathered among themselves: what came late is not worth
writing again what lies well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lakehouse.contracts.layout import Layout
from lakehouse.lake.table_files import LaidFile, Partition
from lakehouse.layout.files import Clustered, History, files_by_partition, said_partition
from lakehouse.layout.measure import measure

SMALL_PART = 8
"""A file below this part of the target is small."""
SMALL_FILES = 7
"""So many new small files of one partition, a week of nights, are gathered with those that were gathered before."""
LARGE_TIMES = 2
"""A file above so many times the target is too large."""
LATE_SHARE = 0.05
"""Gathered files add about this part of a day to what one day opens, where days are cut."""


@dataclass(frozen=True)
class Task:
    """Files of one partition to be rewritten as about so many.

    measure: that of the partition before. whole: the partition is clustered anew, not only its small files gathered.
    """

    partition: Partition
    files: tuple[LaidFile, ...]
    cells: int
    measure: float
    whole: bool

    @property
    def bytes(self) -> int:
        """Size of the files to be rewritten."""
        return sum(file.bytes for file in self.files)


@dataclass(frozen=True)
class Plan:
    """What one run rewrites, and what it leaves to the next for want of room."""

    tasks: tuple[Task, ...] = ()
    left: tuple[Task, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of the files to be rewritten."""
        return sum(task.bytes for task in self.tasks)


def plan_maintenance(files: Sequence[LaidFile], layout: Layout, clustered: History, max_bytes: int) -> Plan:
    """The tasks of one run, worst partition first, of at most so many bytes together."""
    found = []
    for partition, own in files_by_partition(files).items():
        task = task_for(partition, own, layout, clustered[said_partition(partition)])
        if task is not None:
            found.append(task)
    chosen: list[Task] = []
    left: list[Task] = []
    room = max_bytes
    for task in sorted(found, key=lambda task: -task.measure):
        (chosen if task.bytes <= room else left).append(task)
        room -= task.bytes if task.bytes <= room else 0
    return Plan(tuple(chosen), tuple(left))


def task_for(partition: Partition, files: Sequence[LaidFile], layout: Layout, last: Clustered) -> Task | None:
    """What a partition needs, if anything. last: when it was last seen to."""
    small = [file for file in files if file.bytes < layout.target_bytes / SMALL_PART]
    large = [file for file in files if file not in small] or list(files)
    now = measure(large, layout.cut_by)
    if _is_bad(large, now, layout, last):
        size = sum(file.bytes for file in files)
        return Task(partition, tuple(files), max(1, round(size / layout.target_bytes)), now, whole=True)
    if sum(file.written_ms > last.at for file in small) < SMALL_FILES:
        return None
    return Task(partition, tuple(small), _gathered_cells(small, files, layout), now, whole=len(small) == len(files))


def _is_bad(files: Sequence[LaidFile], now: float, layout: Layout, last: Clustered) -> bool:
    """True when a partition is worth to be clustered anew: for a bad measure, or a file too large."""
    new = [file for file in files if file.written_ms > last.whole_at]
    too_large = any(file.bytes > LARGE_TIMES * layout.target_bytes for file in new)
    mostly_new = 2 * sum(file.bytes for file in new) >= sum(file.bytes for file in files)
    return too_large or (len(files) > 1 and now > layout.at_most and mostly_new)


def _gathered_cells(small: Sequence[LaidFile], files: Sequence[LaidFile], layout: Layout) -> int:
    """How many files small ones become: as few as keep a question for one day from opening much more than the day."""
    small_bytes = sum(file.bytes for file in small)
    fewest = max(1, round(small_bytes / layout.target_bytes))
    bounds = [file.bounds["dt"] for file in files if "dt" in file.bounds]
    if not layout.is_by_day or len(small) == len(files) or not bounds:
        return fewest
    first, last = min(pair[0] for pair in bounds), max(pair[1] for pair in bounds)
    days = (last - first).days + 1 if isinstance(first, date) else 1
    of_a_day = sum(file.bytes for file in files) / days
    return max(fewest, min(len(small) * 2 // 3, math.ceil(small_bytes / (LATE_SHARE * of_a_day))))
