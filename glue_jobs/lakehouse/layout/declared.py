"""The tables that have a declared layout: silver by its contracts, marts by their dbt config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from deltalake import DeltaTable

from lakehouse.contracts.columns import BATCH_ID, ROW_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.layers import BRONZE, MARTS, QUARANTINE, SILVER
from lakehouse.contracts.layout import RETENTION_DAYS, Layout, layout_for, layout_of_table, retention_properties
from lakehouse.errors import UnknownNameError
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import delta_name
from lakehouse.runtime.context import Context

BY_BATCH = layout_for((), (BATCH_ID, ROW_ID), (ROW_ID,))
"""How bronze and quarantine are compacted: steps read them by batch."""


@dataclass(frozen=True)
class DeclaredTable:
    """A table with its declared layout. properties: the table properties that it should have."""

    layer: str
    name: str
    domain: str
    path: str
    layout: Layout
    retention_days: int = RETENTION_DAYS
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Layer and name."""
        return f"{self.layer}.{self.name}"


def maintained_tables(context: Context) -> list[DeclaredTable]:
    """Every existing table with a layout, silver first."""
    marts = [of_mart(context, name) for name in mart_names(context.project.dbt)]
    return [*silver_tables(context), *(mart for mart in marts if mart is not None)]


def silver_tables(context: Context) -> list[DeclaredTable]:
    """The existing silver tables."""
    datasets = context.contracts.datasets
    return [of_dataset(context, one) for one in datasets if open_table(context.lake.silver(one.name)) is not None]


def appended_tables(context: Context) -> list[DeclaredTable]:
    """The existing tables of bronze and quarantine, clustered by batch: rows are added to them, and few change."""
    tables = [
        DeclaredTable(layer, one.name, one.domain, context.lake.table(layer, one.name), BY_BATCH, **_kept_for(one))
        for layer in (BRONZE, QUARANTINE)
        for one in context.contracts.datasets
    ]
    return [table for table in tables if open_table(table.path) is not None]


def _kept_for(dataset: Dataset) -> dict[str, Any]:
    """As long as silver keeps its obsolete files, and not shorter than Delta does by itself."""
    if dataset.retention_days <= RETENTION_DAYS:
        return {"retention_days": RETENTION_DAYS}
    return {"retention_days": dataset.retention_days, "properties": retention_properties(dataset.retention_days)}


def maintained_table(context: Context, wanted: str) -> DeclaredTable:
    """The existing table of that name, with or without its layer; raises UnknownNameError."""
    return named(maintained_tables(context), wanted)


def named(tables: Sequence[DeclaredTable], wanted: str) -> DeclaredTable:
    """The one of that name among some tables; raises UnknownNameError."""
    for table in tables:
        if wanted in (table.name, table.full_name):
            return table
    raise UnknownNameError("table with a layout", wanted, [table.full_name for table in tables])


def of_dataset(context: Context, dataset: Dataset) -> DeclaredTable:
    """The silver table of a dataset, whether it exists or not."""
    path, properties = context.lake.silver(dataset.name), {**dataset.table_properties, **dataset.layout.properties}
    return DeclaredTable(SILVER, dataset.name, dataset.domain, path, dataset.layout, dataset.retention_days, properties)


def of_mart(context: Context, name: str) -> DeclaredTable | None:
    """A mart with the layout that dbt wrote into its table properties; None where there is none."""
    path = context.lake.table(MARTS, name)
    table = open_table(path)
    if table is None:
        return None
    about = table.metadata()
    layout = layout_of_table(about.partition_columns, about.configuration)
    if layout is None:
        return None
    return DeclaredTable(MARTS, name, MARTS, path, layout, properties=retention_properties(RETENTION_DAYS))


def describe(context: Context, table: DeclaredTable, opened: DeltaTable, also: Mapping[str, str] | None = None) -> bool:
    """Write the declared properties to the table where they differ; True when they did.

    also: further properties. When another writer commits at the same time, nothing is written and the next run does it.
    """
    now = opened.metadata().configuration
    wanted = {**table.properties, **(also or {})}
    missing = {name: value for name, value in wanted.items() if now.get(name) != value}
    if not missing:
        return False
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in missing.items())
    try:
        context.spark().sql(f"ALTER TABLE {delta_name(table.path)} SET TBLPROPERTIES ({properties})")
    except Exception as error:
        if conflict_of(error) is None:
            raise
        return False
    return True
