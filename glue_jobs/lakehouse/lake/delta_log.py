"""Reads and appends Delta tables without Spark: recorded versions, history, and the small tables of the ops layer."""

from __future__ import annotations

import contextlib
import functools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, TableNotFoundError

from lakehouse.lake.conflicts import when_free
from lakehouse.lake.paths import is_s3

MOST_FILES = 20
"""With so many small files a table of `ops` is compacted."""
FILE_BYTES = 4 << 20
"""Compaction makes files of about so many bytes and leaves them alone afterwards, so that it rewrites only the tail."""
PROPERTIES = {"delta.checkpointInterval": "10"}
"""Of a new table of `ops`: who opens it reads the log from its newest checkpoint on; by default they are 100 apart."""

FIRST_COMMITS = 8
"""So many commits are read at first when a log is searched backwards; most searches end there."""


@dataclass(frozen=True)
class Commit:
    """What makes a write idempotent: Delta records `version` for `app_id` and skips a version that is not greater.

    metadata: what the commit says in its `userMetadata`, as JSON.
    """

    app_id: str
    version: int
    metadata: Mapping[str, Any] | None = None


def storage_options(path: str) -> dict[str, str] | None:
    """Options of the object store from the usual AWS environment, with credentials of this moment; None for a disk."""
    if not is_s3(path):
        return None
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint is None:
        return _identity()
    http = str(endpoint.startswith("http://")).lower()
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": http, **_identity()}


def _identity() -> dict[str, str]:
    """Credentials and region that boto3 finds: delta-rs looks for fewer kinds. None where the environment has keys."""
    if "AWS_ACCESS_KEY_ID" in os.environ:
        return {}
    found, region = _found_by_boto3()
    if found is None:
        return {}
    # Frozen at each call: a role's credentials are renewed while a job runs.
    now = found.get_frozen_credentials()
    words = {"AWS_ACCESS_KEY_ID": now.access_key, "AWS_SECRET_ACCESS_KEY": now.secret_key}
    words |= {"AWS_SESSION_TOKEN": now.token, "AWS_REGION": region}
    return {name: value for name, value in words.items() if value}


@functools.cache
def _found_by_boto3() -> tuple[Any, str | None]:
    """Credentials, which renew themselves, and the region; looked for once: without any it takes seconds."""
    import boto3

    session = boto3.Session()
    return session.get_credentials(), session.region_name


def open_table(path: str, version: int | None = None) -> DeltaTable | None:
    """Open a Delta table, or return None where there is none."""
    try:
        return DeltaTable(path, version=version, storage_options=storage_options(path))
    except TableNotFoundError:
        return None


def existing_table(path: str, version: int | None = None) -> DeltaTable:
    """Open a Delta table that is known to exist; no job drops tables."""
    table = open_table(path, version)
    assert table is not None, path
    return table


def table_version(path: str) -> int:
    """The newest version of a table, -1 where there is none."""
    table = open_table(path)
    return -1 if table is None else table.version()


def recorded(path: str, app_id: str) -> int:
    """The greatest version that a table's log records for an application (`txn`), 0 before the first."""
    return _recorded_in(open_table(path), app_id)


def _recorded_in(table: DeltaTable | None, app_id: str) -> int:
    version = None if table is None else table.transaction_version(app_id)
    return 0 if version is None else version


def commits_since(path: str, version: int) -> list[dict[str, Any]]:
    """The commits after a version, oldest first; `lakehouse` is the metadata that our jobs add, None elsewhere."""
    table = open_table(path)
    if table is None or table.version() <= version:
        return []
    commits = table.history(limit=table.version() - version)
    return [_with_metadata(commit) for commit in reversed(commits)]


def newest_commits(path: str) -> Iterator[dict[str, Any]]:
    """The commits of a table as `commits_since` has them, newest first, read only as far back as somebody asks.

    They end at the oldest that a cleaned-up log still has.
    """
    table, given, wanted = open_table(path), 0, FIRST_COMMITS
    while table is not None:
        commits = table.history(limit=wanted)
        yield from map(_with_metadata, commits[given:])
        if len(commits) < wanted:
            return
        given, wanted = wanted, wanted * FIRST_COMMITS


def _with_metadata(commit: dict[str, Any]) -> dict[str, Any]:
    try:
        metadata = json.loads(commit.get("userMetadata") or "null")
    except json.JSONDecodeError:
        metadata = None
    return {**commit, "lakehouse": metadata if isinstance(metadata, dict) else None}


def read_rows(path: str, where: str = "true", **wanted: str | int) -> list[dict[str, Any]]:
    """The rows of a small table whose columns have the wanted values; empty where there is no table.

    where: a further condition, in SQL.
    """
    table = open_table(path)
    return [] if table is None else select(table, f"SELECT * FROM t WHERE {_where(wanted)} AND {where}")


def count_rows(table: DeltaTable, **wanted: str | int) -> int:
    """Count the rows whose columns have the wanted values."""
    return int(select(table, f"SELECT count(*) AS number FROM t WHERE {_where(wanted)}")[0]["number"])


def _where(wanted: Mapping[str, str | int]) -> str:
    return " AND ".join(f'"{name}" = {literal(value)}' for name, value in wanted.items()) or "true"


def literal(value: str | int) -> str:
    """A value as a literal of SQL; quotes are doubled."""
    return f"'{value.replace(chr(39), chr(39) * 2)}'" if isinstance(value, str) else str(value)


def select(table: DeltaTable, sql: str) -> list[dict[str, Any]]:
    """Rows of a query over a table named t.

    By delta-rs' own engine: its PyArrow reader leaves threads behind that abort one process in three when it exits.
    """
    result = QueryBuilder().register("t", table).execute(sql)
    rows: list[dict[str, Any]] = pa.table(result.read_all()).to_pylist()
    return rows


def append_once(path: str, rows: Sequence[dict[str, Any]], schema: pa.Schema, commit: Commit) -> bool:
    """Append rows in one commit; False, and no rows, when its version or a later one is recorded already."""

    def append() -> bool:
        table = open_table(path)
        if _recorded_in(table, commit.app_id) >= commit.version:
            return False
        _append(path, table, rows, schema, _properties(commit))
        return True

    return when_free(path, append)


def append_rows(path: str, rows: Sequence[dict[str, Any]], schema: pa.Schema) -> None:
    """Append rows in one commit, whose rows themselves say whether they are known already."""
    when_free(path, lambda: _append(path, open_table(path), rows, schema))


def _append(
    path: str,
    table: DeltaTable | None,
    rows: Sequence[dict[str, Any]],
    schema: pa.Schema,
    properties: CommitProperties | None = None,
) -> None:
    """A column that the table lacks, because an earlier release created it, is added.

    Each append makes a file, so a table that has MOST_FILES small ones is compacted: what a run reads of it does not
    grow with the number of runs.
    """
    write_deltalake(
        path,
        pa.Table.from_pylist(list(rows), schema=schema),
        mode="append",
        schema_mode="merge",
        configuration=PROPERTIES if table is None else None,
        storage_options=storage_options(path),
        commit_properties=properties,
    )
    if table is not None and _small_files(table) >= MOST_FILES:
        compact(path)


def _small_files(table: DeltaTable) -> int:
    sizes = pa.table(table.get_add_actions())["size_bytes"].to_pylist()
    return sum(size < FILE_BYTES // 2 for size in sizes)


def compact(path: str) -> None:
    """Bring the rows of small files into few; no row changes, and readers keep the version that they opened.

    Where another writer rewrites the same files at that moment, the files stay as they are until the next append.
    """
    with contextlib.suppress(CommitFailedError):
        existing_table(path).optimize.compact(target_size=FILE_BYTES)


def _properties(commit: Commit) -> CommitProperties:
    metadata = None if commit.metadata is None else {"userMetadata": json.dumps(commit.metadata)}
    return CommitProperties(metadata, app_transactions=[Transaction(commit.app_id, commit.version)])
