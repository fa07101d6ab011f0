"""Reads a dataset's layout from its contract, and refuses what Delta or a reader would not take, with the cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse.contracts.columns import Column
from lakehouse.contracts.layout import CLUSTERING_AT_MOST, RETENTION_DAYS, TARGET_FILE_BYTES, parsed_size
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

LAYOUT_WORDS = frozenset({"targetFileSize", "clusteringAtMost", "retentionDays", "retentionBelowSevenDays"})
"""The words on layout that a contract may leave out."""

_PARTITION_TYPES = ("string", "int", "bigint", "date", "boolean")
_WITHOUT_BOUNDS = ("boolean", "struct")
_IN_WORDS = "readers and time travel need less"


@dataclass(frozen=True)
class DeclaredLayout:
    """What a contract says of the layout of a silver table."""

    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    target_file_bytes: int
    clustering_at_most: float
    retention_days: int


def read_layout(words: Mapping[str, Place], columns: Sequence[Column], derived: Sequence[str]) -> DeclaredLayout:
    """The layout among a dataset's custom properties; raises ContractError."""
    known = {**dict.fromkeys(derived), **{column.name: column for column in columns}}
    partition_by = _columns(words["partitionBy"], known)
    cluster_by = _columns(words["clusterBy"], known)
    _refuse_overlap(words["clusterBy"], partition_by, cluster_by)
    for name in partition_by:
        _refuse_partition(words["partitionBy"], known[name])
    for name in cluster_by:
        _refuse_without_bounds(words["clusterBy"], name, known[name])
    return DeclaredLayout(
        partition_by,
        cluster_by,
        _target(words.get("targetFileSize")),
        _at_most(words.get("clusteringAtMost")),
        _retention(words.get("retentionDays"), words.get("retentionBelowSevenDays")),
    )


def _columns(node: Place, known: Mapping[str, object]) -> tuple[str, ...]:
    found: list[str] = []
    for item in node.items():
        if item.value not in known:
            raise item.named(node.field).error(f"unknown word '{item.value}'.{nearest(str(item.value), known)}")
        if item.value in found:
            raise item.named(node.field).error(f"'{item.value}' is named twice; name each column once.")
        found.append(str(item.value))
    return tuple(found)


def _refuse_partition(node: Place, column: Column | None) -> None:
    """A partition is a folder: its column must be of a type with few values that read the same in every engine."""
    if column is not None and column.pii:
        raise node.error(f"'{column.name}' is personal data, which the names of folders would show; take another.")
    if column is not None and column.type not in _PARTITION_TYPES:
        wanted = ", ".join(_PARTITION_TYPES)
        raise node.error(f"'{column.name}' is a {column.type}, and partitions need one of {wanted}; take dt or month.")


def _refuse_without_bounds(node: Place, name: str, column: Column | None) -> None:
    """Files are skipped by the bounds in the log; a column without any would cluster for nothing."""
    if name == "month":
        raise node.error("month is a column only of a table that it partitions; cluster by dt.")
    if column is not None and column.type.startswith(_WITHOUT_BOUNDS):
        raise node.error(
            f"'{name}' is a {column.type}, of which Delta keeps no bounds, so no file would be skipped; leave it out."
        )
    if column is not None and column.pii:
        raise node.error(
            f"'{name}' is personal data, whose bounds the log must not show, so no file would be skipped; leave it out."
        )


def _refuse_overlap(node: Place, partition_by: Sequence[str], cluster_by: Sequence[str]) -> None:
    problem = overlap(partition_by, cluster_by)
    if problem:
        raise node.error(problem)


def overlap(partition_by: Sequence[str], cluster_by: Sequence[str]) -> str | None:
    """What is wrong with partition columns that are cluster columns too, and what was probably meant; None if none is.

    Delta refuses to Z-Order a partition column.
    """
    both = [column for column in cluster_by if column in partition_by]
    if not both:
        return None
    meant = "partitionBy [month] with clusterBy [dt, store_id]"
    if "dt" in both and "store_id" not in both:
        meant = "partitionBy [dt] with clusterBy [store_id, <key>]"
    return f"{', '.join(both)} also partitions the table, which Delta refuses; probably meant: {meant}."


def _target(node: Place | None) -> int:
    if node is None:
        return TARGET_FILE_BYTES
    found = parsed_size(node.value) if isinstance(node.value, str) else None
    if found is None:
        raise node.error(f"must be a size such as 128MB, in KB, MB or GB, found {node.value!r}.")
    return found


def _at_most(node: Place | None) -> float:
    if node is None:
        return CLUSTERING_AT_MOST
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 1.01 <= node.value <= 10:
        raise node.error(
            f"must be a number from 1.01 to 10, how often the least possible a question may open; found {node.value!r}."
        )
    return float(node.value)


def _retention(node: Place | None, word: Place | None) -> int:
    if word is not None and word.value != _IN_WORDS:
        raise word.error(f"must be the words '{_IN_WORDS}', or be left out, found {word.value!r}.")
    if node is None:
        return RETENTION_DAYS
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= 3650:
        raise node.error(f"must be a number of days from 1 to 3650, found {node.value!r}.")
    if node.value < RETENTION_DAYS and word is None:
        raise node.error(
            f"{node.value} days are less than {RETENTION_DAYS}, so that files could go which a long query or rollback "
            f"still needs; if that is meant, add the property retentionBelowSevenDays: '{_IN_WORDS}'."
        )
    return int(node.value)
