"""What `lakehouse query` cannot do: write, open a file, change a setting, or show a row by an error."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish import athena as athena_module
from lakehouse.publish.athena import Athena
from lakehouse.publish.athena_query import query_athena
from lakehouse.publish.engine import connect
from lakehouse.publish.query import run_query
from lakehouse.publish.query_errors import QueryError
from lakehouse.publish.read_only import NotAReadError

NAME = 'O\'Brien \\ "Jane" doe\u202e'
VALUES = [NAME, "[/]", "[bold]b[/bold]", ":x:", "\x1b[31mred\x1b[0m", "two\nlines", None]


@pytest.fixture
def products(lake: Lake) -> Lake:
    ids = [f"P{number}" for number in range(len(VALUES))]
    write_deltalake(lake.silver("products"), pa.table({"product_id": ids, "name": VALUES}))
    return lake


def ask(lake: Lake, *words: str) -> int:
    return main(["query", *words, "--lake", lake.root])


def test_a_query_prints_the_values(products: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(products, "select '[/]' as x") == 0
    assert "| [/] |" in capsys.readouterr().out
    assert ask(products, "select name from products order by product_id") == 0
    shown = [line.strip("| ") for line in capsys.readouterr().out.splitlines()[3:-2]]
    assert shown == [NAME.replace("\u202e", r"\u202e"), "[/]", "[bold]b[/bold]", ":x:", r"\x1b[31mred\x1b[0m",
                     r"two\nlines", ""]  # fmt: skip


def test_csv_and_parquet_have_the_values_as_they_are(
    products: Lake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sql = "select name from products order by product_id"
    assert ask(products, sql, "--csv") == 0
    assert [row[0] if row else "" for row in csv.reader(io.StringIO(capsys.readouterr().out, newline=""))][1:] == [
        value or "" for value in VALUES
    ]
    file = tmp_path / "out.parquet"
    assert ask(products, sql, "--parquet", str(file)) == 0
    assert pq.read_table(file)["name"].to_pylist() == VALUES


def test_what_does_not_only_read_is_one_line_and_exit_2(
    products: Lake, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret, made = tmp_path / "secret.csv", tmp_path / "made.csv"
    secret.write_text("a\n1\n")
    for sql in (
        f"copy (select 1) to '{made}'", f"select * from read_csv('{secret}')", f"select * from '{secret}'",
        f"select * from read_text('{secret}')", f"select * from glob('{tmp_path}/*')", "install httpfs", "load httpfs",
        f"attach '{tmp_path}/x.db' as x", "set threads = 1", "pragma database_list", "select 1; select 2",
        "select * from read_parquet('https://example.com/x')", "create table x as select 1", "summarize products",
    ):  # fmt: skip
        assert ask(products, sql) == 2, sql
        out, error = capsys.readouterr()
        assert out == ""
        assert error.startswith("error: The query was not run: ")
        assert error.count("\n") == 1
    assert not made.exists()


def test_the_engine_is_locked_by_itself(project: Project, products: Lake, tmp_path: Path) -> None:
    """Whatever the parsed tree lets through one day."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    hello = pa.table({"a": [1]})
    assert hello.num_rows == 1
    connection = connect(products, project.contracts)
    for sql in (
        f"select * from read_csv('{secret}')", f"select * from '{secret}'", f"copy (select 1) to '{tmp_path}/x.csv'",
        f"attach '{tmp_path}/x.db' as x", "install httpfs", "load httpfs", "set threads = 1", "select * from hello",
        "set enable_external_access = true", "set allowed_directories = ['/']", "set lock_configuration = false",
        f"select * from read_parquet('{tmp_path}/**')", f"export database '{tmp_path}/all'",
    ):  # fmt: skip
        with pytest.raises(duckdb.Error):
            connection.execute(sql).fetchall()
    for _ in range(2):
        assert connection.execute("select count(*) from silver.products").fetchall() == [(len(VALUES),)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lake", "secret.csv"]


def test_a_lake_in_a_folder_with_any_name_is_read(project: Project, tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "l'été 100 % ü"))
    write_deltalake(lake.silver("products"), pa.table({"name": ["a", None]}))
    assert run_query(lake, project.contracts, "select count(*) from products").rows == [(2,)]


@pytest.mark.parametrize(
    ("name", "close"),
    [("pg_class", ""), ("duckdb_tables", ""), ("sqlite_master", ""), ("prodcts", " Did you mean 'silver.products'?")],
)
def test_the_engines_own_tables_are_not_the_lakes(project: Project, products: Lake, name: str, close: str) -> None:
    with pytest.raises(QueryError) as error:
        run_query(products, project.contracts, f"select * from {name}")
    assert str(error.value) == f"The query failed: there is no table {name}.{close} Tables: silver.products."


def test_reads_of_every_kind_work(project: Project, products: Lake) -> None:
    def rows(sql: str) -> list[tuple[object, ...]]:
        return run_query(products, project.contracts, sql).rows

    assert rows("with p as (select * from Silver.Products) select count(*) from p") == [(len(VALUES),)]
    assert rows("values (1), (2)") == [(1,), (2,)]
    assert [row[0] for row in rows("describe products")] == ["product_id", "name"]
    assert rows("show all tables")
    assert rows("explain select * from products")
    assert rows("select unnest([1, null])") == [(1,), (None,)]
    assert rows("select count(*) from range(3)") == [(3,)]


@pytest.mark.parametrize(
    "sql",
    ["select cast(name as int) from products", "select name::date from products", "select error(name) from products"],
)
def test_an_error_of_the_engine_shows_no_row(products: Lake, sql: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(products, sql, "--duckdb") == 3
    error = capsys.readouterr().err
    assert "The query failed: " in error
    assert "Exception: *** The message quotes a row" in error
    assert not [word for word in ("Brien", "Jane", "doe") if word in error]


def test_athena_is_asked_for_reads_alone(project: Project) -> None:
    class NotAsked:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(name)

    for sql in (
        "unload (select 1) to 's3://x'",
        "select * from other.t",
        "drop table silver.products",
        "select 1; select 2",
    ):
        with pytest.raises(NotAReadError):
            query_athena(Athena(NotAsked(), "s3://out/", "primary"), project.contracts, sql)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (
            "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
            "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
        ),
        ("line 1:1: mismatched input", "line 1:1: mismatched input"),
        ("INVALID_CAST_ARGUMENT: Cannot cast 'O\\'Brien, jane@doe.example' to INT", "INVALID_CAST_ARGUMENT"),
        ("JANE: Cannot cast", "***"),
        ("Cannot cast 'jane' to INT", "***"),
        ("", ""),
    ],
)
def test_athenas_reason_shows_no_row(reason: str, shown: str) -> None:
    assert athena_module._shown(reason) == shown
