"""Reads and appends Delta tables without a JVM: progress, history, and the small tables of the ops layer."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError

from lakehouse.lake import is_s3


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


def read_rows(path: str, filters: list[tuple[str, str, Any]] | None = None) -> list[dict[str, Any]]:
    """All rows of a small table as dictionaries; empty where there is no table."""
    table = open_table(path)
    if table is None:
        return []
    rows: list[dict[str, Any]] = table.to_pyarrow_table(filters=filters).to_pylist()
    return rows


def append_once(path: str, rows: Sequence[dict[str, Any]], schema: pa.Schema, app_id: str, version: int) -> bool:
    """Append rows together with the progress of an application; False when that version is there already."""
    if progress(path, app_id) >= version:
        return False
    write_deltalake(
        path,
        pa.Table.from_pylist(list(rows), schema=schema),
        mode="append",
        storage_options=storage_options(path),
        commit_properties=CommitProperties(app_transactions=[Transaction(app_id, version)]),
    )
    return True
