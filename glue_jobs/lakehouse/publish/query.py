"""Runs SQL on the lake's Delta tables with DuckDB, without a JVM: the local engine in place of Athena."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import ANALYTICS, LAYERS, MARTS, PINNED, SILVER
from lakehouse.lake.delta_log import existing_table, open_table
from lakehouse.lake.files import split_s3
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.lake.published import pins_of
from lakehouse.privacy import without_values
from lakehouse.publish.masking import masked, personal_tables, record_read
from lakehouse.publish.not_deleted import where_shown
from lakehouse.publish.query_errors import EmptyLakeError, QueryError, UnknownTableError
from lakehouse.publish.read_only import NotAReadError, Read, parse_read

if TYPE_CHECKING:
    from lakehouse.publish.views import ResolvedView

_T = TypeVar("_T")

# Raised while a query is parsed and bound to tables, so their texts have its words and none of a row.
_BEFORE_ROWS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.PermissionException)

# Names without a layer are looked up in these layers, in this order.
UNQUALIFIED = (MARTS, SILVER, ANALYTICS)


@dataclass(frozen=True)
class QueryResult:
    """Columns and rows of a result."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def run_query(
    lake: Lake, contracts: Contracts, sql: str, views: Sequence[ResolvedView] = (), reveal_to: str | None = None
) -> QueryResult:
    """Run one SELECT on the lake's tables and these views; raises NotAReadError, EmptyLakeError or QueryError.

    reveal_to: who sees personal data, which is recorded; without it, it is masked.
    """

    def read(result: duckdb.DuckDBPyConnection) -> QueryResult:
        return QueryResult(tuple(column[0] for column in result.description or ()), result.fetchall())

    return _run(lake, contracts, sql, views, read, reveal_to)


def save_parquet(
    lake: Lake,
    contracts: Contracts,
    sql: str,
    file: Path,
    views: Sequence[ResolvedView] = (),
    reveal_to: str | None = None,
) -> int:
    """Write the rows of one SELECT to a Parquet file, with DuckDB's types; returns their number."""

    def write(result: duckdb.DuckDBPyConnection) -> int:
        import pyarrow.parquet as pq

        rows = 0
        reader = result.to_arrow_reader()
        with pq.ParquetWriter(file, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows

    return _run(lake, contracts, sql, views, write, reveal_to)


def require_views_run(lake: Lake, contracts: Contracts, views: Sequence[ResolvedView]) -> None:
    """Raise QueryError for the first view that cannot be queried."""

    def read(connection: duckdb.DuckDBPyConnection) -> None:
        for view in views:
            connection.execute(f'SELECT * FROM "{ANALYTICS}"."{view.name}" LIMIT 1').fetchall()

    if views:
        _run(lake, contracts, "SELECT 1", views, read)


def _run(
    lake: Lake,
    contracts: Contracts,
    sql: str,
    views: Sequence[ResolvedView],
    read: Callable[[duckdb.DuckDBPyConnection], _T],
    reveal_to: str | None = None,
) -> _T:
    parsed = _parsed(sql)
    connection = connect(lake, contracts, views, reveal=reveal_to is not None)
    try:
        _require_tables(connection, parsed)
        if reveal_to is not None:
            record_read(lake, personal_tables(lake, contracts, tables_of(lake)), _read_by(parsed, views), reveal_to)
        return read(connection.execute(sql))
    except duckdb.Error as error:
        raise _query_error(error) from None
    finally:
        connection.close()


def _parsed(sql: str) -> Read:
    """Parse a query by two parsers, the engine's own and that of the tree; raises NotAReadError, QueryError."""
    try:
        kinds = [statement.type for statement in duckdb.extract_statements(sql)]
    except duckdb.Error as error:
        raise _query_error(error) from None
    parsed = parse_read(sql, "duckdb")
    if len(kinds) != 1 or kinds[0] not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise NotAReadError("it is no SELECT")
    return parsed


def _require_tables(connection: duckdb.DuckDBPyConnection, query: Read) -> None:
    """Raise QueryError for a table that is not one of the lake's views here; the engine has tables of its own."""
    known = [f"{layer}.{name}" for layer, name in _tables(connection)]
    qualified = {name.lower() for name in known}
    unqualified = {name.split(".")[1] for name in qualified if name.split(".")[0] in UNQUALIFIED}
    for table in query.tables:
        name = f"{table.db}.{table.name}" if table.db else table.name
        if table.name and name.lower() not in (qualified if table.db else unqualified):
            raise UnknownTableError(name, known)


def _read_by(query: Read, views: Sequence[ResolvedView]) -> set[str]:
    """The tables that a query may read, as layer.table; a name without a layer stands for each that it may mean."""
    read = {table.lower() for view in views for table in view.tables}
    for table in query.tables:
        read |= {f"{layer}.{table.name}".lower() for layer in ([table.db] if table.db else UNQUALIFIED)}
    return read


def _query_error(error: duckdb.Error) -> QueryError:
    """What may be shown: the reason of an error that was raised before a row was read, of another only its kind."""
    if isinstance(error, _BEFORE_ROWS):
        return QueryError(" ".join(str(error).split("\n")[0].split()), "")
    return QueryError(
        without_values(error),
        " The message quotes a row, so it is not shown. A cast that fails? try_cast gives null instead.",
    )


def open_engine(reads_delta: bool) -> duckdb.DuckDBPyConnection:
    """DuckDB in UTC, without downloads; reads_delta loads its delta extension from the installed package."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
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
        connection.execute(f'CREATE VIEW "{ANALYTICS}"."{view.name}" AS {view.for_duckdb}')
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


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
