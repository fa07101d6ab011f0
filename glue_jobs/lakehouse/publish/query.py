"""Runs SQL on the lake's Delta tables with DuckDB, without a JVM: the local engine in place of Athena."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import duckdb
from sqlglot import exp

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import ANALYTICS
from lakehouse.lake.paths import Lake
from lakehouse.privacy import without_values
from lakehouse.publish.athena_sql import for_duckdb
from lakehouse.publish.athena_words import athena_functions
from lakehouse.publish.engine import UNQUALIFIED, columns_of, connect, tables_here, tables_of
from lakehouse.publish.masking import personal_tables, record_read
from lakehouse.publish.query_errors import DIVISION_BY_ZERO, QueryError, UnknownTableError
from lakehouse.publish.read_only import NotAReadError, Read, parse_read

if TYPE_CHECKING:
    from lakehouse.publish.views import ResolvedView

_T = TypeVar("_T")
Dialect = Literal["athena", "duckdb"]
"""The SQL that a query is written in."""

# Raised while a query is parsed and bound to tables, so their texts have its words and none of a row.
_BEFORE_ROWS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.PermissionException)


_UNKNOWN_FUNCTION = re.compile(r"Function with name (\w+) does not exist")


@dataclass(frozen=True)
class QueryResult:
    """Columns and rows of a result."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def run_query(
    lake: Lake,
    contracts: Contracts,
    sql: str,
    views: Sequence[ResolvedView] = (),
    reveal_to: str | None = None,
    dialect: Dialect = "duckdb",
) -> QueryResult:
    """Run one SELECT on the lake's tables and these views.

    reveal_to: who sees personal data, which is recorded; without it, it is masked. dialect: the SQL that it is in.
    Raises NotAReadError, NotAthenaError, EmptyLakeError or QueryError.
    """

    def read(result: duckdb.DuckDBPyConnection) -> QueryResult:
        return QueryResult(tuple(column[0] for column in result.description or ()), result.fetchall())

    return _run(lake, contracts, sql, views, read, reveal_to, dialect)


def save_parquet(
    lake: Lake,
    contracts: Contracts,
    sql: str,
    file: Path,
    views: Sequence[ResolvedView] = (),
    reveal_to: str | None = None,
    dialect: Dialect = "duckdb",
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

    return _run(lake, contracts, sql, views, write, reveal_to, dialect)


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
    dialect: Dialect = "duckdb",
) -> _T:
    parsed = parse_read(sql, dialect)
    if dialect == "duckdb":
        _require_select(sql)
    connection = connect(lake, contracts, views, reveal=reveal_to is not None)
    try:
        found = _named(parsed, tables_here(connection))
        if dialect == "athena" and isinstance(parsed.tree, exp.Query):  # what only lists or describes is alike in both
            tree = parsed.tree
            query = for_duckdb(tree, columns_of(connection, found), sql.removeprefix(parsed.explain))
            sql = f"{_explain(parsed.explain)}{query}"
            _require_select(sql)
        if reveal_to is not None:
            read_by = {f"{layer}.{name}" for layer, name in found} | {t.lower() for view in views for t in view.tables}
            record_read(lake, personal_tables(lake, contracts, tables_of(lake)), read_by, reveal_to)
        return read(connection.execute(sql))
    except duckdb.Error as error:
        raise _query_error(error) from None
    finally:
        connection.close()


def _explain(words: str) -> str:
    """The words of an EXPLAIN before a query; of Athena's options DuckDB has one."""
    names = words.upper().split()
    return "" if not names else "EXPLAIN ANALYZE " if "ANALYZE" in names else "EXPLAIN "


def _require_select(sql: str) -> None:
    """Raise NotAReadError, QueryError unless the engine's own parser sees one statement that reads."""
    try:
        kinds = [statement.type for statement in duckdb.extract_statements(sql)]
    except duckdb.Error as error:
        raise _query_error(error) from None
    if len(kinds) != 1 or kinds[0] not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise NotAReadError("it is no SELECT")


def _named(query: Read, known: Sequence[str]) -> set[tuple[str, str]]:
    """Layer and name of the tables and views that a query names; the tree has the layers then.

    known: what there is, as layer.table; the engine has tables of its own. Raises UnknownTableError.
    """
    there = {name.lower() for name in known}
    found: set[tuple[str, str]] = set()
    for table in (table for table in query.tables if table.name):
        layers = [table.db] if table.db else UNQUALIFIED
        layer = next((layer for layer in layers if f"{layer}.{table.name}".lower() in there), None)
        if layer is None:
            raise UnknownTableError(f"{table.db}.{table.name}" if table.db else table.name, known)
        table.set("db", exp.to_identifier(layer))
        found.add((layer.lower(), table.name.lower()))
    return found


def _query_error(error: duckdb.Error) -> QueryError:
    """What may be shown: the reason of an error that was raised before a row was read, of another only its kind."""
    unknown = _UNKNOWN_FUNCTION.search(str(error)) if isinstance(error, duckdb.CatalogException) else None
    if unknown and unknown[1].lower() in athena_functions():
        found = f"{unknown[1].lower()}() is Athena's and not computed here."
        return QueryError(found, " Add --athena to run it there.")
    if isinstance(error, _BEFORE_ROWS):
        return QueryError(" ".join(str(error).split("\n")[0].split()), "")
    if f"'{DIVISION_BY_ZERO}'" in str(error):
        return QueryError("division by zero.", " Put nullif(…, 0) around the divisor, or try(…) around the quotient.")
    return QueryError(
        without_values(error),
        " The message quotes a row, so it is not shown. A cast that fails? try_cast gives null instead.",
    )
