"""Tables of the Glue Data Catalog, from their Delta logs: with real columns, for Athena's views and grants."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable
from deltalake.schema import ArrayType, MapType, PrimitiveType, StructType

from lakehouse import log
from lakehouse.contracts.marts import NOT_DESCRIBED, Described
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.table_files import totals_of

_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_HIVE = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint", "timestamp_ntz": "timestamp"}
_TRIES = 5
_COMMENT, _DESCRIPTION = 255, 2048  # the most that Glue takes, in characters
_INPUT_KEYS = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText",
    "ViewExpandedText", "TableType", "Parameters",
)  # fmt: skip
MANAGED = "lakehouse.published"
VERSION = "delta.lastUpdateVersion"


class CatalogueBusyError(TransientError):
    """Other publishers changed the same table at each try."""

    def __init__(self, table: str) -> None:
        self.table = table
        super().__init__(f"{table}: at each of {_TRIES} tries another publisher changed it in the catalogue first.")


class DatabaseMissingError(LakehouseError):
    """The catalogue lacks a database that publishing needs."""

    def __init__(self, database: str) -> None:
        self.database = database
        super().__init__(
            f"The catalogue has no database '{database}'. Apply terraform/, which makes it; then run it again."
        )


class UnknownTypeError(LakehouseError):
    """A Delta type that Glue and Athena do not support."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"Glue and Athena do not support the Delta type {kind}. Write the column as a string.")


@dataclass(frozen=True)
class PublishedTable:
    """A published table, and whether its entry in the catalog changed."""

    database: str
    name: str
    version: int
    changed: bool


def hive_type(kind: Any) -> str:
    """The Glue type for a Delta type; raises UnknownTypeError for one that Athena cannot read."""
    if isinstance(kind, PrimitiveType) and kind.type != "variant":
        return _HIVE.get(kind.type, kind.type)
    if isinstance(kind, StructType):
        return "struct<" + ",".join(f"{field.name}:{hive_type(field.type)}" for field in kind.fields) + ">"
    if isinstance(kind, ArrayType):
        return f"array<{hive_type(kind.element_type)}>"
    if isinstance(kind, MapType):
        return f"map<{hive_type(kind.key_type)},{hive_type(kind.value_type)}>"
    raise UnknownTypeError(str(kind))


def table_input(name: str, location: str, table: DeltaTable, described: Described = NOT_DESCRIBED) -> dict[str, Any]:
    """The Glue table for a Delta table: columns, comments, partition columns, statistics, version."""
    columns = [
        {"Name": f.name, "Type": hive_type(f.type), "Comment": _comment(f.name, f.metadata, described)}
        for f in table.schema().fields
    ]
    return {
        "Name": name,
        "Description": _cut(described.description, _DESCRIPTION),
        "TableType": "EXTERNAL_TABLE",
        # Partitions are in the Delta log; partition keys here would make a reader look for them in Glue.
        "PartitionKeys": [],
        "Parameters": {
            "EXTERNAL": "TRUE",
            "table_type": "DELTA",
            "spark.sql.sources.provider": "delta",
            "spark.sql.partitionProvider": "catalog",
            VERSION: str(table.version()),
            MANAGED: "table",
            "lakehouse.partition_columns": ",".join(table.metadata().partition_columns),
            **_statistics(table),
        },
        "StorageDescriptor": {
            "Columns": columns,
            "Location": location,
            "InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
            "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"path": location}},
        },
    }  # fmt: skip


def _comment(name: str, metadata: Mapping[str, Any], described: Described) -> str:
    return _cut(str(metadata.get("comment") or described.comments.get(name, "")), _COMMENT)


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _statistics(table: DeltaTable) -> dict[str, str]:
    """Rows, files and bytes by the Delta log, under Hive's names and Spark's."""
    totals = totals_of(table)
    rows, size = str(totals.rows), str(totals.bytes)
    spark = {"spark.sql.statistics.numRows": rows, "spark.sql.statistics.totalSize": size}
    return {"numRows": rows, "numFiles": str(totals.files), "totalSize": size, **spark}


@dataclass(frozen=True)
class GlueCatalogue:
    """The Glue Data Catalog, written so that two publishers cannot overwrite each other."""

    client: Any

    def entry(self, database: str, name: str) -> dict[str, Any] | None:
        """The entry of that name, None where there is none."""
        try:
            return dict(self.client.get_table(DatabaseName=database, Name=name)["Table"])
        except self.client.exceptions.EntityNotFoundException:
            return None

    def entries(self, database: str) -> Iterator[dict[str, Any]]:
        """All entries of a database, none where there is no such database."""
        try:
            for page in self.client.get_paginator("get_tables").paginate(DatabaseName=database):
                yield from page["TableList"]
        except self.client.exceptions.EntityNotFoundException:
            return

    def matches(self, database: str, wanted: Mapping[str, Any]) -> bool:
        """Whether the entry of that name has everything wanted."""
        present = self.entry(database, wanted["Name"])
        return present is not None and not _differs(present, wanted)

    def put(self, database: str, wanted: Mapping[str, Any], path: str) -> bool:
        """Write a table's entry where it differs; False where it, or a later version, is there already.

        Glue rejects an update of a version that is not the newest, so of two publishers the second compares again.
        """
        for _ in range(_TRIES):
            present = self.entry(database, wanted["Name"])
            if present is not None and (not _differs(present, wanted) or _is_later(present, wanted, path)):
                return False
            if self._written(database, wanted, present):
                return True
        raise CatalogueBusyError(f"{database}.{wanted['Name']}")

    def _written(self, database: str, wanted: Mapping[str, Any], present: Mapping[str, Any] | None) -> bool:
        errors = self.client.exceptions
        try:
            if present is None:
                self.client.create_table(DatabaseName=database, TableInput=wanted)
            else:
                self.replace(database, wanted, present)
        except (errors.AlreadyExistsException, errors.ConcurrentModificationException):
            return False
        except errors.EntityNotFoundException:
            if present is not None:
                return False  # dropped a moment ago
            raise DatabaseMissingError(database) from None
        return True

    def replace(self, database: str, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> None:
        """Replace the version of the entry that was read; parameters that others added are kept."""
        parameters = {**present.get("Parameters", {}), **wanted.get("Parameters", {})}
        self.client.update_table(
            DatabaseName=database,
            TableInput={**wanted, "Parameters": parameters},
            VersionId=present.get("VersionId", "0"),
        )

    def drop_others(self, database: str, wanted: Collection[str]) -> list[str]:
        """Drop the tables that were published by these jobs and are no longer wanted; other tables stay."""
        gone = [
            entry["Name"]
            for entry in self.entries(database)
            if MANAGED in entry.get("Parameters", {}) and entry["Name"] not in wanted
        ]
        for name in gone:
            self.client.delete_table(DatabaseName=database, Name=name)
            log.info("dropped from the catalogue, its data stays", table=f"{database}.{name}")
        return gone

    def restore(self, database: str, name: str, earlier: Mapping[str, Any] | None) -> None:
        """Restore the earlier entry of a name; None: drop the present one."""
        present = self.entry(database, name)
        if earlier is None and present is not None:
            self.client.delete_table(DatabaseName=database, Name=name)
        elif earlier is not None and present is None:
            self.client.create_table(DatabaseName=database, TableInput=as_input(earlier))
        elif earlier is not None:
            self.client.update_table(DatabaseName=database, TableInput=as_input(earlier))


def as_input(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as Glue returns it, in the form in which it is written."""
    return {key: entry[key] for key in _INPUT_KEYS if key in entry}


def _differs(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the entry lacks or contradicts anything wanted; its other fields and parameters do not matter."""
    plain = {**present, "Parameters": {k: present.get("Parameters", {}).get(k) for k in wanted["Parameters"]}}
    return any(_plain(plain.get(key)) != _plain(value) for key, value in wanted.items())


def _plain(value: Any) -> str:
    """A value as JSON without empty strings, which Glue does not keep."""

    def cleaned(item: Any) -> Any:
        if isinstance(item, Mapping):
            return {k: cleaned(v) for k, v in item.items() if v not in ("", None)}
        return [cleaned(v) for v in item] if isinstance(item, list) else item

    return json.dumps(cleaned(value) or "", sort_keys=True)


def _is_later(present: Mapping[str, Any], wanted: Mapping[str, Any], path: str) -> bool:
    """Whether another publisher published a later version of this same table, not of one that was recreated."""
    published = int(present.get("Parameters", {}).get(VERSION, -1))
    return int(wanted["Parameters"][VERSION]) < published <= table_version(path)
