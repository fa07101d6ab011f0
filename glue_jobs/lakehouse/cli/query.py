"""`lakehouse query` and `lakehouse tables`: questions to a lake, here or through Athena."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lakehouse.cli.answers import print_csv, print_table
from lakehouse.cli.options import add_lake
from lakehouse.contracts.project import find_project
from lakehouse.lake.paths import Lake


def add_commands(commands: Any) -> None:
    """Add the two commands."""
    query = commands.add_parser(
        "query",
        help="answer a SELECT from the lake's tables and views, without a JVM, or through Athena",
        description="Answer a SELECT with DuckDB over the Delta tables. Tables are named layer.table, as in "
        "silver.erp_orders, views analytics.view; those of marts, silver and analytics also without the layer. Deleted "
        "rows are left out. With --athena the same SELECT goes to Athena (its dialect, its databases), which says what "
        "it reads and costs; AWS credentials, region and endpoint come from the environment.",
        epilog="example: lakehouse query 'select store_id, sum(net_revenue) from fct_daily_store_metrics group by 1'",
        allow_abbrev=False,
    )
    query.add_argument("sql", help="the SELECT")
    query.add_argument("--athena", action="store_true", help="ask Athena; --lake is then s3://…, for its results")
    form = query.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV instead of a table")
    form.add_argument("--parquet", metavar="FILE", type=Path, help="write a Parquet file instead")
    query.set_defaults(run=_query)
    tables = commands.add_parser(
        "tables", help="list the lake's tables with their rows", description="List the tables.", allow_abbrev=False
    )
    tables.set_defaults(run=_tables)
    for command in (query, tables):
        add_lake(command)


def _query(given: argparse.Namespace) -> int:
    lake = Lake.at(given.lake)
    if given.athena:
        return _through_athena(lake, given)
    from lakehouse.publish.publish_views import views_named
    from lakehouse.publish.query import ask, save_parquet

    project = find_project()
    views = views_named(project, lake, given.sql)
    if given.parquet:
        return _saved(save_parquet(lake, project.contracts, given.sql, given.parquet, views), given.parquet)
    answer = ask(lake, project.contracts, given.sql, views)
    _print(given, answer.columns, answer.rows)
    return 0


def _through_athena(lake: Lake, given: argparse.Namespace) -> int:
    from lakehouse.publish.athena import Athena
    from lakehouse.publish.athena_answers import ask_athena, save_parquet

    found = ask_athena(Athena.of(lake), given.sql)
    if given.parquet:
        return _saved(save_parquet(found, given.parquet), given.parquet)
    _print(given, found.answer.columns, found.answer.rows)
    return 0


def _print(given: argparse.Namespace, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    (print_csv if given.csv else print_table)(columns, rows)


def _saved(rows: int, file: Path) -> int:
    print(f"{rows} row{'' if rows == 1 else 's'} in {file}")
    return 0


def _tables(given: argparse.Namespace) -> int:
    from lakehouse.lake.delta_log import open_table, promised_rows
    from lakehouse.publish.query import EmptyLakeError, tables_of

    lake = Lake.at(given.lake)
    rows: list[tuple[object, ...]] = []
    for layer, name in tables_of(lake):
        table = open_table(lake.table(layer, name))
        if table is not None:
            rows.append((f"{layer}.{name}", promised_rows(table), len(table.file_uris()), table.version()))
    if not rows:
        raise EmptyLakeError(lake)
    print_table(("table", "rows", "files", "version"), rows)
    return 0
