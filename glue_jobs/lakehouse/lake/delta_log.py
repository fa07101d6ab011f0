"""Reads and appends Delta tables without a JVM: progress, history, and the small tables of the ops layer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from lakehouse.lake.files import list_files, read_head
from lakehouse.lake.paths import is_s3


def storage_options(path: str) -> dict[str, str] | None:
    """Options of the object store from the usual AWS environment; None for a disk."""
    if not is_s3(path):
        return None
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint is None:
        return {}
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": str(endpoint.startswith("http://")).lower()}


def open_table(path: str, version: int | None = None) -> DeltaTable | None:
    """Open a Delta table, or return None where there is none."""
    try:
        return DeltaTable(path, version=version, storage_options=storage_options(path))
    except TableNotFoundError:
        return None


def existing_table(path: str) -> DeltaTable:
    """Open a Delta table that the caller has seen a moment ago; nothing of ours drops tables."""
    table = open_table(path)
    assert table is not None, path
    return table


def read_protocol(path: str) -> tuple[int, list[str]]:
    """Reader version and reader features of a table, by its log's own text, whatever delta-rs opens."""
    folder = f"{path}/_delta_log"
    for file in reversed([f for f in list_files(folder) if f.name.endswith(".json") and f.name[0].isdigit()]):
        for line in read_head(folder, file, file.size).decode("utf-8").splitlines():
            protocol = json.loads(line).get("protocol")
            if protocol:
                return int(protocol["minReaderVersion"]), list(protocol.get("readerFeatures") or [])
    return 1, []


def table_version(path: str) -> int:
    """The newest version of a table, -1 where there is none."""
    table = open_table(path)
    return -1 if table is None else table.version()


def progress(path: str, app_id: str) -> int:
    """The last batch that a table's log records for an application, 0 before the first."""
    table = open_table(path)
    version = None if table is None else table.transaction_version(app_id)
    return 0 if version is None else version


def commits_since(path: str, version: int) -> list[dict[str, Any]]:
    """The commits after a version, oldest first, with operation, metrics and our metadata (key `lakehouse`)."""
    table = open_table(path)
    if table is None or table.version() <= version:
        return []
    newest = table.history(limit=table.version() - version)
    return [_with_metadata(commit) for commit in reversed(newest)]


def _with_metadata(commit: dict[str, Any]) -> dict[str, Any]:
    try:
        metadata = json.loads(commit.get("userMetadata") or "null")
    except json.JSONDecodeError:
        metadata = None
    return {**commit, "lakehouse": metadata if isinstance(metadata, dict) else None}


def read_rows(path: str, **wanted: str | int) -> list[dict[str, Any]]:
    """The rows of a small table whose columns have the wanted values; empty where there is no table."""
    table = open_table(path)
    return [] if table is None else select(table, f"SELECT * FROM t WHERE {_where(wanted)}")


def count_rows(table: DeltaTable, **wanted: str | int) -> int:
    """Count the rows whose columns have the wanted values."""
    return int(select(table, f"SELECT count(*) AS number FROM t WHERE {_where(wanted)}")[0]["number"])


def rows_in_files(table: DeltaTable) -> int:
    """Count the rows by opening every data file; raises what the reader raises when one is missing or damaged."""
    # A count alone is answered from the log, which is what it is held against; a second aggregate, of values that
    # the log has no statistics of, makes the engine read.
    column = table.schema().fields[0].name
    read = f"SELECT count(*) AS number, max(concat(CAST(\"{column}\" AS VARCHAR), '.')) AS value FROM t"
    return int(select(table, read)[0]["number"])


def promised_rows(table: DeltaTable) -> int:
    """Count the rows by the log alone: those of its files, less those that deletion vectors mark."""
    counts = table.get_add_actions(flatten=True).column("num_records").to_pylist()
    marked = pa.table(table.deletion_vectors()).column("selection_vector").to_pylist()
    return sum(int(count or 0) for count in counts) - sum(int(vector.count(False)) for vector in marked)


def _where(wanted: Mapping[str, str | int]) -> str:
    """Values as SQL literals; ours are names and numbers, and a quote is doubled all the same."""
    quoted = {name: f"'{v.replace(chr(39), chr(39) * 2)}'" if isinstance(v, str) else v for name, v in wanted.items()}
    return " AND ".join(f'"{name}" = {value}' for name, value in quoted.items()) or "true"


def select(table: DeltaTable, sql: str) -> list[dict[str, Any]]:
    """Rows of a query over a table named t.

    By delta-rs' own engine: its PyArrow reader leaves threads behind that abort one process in three at its end.
    """
    answer = QueryBuilder().register("t", table).execute(sql)
    rows: list[dict[str, Any]] = pa.table(answer.read_all()).to_pylist()
    return rows


def append_once(path: str, rows: Sequence[dict[str, Any]], schema: pa.Schema, app_id: str, version: int) -> bool:
    """Append rows together with the progress of an application; False when that version is there already.

    A column that the table lacks, for an earlier release made it, is added.
    """
    if progress(path, app_id) >= version:
        return False
    try:
        write_deltalake(
            path,
            pa.Table.from_pylist(list(rows), schema=schema),
            mode="append",
            schema_mode="merge",
            storage_options=storage_options(path),
            commit_properties=CommitProperties(app_transactions=[Transaction(app_id, version)]),
        )
    except CommitFailedError:
        if progress(path, app_id) < version:
            raise
        return False  # another process was there first
    return True
