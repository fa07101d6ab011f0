"""A table's layout: its partitions, the columns that files are split and sorted by, how large a file should be.

A layout is declared in a contract or in a mart's dbt config, and stands in the table's own properties.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CLUSTER_BY, CUT_BY = "lakehouse.clusterBy", "lakehouse.cutBy"
TARGET, READ_AMPLIFICATION = "lakehouse.targetFileSize", "lakehouse.maxReadAmplification"
_FORMER_READ_AMPLIFICATION = "lakehouse.clusteringAtMost"
"""The same in tables that were written before the property got its name."""
STATISTICS = "delta.dataSkippingStatsColumns"

TARGET_FILE_BYTES = 128 << 20
MAX_READ_AMPLIFICATION = 1.1
RETENTION_DAYS = 7
LOG_DAYS = 30
"""The log is kept at least so long: marts, row counts and rollbacks read what earlier commits record."""

_UNITS = {"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}
_SIZE = re.compile(r"^([1-9]\d*) ?(KB|MB|GB)$")
_SMALLEST_ROW_GROUP, _ROW_GROUPS = 256 << 10, 32


@dataclass(frozen=True)
class Layout:
    """A declared layout.

    cluster_by: rows of a file are sorted by these. cut_by: the first one or two of them, at whose values the rows of a
    partition are split into files. target_bytes: of one file. max_read_amplification: how many times the theoretical
    minimum a query may read before maintenance reclusters a partition.
    """

    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    cut_by: tuple[str, ...]
    target_bytes: int = TARGET_FILE_BYTES
    max_read_amplification: float = MAX_READ_AMPLIFICATION

    @property
    def properties(self) -> dict[str, str]:
        """The table properties that hold the layout; Delta itself keeps the partition columns."""
        return {
            CLUSTER_BY: ",".join(self.cluster_by),
            CUT_BY: ",".join(self.cut_by),
            TARGET: said_size(self.target_bytes),
            READ_AMPLIFICATION: f"{self.max_read_amplification:g}",
        }

    @property
    def write_settings(self) -> dict[str, str]:
        """Spark's settings for writing it: row groups small enough that a reader can skip most of a file."""
        return {"parquet.block.size": str(max(_SMALLEST_ROW_GROUP, self.target_bytes // _ROW_GROUPS))}

    @property
    def is_by_day(self) -> bool:
        """True where files are split by day, so that a partition gets one day after the other."""
        return bool(self.cut_by) and self.cut_by[0] == "dt"


def layout_for(
    partition_by: Sequence[str],
    cluster_by: Sequence[str],
    key: Sequence[str] = (),
    target_bytes: int = TARGET_FILE_BYTES,
    max_read_amplification: float = MAX_READ_AMPLIFICATION,
) -> Layout:
    """A layout split by the cluster columns that are no key, because queries filter by those; else by the key.

    A key is nearly unique: to split by it as well would halve what the splits before it achieve.
    """
    filtered = [name for name in cluster_by if name not in key] or list(cluster_by)
    return Layout(tuple(partition_by), tuple(cluster_by), tuple(filtered[:2]), target_bytes, max_read_amplification)


def layout_of_table(partition_by: Sequence[str], properties: Mapping[str, str]) -> Layout | None:
    """The layout that a table's own properties describe; None where they describe none."""
    if CLUSTER_BY not in properties:
        return None
    cluster_by = _names(properties[CLUSTER_BY])
    cut_by = _names(properties[CUT_BY]) if CUT_BY in properties else cluster_by[:2]
    target = parsed_size(properties.get(TARGET, "")) or TARGET_FILE_BYTES
    former = properties.get(_FORMER_READ_AMPLIFICATION, MAX_READ_AMPLIFICATION)
    limit = float(properties.get(READ_AMPLIFICATION, former))
    return Layout(tuple(partition_by), cluster_by, cut_by, target, limit)


def retention_properties(days: int) -> dict[str, str]:
    """How long Delta keeps obsolete data files, and its log."""
    return {
        "delta.deletedFileRetentionDuration": f"interval {days} days",
        "delta.logRetentionDuration": f"interval {max(days, LOG_DAYS)} days",
    }


def _names(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


def parsed_size(words: str) -> int | None:
    """Bytes of a size such as `128MB`; None where it is none."""
    found = _SIZE.match(words)
    return int(found[1]) * _UNITS[found[2]] if found else None


def said_size(size: int) -> str:
    """A size in the largest unit that divides it."""
    for unit, factor in reversed(_UNITS.items()):
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return f"{max(1, size >> 10)}KB"


def bounds_of(*columns: str) -> dict[str, str]:
    """The columns with min/max statistics: few, because each write computes them and the Delta log is plain text."""
    return {STATISTICS: ",".join(dict.fromkeys(columns))}
