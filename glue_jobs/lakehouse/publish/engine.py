"""DuckDB over a lake: one view per table and analytics view, soft-deleted rows and personal data left out."""

from __future__ import annotations

import importlib.resources
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import ANALYTICS, LAYERS, MARTS, PINNED, SILVER
from lakehouse.lake.delta_log import existing_table, open_table
from lakehouse.lake.files import split_s3
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.lake.published import pins_of
from lakehouse.publish.athena_sql import MACROS, for_duckdb
from lakehouse.publish.masking import masked, personal_tables
from lakehouse.publish.not_deleted import where_shown
from lakehouse.publish.query_errors import EmptyLakeError

if TYPE_CHECKING:
    from lakehouse.publish.views import ResolvedView

# Names without a layer are looked up in these layers, in this order.
UNQUALIFIED = (MARTS, SILVER, ANALYTICS)

Columns = dict[str, dict[str, dict[str, str]]]
"""Layer → table → column → DuckDB's type."""


def open_engine(reads_delta: bool) -> duckdb.DuckDBPyConnection:
    """DuckDB in UTC with what Athena's SQL needs, without downloads.

    reads_delta: load its delta extension, from the installed package.
    """
    # DuckDB would hash the extension's 78 MB at each start, 0.5 s of CPU. It came with pip like DuckDB itself, and
    # from `_lock` on nothing can be loaded.
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "allow_unsigned_extensions": "true"})
    connection.execute("SET TimeZone = 'UTC'")
    # It takes what stands twice in a TRY out of it, where it fails.
    connection.execute("SET disabled_optimizers = 'common_subexpressions'")
    for macro in MACROS:
        connection.execute(macro)
    if reads_delta:
        package = importlib.resources.files("duckdb_extension_delta")
        connection.load_extension(str(next(Path(str(package)).rglob("*.duckdb_extension"))))
    return connection


def connect(
    lake: Lake, contracts: Contracts, views: Sequence[ResolvedView] = (), *, reveal: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection with one view per table, named layer.table; marts and silver also without the layer.

    reveal: show personal data, which is masked otherwise.
    """
    found = tables_of(lake)
    if not found:
        raise EmptyLakeError(lake)
    connection = open_engine(reads_delta=lake.is_local)
    where = {d.name: where_shown(d) for d in contracts.datasets}
    personal = {} if reveal else personal_tables(lake, contracts, found)
    for layer, name in found:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
        source = _source(connection, lake, layer, name)
        # Soft-deleted rows stay in silver for the merge; queries do not see them.
        condition = where.get(name, "") if layer == SILVER else ""
        dataset = personal.get(f"{layer}.{name}")
        columns = masked(dataset, layer, _types(connection, source)) if dataset else "*"
        connection.execute(f'CREATE VIEW "{layer}"."{name}" AS SELECT {columns} FROM {source}{condition}')
    for view in views:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{ANALYTICS}"')
        names = {(layer, name) for layer, _, name in (table.partition(".") for table in view.tables)}
        query = for_duckdb(view.tree_of_tables, columns_of(connection, names), view.query)
        connection.execute(f'CREATE VIEW "{ANALYTICS}"."{view.name}" AS {query}')
    present = {*(layer for layer, _ in found), *([ANALYTICS] if views else [])}
    layers = ",".join(layer for layer in UNQUALIFIED if layer in present)
    if layers:
        connection.execute(f"SET search_path = '{layers}'")
    _lock(connection, lake)
    return connection


def _lock(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Let the engine open the lake's files alone from now on, and nobody change that."""
    if lake.is_local:
        folder = lake.curated.replace("'", "''")
        connection.execute(f"SET allowed_directories = ['{folder}']")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def _types(connection: duckdb.DuckDBPyConnection, source: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}


def _source(connection: duckdb.DuckDBPyConnection, lake: Lake, layer: str, name: str) -> str:
    path = lake.table(layer, name)
    if lake.is_local:
        return f"delta_scan('{Path(path).as_uri()}')"  # a URL, for DuckDB decodes a bare path as one
    connection.register(f"_{layer}_{name}", existing_table(path).to_pyarrow_dataset())
    return f'"_{layer}_{name}"'


def tables_of(lake: Lake) -> list[tuple[str, str]]:
    """Layer and name of every Delta table in the lake."""
    if is_s3(lake.curated):
        return _tables_on_s3(lake)
    found = [(layer, path.parent.name) for layer in LAYERS for path in Path(lake.curated, layer).glob("*/_delta_log")]
    return sorted([*found, *_pinned(lake)])


def _pinned(lake: Lake) -> list[tuple[str, str]]:
    """The recorded pins; an interrupted copy is in the folder, but not recorded."""
    return [(PINNED, pin.pinned_as) for pin in pins_of(lake)]


def _tables_on_s3(lake: Lake) -> list[tuple[str, str]]:
    import boto3

    bucket, prefix = split_s3(lake.curated)
    client = boto3.client("s3")
    found = []
    for layer in LAYERS:
        answer = client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/{layer}/".lstrip("/"), Delimiter="/")
        found += [(layer, item["Prefix"].rstrip("/").rsplit("/", 1)[-1]) for item in answer.get("CommonPrefixes", ())]
    return sorted([*(pair for pair in found if open_table(lake.table(*pair)) is not None), *_pinned(lake)])


def tables_here(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view of the lake that a connection has, as layer.table."""
    sql = "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    return [f"{layer}.{name}" for layer, name in connection.execute(sql).fetchall()]


def columns_of(connection: duckdb.DuckDBPyConnection, names: set[tuple[str, str]]) -> Columns:
    """Layer → table → column → type of these tables and views."""
    found: Columns = {}
    for layer, name in sorted(names):
        found.setdefault(layer, {})[name] = _types(connection, f'"{layer}"."{name}"')
    return found
