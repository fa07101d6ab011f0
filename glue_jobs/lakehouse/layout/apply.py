"""Rewrites a table to a newly declared layout: one commit, which readers see whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.contract import Dataset
from lakehouse.contracts.layout import RETENTION_DAYS, layout_of_table, retention_properties
from lakehouse.contracts.marts import MARTS, declared_by_model, model_file, models
from lakehouse.errors import TransientError
from lakehouse.lake import tables
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.delta_log import existing_table, open_table
from lakehouse.lake.evolution import SchemaChangeError
from lakehouse.lake.table_files import laid_files
from lakehouse.layout.declared import Maintained, named, silver_tables
from lakehouse.layout.files import said_partition
from lakehouse.layout.first_write import cells_of
from lakehouse.layout.grid import placed
from lakehouse.layout.rewrite import NewTable, Rewritten, rewrite
from lakehouse.runtime.context import Context

TRIES = 5


class ApplyConflictError(TransientError):
    """Writers committed to the table at every try."""

    def __init__(self, table: str, conflict: str) -> None:
        self.table, self.conflict = table, conflict
        super().__init__(
            f"{table}: at each of {TRIES} tries a writer committed while it was being rewritten, at last with "
            f"{conflict}. Nothing was changed; run again when no job writes this table."
        )


@dataclass(frozen=True)
class Applied:
    """What became of a table; done is None where it was laid out as declared already."""

    table: str
    done: Rewritten | None


def apply_layout(context: Context, wanted: str) -> Applied:
    """Lay a table out as its contract or model declares; raises UnknownNameError or ApplyConflictError."""
    table = declared_table(context, wanted)
    about = existing_table(table.path).metadata()
    if layout_of_table(about.partition_columns, about.configuration) == table.layout:
        return Applied(table.full_name, None)
    with log.about(domain=table.domain, dataset=table.name):
        done = _rewritten(context, table)
        log.info("layout applied", version=done.version, files=done.files_added, rows=done.rows)
    return Applied(table.full_name, done)


def declared_table(context: Context, wanted: str) -> Maintained:
    """A table with the layout that is declared now, whatever it has; raises UnknownNameError."""
    marts = [_mart(context, name) for name in models(context.project.dbt)]
    return named([*silver_tables(context), *(mart for mart in marts if mart is not None)], wanted)


def _mart(context: Context, name: str) -> Maintained | None:
    path = context.lake.table(MARTS, name)
    file = model_file(context.project.dbt, name)
    opened = open_table(path)
    if file is None or opened is None:
        return None
    declared = declared_by_model(file, [field.name for field in opened.schema().fields])
    if declared is None:
        return None
    properties = {**declared.properties, **retention_properties(RETENTION_DAYS)}
    return Maintained(MARTS, name, MARTS, path, declared.layout, properties=properties)


def _rewritten(context: Context, table: Maintained) -> Rewritten:
    spark = context.spark()
    dataset = None if table.layer == MARTS else context.contracts.dataset(table.name)
    conflict: str | None = None
    for _ in range(TRIES):
        rows = _shaped(tables.read(spark, table.path), dataset)
        files = laid_files(existing_table(table.path))
        number = sum(file.rows for file in files)
        size = sum(file.bytes for file in files) / max(number, 1)
        cells = cells_of(rows, table.layout, size)
        becomes = NewTable(
            rows.schema.json(), table.layout.partition_by, {**table.properties, **table.layout.properties}
        )
        partitions = [said_partition(each) for each in cells]
        note = {"partitions": partitions, "whole": partitions, "cluster_by": table.layout.cluster_by}

        def place(found: DataFrame, cells=cells, number=number) -> DataFrame:  # type: ignore[no-untyped-def]
            return placed(_shaped(found, dataset), table.layout, cells, number)

        try:
            done = rewrite(spark, table.path, None, place, note, table.layout.write_settings, becomes)
            assert done is not None  # every file of the snapshot is there
            return done
        except Exception as error:
            conflict = conflict_of(error)
            if conflict is None:
                raise
            log.warning("a writer committed first", conflict=conflict)
    raise ApplyConflictError(table.full_name, conflict or "")


def _shaped(rows: DataFrame, dataset: Dataset | None) -> DataFrame:
    """Rows with the columns that the table has in the new layout: month comes and goes with its partitions."""
    if dataset is None:
        return rows
    strange = set(rows.columns) - set(dataset.silver_column_names) - {"month"}
    if strange:
        cure = "put it back with required: false, for laying the table out anew would drop it"
        raise SchemaChangeError(dataset.name, min(strange), "is in the table and not in the contract", cure)
    if "month" in dataset.silver_column_names and "month" not in rows.columns:
        rows = rows.withColumn("month", F.date_format("dt", "yyyy-MM"))
    return rows.select(*[tables.described(column) for column in dataset.silver_columns])
