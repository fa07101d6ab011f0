"""`lakehouse query` and `lakehouse tables`: queries of a lake, here or through Athena."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from lakehouse.cli.app import QUERY, command, new_app
from lakehouse.cli.options import DEFAULT_LAKE, LakePath
from lakehouse.cli.printing import print_line
from lakehouse.errors import UsageError

app = new_app()


@command(
    app,
    "query",
    example="lakehouse query 'select store, sum(net_revenue) from daily_store_metrics group by 1'",
    panel=QUERY,
)
def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="The SELECT.")],
    lake: LakePath = DEFAULT_LAKE,
    athena: Annotated[
        bool, typer.Option("--athena", help="Run it in Athena; --lake is then s3://…, for its results.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for programs: every value as it is.")] = False,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a Parquet file instead.")] = None,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show personal data; recorded in ops.reveals.")] = False,
    duckdb: Annotated[bool, typer.Option("--duckdb", help="The SELECT is in DuckDB's SQL, not in Athena's.")] = False,
) -> None:
    """Run a SELECT over the lake's tables and views, without a JVM, or in Athena.

    Tables are named layer.table, as in silver.erp_orders, views analytics.view; those of marts, silver and analytics
    also without the layer. Soft-deleted rows are left out. Nothing but one SELECT (or WITH, VALUES, DESCRIBE, SHOW,
    EXPLAIN) of these tables and views is run: no file is read or written, no setting changed.

    Columns classified as personal data are shown as *** (and compared as that), also in bronze and quarantine, unless
    --reveal is given: then the tables, the columns, who and when are recorded before a row is shown.

    The SELECT is in Athena's SQL. Here DuckDB reads the Delta tables and gives the rows that Athena gives, also for a
    division of integers (an integer) or of decimals (rounded half up), and by zero (an error). With --athena it runs
    in Athena, and what it reads and costs is printed; AWS credentials, region and endpoint come from the environment.
    With --duckdb it is in DuckDB's SQL, which has more, as GROUP BY ALL.
    """
    from lakehouse.lake.paths import Lake

    if csv and parquet:
        raise UsageError("--csv and --parquet exclude each other; give one of them.")
    if athena and reveal:
        raise UsageError("--reveal is of no use with --athena: there your role decides which columns you see.")
    if athena and duckdb:
        raise UsageError("--athena and --duckdb exclude each other: Athena runs its own SQL alone.")
    opened, dialect = Lake.at(lake), "duckdb" if duckdb else "athena"
    if parquet is not None:
        rows = _save_from_athena(opened, sql, parquet) if athena else _save(opened, sql, parquet, reveal, dialect)
        print_line(f"{rows} row{'' if rows == 1 else 's'} in {parquet}")
        return
    answer = _from_athena(opened, sql).result if athena else _ask(opened, sql, reveal, dialect)
    _print(answer.columns, answer.rows, csv)


def _ask(lake: Any, sql: str, reveal: bool, dialect: Any) -> Any:
    from lakehouse.contracts.project import find_project
    from lakehouse.publish.publish_views import views_in_query
    from lakehouse.publish.query import run_query
    from lakehouse.publish.show import is_show, show

    project = find_project()
    if dialect == "athena" and is_show(sql):
        return show(project, lake, sql)
    with _views_named(project, lake):
        views = views_in_query(project, lake, sql)
        answer = run_query(lake, project.contracts, sql, views, _who() if reveal else None, dialect)
    if not reveal:
        _say_masked(project.contracts, sql, dialect, answer.rows)
    return answer


def _who() -> str:
    from lakehouse.cli.options import signature

    return signature("", None).who


def _say_masked(contracts: Any, sql: str, dialect: str, rows: Sequence[tuple[Any, ...]] = ()) -> None:
    """Say on standard error that values are masked, and that what compares or counts them says nothing."""
    from lakehouse.privacy import MASK
    from lakehouse.publish.masking import computes_with
    from lakehouse.publish.read_only import parse_read

    personal = {name for dataset in contracts.datasets for name in dataset.pii_columns}
    if computes_with(parse_read(sql, dialect).tree, personal):
        print_line(
            f"the query compared, counted or grouped {MASK} in place of personal data, so this answer says nothing "
            "of the values; --reveal takes them, which is recorded in ops.reveals",
            sys.stderr,
        )
    elif personal & set(re.findall(r"\w+", sql.lower())) or any(MASK in row for row in rows):
        print_line(f"{MASK} is personal data; --reveal shows it, which is recorded in ops.reveals", sys.stderr)


def _save(lake: Any, sql: str, file: Path, reveal: bool, dialect: Any) -> int:
    from lakehouse.contracts.project import find_project
    from lakehouse.publish.publish_views import views_in_query
    from lakehouse.publish.query import save_parquet

    project = find_project()
    with _views_named(project, lake):
        views = views_in_query(project, lake, sql)
        saved = save_parquet(lake, project.contracts, sql, file, views, _who() if reveal else None, dialect)
    if not reveal:
        _say_masked(project.contracts, sql, dialect)
    return saved


@contextmanager
def _views_named(project: Any, lake: Any) -> Iterator[None]:
    """Name the views as well where a query names a table that is not there; a query makes only those that it reads."""
    from lakehouse.publish.describe import views_of
    from lakehouse.publish.query_errors import UnknownTableError

    try:
        yield
    except UnknownTableError as error:
        tables = [name for name in error.tables if not name.startswith("analytics.")]
        raise UnknownTableError(error.name, tables, views_of(project, lake)) from None


def _from_athena(lake: Any, sql: str) -> Any:
    from lakehouse.contracts.project import find_project
    from lakehouse.publish.athena import Athena
    from lakehouse.publish.athena_query import query_athena
    from lakehouse.publish.describe import databases_of

    project = find_project()
    return query_athena(Athena.of(lake), project.contracts, sql, databases_of(project))


def _save_from_athena(lake: Any, sql: str, file: Path) -> int:
    from lakehouse.publish.athena_query import save_parquet

    return save_parquet(_from_athena(lake, sql), file)


def _print(columns: tuple[str, ...], rows: list[tuple[Any, ...]], as_csv: bool) -> None:
    from lakehouse.cli.printing import print_csv, print_table

    (print_csv if as_csv else print_table)(columns, rows)


@command(app, "tables", example="lakehouse tables --lake ./local_output", panel=QUERY)
def tables(lake: LakePath = DEFAULT_LAKE) -> None:
    """List the lake's tables with their rows, files and version, its views, and what each is.

    `lakehouse describe NAME` shows the columns of one. The rows of silver include deleted ones, which no query shows.
    """
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.delta_log import open_table
    from lakehouse.lake.paths import Lake
    from lakehouse.lake.table_files import totals_of
    from lakehouse.publish.describe import summaries, views_of
    from lakehouse.publish.engine import tables_of
    from lakehouse.publish.not_deleted import delete_flags
    from lakehouse.publish.query_errors import EmptyLakeError

    opened = Lake.at(lake)
    rows: list[tuple[Any, ...]] = []
    for layer, name in tables_of(opened):
        table = open_table(opened.table(layer, name))
        if table is not None:
            totals = totals_of(table)
            rows.append((f"{layer}.{name}", "table", totals.rows, totals.files, table.version()))
    if not rows:
        raise EmptyLakeError(opened)
    project = find_project()
    rows += [(name, "view", None, None, None) for name in views_of(project, opened)]
    what = summaries(project, [row[0] for row in rows])
    columns = ("name", "kind", "rows", "files", "version", "what")
    _print(columns, [(*row, what[row[0]]) for row in rows], as_csv=False)
    keeping = [row[0] for row in rows if row[0] in delete_flags(project.contracts)]
    if keeping:
        print_line(f"the rows of {', '.join(keeping)} include deleted ones, which no query shows")


@command(app, "describe", example="lakehouse describe silver.products", panel=QUERY)
def describe(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A table or view, such as daily_store_metrics or silver.products.")
    ],
    lake: LakePath = DEFAULT_LAKE,
) -> None:
    """Show what a table or view holds: columns, types, comments, key, and how a history is joined.

    It comes from the contracts, the dbt models, the headers of the views and the Delta log; no row is read.
    """
    from lakehouse.contracts.project import find_project
    from lakehouse.lake.paths import Lake
    from lakehouse.publish import describe as found

    shown = found.describe(find_project(), Lake.at(lake), name)
    print_line(f"{shown.name}: {shown.description}" if shown.description else shown.name)
    for note in shown.notes:
        print_line(note)
    _print(
        ("column", "type", "is", "comment"), [(c.name, c.type, c.marks, c.comment) for c in shown.columns], as_csv=False
    )
