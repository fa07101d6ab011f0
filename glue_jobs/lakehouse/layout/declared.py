"""The tables that maintenance keeps, and what they say of themselves: silver by contract, marts by dbt's config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deltalake import DeltaTable

from lakehouse.contracts.contract import Dataset
from lakehouse.contracts.layout import RETENTION_DAYS, Layout, layout_of_table, retention_properties
from lakehouse.contracts.marts import FACT, MARTS, SILVER
from lakehouse.errors import UnknownNameError
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import for_spark
from lakehouse.runtime.context import Context


@dataclass(frozen=True)
class Maintained:
    """A table with its declared layout. properties: what the table should say of itself."""

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


def maintained_tables(context: Context) -> list[Maintained]:
    """Every table that is there and has a layout, silver first."""
    fact = of_mart(context, FACT)
    return [*silver_tables(context), *([fact] if fact else [])]


def silver_tables(context: Context) -> list[Maintained]:
    """The silver tables that are there."""
    datasets = context.contracts.datasets
    return [of_dataset(context, one) for one in datasets if open_table(context.lake.silver(one.name)) is not None]


def maintained_table(context: Context, wanted: str) -> Maintained:
    """The table of that name, with or without its layer; raises UnknownNameError."""
    return named(maintained_tables(context), wanted)


def named(tables: Sequence[Maintained], wanted: str) -> Maintained:
    """The one of that name among some tables; raises UnknownNameError."""
    for table in tables:
        if wanted in (table.name, table.full_name):
            return table
    raise UnknownNameError("table with a layout", wanted, [table.full_name for table in tables])


def of_dataset(context: Context, dataset: Dataset) -> Maintained:
    """The silver table of a dataset, whether it is there yet or not."""

    path, properties = context.lake.silver(dataset.name), {**dataset.table_properties, **dataset.layout.properties}
    return Maintained(SILVER, dataset.name, dataset.domain, path, dataset.layout, dataset.retention_days, properties)


def of_mart(context: Context, name: str) -> Maintained | None:
    """A mart whose properties, which dbt gave it, describe a layout."""
    path = context.lake.table(MARTS, name)
    table = open_table(path)
    if table is None:
        return None
    about = table.metadata()
    layout = layout_of_table(about.partition_columns, about.configuration)
    if layout is None:
        return None
    return Maintained(MARTS, name, MARTS, path, layout, properties=retention_properties(RETENTION_DAYS))


def describe(context: Context, table: Maintained, opened: DeltaTable) -> bool:
    """Let a table say of itself what is declared, once for each declaration; True when it did not say so yet.

    A rival that commits meanwhile is given way to: the next run tells it.
    """
    now = opened.metadata().configuration
    missing = {name: value for name, value in table.properties.items() if now.get(name) != value}
    if not missing:
        return False
    words = ", ".join(f"'{name}' = '{value}'" for name, value in missing.items())
    try:
        context.spark().sql(f"ALTER TABLE delta.`{for_spark(table.path)}` SET TBLPROPERTIES ({words})")
    except Exception as error:
        if conflict_of(error) is None:
            raise
        return False
    return True
