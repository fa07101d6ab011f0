"""Reads a dataset's layout from its contract; refuses what Delta or a reader does not support, and says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.contracts.columns import COLLECTIONS, Column
from lakehouse.contracts.layout import MAX_READ_AMPLIFICATION, RETENTION_DAYS, TARGET_FILE_BYTES, parsed_size
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest
from lakehouse.say import with_article

_PARTITION_TYPES = ("string", "int", "bigint", "date", "boolean")
_WITHOUT_STATISTICS = ("boolean", "struct", *COLLECTIONS)


@dataclass(frozen=True)
class DeclaredLayout:
    """What a contract declares about the layout of a silver table."""

    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    target_file_bytes: int
    max_read_amplification: float
    retention_days: int


def read_layout(values: Mapping[str, Place], columns: Sequence[Column], derived: Sequence[str]) -> DeclaredLayout:
    """The layout among the values of a dataset's custom properties; raises ContractError."""
    known = {**dict.fromkeys(derived), **{column.name: column for column in columns}}
    partition_by = _columns(values["partitionBy"], known)
    cluster_by = _columns(values["clusterBy"], known)
    _refuse_overlap(values["clusterBy"], partition_by, cluster_by)
    for name in partition_by:
        _refuse_partition(values["partitionBy"], known[name])
    for name in cluster_by:
        _refuse_without_statistics(values["clusterBy"], name, known[name])
    return DeclaredLayout(
        partition_by,
        cluster_by,
        _target(values.get("targetFileSize")),
        _read_amplification(values.get("maxReadAmplification")),
        _retention(values.get("retentionDays"), values.get("allowShortRetention")),
    )


def require_no_dates(node: Place, values: Mapping[str, Place]) -> None:
    """Raise ContractError for a layout by days of a dataset that does not say which column has them."""
    for name in ("partitionBy", "clusterBy"):
        by_day = [str(item.value) for item in values[name].items() if item.value in ("dt", "month")]
        if by_day:
            said = f"{name} names {by_day[0]}, which is computed from a date or timestamp; name that column, or take"
            raise node.error(f"{said} {by_day[0]} out of {name}.", "dateColumn")


def _columns(node: Place, known: Mapping[str, object]) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.items():
        if item.value not in known:
            raise item.named(node.field).error(f"unknown column '{item.value}'.{nearest(str(item.value), known)}")
        if item.value in found:
            raise item.named(node.field).error(f"'{item.value}' is named twice; name each column once.")
        found.append(str(item.value))
    return tuple(found)


def _refuse_partition(node: Place, column: Column | None) -> None:
    """A partition is a folder: its column must be of a type with few values that read the same in every engine."""
    if column is not None and column.pii:
        raise node.error(f"'{column.name}' is personal data, which the names of folders would show; take another.")
    if column is not None and column.type not in _PARTITION_TYPES:
        kind, wanted = with_article(column.type), ", ".join(_PARTITION_TYPES)
        raise node.error(f"'{column.name}' is {kind}, and partitions need one of {wanted}; take dt or month.")


def _refuse_without_statistics(node: Place, name: str, column: Column | None) -> None:
    """Files are skipped by min/max statistics; to cluster by a column without any has no effect."""
    if name == "month":
        raise node.error("month is a column only of a table that it partitions; cluster by dt.")
    if column is not None and column.type.startswith(_WITHOUT_STATISTICS):
        raise node.error(
            f"'{name}' is {with_article(column.type)}, for which Delta keeps no min/max statistics, so no file would "
            "be skipped; leave it out."
        )
    if column is not None and column.pii:
        raise node.error(
            f"'{name}' is personal data, for which no statistics are kept, so no file would be skipped; leave it out."
        )


def _refuse_overlap(node: Place, partition_by: Sequence[str], cluster_by: Sequence[str]) -> None:
    problem = overlap(partition_by, cluster_by)
    if problem:
        raise node.error(problem)


def overlap(partition_by: Sequence[str], cluster_by: Sequence[str]) -> str | None:
    """What is wrong with partition columns that are cluster columns too, and what was probably meant; None if nothing.

    Delta refuses to Z-Order a partition column.
    """
    both = [column for column in cluster_by if column in partition_by]
    if not both:
        return None
    meant = "partitionBy [month] with clusterBy [dt, store_id]"
    if "dt" in both and "store_id" not in both:
        meant = "partitionBy [dt] with clusterBy [store_id, <key>]"
    return f"{', '.join(both)} also partitions the table, which Delta refuses; probably meant: {meant}."


def flag(node: Place) -> bool:
    """The value of a property that is true or false."""
    if not isinstance(node.value, bool):
        raise node.error(f"must be true or false, found {node.value!r}.")
    return bool(node.value)


def _target(node: Place | None) -> int:
    if node is None:
        return TARGET_FILE_BYTES
    found = parsed_size(node.value) if isinstance(node.value, str) else None
    if found is None:
        raise node.error(f"must be a size such as 128MB, in KB, MB or GB, found {node.value!r}.")
    return found


def _read_amplification(node: Place | None) -> float:
    if node is None:
        return MAX_READ_AMPLIFICATION
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 1.01 <= node.value <= 10:
        raise node.error(
            f"must be a number from 1.01 to 10: how many times the theoretical minimum a query may read; "
            f"found {node.value!r}."
        )
    return float(node.value)


def _retention(node: Place | None, allow_short: Place | None) -> int:
    is_short_allowed = allow_short is not None and flag(allow_short)
    if node is None:
        return RETENTION_DAYS
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= 3650:
        raise node.error(f"must be a number of days from 1 to 3650, found {node.value!r}.")
    if node.value < RETENTION_DAYS and not is_short_allowed:
        raise node.error(
            f"{node.value} days are less than {RETENTION_DAYS}, so files could go that a long query or rollback still "
            "needs; to confirm this, add the property allowShortRetention: true."
        )
    return int(node.value)
