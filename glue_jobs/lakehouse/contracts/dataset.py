"""The facts about one dataset as a frozen object, and what follows from them. Imports neither Spark nor AWS."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from lakehouse.contracts.choices import Drift, FileFormat, MergeMode, MergeStrategy, Ties
from lakehouse.contracts.columns import (
    BATCH_COLUMN,
    DELETED_COLUMN,
    DELIVERED,
    OFFSET_COLUMN,
    ROW_COLUMN,
    SYSTEM_COLUMNS,
    UTC,
    VALIDITY_COLUMNS,
    Column,
    date_columns,
    with_fields,
)
from lakehouse.contracts.elements import Elements
from lakehouse.contracts.file_options import AS_STANDARD, FileOptions
from lakehouse.contracts.keep_days import FOR_EVER, KeepDays
from lakehouse.contracts.layout import (
    MAX_READ_AMPLIFICATION,
    RETENTION_DAYS,
    TARGET_FILE_BYTES,
    Layout,
    bounds_of,
    layout_for,
    retention_properties,
)
from lakehouse.contracts.operations import Operations
from lakehouse.contracts.suite import Rule

NOT_AFTER_DELIVERY = timedelta(days=1)
ARRIVAL = "arrival"
"""The word of a contract for the order in which rows come: by batch, and within it by file and line."""


@dataclass(frozen=True)
class Dataset:
    """One dataset of a contract; also the name of its bronze, quarantine and silver tables.

    sequence_by: the columns that order the versions of a key, compared in their order. by_arrival: what they leave
    undecided, all of it where there are none, is decided by what arrived last.
    date_column: the date or timestamp that `dt` is the date of. date_zone: by which clock (`date_zone.py`).
    partition_is_stable: a key never changes its partition, so that a merge reads only the batch's partitions; else the
    old row is searched in all of them.
    widens_types: a table whose column is narrower than the contract's is rewritten once, with the wider type.
    target_file_bytes, max_read_amplification: what maintenance aims at, and from when it reclusters (`layout.py`).
    operations: of a change log, what each of its rows says. delete_flag: then the column that silver adds.
    snapshot_shrink_limit_percent: where a file is all there is, how many of the keys before it may lack.
    not_after_delivery: how far sequence and date may lie after the delivery. rules: what the contract says of values.
    retention_days: how long obsolete data files are kept, for running queries and time travel. keep_days: rows.
    elements: the lists whose elements are rows of their own to readers.
    """

    name: str
    domain: str
    description: str
    merge_strategy: MergeStrategy
    file_pattern: str
    file_format: FileFormat
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sequence_by: tuple[str, ...]
    delete_flag: str | None
    date_column: str | None
    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    quarantine_limit_percent: float
    partition_is_stable: bool = False
    merge_mode: MergeMode = MergeMode.COPY_ON_WRITE
    widens_types: bool = False
    drift: Drift = Drift.RESCUE
    ties: Ties = Ties.NEWEST
    not_after_delivery: timedelta | None = NOT_AFTER_DELIVERY
    rules: tuple[Rule, ...] = ()
    target_file_bytes: int = TARGET_FILE_BYTES
    max_read_amplification: float = MAX_READ_AMPLIFICATION
    retention_days: int = RETENTION_DAYS
    file_options: FileOptions = AS_STANDARD
    by_arrival: bool = False
    operations: Operations | None = None
    date_zone: str = UTC
    snapshot_shrink_limit_percent: float | None = None
    keep_days: KeepDays = FOR_EVER
    elements: tuple[Elements, ...] = ()

    @property
    def sequence(self) -> str:
        """What orders the versions of a key, in the words of the contract."""
        return ", ".join((*self.sequence_by, *([ARRIVAL] if self.by_arrival else [])))

    @property
    def is_snapshot(self) -> bool:
        """Whether a file is the whole truth, so that what is missing from it is deleted."""
        return self.snapshot_shrink_limit_percent is not None

    @property
    def adds_deleted(self) -> bool:
        """Whether silver adds the column that says which rows are deleted."""
        return self.is_snapshot or self.operations is not None

    @property
    def layout(self) -> Layout:
        """How the files of silver are partitioned and clustered."""
        return layout_for(
            self.partition_by, self.cluster_by, self.key, self.target_file_bytes, self.max_read_amplification
        )

    @property
    def bounded_columns(self) -> tuple[str, ...]:
        """The columns of silver with min/max statistics: those that merge, marts and analysts filter by, no others."""
        filtered = (*self.bounded_key, *self.cluster_by, *(c.name for c in self.derived_columns if c.name == "dt"))
        return (*(name for name in dict.fromkeys(filtered) if name not in self.partition_by), BATCH_COLUMN.name)

    @property
    def bounded_key(self) -> tuple[str, ...]:
        """The key columns with min/max statistics.

        The log shows those to everybody, so none that is personal data; and Delta refuses them for a boolean.
        """
        booleans = {column.name for column in self.columns if column.type == "boolean"}
        return tuple(name for name in self.key if name not in self.pii_columns | booleans)

    @property
    def table_properties(self) -> dict[str, str]:
        """Properties of a new silver table."""
        return {
            "delta.enableDeletionVectors": str(self.merge_mode is MergeMode.DELETION_VECTORS).lower(),
            **bounds_of(*self.bounded_columns),
            **retention_properties(self.retention_days),
        }

    @property
    def type_rules(self) -> dict[str, str]:
        """The name of each column's own rule."""
        return {column.name: column.type_rule for column in self.columns}

    @property
    def reading_rules(self) -> dict[str, tuple[str, ...]]:
        """The names of all rules of each column that say whether its text can be read."""
        of_key = {column.name: (column.required_rule,) for column in self.columns if column.name in self.key}
        return {column.name: (*column.reading_rules, *of_key.get(column.name, ())) for column in self.columns}

    @property
    def column_names(self) -> tuple[str, ...]:
        """The delivered columns in the contract's order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """A delivered column by its name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def keeps_offset(self) -> bool:
        """Whether bronze keeps the offset of the delivered date, from which `dt` follows."""
        return self.date_zone == DELIVERED

    @property
    def bronze_columns(self) -> tuple[Column, ...]:
        """The columns of bronze beside the row's own place."""
        return (*self.columns, *SYSTEM_COLUMNS, *((OFFSET_COLUMN,) if self.keeps_offset else ()))

    @property
    def content_names(self) -> tuple[str, ...]:
        """The columns by which rows of one key differ: the delivered ones, and `dt` where it says more than they do."""
        return (*self.column_names, *(("dt",) if self.keeps_offset else ()))

    @property
    def known_columns(self) -> dict[str, str]:
        """Every column that a rule may name with its type, fields of a struct as `device.os`."""
        return dict(with_fields(self.columns))

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns without which a file is refused."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def pii_columns(self) -> frozenset[str]:
        """The columns that hold personal data."""
        return frozenset(column.name for column in self.columns if column.pii)

    @property
    def optional_columns(self) -> tuple[str, ...]:
        """The columns that a file may lack."""
        return tuple(column.name for column in self.columns if not column.required)

    @property
    def derived_columns(self) -> tuple[Column, ...]:
        """The columns that silver adds to the delivered ones, in their order."""
        deleted = (DELETED_COLUMN,) if self.adds_deleted else ()
        if self.merge_strategy is MergeStrategy.SCD2:
            return (*VALIDITY_COLUMNS, *deleted)
        dates = date_columns(self.date_zone) if self.date_column else ()
        return (*(c for c in dates if c.name == "dt" or c.name in self.partition_by), *deleted)

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """The columns without which no row can be merged; the date of a deleted row only where it names a partition."""
        has_date = self.date_column and (not self.operations or {"dt", "month"} & {*self.partition_by})
        date = (self.date_column, *(["dt"] if self.keeps_offset else [])) if self.date_column and has_date else ()
        return (*self.key, *self.sequence_by, *date)

    @property
    def silver_columns(self) -> tuple[Column, ...]:
        """All columns of the silver table in their order."""
        own = (ROW_COLUMN,) if self.merge_strategy is MergeStrategy.APPEND else ()
        return (*self.columns, *self.derived_columns, BATCH_COLUMN, *own)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns of which silver holds one row each: the key, for a history the sequence too, else the place."""
        if self.merge_strategy is MergeStrategy.APPEND:
            return (BATCH_COLUMN.name, ROW_COLUMN.name)
        return (*self.key, *self.sequence_by) if self.merge_strategy is MergeStrategy.SCD2 else self.key

    @property
    def silver_column_names(self) -> tuple[str, ...]:
        """The columns of the silver table in their order."""
        return tuple(column.name for column in self.silver_columns)

    @property
    def silver_types(self) -> dict[str, str]:
        """The types of the silver table's columns, as Spark's DDL."""
        return {column.name: column.spark_type for column in self.silver_columns}

    def matches(self, file_name: str) -> bool:
        """Tell whether a file of this name belongs to the dataset."""
        return fnmatch.fnmatchcase(file_name, self.file_pattern)


def exploded_lists(datasets: Iterable[Dataset]) -> tuple[tuple[Dataset, Elements], ...]:
    """Each list whose elements are rows of their own to readers, with its dataset."""
    return tuple((dataset, elements) for dataset in datasets for elements in dataset.elements)
