"""A query in Athena's SQL gives the same rows here as there; what Trino gives stands in each row (`tests/trino`)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.publish.athena_query import with_databases
from lakehouse.publish.athena_sql import NotAthenaError, for_duckdb
from lakehouse.publish.athena_words import athena_functions
from lakehouse.publish.engine import columns_of, open_engine

ROWS = """
    select * from (values
        (date '2026-10-01', 'S1', 10::bigint, 3::int, 10.00::decimal(18,2), 1.2500::decimal(38,4), 2.5::double),
        (date '2026-10-02', 'S1',  7::bigint, 0::int,  0.05::decimal(18,2), 0.3333::decimal(38,4), 0.5::double),
        (date '2026-10-02', 'S2', -7::bigint, 2::int, -1.25::decimal(18,2), null,                  -2.5::double),
        (date '2026-10-03', 'S2', null,       null,    null,                null,                  null)
    ) as t(dt, store_id, orders, units, revenue, cost, share)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_engine(reads_delta=False) as connection:
        connection.execute(f"create schema marts; create table marts.days as {ROWS}; set search_path = 'marts'")
        yield connection


def rows(engine: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return engine.execute(translated(engine, sql)).fetchall()


def translated(engine: duckdb.DuckDBPyConnection, sql: str) -> str:
    return for_duckdb(sqlglot.parse_one(sql, read="athena"), columns_of(engine, {("marts", "days")}), sql)


ONE = "from days where dt = date '2026-10-01'"
LAST = "from days where orders is null"


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        (f"select orders / 4, -orders / 4, orders % 4, -orders % 4 {ONE}", ["2", "-2", "2", "-2"]),
        (f"select revenue / 3, revenue / orders, 2 / 3 * revenue {ONE}", ["3.33", "1.00", "0.00"]),
        (f"select revenue / cost, revenue / 0.7, revenue / share {ONE}", ["8.0000", "14.29", "4.0"]),
        (f"select revenue / 3e0, cast(revenue as double) / orders, 1.0 / 3 {ONE}",
         ["3.3333333333333335", "1.0", "0.3"]),
        (f"select revenue % 3, revenue % 0.7, round(revenue / 3, 1), ceil(revenue / 3) {ONE}",
         ["1.00", "0.20", "3.30", "4"]),
        (f"select cast(share as integer), cast(-share as integer), cast(revenue / 4 as integer) {ONE}",
         ["3", "-3", "3"]),
        (f"select orders / 4, revenue / 3, orders % 2, avg(revenue) over () {LAST}", [None, None, None, None]),
        ("select avg(revenue), avg(orders), sum(revenue) / count(*), sum(orders) / count(*) from days",
         ["2.93", "3.3333333333333335", "2.20", "2"]),
        ("select avg(revenue) filter (where store_id = 'S1'), avg(distinct revenue), max_by(revenue, dt) / 2 from days",
         ["5.03", "2.93", None]),
        ("select avg(revenue) over (partition by store_id order by dt), revenue / 3 from days "
         "where units = 0 order by revenue / 3", ["0.05", "0.02"]),
        ("with weeks as (select store_id, sum(revenue) as revenue, count(*) as days from days group by 1) "
         "select w.revenue / w.days, (select max(cost) from days) / 3 from weeks w where store_id = 'S1'",
         ["5.03", "0.4167"]),
        ("select date_trunc('month', dt), date_add('day', 3, dt), dt + interval '1' day, dt - interval '1' day, "
         f"date_diff('day', date '2026-09-01', dt) / 7 {ONE}",
         ["2026-10-01", "2026-10-04", "2026-10-02", "2026-09-30", "4"]),
        ("select date_diff('second', timestamp '2026-10-01 09:35:44.314', timestamp '2026-10-01 09:40:51.271'), "
         "date_diff('month', date '2026-01-31', date '2026-02-27'), date_diff('week', date '2026-10-04', dt), "
         f"date_diff('hour', timestamp '2026-10-01 01:00:00', timestamp '2026-10-01 00:59:00') {ONE}",
         ["306", "0", "0", "0"]),
        ("select case when units > 9 then units else revenue end / 4, coalesce(cost, 0) / 4, nullif(units, 0) / 2, "
         f"if(units > 0, 1, 0) / 2 {ONE}", ["2.50", "0.3125", "1", "0"]),
    ],
)  # fmt: skip
def test_numbers_are_those_of_athena(engine: duckdb.DuckDBPyConnection, sql: str, shown: list[str | None]) -> None:
    found = rows(engine, sql)
    assert [None if value is None else str(value) for value in found[0]] == shown


@pytest.mark.parametrize("sql", ["select orders / units from days", "select revenue / units from days",
                                 "select orders % units from days"])  # fmt: skip
def test_a_division_by_zero_is_an_error(engine: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(duckdb.Error, match="Division by zero"):
        rows(engine, sql)


def test_columns_without_a_name_are_named_by_their_place(engine: duckdb.DuckDBPyConnection) -> None:
    sql = "select days.*, orders + 1, cast(orders as varchar), orders as n from days order by orders + 1 limit 1"
    names = [column[0] for column in engine.execute(translated(engine, sql)).description]
    assert names[-4:] == ["share", "_col7", "_col8", "n"]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select store_id, sum(orders) from days group by all", "GROUP BY ALL"),
        ("select store_id from days order by all", "ORDER BY ALL"),
        ("select * exclude (share) from days", "EXCLUDE"),
        ("select string_agg(store_id, ',') from days", "string_agg()"),
        ("select list_sum(array[orders]) from days", "list_sum()"),
        ("select orders::varchar from days", "::"),
        ("select orders from days where dt = '2026-10-01'", "compares a text with a time"),
        ("select orders from days where dt between date '2026-10-01' and '2026-10-02'", "compares a text with a time"),
        ("select orders from days where store_id in ('S1', 2)", "compares a text with a number"),
    ],
)
def test_what_is_not_athenas_is_said(engine: duckdb.DuckDBPyConnection, sql: str, found: str) -> None:
    with pytest.raises(NotAthenaError) as error:
        translated(engine, sql)
    assert found in str(error.value)
    assert "--duckdb" in str(error.value)


def test_names_of_tables_are_no_functions(engine: duckdb.DuckDBPyConnection) -> None:
    sql = "with some (a, b) as (select 1, 2) select a from some cross join unnest(array[3]) as more(c)"
    assert rows(engine, sql) == [(1,)]
    assert "date_diff" in athena_functions()
    assert "string_agg" not in athena_functions()


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("select 1 from Days -- of the mart", "select 1 from marts.Days -- of the mart"),
        ("explain select * from days d join silver.days s using (dt)",
         "explain select * from marts.days d join silver.days s using (dt)"),
        ("with days as (select 1) select * from days, notes",
         "with days as (select 1) select * from days, analytics.notes"),
        ("select 'from days' from elsewhere", "select 'from days' from elsewhere"),
        ("show tables in marts", "show tables in marts"),
    ],
)  # fmt: skip
def test_a_name_without_a_database_gets_it_in_athena(sql: str, sent: str) -> None:
    assert with_databases(sql, {"days": "marts", "notes": "analytics"}) == sent


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@settings(deadline=None)
@given(left=amounts, right=amounts.filter(bool), digits=st.integers(0, 6))
def test_a_quotient_of_decimals_is_rounded_half_up(left: Decimal, right: Decimal, digits: int) -> None:
    """Against Python's own decimals, whose ROUND_HALF_UP is away from zero as Trino's."""
    import decimal

    with open_engine(reads_delta=False) as connection, decimal.localcontext(prec=60, rounding=decimal.ROUND_HALF_UP):
        connection.execute("create schema marts")
        connection.execute(
            f"create table marts.n as select {left}::decimal(18,2) a, {right}::decimal(18,{max(2, digits)}) b"
        )
        sql = "select a / b from marts.n"
        query = for_duckdb(sqlglot.parse_one(sql, read="athena"), columns_of(connection, {("marts", "n")}), sql)
        found = connection.execute(query).fetchall()[0][0]
        assert found == (left / right).quantize(Decimal(1).scaleb(-max(2, digits)))
