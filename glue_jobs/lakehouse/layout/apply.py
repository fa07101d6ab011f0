"""Rewrites a table to a newly declared layout in one commit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.layout import RETENTION_DAYS, layout_of_table, retention_properties
from lakehouse.contracts.marts import declared_by_model, model_file, models
from lakehouse.errors import TransientError
from lakehouse.lake import tables
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import existing_table, open_table
from lakehouse.lake.evolution import SchemaChangeError
from lakehouse.lake.rewrite import NewTable, Rewritten, rewrite_table
from lakehouse.layout.declared import DeclaredTable, named, silver_tables
from lakehouse.layout.first_write import whole_table
from lakehouse.runtime.context import Context

TRIES = 5


class ApplyConflictError(TransientError):
    """Other writers committed to the table at each try."""

    def __init__(self, table: str, conflict: str) -> None:
        self.table, self.conflict = table, conflict
        super().__init__(
            f"{table}: at each of {TRIES} tries another writer committed during the rewrite (last conflict: "
            f"{conflict}). Nothing was changed; run again when no job writes this table."
        )


@dataclass(frozen=True)
class Applied:
    """The result for one table; done is None where it has the declared layout already."""

    table: str
    done: Rewritten | None


def apply_layout(context: Context, wanted: str) -> Applied:
    """Rewrite a table to the layout that its contract or model declares.

    Raises UnknownNameError, SchemaChangeError or ApplyConflictError.
    """
    table = declared_table(context, wanted)
    about = existing_table(table.path).metadata()
    if layout_of_table(about.partition_columns, about.configuration) == table.layout:
        return Applied(table.full_name, None)
    with log.about(domain=table.domain, dataset=table.name):
        done = _rewrite(context, table)
        log.info("layout applied", version=done.version, files=done.files_added, rows=done.rows)
    return Applied(table.full_name, done)


def declared_table(context: Context, wanted: str) -> DeclaredTable:
    """A table with the layout that is declared now, whatever layout it has; raises UnknownNameError."""
    marts = [_mart(context, name) for name in models(context.project.dbt)]
    return named([*silver_tables(context), *(mart for mart in marts if mart is not None)], wanted)


def _mart(context: Context, name: str) -> DeclaredTable | None:
    path = context.lake.table(MARTS, name)
    file = model_file(context.project.dbt, name)
    opened = open_table(path)
    if file is None or opened is None:
        return None
    declared = declared_by_model(file, [field.name for field in opened.schema().fields])
    if declared is None:
        return None
    properties = {**declared.properties, **retention_properties(RETENTION_DAYS)}
    return DeclaredTable(MARTS, name, MARTS, path, declared.layout, properties=properties)


def _rewrite(context: Context, table: DeclaredTable) -> Rewritten:
    dataset = None if table.layer == MARTS else context.contracts.dataset(table.name)
    declared = whole_table(table.path, table.layout)
    arrangement = replace(declared, arrange=lambda rows: declared.arrange(_shaped(rows, dataset)))
    becomes = NewTable(table.layout.partition_by, {**table.properties, **table.layout.properties})
    conflict: str | None = None
    for _ in range(TRIES):
        try:
            return rewrite_table(context.spark(), table.path, arrangement, becomes)
        except Exception as error:
            conflict = conflict_of(error)
            if conflict is None:
                raise
            log.warning("another writer committed first", conflict=conflict)
    raise ApplyConflictError(table.full_name, conflict or "")


def _shaped(rows: DataFrame, dataset: Dataset | None) -> DataFrame:
    """Rows with the columns of the new layout: `month` exists only in a table that is partitioned by it."""
    if dataset is None:
        return rows
    strange = set(rows.columns) - set(dataset.silver_column_names) - {"month"}
    if strange:
        cure = "put it back with required: false, because the rewrite would drop it"
        raise SchemaChangeError(dataset.name, min(strange), "is in the table and not in the contract", cure)
    if "month" in dataset.silver_column_names and "month" not in rows.columns:
        rows = rows.withColumn("month", F.date_format("dt", "yyyy-MM"))
    return rows.select(*[tables.described(column) for column in dataset.silver_columns])
