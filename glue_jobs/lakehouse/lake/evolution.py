"""Schema evolution by contract: adds nullable columns, widens types where it is declared, refuses everything else."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.columns import ARRAY, MAP, Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.type_order import holds
from lakehouse.errors import LakehouseError
from lakehouse.lake import tables
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import delta_name
from lakehouse.lake.rewrite import Arrangement, NewTable, rewrite_table

_DELTA_NAMES = {"int": "integer", "bigint": "long", MAP: ARRAY}
ELEMENT = "element"
"""What Delta calls that which a list has."""


class SchemaChangeError(LakehouseError):
    """The contract changes a column in a way that the table does not support."""

    def __init__(self, dataset: str, column: str, found: str, cure: str) -> None:
        self.dataset, self.column, self.found, self.cure = dataset, column, found, cure
        super().__init__(f"{dataset}: column {column} {found}; {cure}. Nothing was written.")


class OtherLayoutError(LakehouseError):
    """The contract declares other partition columns than the table has."""

    def __init__(self, dataset: str, found: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        self.dataset, self.found, self.wanted = dataset, found, wanted
        columns = [f"[{', '.join(names)}]" for names in (found, wanted)]
        super().__init__(
            f"{dataset}: its table is partitioned by {columns[0]} and its contract says partitionBy {columns[1]}; run "
            f"`lakehouse layout apply {dataset}`, which rewrites the table in one commit. Nothing was written."
        )


@dataclass(frozen=True)
class NewColumn:
    """A column that a table lacks, by its path (`device.browser`), and the column before it."""

    path: str
    column: Column
    after: str | None


@dataclass(frozen=True)
class SchemaChange:
    """What has to change for a table to have the contract's columns."""

    added: tuple[NewColumn, ...] = ()
    widened: tuple[Column, ...] = ()


@dataclass(frozen=True)
class WantedTable:
    """What a contract declares of one of its tables.

    properties: table properties that it must have. arrangement: how its rows are distributed over files when it has to
    be rewritten.
    """

    dataset: Dataset
    columns: Sequence[Column]
    partition_by: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    arrangement: Arrangement = field(default_factory=Arrangement)


def evolve(spark: SparkSession, path: str, wanted: WantedTable) -> None:
    """Alter the table at a path to match its contract; does nothing where there is no table.

    Raises SchemaChangeError or OtherLayoutError before any write, RowsLostError when a rewrite would change rows.
    """
    table = open_table(path)
    if table is None:
        return
    partitioned_by = tuple(table.metadata().partition_columns)
    if partitioned_by != wanted.partition_by:
        raise OtherLayoutError(wanted.dataset.name, partitioned_by, wanted.partition_by)
    change = schema_change(table.schema().to_json(), wanted.columns, wanted.dataset)
    if change.added:
        definitions = ", ".join(_definition(new) for new in change.added)
        spark.sql(f"ALTER TABLE {delta_name(path)} ADD COLUMNS ({definitions})")
        log.info("columns added", columns=",".join(new.path for new in change.added))
    if change.widened:
        _widen(spark, path, change.widened, wanted)
    now = table.metadata().configuration
    changed = {name: value for name, value in wanted.properties.items() if now.get(name) != value}
    if changed:
        properties = ", ".join(f"'{name}' = '{value}'" for name, value in changed.items())
        spark.sql(f"ALTER TABLE {delta_name(path)} SET TBLPROPERTIES ({properties})")


def schema_change(schema: str, columns: Sequence[Column], dataset: Dataset) -> SchemaChange:
    """Compare a table's schema (Delta's JSON) with the wanted columns; raises SchemaChangeError."""
    types = dict(_types(json.loads(schema)["fields"]))
    wanted = {new.path: new for new in _paths(columns)}
    lists = {path for path, kind in types.items() if kind == ARRAY}
    for path in types:
        if path not in wanted and not path.startswith("_"):
            raise _gone(path, lists, dataset)
    added, widened = [], []
    for new in wanted.values():
        parent = new.path.rpartition(".")[0]
        if new.path not in types:
            if parent and parent not in types:
                continue  # comes with its struct
            added.append(_nullable(new, dataset))
        elif types[new.path] != _delta_name(new.column):
            widened.append(_wider(new, types[new.path], dataset))
    return SchemaChange(tuple(added), tuple(widened))


def _gone(path: str, lists: Collection[str], dataset: Dataset) -> SchemaChangeError:
    """The error of a column that the contract has no more; one inside a list is in every element of old rows."""
    cure = (
        f"run `lakehouse dataset drop-column {dataset.domain}.{dataset.name} {path} --why TEXT`, or rename-column "
        "where it has another name now"
    )
    inside = next((one for one in lists if path.startswith(f"{one}.")), None)
    if inside is not None:
        cure = f"deliver the list {inside} under a new name"
    said = "is in the table and no longer in the contract"
    return SchemaChangeError(dataset.name, path, said, f"put it back with required: false, or {cure}")


def with_columns_of(rows: DataFrame, columns: Sequence[Column], dataset: Dataset) -> DataFrame:
    """Rows of an older table with the contract's columns: lacking ones as nulls, narrower types cast to wider ones.

    Raises SchemaChangeError, as `evolve` of the table would.
    """
    change = schema_change(rows.schema.json(), columns, dataset)
    lacking = {new.path for new in change.added}
    changed = [c for c in columns if any(path.split(".")[0] == c.name for path in lacking)]
    values = {c.name: _value(c, None if c.name in lacking else F.col(c.name), lacking, c.name) for c in changed}
    return rows.withColumns(values | {c.name: F.col(c.name).cast(c.type) for c in change.widened})


def _value(column: Column, value: SparkColumn | None, lacking: Collection[str], path: str) -> SparkColumn:
    """A value of an older table: null where it is lacking, a struct with the fields that it lacks as nulls."""
    if value is None:
        return F.lit(None).cast(column.spark_type)
    if not any(other.startswith(f"{path}.") for other in lacking):
        return value
    if (element := column.element) is not None:
        return F.transform(value, lambda one: _value(element, one, lacking, f"{path}.{ELEMENT}"))
    inner = {field: f"{path}.{field.name}" for field in column.fields}
    fields = [
        _value(field, None if at in lacking else value[field.name], lacking, at).alias(field.name)
        for field, at in inner.items()
    ]
    return F.when(value.isNotNull(), F.struct(*fields))


def _types(fields: Sequence[Mapping[str, Any]], prefix: str = "") -> Iterator[tuple[str, str]]:
    """The types of a Delta schema by path: fields of a struct as `device.os`, what a list has as `lines.element`."""
    for each in fields:
        path, kind = f"{prefix}{each['name']}", each["type"]
        yield path, kind["type"] if isinstance(kind, dict) else kind
        if isinstance(kind, dict) and kind["type"] == "struct":
            yield from _types(kind["fields"], f"{path}.")
        elif isinstance(kind, dict) and kind["type"] == ARRAY:
            yield from _types([{"name": ELEMENT, "type": kind["elementType"]}], f"{path}.")


def _paths(columns: Sequence[Column], prefix: str = "") -> Iterator[NewColumn]:
    """The wanted columns by path, each with the one before it."""
    after: str | None = None
    for column in columns:
        yield NewColumn(f"{prefix}{column.name}", column, after)
        inside = column.fields if column.element is None else (replace(column.element, name=ELEMENT),)
        yield from _paths(inside, f"{prefix}{column.name}.")
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
    """The column, if its type has every value of the table's type and the contract declares that it may be widened.

    found: the type that the table has.
    """
    wanted = _delta_name(new.column)
    differs = f"is {found} in the table and {new.column.type} in the contract"
    if "." in new.path or not holds(wanted, found):
        cure = "values could be lost; keep the type, or deliver the column under a new name"
        raise SchemaChangeError(dataset.name, new.path, differs, cure)
    if not dataset.widens_types:
        cure = (
            "set typeWidening: rewrite in the contract, and the table is rewritten once, "
            "because Athena does not read Delta's own type widening"
        )
        raise SchemaChangeError(dataset.name, new.path, differs, cure)
    return new.column


def _widen(spark: SparkSession, path: str, widened: Sequence[Column], wanted: WantedTable) -> None:
    """Rewrite the table with wider types, in one commit; no value changes, so no mart need be rebuilt."""
    becomes = NewTable(wanted.partition_by, metadata={"dataset": wanted.dataset.name})

    def arrange(rows: DataFrame) -> DataFrame:
        values = {c.name: tables.described(c, F.col(c.name).cast(c.type)) for c in widened}
        return wanted.arrangement.arrange(rows.select(*[values.get(name, F.col(name)) for name in rows.columns]))

    rewrite_table(spark, path, replace(wanted.arrangement, arrange=arrange), becomes)
    log.info("columns widened", columns=",".join(column.name for column in widened))
