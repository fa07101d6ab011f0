"""Which files of silver can contain a key of a batch, from the table's log alone: no data file is opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from deltalake import DeltaTable

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.table_files import Partition, Range, TableFile, table_files

LIST_LIMIT = 100
"""Up to so many partitions or key ranges are listed; more are merged into ranges, which may cover a few others."""

LOCATE_ABOVE_BYTES = 64 << 20
"""Up to this size the rows of all candidate files are read at once; above it first the keys, then the matching rows."""

_RANGED_TYPES = ("string", "int", "bigint", "date")
"""Types of a leading key column whose min/max statistics every engine writes exactly."""


@dataclass(frozen=True)
class KeyRange:
    """The smallest and the greatest value of the leading key column in a part of a batch."""

    low: Any
    high: Any


@dataclass(frozen=True)
class CandidateFiles:
    """The files that can contain a key of a batch, and predicates with literals that let a reader skip all others.

    known: all files of the table. files: those that can contain a key. ranges: of the leading key column in the batch;
    None where its type has no exact statistics.
    """

    dataset: Dataset
    known: tuple[TableFile, ...]
    files: tuple[TableFile, ...]
    ranges: tuple[KeyRange, ...] | None

    @property
    def bytes(self) -> int:
        """Size of the files that can contain a key."""
        return sum(file.bytes for file in self.files)

    @property
    def bytes_per_row(self) -> float | None:
        """Size of a row in the table's files; None for a table without rows."""
        rows = sum(file.rows for file in self.known)
        return sum(file.bytes for file in self.known) / rows if rows else None

    @property
    def partitions(self) -> frozenset[Partition]:
        """The partitions of the files that can contain a key."""
        return frozenset(file.partition for file in self.files)

    @property
    def partitions_by(self) -> str:
        """How the predicates name the partitions: `list`, `ranges` or `none`."""
        if not self.dataset.partition_by:
            return "none"
        most = max(len({p[at] for p in self.partitions}) for at in range(len(self.dataset.partition_by)))
        return "list" if most <= LIST_LIMIT else "ranges"

    def key_predicate(self) -> str | None:
        """A condition on the batch's rows, false where no file can contain the key; None where any key is possible."""
        ranges = [file.statistics.get(self.dataset.key[0]) for file in self.files]
        if self.ranges is None or None in ranges:
            return None
        return self._key_within(merged_ranges(KeyRange(*each) for each in ranges if each))

    def within(self, partitions: Iterable[Partition]) -> CandidateFiles:
        """The same for some partitions only."""
        wanted = set(partitions)
        return CandidateFiles(
            self.dataset, self.known, tuple(f for f in self.files if f.partition in wanted), self.ranges
        )

    def partition_predicates(self, table: str = "") -> list[str]:
        """Conditions on the table's partition columns alone."""
        return partition_predicates(self.dataset, self.partitions, (file.partition for file in self.known), table)

    def predicates(self, table: str = "") -> list[str]:
        """Conditions on the table's partition and key columns, as SQL with literals; `table` is a prefix like `t.`."""
        if not self.files:
            return ["1 = 0"]
        predicates = self.partition_predicates(table)
        if self.ranges is not None:
            predicates.append(self._key_within(self.ranges, table))
        return predicates

    def _key_within(self, ranges: Iterable[KeyRange], table: str = "") -> str:
        key = self.dataset.key[0]
        return _ranges(f"{table}`{key}`", self.dataset.silver_types[key], ranges)


def partition_predicates(
    dataset: Dataset, wanted: Iterable[Partition], known: Iterable[Partition], table: str = ""
) -> list[str]:
    """Conditions that are true for every row of the wanted partitions, one per partition column."""
    columns = zip(dataset.partition_by, zip(*wanted, strict=True), zip(*known, strict=True), strict=False)
    types = dataset.silver_types
    return [_values(f"{table}`{name}`", types[name], set(values), set(all_)) for name, values, all_ in columns]


def candidate_files_of(
    table: DeltaTable | None,
    dataset: Dataset,
    ranges: Iterable[KeyRange],
    partitions: Iterable[Partition],
) -> CandidateFiles:
    """The files that can contain a key of a batch with these key ranges and partitions."""
    key = dataset.key[0]
    # Ranges stand in the log as the predicate of the merge.
    is_ranged = dataset.silver_types[key] in _RANGED_TYPES and key in dataset.bounded_key
    narrow = merged_ranges(ranges) if is_ranged else None
    known = () if table is None else tuple(table_files(table, () if narrow is None else (key,)))
    own = set(partitions) if dataset.partition_is_stable else None
    files = tuple(f for f in known if may_hold(f.statistics.get(key), narrow) and (own is None or f.partition in own))
    return CandidateFiles(dataset, known, files, narrow)


def may_hold(statistics: Range | None, ranges: Sequence[KeyRange] | None) -> bool:
    """Whether a file with these statistics of the key may contain a key in one of the ranges; None means any key."""
    if ranges is None or statistics is None:
        return True
    low, high = statistics
    return any(r.low <= high and low <= r.high for r in ranges)


def merged_ranges(ranges: Iterable[KeyRange], limit: int = LIST_LIMIT) -> tuple[KeyRange, ...]:
    """At most `limit` ranges without overlap that cover all of the given ones."""
    apart: list[KeyRange] = []
    for each in sorted(ranges, key=lambda r: r.low):
        if apart and each.low <= apart[-1].high:
            apart[-1] = KeyRange(apart[-1].low, max(apart[-1].high, each.high))
        else:
            apart.append(each)
    step = -(-len(apart) // limit) or 1
    chunks = [apart[at : at + step] for at in range(0, len(apart), step)]
    return tuple(KeyRange(chunk[0].low, chunk[-1].high) for chunk in chunks)


def _values(column: str, kind: str, wanted: set[Any], known: set[Any]) -> str:
    """A condition that is true for every wanted value: a list, or ranges where there are many."""
    named = sorted(value for value in wanted if value is not None)
    conditions = [f"{column} IS NULL"] if None in wanted else []
    if len(named) > LIST_LIMIT:
        runs = _runs(named, sorted(value for value in known if value is not None))
        conditions.append(_ranges(column, kind, runs))
    elif named:
        conditions.append(f"{column} IN ({', '.join(_literal(value, kind) for value in named)})")
    return f"({' OR '.join(conditions)})"


def _runs(wanted: list[Any], known: list[Any], limit: int = LIST_LIMIT) -> list[KeyRange]:
    """At most `limit` ranges over sorted values, cut where most known values are between two wanted ones."""
    position = {value: at for at, value in enumerate(known)}
    gaps = [(position[after] - position[before], at) for at, (before, after) in enumerate(pairwise(wanted), start=1)]
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
