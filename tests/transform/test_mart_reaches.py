"""The queries by which changed rows reach the weeks of a category, asked in DuckDB on a few rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
import sqlglot

from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.project import Project

OCTOBER, NOVEMBER = date(2026, 9, 28), date(2026, 11, 2)
TABLES = """
create schema staging;
create table staging.stg_products (
    product_id text, category text, unit_cost int, valid_from timestamp, valid_to timestamp
);
insert into staging.stg_products values
    ('chair', 'office', 5, '2026-09-10', '2026-10-15'), ('chair', 'garden', 5, '2026-10-15', null);
create table staging.stg_erp_orders (product_id text, ordered_at timestamp, dt date);
insert into staging.stg_erp_orders values
    ('chair', '2026-10-01 10:00', '2026-10-01'), ('chair', '2026-11-03 10:00', '2026-11-03'),
    ('table', '2026-11-03 10:00', '2026-11-03');
"""


@pytest.fixture
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    """A chair that was of the office until the middle of October, and is of the garden; it was sold twice."""
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        yield connection


def reached(project: Project, db: duckdb.DuckDBPyConnection, table: str, changed: str) -> set[tuple[date, str]]:
    """The weeks and categories that some changed rows reach."""
    (mart,) = [mart for mart in read_marts(project.dbt) if mart.name == "fct_weekly_category_metrics"]
    query = mart.reach[f"silver.{table}"].query
    assert query is not None
    db.execute(f"create or replace table changed as {changed}")
    (asked,) = sqlglot.transpile(query, read="spark", write="duckdb")
    return {(week.date() if hasattr(week, "date") else week, kind) for week, kind in db.execute(asked).fetchall()}


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        ("2026-10-01", {(OCTOBER, "office")}),
        ("2026-11-03", {(NOVEMBER, "garden")}),
        ("2026-09-30", {(OCTOBER, "office")}),
    ],
)
def test_a_line_reaches_the_category_of_its_time(
    project: Project, db: duckdb.DuckDBPyConnection, at: str, wanted: set[tuple[date, str]]
) -> None:
    line = f"select 'chair' as product_id, timestamp '{at}' as ordered_at, date '{at}' as dt, 'new' as _image"
    assert reached(project, db, "erp_orders", line) == wanted


def test_a_line_of_an_unknown_product_has_a_category_too(project: Project, db: duckdb.DuckDBPyConnection) -> None:
    line = (
        "select 'table' as product_id, timestamp '2026-11-03' as ordered_at, date '2026-11-03' as dt, 'new' as _image"
    )
    assert reached(project, db, "erp_orders", line) == {(NOVEMBER, "unknown")}


def test_a_late_version_reaches_the_lines_of_its_time_alone(project: Project, db: duckdb.DuckDBPyConnection) -> None:
    """Its cost changed from November on: the week of October keeps what it has."""
    versions = """
        select 'chair' as product_id, 'garden' as category, cost as unit_cost, since as valid_from,
            null::timestamp as valid_to, image as _image
        from (values (5, timestamp '2026-10-15', 'old'), (6, timestamp '2026-11-01', 'new')) as t(cost, since, image)
        union all
        select 'chair', 'garden', 5, timestamp '2026-10-15', timestamp '2026-11-01', 'new'
    """
    db.execute("update staging.stg_products set valid_to = '2026-11-01' where category = 'garden'")
    db.execute("insert into staging.stg_products values ('chair', 'garden', 6, '2026-11-01', null)")
    assert reached(project, db, "products", versions) == {(NOVEMBER, "garden")}


def test_the_first_version_reaches_what_was_sold_before_it(project: Project, db: duckdb.DuckDBPyConnection) -> None:
    """The oldest version counts for every line before it, so its change reaches them."""
    db.execute("insert into staging.stg_erp_orders values ('chair', '2026-09-01 10:00', '2026-09-01')")
    version = """
        select 'chair' as product_id, category, 5 as unit_cost, timestamp '2026-09-10' as valid_from,
            timestamp '2026-10-15' as valid_to, image as _image
        from (values ('shop', 'old'), ('office', 'new')) as t(category, image)
    """
    assert (date(2026, 8, 31), "office") in reached(project, db, "products", version)
