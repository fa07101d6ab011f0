"""Where old copies of a batch's keys can lie, found from the table's log alone: no data file is opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.contracts.contract import Dataset
from lakehouse.lake.table_files import Partition

LIST_LIMIT = 100
"""So many partitions or key ranges are named one by one; more become ranges, which may reach a little further."""

LOCATE_ABOVE_BYTES = 64 << 20
"""Below this the whole rows of all candidate files are read at once; above, keys first, then the rows found."""

_RANGED_TYPES = ("string", "int", "bigint", "date")
"""Types of a leading key column whose statistics are exact bounds in every engine."""


@dataclass(frozen=True)
class KeyRange:
    """The smallest and the greatest value of the leading key column in some part of a batch."""

    low: Any
    high: Any


@dataclass(frozen=True)
class DataFile:
    """One file of a table as its log describes it; without bounds it may hold any key."""

    bytes: int
    partition: Partition
    bounds: KeyRange | None
    rows: int = 0

    def may_hold(self, ranges: Sequence[KeyRange] | None) -> bool:
        """Tell whether a key within one of the ranges may lie in this file; None stands for any key."""
        if ranges is None or self.bounds is None:
            return True
        return any(r.low <= self.bounds.high and self.bounds.low <= r.high for r in ranges)


@dataclass(frozen=True)
class Reach:
    """The files that can hold a key of a batch, and the literal predicates that lead a reader to them alone.

    partitions_by: how the partitions are named: `list`, `ranges` or `none`.
    """

    dataset: Dataset
    known: tuple[DataFile, ...]
    files: tuple[DataFile, ...]
    ranges: tuple[KeyRange, ...] | None

    @property
    def bytes(self) -> int:
        """Size of the files that can hold a key."""
        return sum(file.bytes for file in self.files)

    @property
    def bytes_per_row(self) -> float | None:
        """Size of a row in the table's files; None for a table without rows."""
        rows = sum(file.rows for file in self.known)
        return sum(file.bytes for file in self.known) / rows if rows else None

    @property
    def partitions(self) -> frozenset[Partition]:
        """The partitions of the files that can hold a key."""
        return frozenset(file.partition for file in self.files)

    @property
    def partitions_by(self) -> str:
        """How the predicates name the partitions."""
        if not self.dataset.partition_by:
            return "none"
        most = max(len({p[at] for p in self.partitions}) for at in range(len(self.dataset.partition_by)))
        return "list" if most <= LIST_LIMIT else "ranges"

    def key_predicate(self) -> str | None:
        """A condition on a batch's rows: only where it holds can a file have the key; None where any may be there."""
        bounds = [file.bounds for file in self.files]
        if self.ranges is None or None in bounds:
            return None
        return self._key_within(merged_ranges(bound for bound in bounds if bound))

    def within(self, partitions: Iterable[Partition]) -> Reach:
        """The same, of some partitions alone."""
        wanted = set(partitions)
        return Reach(self.dataset, self.known, tuple(f for f in self.files if f.partition in wanted), self.ranges)

    def partition_predicates(self, table: str = "") -> list[str]:
        """Conditions on the table's partition columns alone."""
        return partition_predicates(self.dataset, self.partitions, (file.partition for file in self.known), table)

    def predicates(self, table: str = "") -> list[str]:
        """Conditions on the table's partition and key columns, as SQL with literals; `table` is a prefix like `t.`."""
        if not self.files:
            return ["1 = 0"]
        found = self.partition_predicates(table)
        if self.ranges is not None:
            found.append(self._key_within(self.ranges, table))
        return found

    def _key_within(self, ranges: Iterable[KeyRange], table: str = "") -> str:
        key = self.dataset.key[0]
        return _ranges(f"{table}`{key}`", self.dataset.silver_types[key], ranges)


def partition_predicates(
    dataset: Dataset, wanted: Iterable[Partition], known: Iterable[Partition], table: str = ""
) -> list[str]:
    """Conditions that hold for every row of the wanted partitions, one per partition column."""
    columns = zip(dataset.partition_by, zip(*wanted, strict=True), zip(*known, strict=True), strict=False)
    types = dataset.silver_types
    return [_values(f"{table}`{name}`", types[name], set(values), set(all_)) for name, values, all_ in columns]


def reach_of(
    table: DeltaTable | None,
    dataset: Dataset,
    ranges: Iterable[KeyRange],
    partitions: Iterable[Partition],
) -> Reach:
    """The files that can hold a key of a batch with these key ranges and partitions."""
    narrow = merged_ranges(ranges) if dataset.silver_types[dataset.key[0]] in _RANGED_TYPES else None
    known = () if table is None else tuple(data_files(table, dataset))
    own = None if dataset.may_move else set(partitions)
    files = tuple(f for f in known if f.may_hold(narrow) and (own is None or f.partition in own))
    return Reach(dataset, known, files, narrow)


def data_files(table: DeltaTable, dataset: Dataset) -> list[DataFile]:
    """The files of a table with size, partition and the bounds of the leading key column."""
    actions = pa.table(table.get_add_actions(flatten=True)).to_pydict()
    sizes: list[int] = actions["size_bytes"]
    rows: list[int | None] = actions["num_records"]
    nothing = [None] * len(sizes)
    key = dataset.key[0]
    lows, highs = actions.get(f"min.{key}", nothing), actions.get(f"max.{key}", nothing)
    partitions = [actions[f"partition.{name}"] for name in dataset.partition_by]
    found = []
    for at, (size, low, high) in enumerate(zip(sizes, lows, highs, strict=True)):
        values = tuple(column[at] for column in partitions)
        bounds = None if low is None or high is None else KeyRange(low, high)
        found.append(DataFile(size, values, bounds, rows[at] or 0))
    return found


def merged_ranges(ranges: Iterable[KeyRange], limit: int = LIST_LIMIT) -> tuple[KeyRange, ...]:
    """Ranges without overlap that hold all of the given ones, at most `limit` of them."""
    apart: list[KeyRange] = []
    for found in sorted(ranges, key=lambda r: r.low):
        if apart and found.low <= apart[-1].high:
            apart[-1] = KeyRange(apart[-1].low, max(apart[-1].high, found.high))
        else:
            apart.append(found)
    step = -(-len(apart) // limit) or 1
    chunks = [apart[at : at + step] for at in range(0, len(apart), step)]
    return tuple(KeyRange(chunk[0].low, chunk[-1].high) for chunk in chunks)


def _values(column: str, kind: str, wanted: set[Any], known: set[Any]) -> str:
    """A condition that holds for every wanted value: a list, or ranges over the known values when there are many."""
    named = sorted(value for value in wanted if value is not None)
    conditions = [f"{column} IS NULL"] if None in wanted else []
    if len(named) > LIST_LIMIT:
        runs = _runs(named, sorted(value for value in known if value is not None))
        conditions.append(_ranges(column, kind, runs))
    elif named:
        conditions.append(f"{column} IN ({', '.join(_literal(value, kind) for value in named)})")
    return f"({' OR '.join(conditions)})"


def _runs(wanted: list[Any], known: list[Any], limit: int = LIST_LIMIT) -> list[KeyRange]:
    """Ranges over sorted values; they are cut where the most known values lie between two wanted ones."""
    place = {value: at for at, value in enumerate(known)}
    gaps = [(place[after] - place[before], at) for at, (before, after) in enumerate(pairwise(wanted), start=1)]
    cuts = sorted(at for gap, at in sorted(gaps, reverse=True)[: limit - 1] if gap > 1)
    edges = [0, *cuts, len(wanted)]
    return [KeyRange(wanted[start], wanted[end - 1]) for start, end in pairwise(edges)]


def _ranges(column: str, kind: str, ranges: Iterable[KeyRange]) -> str:
    conditions = [f"{column} BETWEEN {_literal(r.low, kind)} AND {_literal(r.high, kind)}" for r in ranges]
    return f"({' OR '.join(conditions) or '1 = 0'})"


def _literal(value: Any, kind: str) -> str:
    """A value as a SQL literal of the column's type."""
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'" if kind == "string" else f"CAST('{text}' AS {kind})"
