"""The Glue catalogue as the Delta logs say it should be: real columns, so that Athena's views and grants work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable
from deltalake.schema import ArrayType, MapType, PrimitiveType, StructType

from lakehouse.lake import Lake

_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_HIVE = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}


@dataclass(frozen=True)
class Published:
    """One table of the catalogue and what became of it."""

    database: str
    name: str
    version: int
    changed: bool


def hive_type(kind: Any) -> str:
    """A Delta type in the words of the Glue catalogue."""
    if isinstance(kind, PrimitiveType):
        return _HIVE.get(kind.type, kind.type)
    if isinstance(kind, StructType):
        return "struct<" + ",".join(f"{field.name}:{hive_type(field.type)}" for field in kind.fields) + ">"
    if isinstance(kind, ArrayType):
        return f"array<{hive_type(kind.element_type)}>"
    if isinstance(kind, MapType):
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.value_type)}>"
    raise TypeError(f"a Delta type that Glue has no word for: {kind!r}")


def table_input(name: str, location: str, table: DeltaTable, description: str = "") -> dict[str, Any]:
    """The Glue table for a Delta table: columns, comments, partitions, and the version it stands for."""
    columns = [
        {"Name": field.name, "Type": hive_type(field.type), "Comment": str(field.metadata.get("comment", ""))}
        for field in table.schema().fields
    ]
    parts = table.metadata().partition_columns
    return {
        "Name": name,
        "Description": description,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [],
        "Parameters": {
            "EXTERNAL": "TRUE",
            "table_type": "DELTA",
            "spark.sql.sources.provider": "delta",
            "spark.sql.partitionProvider": "catalog",
            "delta.lastUpdateVersion": str(table.version()),
            "lakehouse.partition_columns": ",".join(parts),
        },
        "StorageDescriptor": {
            "Columns": columns,
            "Location": location,
            "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
            "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"path": location}},
        },
    }  # fmt: skip


def publish_table(glue: Any, lake: Lake, layer: str, name: str, table: DeltaTable, description: str) -> Published:
    """Write one Glue table if it differs from what the Delta log says; returns whether it did."""
    wanted = table_input(name, lake.table(layer, name), table, description)
    present = _present(glue, layer, name)
    changed = present is None or any(present.get(key) != value for key, value in wanted.items() if _matters(key, value))
    if present is None:
        glue.create_table(DatabaseName=layer, TableInput=wanted)
    elif changed:
        glue.update_table(DatabaseName=layer, TableInput=wanted, VersionId=present.get("VersionId", "0"))
    return Published(layer, name, table.version(), changed)


def _present(glue: Any, database: str, name: str) -> Mapping[str, Any] | None:
    try:
        return dict(glue.get_table(DatabaseName=database, Name=name)["Table"])
    except glue.exceptions.EntityNotFoundException:
        return None


def _matters(key: str, value: Any) -> bool:
    return bool(value) or key == "Parameters"
