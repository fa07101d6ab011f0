"""What Athena refuses is refused here with what to write instead, and what it takes is taken: the verdicts are Trino's.

`tests/trino/test_athena_sql.py` asks Trino for each of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot

from lakehouse.publish.athena_sql import NotAthenaError, for_duckdb
from lakehouse.publish.athena_times import strftime_pattern
from lakehouse.publish.athena_words import athena_functions, instead_of, other_engines
from lakehouse.publish.engine import open_engine
from lakehouse.publish.query_errors import QueryError

REFUSED = [
    ("select current_date - 7", "write date_add('day', -7, CURRENT_DATE)"),
    ("select d + 1 from t", "write date_add('day', 1, t.d)"),
    ("select max(d) - min(d) from t", "write date_diff('day', MIN(t.d), MAX(t.d))"),
    ("select d - interval '7 days' from t", "write INTERVAL '7' day"),
    ("select d - interval '7' days from t", "write INTERVAL '7' day"),
    ("select d - interval '2' week from t", "write INTERVAL '14' day"),
    ("select d - interval 1 month from t", "write INTERVAL '1' month"),
    ("select distinct on (a) a, d from t", "row_number() over"),
    ("select a from t where a ilike 'X%'", "write lower(a) LIKE"),
    ("select n + 1 as m from t where m > 1", "WHERE uses m, the name of a column of the same SELECT"),
    ("select n + 1 as m from t group by m", "GROUP BY uses m"),
    ("select a, count(*) as c from t group by a having c > 1", "HAVING uses c"),
    ("select n + 1 as m, m + 1 as k from t", "SELECT uses m"),
    ("select a from t limit 2 offset 1", "write OFFSET 1 before the LIMIT"),
    ("select a || n from t", "write cast(t.n as varchar)"),
    ("select concat(a, d) from t", "write cast(t.d as varchar)"),
    ("select n + a from t", "write cast(t.a as double)"),
    ("select sum(a) from t", "write sum(cast(t.a as double))"),
    ("select sum(n > 1) from t", "write count_if(t.n > 1)"),
    ("select upper(n) from t", "write cast(t.n as varchar)"),
    ("select d like '2026%' from t", "write cast(t.d as varchar)"),
    ("select year('2026-01-01')", "write date '2026-01-01'"),
    ("select date_diff('day', d, '2026-01-01') from t", "write date '2026-01-01'"),
    ("select coalesce(a, 0) from t", "cast one, as in cast(0 as varchar)"),
    ("select case when n > 1 then a else 0 end from t", "cast one, as in cast(0 as varchar)"),
    ("select n from t union all select a from t", "column 1 of UNION is a number or a text"),
    ("select a from t where n", "compare it, as in x <> 0"),
    ("select a from t where n > 1 = 1", "write true or false"),
    ("select a from t where a = 47", "write '47'"),
    ("select a from t where a in (2026, 2025)", "write '2026'"),
    ("select a from t where n = '47'", "write the number without quotes"),
    ("select a from t where d = '2026-01-01'", "write date '2026-01-01'"),
    ("select a from t where at >= '2026-01-01 10:00:00'", "write timestamp '2026-01-01 10:00:00'"),
    ("select cast(n as text) from t", "write varchar"),
    ("select cast(a as float) from t", "write real or double"),
    ("select extract(epoch from d) from t", "write to_unixtime(x)"),
    ("select a from t where a == 'x'", "write ="),
    ("select n ^ 2 from t", "write power(a, b)"),
    ("select {'a': 1}", "write row(…)"),
    ("select * from t using sample 1", "TABLESAMPLE"),
    ("select a from t semi join t u on t.n = u.n", "write WHERE EXISTS"),
    ("select ifnull(a, 'x') from t", "write coalesce(x, …)"),
    ("select median(n) from t", "write approx_percentile(x, 0.5)"),
    ("select percentile_cont(0.5) within group (order by n) from t", "write approx_percentile(x, 0.5)"),
    ("select string_agg(a, ',') from t", "write array_join(array_agg(x), ',')"),
    ("select to_char(d, 'YYYY') from t", "write date_format(x, '%Y-%m-%d')"),
    ("select nvl(a, 'x') from t", "write coalesce(x, …)"),
    ("select isnull(n, 0) from t", "write coalesce(x, …), or x IS NULL"),
    ("select * from generate_series(1, 2)", "write unnest(sequence(a, b))"),
    ("select left(a, 1) from t", "write substr(x, 1, n)"),
    ("select typeof(n) from t", "run it with --athena"),
    ("select n from t for version as of 1", "pin it by lakehouse publish TABLE --as-of"),
    ("select n from t for timestamp as of timestamp '2026-01-01 00:00:00 UTC'", "pin it by lakehouse publish"),
]
TAKEN = [
    ("select a from t where at >= timestamp '2026-01-01 00:00:00'", [("x",)]),
    ("select a from t where at between timestamp '2026-01-01 00:00:00' and timestamp '2026-01-03 00:00:00'", [("x",)]),
    ("select a from t where at > current_timestamp at time zone 'Europe/Berlin'", []),
    ("select date_diff('day', at, timestamp '2026-01-04 03:04:05') from t", [("2",)]),
    ("select coalesce(at, timestamp '2026-01-01 00:00:00') > timestamp '2026-01-02 00:00:00' from t", [("True",)]),
    ("select try(n / (n - 2)) from t", [(None,)]),
    ("select coalesce(try(n / (n - 2) + coalesce(n / (n - 2), 5)), 7) from t", [("7",)]),
    ("select try(sum(n) / sum(n - 2)), try(avg(n / n)), try(sum(n) / 2) from t", [(None, "1.0", "1")]),
    ("select max(at) + interval '1' day > timestamp '2026-01-02 00:00:00' from t", [("True",)]),
    ("select sequence(d, date '2026-01-03') from t", [("[datetime.date(2026, 1, 2), datetime.date(2026, 1, 3)]",)]),
    ("select s from t cross join unnest(sequence(d, date '2026-03-03', interval '1' month)) as u(s) order by s",
     [("2026-01-02",), ("2026-02-02",), ("2026-03-02",)]),
    ("select listagg(a, ',') within group (order by a) from t", [("x",)]),
    ("select listagg(distinct a, ',') within group (order by a desc) from t", [("x",)]),
    ("select format_datetime(at, 'yyyy-MM-dd''T''HH:mm:ss.SSS a EEEE d MMM') from t",
     [("2026-01-02T03:04:05.000 AM Friday 2 Jan",)]),
    ("select to_unixtime(at) / 60 > 1 from t", [("True",)]),
    ("select A, \"A\", N + 1 as m from T where \"N\" > 1 order by M", [("x", "x", "3")]),
    ("select every(n > 1), codepoint('A') from t", [("True", "65")]),
    ("select a as b from t group by a order by b", [("x",)]),
    ("select n as a from t where a = 'x'", [("2",)]),
    ("select a, max(n) from t group by a having max(n) > 1", [("x", "2")]),
    ("select a from t offset 0 limit 1", [("x",)]),
    ("select (select u.a from t u limit 1) from t offset 0 limit 1", [("x",)]),
    ("select cast(n as varchar) as text, d - interval '1' day, a || cast(n as varchar) from t",
     [("2", "2026-01-01", "x2")]),
    ("select array_join(array_agg(a), ',') || 'y', count_if(n > 1) / 2, 5e0 / 0 from t", [("xy", "0", "inf")]),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_engine(reads_delta=False) as connection:
        row = "'x' as a, 2::bigint as n, date '2026-01-02' as d, timestamptz '2026-01-02 03:04:05+00' as at"
        connection.execute(f"create schema silver; create table silver.t as select {row}; set search_path = 'silver'")
        yield connection


COLUMNS = {"silver": {"t": {"a": "VARCHAR", "n": "BIGINT", "d": "DATE", "at": "TIMESTAMP WITH TIME ZONE"}}}


def translated(sql: str) -> str:
    tree = sqlglot.parse_one(sql, read="athena")
    for table in tree.find_all(sqlglot.exp.Table):
        if table.name.lower() == "t":
            table.set("db", sqlglot.exp.to_identifier("silver"))
    return for_duckdb(tree, COLUMNS, sql)


@pytest.mark.parametrize(("sql", "instead"), REFUSED)
def test_what_athena_refuses_is_refused_with_what_to_write(sql: str, instead: str) -> None:
    with pytest.raises(NotAthenaError) as error:
        translated(sql)
    assert instead in str(error.value)
    assert "--duckdb" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("sql", "rows"), TAKEN)
def test_what_athena_takes_gives_its_rows(engine: duckdb.DuckDBPyConnection, sql: str, rows: list[Any]) -> None:
    found = engine.execute(translated(sql)).fetchall()
    assert [tuple(None if value is None else str(value) for value in row) for row in found] == rows


def test_a_pattern_that_is_not_known_here_is_refused() -> None:
    assert strftime_pattern("yyyy 'at' HH''mm%") == "%Y at %H'%M%%"
    assert strftime_pattern("ww Z") is None
    with pytest.raises(NotAthenaError, match=r"'w' is no pattern that format_datetime knows here.*date_format"):
        translated("select format_datetime(at, 'w') from t")


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select store from t", "t has no column store. Known: a, at, d, n."),
        ("select x.aa from t as x", "t has no column aa. Did you mean 'a'?"),
        ("with w as (select n as orders from t) select order from w", "w has no column order. Did you mean 'orders'?"),
        ("select w.m from (select n from t) as w", "w has no column m. Known: n."),
        ("select a from t group by a having max(m) > 1", "t has no column m."),
        ("select a from t join (select 1 as k) as u on u.k = kk", "none of t, u has a column kk. Did you mean 'k'?"),
        ("select a from t where 1 in (select 1 from (select 1 as k) u where u.k = m)", "none of u, t has a column m."),
    ],
)  # fmt: skip
def test_an_unknown_column_is_answered_with_the_nearest_of_its_table(sql: str, says: str) -> None:
    with pytest.raises(QueryError) as error:
        translated(sql.replace("select order from", 'select "order" from'))
    assert says in str(error.value)


def test_what_is_said_instead_of_a_function_is_athenas() -> None:
    for name in other_engines()["functions"]:
        assert name not in athena_functions()
        text = f"select {instead_of(name).removeprefix('write ').split(', or ')[0]}".replace("…", "'y'")
        assert not [word for word in text.replace("(", " (").split() if word in other_engines()["functions"]]
    assert instead_of("date_dif") == "did you mean date_diff()"
    assert instead_of("frobnicate") == "use one of Athena's"
