"""What a run did to a table: its files before and after, and those that came to the disk."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Files:
    """So many files of so many bytes together."""

    count: int
    bytes: int


@dataclass(frozen=True)
class Listing:
    """The live data files of a table, by path: size and day."""

    sizes: Mapping[str, int]
    days: Mapping[str, str]

    def all(self) -> Files:
        """All files of the table."""
        return _sum(self.sizes.values())

    def of_days(self, days: frozenset[str]) -> Files:
        """The files of some days."""
        return _sum(size for path, size in self.sizes.items() if self.days[path] in days)

    def gone_in(self, after: Listing) -> Files:
        """The files that a later listing no longer has."""
        return _sum(size for path, size in self.sizes.items() if path not in after.sizes)

    def changed_days(self, after: Listing) -> frozenset[str]:
        """The days whose files are others in a later listing."""
        gone = {self.days[path] for path in self.days.keys() - after.days.keys()}
        return frozenset(gone | {after.days[path] for path in after.days.keys() - self.days.keys()})


def listing(path: Path) -> Listing:
    """The live files of a table as its log names them."""
    actions = pa.table(DeltaTable(str(path)).get_add_actions(flatten=True)).to_pydict()
    days = map(str, actions["partition.dt"])
    return Listing(
        dict(zip(actions["path"], actions["size_bytes"], strict=True)), dict(zip(actions["path"], days, strict=True))
    )


def on_disk(path: Path) -> dict[Path, int]:
    """Data files and deletion vectors that lie in a table's folder, with their sizes."""
    found = itertools.chain(path.rglob("*.parquet"), path.rglob("*.bin"))
    return {file: file.stat().st_size for file in found if "_delta_log" not in file.parts}


def written(before: Mapping[Path, int], after: Mapping[Path, int]) -> Files:
    """The files that came in between."""
    return _sum(size for file, size in after.items() if file not in before)


@contextmanager
def copied(table: Path, folder: Path) -> Iterator[Path]:
    """A copy of a table by hard links, under a path that was never used, for Delta keeps a log in memory per path."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / f"{table.name}-{next(_NUMBERS)}"
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-al", str(table), str(copy)], check=True)
    try:
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def with_day(rows: DataFrame) -> DataFrame:
    """Delivered rows with the day they belong to."""
    return rows.withColumn("dt", F.to_date("ordered_at"))


def _sum(sizes: Iterable[int]) -> Files:
    found = list(sizes)
    return Files(len(found), sum(found))
