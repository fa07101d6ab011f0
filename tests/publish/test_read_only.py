"""A query only reads: one statement, of the lake's own tables and views, in both dialects."""

from __future__ import annotations

import pytest

from lakehouse.publish.read_only import NotAReadError, parse_read

READS = (
    "select 1", "select * from silver.t", 'SELECT * FROM "silver"."t";', "with a as (select 1 as n) select * from a",
    "values (1)", "describe silver.t", "describe select * from t", "show tables", "show tables in silver",
    "show tables;", "show columns in t", "explain select 1", "explain analyze select * from t", "explain (select 1)",
    "explain (type validate) select * from marts.f", "select * from t, unnest(a) as u(b)", "(select 1)", "table t",
    "-- a comment\nselect 1", "/* x */ select 1 -- y\n;", "select a from t union all select b from u",
    "select 'copy; drop' as word from t", "select count(*) filter (where a) from t", "select * from (values (1)) v(a)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) select * from r",
)  # fmt: skip
DUCKDB_READS = ("from silver.t", "select * from range(3)", "select * from generate_series(1, 2)", "select unnest([1])",
                "show all tables", "show silver.t", "select * exclude (a) from t")  # fmt: skip
ATHENA_READS = ("show create table silver.t", "select * from awsdatacatalog.silver.t", "show tables in silver 'erp_*'")
OTHERS = (
    "", ";", "-- nothing", "explain", "show", 'select "x', "select from where",
    "select 1; select 2", "select 1; drop table t", "explain select 1; drop table t", "show tables; drop table t",
    "copy (select 1) to 'x'", "copy t from 'x'", "attach 'x' as y", "install httpfs", "load httpfs", "set threads = 1",
    "reset threads", "pragma version", "use x", "call x()", "execute x", "prepare x from select 1", "checkpoint",
    "export database 'x'", "import database 'x'", "vacuum", "msck repair table x", "unload (select 1) to 's3://x'",
    "create table x as select 1", "create view x as select 1", "insert into t values (1)", "delete from t",
    "update t set a = 1", "drop table t", "alter table t add column a int", "truncate table t",
    "merge into t using u on a = b when matched then delete", "select 1 into x", "grant select on t to u",
    "explain copy (select 1) to 'x'", "explain analyze insert into t values (1)", "explain (format json) drop table t",
    "with a as (insert into t values (1) returning *) select * from a",
    "select * from read_csv('/etc/passwd')", "select * from read_text('/x')", "select * from read_parquet(['x'])",
    "select * from glob('/*')", "select * from 'x.csv'", "from '/etc/passwd'", 'select * from "s3://b/k"',
    "select (select content from read_blob('/x'))", "select * from t where a in (from read_csv('x'))",
    "select * from t cross join lateral (select * from read_text('x'))", "select * from delta_scan('/lake')",
    "select * from query('drop table t')", "select * from query_table('x.csv')", "select * from parquet_metadata('x')",
    "select * from duckdb_settings()", "select * from duckdb_secrets()", "select * from postgres_scan('a', 'b', 'c')",
    "select * from table(system.query('x'))", "select getenv('HOME')", "with a as (from read_csv('x')) select * from a",
    "select * from information_schema.tables", "select * from pg_catalog.pg_class", "select * from other.silver.t",
    "describe 'x.csv'", "describe select * from read_csv('x')", "show 'x.csv'", "show tables in other", "show other.t",
    "show tables in other;",
)  # fmt: skip


def is_show(sql: str) -> bool:
    """A SHOW names no rows, so that nothing of it is a query's tree."""
    return sql.lstrip().upper().startswith("SHOW")


@pytest.mark.parametrize("sql", READS)
@pytest.mark.parametrize("dialect", ["duckdb", "athena"])
def test_a_read_is_let_through(dialect: str, sql: str) -> None:
    for written in (sql, sql if "'" in sql else sql.upper()):
        assert (parse_read(written, dialect).tree is None) == is_show(sql)


@pytest.mark.parametrize("sql", DUCKDB_READS)
def test_a_read_in_duckdbs_words(sql: str) -> None:
    assert (parse_read(sql, "duckdb").tree is None) == is_show(sql)


@pytest.mark.parametrize("sql", ATHENA_READS)
def test_a_read_in_athenas_words(sql: str) -> None:
    assert (parse_read(sql, "athena").tree is None) == is_show(sql)


@pytest.mark.parametrize("sql", OTHERS)
@pytest.mark.parametrize("dialect", ["duckdb", "athena"])
def test_all_else_is_refused_in_one_line(dialect: str, sql: str) -> None:
    with pytest.raises(NotAReadError, match=r"^The query was not run: .*\. Wanted: one SELECT") as caught:
        parse_read(sql, dialect)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_what_cannot_be_parsed_is_said_with_its_place() -> None:
    with pytest.raises(NotAReadError, match=r"\(.*, line 2, column \d+\)\. Wanted"):
        parse_read("select a\nfrom where", "athena")


def test_the_tables_of_a_query_are_known() -> None:
    sql = "explain with a as (select * from silver.t) select * from a join Analytics.v on true join u using (n)"
    parsed = parse_read(sql, "duckdb")
    named = {(table.db, table.name) for table in parsed.tables}
    assert named == {("silver", "t"), ("Analytics", "v"), ("", "u")}
    assert parsed.explain == "explain"
    assert parse_read("show tables", "duckdb").tables == []
