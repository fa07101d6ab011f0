"""Answers SQL from the lake's Delta tables with DuckDB, without a JVM: the embedded stand-in for Athena."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from lakehouse.contracts.contract import Contracts
from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import existing_table, open_table
from lakehouse.lake.files import split_s3
from lakehouse.lake.paths import LAYERS, Lake, is_s3
from lakehouse.lake.published import pins_of

if TYPE_CHECKING:
    from lakehouse.publish.views import Shown

_T = TypeVar("_T")

# Names without a layer are looked up here, in this order.
_UNQUALIFIED = ("marts", "silver", "analytics")


class EmptyLakeError(LakehouseError):
    """There is no table to ask."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        super().__init__(f"No tables in the lake {lake.root}; run `make local-run` first, or name a lake with --lake.")


class QueryError(LakehouseError):
    """The engine refused the query; its first line says why."""

    def __init__(self, reason: str, hint: str) -> None:
        self.reason, self.hint = reason, hint
        super().__init__(f"The query failed: {reason}{hint}")


@dataclass(frozen=True)
class Answer:
    """Columns and rows of a result."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def ask(lake: Lake, contracts: Contracts, sql: str, views: Sequence[Shown] = ()) -> Answer:
    """Run one SELECT over the lake's tables and these views; raises EmptyLakeError or QueryError."""

    def answer(result: duckdb.DuckDBPyConnection) -> Answer:
        return Answer(tuple(column[0] for column in result.description or ()), result.fetchall())

    return _asked(lake, contracts, sql, views, answer)


def save_parquet(lake: Lake, contracts: Contracts, sql: str, file: Path, views: Sequence[Shown] = ()) -> int:
    """Write the rows of one SELECT as a Parquet file, with the engine's own types; returns how many."""

    def answer(result: duckdb.DuckDBPyConnection) -> int:
        import pyarrow.parquet as pq

        rows = 0
        reader = result.to_arrow_reader()
        with pq.ParquetWriter(file, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows

    return _asked(lake, contracts, sql, views, answer)


def require_answers(lake: Lake, contracts: Contracts, views: Sequence[Shown]) -> None:
    """Raise QueryError for the first of the views that does not answer."""

    def answer(connection: duckdb.DuckDBPyConnection) -> None:
        for view in views:
            connection.execute(f'SELECT * FROM "analytics"."{view.name}" LIMIT 1').fetchall()

    if views:
        _asked(lake, contracts, "SELECT 1", views, answer)


def _asked(
    lake: Lake,
    contracts: Contracts,
    sql: str,
    views: Sequence[Shown],
    answer: Callable[[duckdb.DuckDBPyConnection], _T],
) -> _T:
    connection = connect(lake, contracts, views)
    try:
        return answer(connection.execute(sql))
    except duckdb.Error as error:
        known = [f"{row[0]}.{row[1]}" for row in _tables(connection)]
        reason = " ".join(str(error).split("\n")[0].split())
        hint = f" Tables: {', '.join(known)}." if "does not exist" in reason else ""
        raise QueryError(reason, hint) from None
    finally:
        connection.close()


def open_engine(reads_delta: bool) -> duckdb.DuckDBPyConnection:
    """DuckDB in UTC, which fetches nothing; if told with its delta extension, loaded from the installed package."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    if reads_delta:
        package = importlib.resources.files("duckdb_extension_delta")
        connection.load_extension(str(next(Path(str(package)).rglob("*.duckdb_extension"))))
    return connection


def connect(lake: Lake, contracts: Contracts, views: Sequence[Shown] = ()) -> duckdb.DuckDBPyConnection:
    """A connection with one view a table, named layer.table; marts and silver also without the layer."""
    found = tables_of(lake)
    if not found:
        raise EmptyLakeError(lake)
    connection = open_engine(reads_delta=lake.is_local)
    deleted = {d.name: d.delete_flag for d in contracts.datasets if d.delete_flag}
    for layer, name in found:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{layer}"')
        source = _source(connection, lake, layer, name)
        # Tombstones stay in silver for the merge; nobody who reads is meant to see them.
        seen = f' WHERE NOT "{deleted[name]}"' if layer == "silver" and name in deleted else ""
        connection.execute(f'CREATE VIEW "{layer}"."{name}" AS SELECT * FROM {source}{seen}')
    for view in views:
        connection.execute('CREATE SCHEMA IF NOT EXISTS "analytics"')
        connection.execute(f'CREATE VIEW "analytics"."{view.name}" AS {view.for_duckdb}')
    shown = {*(layer for layer, _ in found), *(["analytics"] if views else [])}
    layers = ",".join(layer for layer in _UNQUALIFIED if layer in shown)
    if layers:
        connection.execute(f"SET search_path = '{layers}'")
    return connection


def _source(connection: duckdb.DuckDBPyConnection, lake: Lake, layer: str, name: str) -> str:
    path = lake.table(layer, name)
    if lake.is_local:
        return "delta_scan('{}')".format(path.replace("'", "''"))
    connection.register(f"_{layer}_{name}", existing_table(path).to_pyarrow_dataset())
    return f'"_{layer}_{name}"'


def tables_of(lake: Lake) -> list[tuple[str, str]]:
    """Layer and name of every Delta table in the lake."""
    if is_s3(lake.curated):
        return _tables_on_s3(lake)
    found = [(layer, path.parent.name) for layer in LAYERS for path in Path(lake.curated, layer).glob("*/_delta_log")]
    return sorted([*found, *_pinned(lake)])


def _pinned(lake: Lake) -> list[tuple[str, str]]:
    """Pins by their ledger, not by what lies there: a copy that died is none."""
    return [("pinned", pin.pinned_as) for pin in pins_of(lake)]


def _tables_on_s3(lake: Lake) -> list[tuple[str, str]]:
    import boto3

    bucket, prefix = split_s3(lake.curated)
    client = boto3.client("s3")
    found = []
    for layer in LAYERS:
        answer = client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/{layer}/".lstrip("/"), Delimiter="/")
        found += [(layer, item["Prefix"].rstrip("/").rsplit("/", 1)[-1]) for item in answer.get("CommonPrefixes", ())]
    return sorted([*(pair for pair in found if open_table(lake.table(*pair)) is not None), *_pinned(lake)])


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
