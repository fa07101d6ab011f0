"""Runs Athena's statements in DuckDB, in a process of its own: `python -m tools.twin.athena_engine`.

Of its own, for delta-rs holds Python's lock while it reads, so the server could not answer it. Each line of JSON that
it is sent is a statement, each line of its answer a result. Catalogue and files are read in the caller's name.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import duckdb
import sqlglot
from botocore.exceptions import ClientError
from deltalake import DeltaTable
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse.publish.athena_sql import NotAthenaError, for_duckdb
from lakehouse.publish.engine import columns_of, open_engine
from lakehouse.publish.query_errors import QueryError

CATALOGUE = "awsdatacatalog"
VIEW_PREFIX, VIEW_SUFFIX = "/* Presto View: ", " */"
_NAME = r'(?:"?(\w+)"?\.)?"?(\w+)"?'
_CREATE = re.compile(rf"\s*CREATE\s+(OR\s+REPLACE\s+)?VIEW\s+{_NAME}\s+AS\s+(.*)", re.IGNORECASE | re.DOTALL)
_DROP = re.compile(rf"\s*DROP\s+VIEW\s+(IF\s+EXISTS\s+)?{_NAME}\s*;?\s*", re.IGNORECASE)
_EXPLAIN = re.compile(r"\s*EXPLAIN\s*(\(\s*TYPE\s+(\w+)\s*\))?\s+(.*)", re.IGNORECASE | re.DOTALL)
_READ = re.compile(r"\s*(SELECT|WITH|VALUES|\()", re.IGNORECASE)
_TYPES = {
    "BOOLEAN": "boolean", "TINYINT": "tinyint", "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint",
    "HUGEINT": "decimal", "FLOAT": "real", "DOUBLE": "double", "VARCHAR": "varchar", "DATE": "date",
    "TIMESTAMP": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "BLOB": "varbinary",
}  # fmt: skip
_HIVE = {"integer": "int", "real": "float", "varchar": "string", "varbinary": "binary"}


class StatementError(Exception):
    """A statement fails; the text is Athena's reason."""


@dataclass(frozen=True)
class Statement:
    """What somebody asks Athena. access: the words of a client that speaks in the caller's name."""

    sql: str
    database: str
    access: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A client in the caller's name."""
        words = self.access
        session = boto3.Session(words["key"], words["secret"], region_name=words["region"])
        return session.client(service, endpoint_url=words["address"])


def run(statement: Statement) -> dict[str, Any]:
    """The kind of a statement with columns and rows of its result; raises StatementError."""
    if found := _CREATE.fullmatch(statement.sql.rstrip().rstrip(";")):
        _create_view(statement, bool(found[1]), found[2] or statement.database, found[3], found[4])
        return {"kind": "DDL", "columns": [], "rows": []}
    if found := _DROP.fullmatch(statement.sql):
        _drop_view(statement, bool(found[1]), found[2] or statement.database, found[3])
        return {"kind": "DDL", "columns": [], "rows": []}
    if found := _EXPLAIN.fullmatch(statement.sql):
        columns = _Query(statement).describe(found[3])
        said = "true" if (found[2] or "").upper() == "VALIDATE" else "\n".join(" ".join(pair) for pair in columns)
        return {"kind": "UTILITY", "columns": [["Query Plan", "varchar"]], "rows": [[said]]}
    if not _READ.match(statement.sql):
        raise StatementError(f"NOT_SUPPORTED: the twin runs SELECT, EXPLAIN and views, not {statement.sql[:40]!r}")
    columns, rows = _Query(statement).rows(statement.sql)
    return {"kind": "DML", "columns": columns, "rows": rows}


class _Query:
    """One query: the tables and views that it names are looked up in the catalogue as it is parsed."""

    def __init__(self, statement: Statement) -> None:
        self._statement, self._glue = statement, statement.client("glue")
        self._engine = open_engine(reads_delta=False)
        self._made: set[str] = set()

    def describe(self, sql: str) -> list[list[str]]:
        """Columns and types of a query; no row of a table is read."""
        return self._columns(self._translated(sql, self._statement.database))

    def rows(self, sql: str) -> tuple[list[list[str]], list[list[str | None]]]:
        """Columns and rows of a query, as text."""
        translated = self._translated(sql, self._statement.database)
        columns = self._columns(translated)
        try:
            found = self._engine.execute(translated).fetchall()
        except duckdb.Error as error:
            raise StatementError(f"GENERIC_USER_ERROR: {_line(error)}") from None
        return columns, [
            [None if value is None else _text(value, kind) for value, (_, kind) in zip(row, columns, strict=True)]
            for row in found
        ]

    def _columns(self, translated: str) -> list[list[str]]:
        try:
            described = self._engine.execute(f"DESCRIBE {translated}").fetchall()
        except duckdb.Error as error:
            raise StatementError(f"SYNTAX_ERROR: line 1:1: {_line(error)}") from None
        return [[row[0], _athena_type(row[1])] for row in described]

    def _translated(self, sql: str, database: str) -> str:
        """The query for DuckDB, with each table that it names made known there."""
        try:
            tree = sqlglot.parse_one(sql, read="athena")
        except SqlglotError as error:
            first = (getattr(error, "errors", None) or [{}])[0]
            place = f"line {first.get('line') or 1}:{first.get('col') or 1}"
            raise StatementError(f"SYNTAX_ERROR: {place}: {first.get('description') or 'mismatched input'}") from None
        own, named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}, set[tuple[str, str]]()
        for table in list(tree.find_all(exp.Table)):
            if not isinstance(table.this, exp.Identifier) or (not table.db and table.name.lower() in own):
                continue
            where = (table.db or database).lower()
            self._know(where, table.name.lower())
            named.add((where, table.name.lower()))
            table.set("catalog", None)
            table.set("db", exp.to_identifier(where, quoted=True))
        try:
            return for_duckdb(tree, columns_of(self._engine, named), sql)
        except NotAthenaError as error:
            raise StatementError(f"SYNTAX_ERROR: line 1:1: {error.found}") from None
        except QueryError as error:
            raise StatementError(f"COLUMN_NOT_FOUND: line 1:1: {error.reason}") from None

    def _know(self, database: str, name: str) -> None:
        if f"{database}.{name}" in self._made:
            return
        self._made.add(f"{database}.{name}")
        entry = self._entry(database, name)
        self._engine.execute(f'CREATE SCHEMA IF NOT EXISTS "{database}"')
        if entry.get("TableType") == "VIRTUAL_VIEW":
            source = self._translated(original_sql(entry["ViewOriginalText"]), database)
        elif entry.get("Parameters", {}).get("table_type") == "DELTA":
            self._engine.register(f"_{database}_{name}", self._dataset(entry["StorageDescriptor"]["Location"]))
            source = f'SELECT * FROM "_{database}_{name}"'
        else:
            raise StatementError(f"NOT_SUPPORTED: the twin reads Delta tables and views, and {database}.{name} is none")
        self._engine.execute(f'CREATE VIEW "{database}"."{name}" AS {source}')

    def _entry(self, database: str, name: str) -> dict[str, Any]:
        try:
            return dict(self._glue.get_table(DatabaseName=database, Name=name)["Table"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise StatementError(f"PERMISSION_DENIED: {error}") from None
            raise StatementError(
                f"TABLE_NOT_FOUND: line 1:1: Table '{CATALOGUE}.{database}.{name}' does not exist"
            ) from None

    def _dataset(self, location: str) -> Any:
        words = self._statement.access
        options = {
            "AWS_ACCESS_KEY_ID": words["key"], "AWS_SECRET_ACCESS_KEY": words["secret"], "AWS_REGION": words["region"],
            "AWS_ENDPOINT_URL": words["address"], "AWS_ALLOW_HTTP": "true",
        }  # fmt: skip
        try:
            return DeltaTable(location, storage_options=options).to_pyarrow_dataset()
        except Exception as error:  # delta-rs has an error for each of its stores
            raise StatementError(f"HIVE_CANNOT_OPEN_SPLIT: {location}: {_line(error)}") from None


def _create_view(statement: Statement, replaces: bool, database: str, name: str, sql: str) -> None:
    """Keep a view in the catalogue, in the form in which Athena keeps its own."""
    columns = _Query(statement).describe(sql)
    text = json.dumps({"originalSql": sql, "catalog": CATALOGUE, "schema": database,
                       "columns": [{"name": column, "type": kind} for column, kind in columns]})  # fmt: skip
    wanted = {
        "Name": name,
        "TableType": "VIRTUAL_VIEW",
        "ViewOriginalText": VIEW_PREFIX + base64.b64encode(text.encode()).decode() + VIEW_SUFFIX,
        "ViewExpandedText": "/* Presto View */",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "StorageDescriptor": {"Columns": [{"Name": c, "Type": _HIVE.get(kind, kind)} for c, kind in columns]},
    }
    glue = statement.client("glue")
    try:
        there = [entry["Name"] for entry in glue.get_tables(DatabaseName=database)["TableList"]]
        if name in there and not replaces:
            raise StatementError(f"ALREADY_EXISTS: line 1:1: View already exists: '{CATALOGUE}.{database}.{name}'")
        (glue.update_table if name in there else glue.create_table)(DatabaseName=database, TableInput=wanted)
    except ClientError as error:
        raise StatementError(f"PERMISSION_DENIED: {error}") from None


def _drop_view(statement: Statement, if_exists: bool, database: str, name: str) -> None:
    try:
        statement.client("glue").delete_table(DatabaseName=database, Name=name)
    except ClientError as error:
        gone = error.response["Error"]["Code"] == "EntityNotFoundException"
        if not (gone and if_exists):
            raise StatementError(f"{'NOT_FOUND' if gone else 'PERMISSION_DENIED'}: {error}") from None


def original_sql(text: str) -> str:
    """The query in a view's text as Athena keeps it."""
    content = base64.b64decode(text.removeprefix(VIEW_PREFIX).removesuffix(VIEW_SUFFIX))
    return str(json.loads(content)["originalSql"])


def _athena_type(kind: str) -> str:
    return "decimal" if kind.startswith("DECIMAL") else _TYPES.get(kind, kind.lower())


def _text(value: Any, kind: str) -> str:
    """A value as Athena writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if kind == "timestamp":
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"
    if kind == "timestamp with time zone":
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d} UTC"
    return str(value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]


def main() -> None:
    """Answer until the other side is gone."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = run(Statement(asked["sql"], asked["database"], asked["access"]))
        except StatementError as error:
            answer = {"error": str(error)}
        except Exception as error:  # one statement must not end the engine
            answer = {"error": f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {_line(error)}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
