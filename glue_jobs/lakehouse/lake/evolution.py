"""Brings a table to what the contract says now: adds nullable columns, widens where told, refuses everything else."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.columns import Column
from lakehouse.contracts.contract import Dataset, Kind
from lakehouse.errors import LakehouseError
from lakehouse.lake import tables
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import for_spark

_DELTA_NAMES = {"int": "integer", "bigint": "long"}
_DECIMAL = re.compile(r"^decimal\((\d+),(\d+)\)$")


class SchemaChangeError(LakehouseError):
    """The contract says of a column what the table cannot take."""

    def __init__(self, dataset: str, column: str, found: str, cure: str) -> None:
        self.dataset, self.column, self.found, self.cure = dataset, column, found, cure
        super().__init__(f"{dataset}: column {column} {found}; {cure}. Nothing was written.")


class OtherLayoutError(LakehouseError):
    """The contract declares other partitions than the table has."""

    def __init__(self, dataset: str, found: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        self.dataset, self.found, self.wanted = dataset, found, wanted
        said = [f"[{', '.join(names)}]" for names in (found, wanted)]
        super().__init__(
            f"{dataset}: its table is partitioned by {said[0]} and its contract says partitionBy {said[1]}; run "
            f"`lakehouse layout apply {dataset}`, which rewrites the table in one commit. Nothing was written."
        )


@dataclass(frozen=True)
class NewColumn:
    """A column that a table lacks, by its path (`device.browser`), and the one it stands behind."""

    path: str
    column: Column
    after: str | None


@dataclass(frozen=True)
class SchemaChange:
    """What a table must take to have the contract's columns."""

    added: tuple[NewColumn, ...] = ()
    widened: tuple[Column, ...] = ()


def evolve(
    spark: SparkSession,
    path: str,
    columns: Sequence[Column],
    dataset: Dataset,
    partition_by: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
) -> None:
    """Change the table at a path as far as the contract asks for it.

    Raises SchemaChangeError or OtherLayoutError before any write.

    properties: table properties that the table must have.
    """
    table = open_table(path)
    if table is None:
        return
    partitioned_by = tuple(table.metadata().partition_columns)
    if partitioned_by != tuple(partition_by):
        raise OtherLayoutError(dataset.name, partitioned_by, tuple(partition_by))
    change = schema_change(table.schema().to_json(), columns, dataset)
    if change.added:
        words = ", ".join(_definition(new) for new in change.added)
        spark.sql(f"ALTER TABLE delta.`{for_spark(path)}` ADD COLUMNS ({words})")
        log.info("columns added", columns=",".join(new.path for new in change.added))
    if change.widened:
        _rewrite(spark, path, change.widened, dataset, partition_by)
    now = table.metadata().configuration
    changed = {name: value for name, value in (properties or {}).items() if now.get(name) != value}
    if changed:
        words = ", ".join(f"'{name}' = '{value}'" for name, value in changed.items())
        spark.sql(f"ALTER TABLE delta.`{for_spark(path)}` SET TBLPROPERTIES ({words})")


def schema_change(schema: str, columns: Sequence[Column], dataset: Dataset) -> SchemaChange:
    """Compare a table's schema (Delta's JSON) with the wanted columns; raises SchemaChangeError."""
    found = dict(_types(json.loads(schema)["fields"]))
    wanted = {new.path: new for new in _paths(columns)}
    added, widened = [], []
    for new in wanted.values():
        parent = new.path.rpartition(".")[0]
        if new.path not in found:
            if parent and parent not in found:
                continue  # comes with its struct
            added.append(_nullable(new, dataset))
        elif found[new.path] != _delta_name(new.column):
            widened.append(_wider(new, found[new.path], dataset))
    for path in found:
        if path not in wanted and not path.startswith("_"):
            cure = "put it back into the contract with required: false, or rewrite the table without it"
            raise SchemaChangeError(dataset.name, path, "is in the table and no longer in the contract", cure)
    return SchemaChange(tuple(added), tuple(widened))


def with_columns_of(rows: DataFrame, columns: Sequence[Column], dataset: Dataset) -> DataFrame:
    """Rows of an older table as the contract wants them: lacking columns as nulls, narrower types as wider ones.

    Raises SchemaChangeError, as `evolve` of the table would.
    """
    change = schema_change(rows.schema.json(), columns, dataset)
    lacking = {new.path for new in change.added}
    values = {c.name: _value(c, lacking) for c in columns if any(p.split(".")[0] == c.name for p in lacking)}
    return rows.withColumns(values | {c.name: F.col(c.name).cast(c.type) for c in change.widened})


def _value(column: Column, lacking: Collection[str], prefix: str = "") -> SparkColumn:
    """A column of an older table: null where it is lacking, a struct with the fields that it lacks as nulls."""
    path = f"{prefix}{column.name}"
    if path in lacking:
        return F.lit(None).cast(column.spark_type)
    if not any(other.startswith(f"{path}.") for other in lacking):
        return F.col(path)
    fields = F.struct(*(_value(field, lacking, f"{path}.").alias(field.name) for field in column.fields))
    return F.when(F.col(path).isNotNull(), fields)


def _types(fields: Sequence[Mapping[str, Any]], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The types of a Delta schema by path, fields of a struct as `device.os`."""
    for field in fields:
        path, kind = f"{prefix}{field['name']}", field["type"]
        yield path, kind["type"] if isinstance(kind, dict) else kind
        if isinstance(kind, dict) and kind["type"] == "struct":
            yield from _types(kind["fields"], f"{path}.")


def _paths(columns: Sequence[Column], prefix: str = "") -> Iterator[NewColumn]:
    """The wanted columns by path, each with the one before it."""
    after: str | None = None
    for column in columns:
        yield NewColumn(f"{prefix}{column.name}", column, after)
        yield from _paths(column.fields, f"{prefix}{column.name}.")
        after = column.name


def _delta_name(column: Column) -> str:
    return _DELTA_NAMES.get(column.type, column.type)


def _nullable(new: NewColumn, dataset: Dataset) -> NewColumn:
    if new.column.required:
        cure = "earlier rows have no value for it; say required: false in the contract"
        raise SchemaChangeError(dataset.name, new.path, "is required and new", cure)
    return new


def _definition(new: NewColumn) -> str:
    name = ".".join(f"`{part}`" for part in new.path.split("."))
    comment = new.column.description.replace("\\", "\\\\").replace("'", "\\'")
    place = f"AFTER `{new.after}`" if new.after else "FIRST"
    return f"{name} {new.column.spark_type} COMMENT '{comment}' {place}"


def _wider(new: NewColumn, found: str, dataset: Dataset) -> Column:
    """The column, when its type holds every value of the type found and the contract lets the table be rewritten."""
    wanted = _delta_name(new.column)
    differs = f"is {found} in the table and {new.column.type} in the contract"
    if "." in new.path or not _holds(wanted, found):
        cure = "values could be lost; keep the type, or deliver the column under a new name"
        raise SchemaChangeError(dataset.name, new.path, differs, cure)
    if not dataset.widens_types:
        cure = (
            "say typeWidening: rewrite in the contract to have the table rewritten once, for Athena reads no other way"
        )
        raise SchemaChangeError(dataset.name, new.path, differs, cure)
    return new.column


def _holds(wanted: str, found: str) -> bool:
    """Tell whether every value of the found type is one of the wanted type."""
    new, old = _DECIMAL.match(wanted), _DECIMAL.match(found)
    if new and old:
        digits, places, digits_before, places_before = (int(n) for n in (*new.groups(), *old.groups()))
        return places >= places_before and digits - places >= digits_before - places_before
    return (found, wanted) == ("integer", "long")


def _rewrite(
    spark: SparkSession, path: str, widened: Sequence[Column], dataset: Dataset, partition_by: Sequence[str]
) -> None:
    """Write the whole table anew with wider types, in one commit; no value changes, so no mart need be built."""
    rows = tables.read(spark, path).withColumns({c.name: F.col(c.name).cast(c.type) for c in widened})
    nothing: Any = [] if dataset.kind is Kind.HISTORY else {}
    metadata = json.dumps({"dataset": dataset.name, "touched": nothing})
    writer = rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
    writer = writer.partitionBy(*partition_by) if partition_by else writer
    writer.option("userMetadata", metadata).save(for_spark(path))
    log.info("columns widened", columns=",".join(column.name for column in widened))
