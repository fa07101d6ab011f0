"""Runs a query in Athena: progress while it runs, rows with their types, bytes scanned and cost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from lakehouse.contracts.contract import Contracts
from lakehouse.publish.athena import Athena, Cost, QueryState
from lakehouse.publish.not_deleted import delete_flags, keeps_deleted, without_deleted
from lakehouse.publish.query import QueryResult
from lakehouse.publish.read_only import parse_read
from lakehouse.say import format_bytes

_READ: dict[str, Callable[[str], Any]] = {
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "decimal": Decimal,
    **dict.fromkeys(("tinyint", "smallint", "integer", "int", "bigint"), int),
    **dict.fromkeys(("float", "real", "double"), float),
}
_ARROW = {
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    **dict.fromkeys(("tinyint", "smallint", "integer", "int"), pa.int32()),
    "bigint": pa.int64(),
    **dict.fromkeys(("float", "real", "double"), pa.float64()),
}


@dataclass(frozen=True)
class AthenaResult:
    """The result of a query with Athena's types, and its cost."""

    types: tuple[str, ...]
    result: QueryResult
    cost: Cost


def query_athena(
    athena: Athena, contracts: Contracts, sql: str, databases: Mapping[str, str] | None = None
) -> AthenaResult:
    """Run one SELECT in Athena, progress on standard error; raises NotAReadError, AthenaError or AthenaBusyError.

    databases: where the tables and views lie that a query may name without one.
    """
    sql = with_databases(sql, databases or {})
    query, cost = athena.run(
        _without_deleted(sql, contracts), "run the query", on_state=_show if sys.stderr.isatty() else None
    )
    columns, rows = athena.rows(query)
    types = tuple(kind for _, kind in columns)
    read = [_READ.get(kind, str) for kind in types]
    values = [tuple(None if v is None else to(v) for to, v in zip(read, row, strict=True)) for row in rows]
    print(_cost_line(cost), file=sys.stderr)
    return AthenaResult(types, QueryResult(tuple(name for name, _ in columns), values), cost)


def with_databases(sql: str, databases: Mapping[str, str]) -> str:
    """The query with the database before each table and view that it names without one; the rest as it was typed."""
    parsed = parse_read(sql, "athena")
    bare = [table.this for table in parsed.tables if not table.db and table.name.lower() in databases]
    for name in sorted(bare, key=lambda name: -name.meta["start"]):
        at = len(parsed.explain) + name.meta["start"]
        sql = f"{sql[:at]}{databases[name.name.lower()]}.{sql[at:]}"
    return sql


def _without_deleted(sql: str, contracts: Contracts) -> str:
    """The query as it is, or, where it reads a table that keeps deleted rows, without them."""
    parsed, flags = parse_read(sql, "athena"), delete_flags(contracts)
    if parsed.tree is None or not keeps_deleted(parsed.tree, flags):
        return sql
    return f"{parsed.explain} {without_deleted(parsed.tree, flags).sql(dialect='athena')}".lstrip()


def _show(query: QueryState) -> None:
    ended = query.state not in ("QUEUED", "RUNNING")
    line = f"\r{query.state.lower():<9} {query.seconds:6.1f} s  {format_bytes(query.bytes_scanned)} read"
    print(line, end="\n" if ended else "", file=sys.stderr, flush=True)


def _cost_line(cost: Cost) -> str:
    return f"{format_bytes(cost.bytes_scanned)} read in {cost.seconds:.1f} s, about ${cost.dollars:.6f}"


def save_parquet(queried: AthenaResult, file: Path) -> int:
    """Write a result as a Parquet file with Athena's types; returns the number of rows."""
    import pyarrow.parquet as pq

    columns = {}
    for number, (name, kind) in enumerate(zip(queried.result.columns, queried.types, strict=True)):
        values = [row[number] for row in queried.result.rows]
        columns[name] = pa.array(values, type=_ARROW.get(kind, None if kind == "decimal" else pa.string()))
    pq.write_table(pa.table(columns), file)
    return len(queried.result.rows)
