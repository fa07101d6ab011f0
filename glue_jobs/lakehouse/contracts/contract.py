"""The facts about the data as frozen objects, read once from the contracts. Imports neither Spark nor AWS."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lakehouse.contracts.columns import BATCH_COLUMN, DATE_COLUMNS, VALIDITY_COLUMNS, Column
from lakehouse.contracts.layout import (
    CLUSTERING_AT_MOST,
    RETENTION_DAYS,
    TARGET_FILE_BYTES,
    Layout,
    bounds_of,
    layout_for,
    retention_properties,
)
from lakehouse.errors import UnknownNameError


class Kind(StrEnum):
    """How a delivered row meets what silver has (section "What MERGE promises" of the architecture page)."""

    UPSERT = "upsert"
    INSERT_ONLY = "insert_only"
    HISTORY = "history"


class MergeMode(StrEnum):
    """How silver takes a replaced row: its file is written anew, or the old row is marked in a file beside it."""

    COPY_ON_WRITE = "copy_on_write"
    DELETION_VECTORS = "deletion_vectors"


class Drift(StrEnum):
    """What becomes of a file whose columns are not those of the contract; one without a required column is refused."""

    STRICT = "strict"
    EVOLVE = "evolve"
    RESCUE = "rescue"


class FileFormat(StrEnum):
    """Formats of delivered files."""

    CSV = "csv"
    JSON_LINES = "json_lines"


@dataclass(frozen=True)
class Dataset:
    """One dataset of a contract; also the name of its bronze, quarantine and silver tables.

    may_move: a key's partition may change, so that its old copy is looked for in every partition.
    widens_types: a table whose column is narrower than the contract's is rewritten once, with the wider type.
    drift: strict refuses a file with other columns, evolve takes the known ones, rescue keeps the others as JSON too.
    target_file_bytes, clustering_at_most: what maintenance aims at, and what it lets pass (`layout.py`).
    retention_days: how long files that no version needs any more are kept, for readers and time travel.
    """

    name: str
    domain: str
    description: str
    kind: Kind
    file_pattern: str
    file_format: FileFormat
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sequence: str
    delete_flag: str | None
    date_from: str | None
    partition_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    quarantine_limit_percent: float
    may_move: bool = True
    merge_mode: MergeMode = MergeMode.COPY_ON_WRITE
    widens_types: bool = False
    drift: Drift = Drift.RESCUE
    target_file_bytes: int = TARGET_FILE_BYTES
    clustering_at_most: float = CLUSTERING_AT_MOST
    retention_days: int = RETENTION_DAYS

    @property
    def layout(self) -> Layout:
        """How the files of silver should lie."""
        return layout_for(self.partition_by, self.cluster_by, self.key, self.target_file_bytes, self.clustering_at_most)

    @property
    def bounded_columns(self) -> tuple[str, ...]:
        """The columns of silver whose bounds its log holds: those that merge, marts and analysts ask by, no others."""
        asked = (*self.key, *self.cluster_by, *(c.name for c in self.derived_columns if c.name == "dt"))
        return (*(name for name in dict.fromkeys(asked) if name not in self.partition_by), BATCH_COLUMN.name)

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
    def column_names(self) -> tuple[str, ...]:
        """The delivered columns in the contract's order."""
        return tuple(column.name for column in self.columns)

    @property
    def known_columns(self) -> tuple[str, ...]:
        """Every column that a rule may name, fields of a struct as `device.os`."""
        nested = [f"{column.name}.{field.name}" for column in self.columns for field in column.fields]
        return (*self.column_names, *nested)

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
        if self.kind is Kind.HISTORY:
            return VALIDITY_COLUMNS
        return tuple(c for c in DATE_COLUMNS if c.name == "dt" or c.name in self.partition_by)

    @property
    def silver_columns(self) -> tuple[Column, ...]:
        """All columns of the silver table in their order."""
        return (*self.columns, *self.derived_columns, BATCH_COLUMN)

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


@dataclass(frozen=True)
class Contract:
    """One domain: who owns it, when it comes, and its datasets."""

    domain: str
    title: str
    owner: str
    contact: str
    description: str
    schedule: str
    deadline: str
    datasets: tuple[Dataset, ...]


@dataclass(frozen=True)
class Contracts:
    """All contracts of a project, in the order of their domains."""

    contracts: tuple[Contract, ...]

    def __iter__(self) -> Iterator[Contract]:
        return iter(self.contracts)

    @property
    def domains(self) -> tuple[str, ...]:
        """The names of the domains, sorted."""
        return tuple(contract.domain for contract in self.contracts)

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The datasets of all domains, in the order of their domains."""
        return tuple(dataset for contract in self.contracts for dataset in contract.datasets)

    def of(self, domain: str) -> Contract:
        """Return the contract of a domain; raises UnknownNameError with the nearest known name."""
        for contract in self.contracts:
            if contract.domain == domain:
                return contract
        raise UnknownNameError("domain", domain, self.domains)

    def dataset(self, name: str) -> Dataset:
        """Return the dataset of that name; raises UnknownNameError with the nearest known name."""
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        raise UnknownNameError("dataset", name, (dataset.name for dataset in self.datasets))
