"""What `lakehouse query` computes from Athena's SQL is what Trino computes; its list of functions is Trino's."""

from __future__ import annotations

import re

import pytest

from lakehouse.contracts.project import Project
from lakehouse.publish.athena import Athena
from lakehouse.publish.athena_query import query_athena
from lakehouse.publish.athena_words import athena_functions, other_engines
from lakehouse.publish.describe import databases_of
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.analysts.test_questions import QUESTIONS, plain
from tests.helpers.stand_in.published import S3_LAKE, Cloud
from tests.publish.test_athena_refuses import REFUSED, TAKEN

pytestmark = [pytest.mark.trino, pytest.mark.timeout(600)]

# Words of the language that SHOW FUNCTIONS does not list.
LANGUAGE = {
    "array", "cast", "char", "coalesce", "current_timestamp", "decimal", "exists", "extract", "format", "grouping",
    "if", "in", "json_array", "json_exists", "json_object", "json_query", "json_value", "listagg", "localtimestamp",
    "map", "normalize", "nullif", "position", "row", "substring", "time", "timestamp", "trim", "try", "try_cast",
    "unnest", "values", "varchar",
}  # fmt: skip


def test_its_functions_are_trinos(cloud: Cloud) -> None:
    listed = {row[0] for row in cloud.trino.run("show functions").rows}
    assert athena_functions() == listed | LANGUAGE


ROW = "'x' as a, bigint '2' as n, date '2026-01-02' as d, timestamp '2026-01-02 03:04:05 UTC' as at"
# Trino takes them, and they are not computed here: intervals are no numbers, and types have other names. Earlier
# versions of a Delta table are read by Trino, and by Athena not (its documentation: no support for time travel).
NOT_HERE = {"select max(d) - min(d) from t", "select typeof(n) from t"}


@pytest.mark.parametrize("sql", [sql for sql, _ in REFUSED if sql not in NOT_HERE and " as of " not in sql])
def test_what_is_refused_here_trino_refuses(cloud: Cloud, sql: str) -> None:
    assert cloud.trino.run(f"with t as (select {ROW}) {sql}").error


@pytest.mark.parametrize("sql", [sql for sql, _ in TAKEN])
def test_what_is_taken_here_trino_takes(cloud: Cloud, sql: str) -> None:
    assert cloud.trino.run(f"with t as (select {ROW}) {sql}").error is None


def test_what_is_said_instead_of_a_function_is_known_to_trino(cloud: Cloud) -> None:
    listed = {row[0] for row in cloud.trino.run("show functions").rows}
    for instead in other_engines()["functions"].values():
        assert set(re.findall(r"(\w+)\(", instead)) <= listed | LANGUAGE | {"group"}
    for instead in other_engines()["types"].values():
        for kind in instead.replace("…", "x integer").split(" or "):
            assert cloud.trino.run(f"select cast(null as {kind})").error is None


@pytest.mark.parametrize("sql", [asked["sql"] for asked in QUESTIONS])
def test_a_question_of_an_analyst_gives_the_same_rows(project: Project, published: list[str], sql: str) -> None:
    there = query_athena(Athena.of(S3_LAKE), project.contracts, sql, databases_of(project)).result
    here = run_query(S3_LAKE, project.contracts, sql, views_in_query(project, S3_LAKE, sql), dialect="athena")
    assert here.columns == there.columns
    assert plain(here.rows) == plain(there.rows)


@pytest.mark.parametrize(
    "sql",
    [
        "select store_id, sum(net_revenue) / sum(orders), sum(orders) / count(*), avg(net_revenue), avg(orders) "
        "from marts.fct_daily_store_metrics group by 1 order by 1",
        "select dt, store_id, net_revenue / 3, net_revenue / nullif(units, 0), gross_margin / nullif(net_revenue, 0), "
        "net_revenue % 7, -orders / 2, -orders % 2, orders / 4e0 from marts.fct_daily_store_metrics order by 1, 2",
        "select dt, store_id, avg(net_revenue) over (partition by store_id order by dt rows 2 preceding), "
        "round(net_revenue / 3, 1), ceil(net_revenue), floor(-net_revenue), truncate(net_revenue) "
        "from marts.fct_daily_store_metrics order by 1, 2",
        "select store_id, max_by(net_revenue, dt) / 2, min_by(net_revenue, dt), "
        "avg(net_revenue) filter (where orders > 3) "
        "from marts.fct_daily_store_metrics group by 1 order by avg(net_revenue) desc, 1",
        "select cast(net_revenue as integer), cast(cast(net_revenue as double) as bigint), "
        "cast(net_revenue as varchar), coalesce(gross_margin, 0) / 4, "
        "case when orders > 3 then orders else net_revenue end / 4 "
        "from marts.fct_daily_store_metrics order by dt, store_id",
        "with weeks as (select date_trunc('week', dt) as week, store_id, sum(net_revenue) as revenue, count(*) as days "
        "from marts.fct_daily_store_metrics group by 1, 2) select week, store_id, revenue / days, "
        "revenue / lag(revenue) over (partition by store_id order by week) - 1 from weeks order by 1, 2",
        "select sum(quantity * unit_price * (1 - 0.15)) / 3, sum(unit_price * 0.5), avg(unit_price * quantity), "
        "count_if(quantity > 1) / 2, count(distinct store_id) / 2 from silver.erp_orders",
        "select date_diff('second', min(occurred_at), max(occurred_at)), "
        "date_diff('hour', max(occurred_at), min(occurred_at)), date_diff('month', min(dt), date '2026-11-28'), "
        "date_diff('month', date '2026-01-31', date '2026-02-28'), "
        "date_diff('month', date '2026-01-30', date '2026-02-28'), "
        "date_diff('month', date '2026-03-31', date '2026-02-28'), "
        "date_diff('quarter', date '2025-11-30', min(dt)), date_diff('week', date '2026-09-29', min(dt)), count(*) / 7 "
        "from silver.web_events group by session_id order by session_id",
        "select day_of_week(dt), month(dt), year(dt) / 7, date_diff('day', date '2026-10-01', dt) / 7, "
        "date_add('day', -dt_part, dt), dt + interval '1' day "
        "from (select dt, 3 as dt_part from marts.fct_daily_store_metrics) order by dt",
    ],
)  # fmt: skip
def test_the_same_query_gives_the_same_rows(project: Project, published: list[str], sql: str) -> None:
    there = query_athena(Athena.of(S3_LAKE), project.contracts, sql, databases_of(project)).result
    views = views_in_query(project, S3_LAKE, sql)
    here = run_query(S3_LAKE, project.contracts, sql, views, dialect="athena")
    assert there.rows
    assert here.rows == there.rows
    assert here.columns == there.columns
