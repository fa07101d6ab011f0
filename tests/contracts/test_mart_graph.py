"""The marts of a dbt project from its files: what each reads, how changes reach it, and the line about a faulty one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lakehouse.contracts.dbt_files import mart_problems, read_marts, read_models
from lakehouse.contracts.mart_graph import Mart, Reach, find_marts, level_of, whole_marts
from lakehouse.contracts.project import Project

SOURCES = """
sources:
  - name: silver_shop
    schema: silver
    tables: [{name: sales}, {name: stores}]
"""
COLUMNS = """
models:
  - name: {}
    columns: [{{name: week}}]
    data_tests: [{{one_row_per: {{arguments: {{columns: [week]}}}}}}]
"""
SALES = "select * from {{ ref('stg_sales') }}"
INCREMENTAL = "materialized='incremental', incremental_strategy='replace_changed', unique_key=['week']"


@pytest.fixture
def dbt(tmp_path: Path) -> Path:
    """A dbt project with two sources and one view, and no mart."""
    folder = tmp_path / "dbt"
    (folder / "models/staging").mkdir(parents=True)
    (folder / "models/marts").mkdir()
    (folder / "dbt_project.yml").write_text(
        "name: shop\nmodels: {shop: {staging: {+materialized: view, +schema: staging}, marts: {+schema: marts}}}\n"
    )
    (folder / "models/sources.yml").write_text(SOURCES)
    (folder / "models/staging/stg_sales.sql").write_text("select * from {{ source('silver_shop', 'sales') }}")
    return folder


def add(dbt: Path, name: str, config: str, sql: str = SALES, yaml: str = COLUMNS) -> None:
    """A model below marts/, with its YAML."""
    (dbt / f"models/marts/{name}.sql").write_text(f"{{{{ config({config}) }}}}\n{sql}")
    if yaml:
        (dbt / f"models/marts/{name}.yml").write_text(yaml.format(name))


def reach(words: str) -> str:
    return f"meta={{'reach': {words}}}"


def only(dbt: Path) -> str:
    """The one line about the project."""
    (line,) = mart_problems(dbt)
    return line


def test_a_table_that_does_not_say_how_a_change_reaches_it_is_refused_by_name(dbt: Path) -> None:
    add(dbt, "fct_weeks", "materialized='table'")
    assert only(dbt) == (
        "dbt/models/marts/fct_weeks.sql:1: cannot be kept exact: reads silver.sales, and does not say how a changed "
        "row of it reaches fct_weeks; add to its config meta.reach.sales: direct, a query over the changed rows, or "
        "whole (see docs/how-to/write-a-mart.md)."
    )


def test_a_source_that_a_view_reads_counts_and_a_view_needs_nothing(dbt: Path) -> None:
    add(
        dbt,
        "names",
        "materialized='view'",
        SALES + ", {{ source('silver_shop', 'stores') }}",
    )
    assert mart_problems(dbt) == []
    add(dbt, "fct_weeks", f"materialized='table', {reach({'sales': 'whole'})}", "select 1 from {{ ref('names') }}")
    assert "reads silver.stores, and does not say" in only(dbt)


def test_marts_come_after_those_that_they_read(dbt: Path) -> None:
    for name, below in (("a", "b"), ("b", "c")):
        add(dbt, name, f"materialized='table', {reach({below: 'whole'})}", f"select 1 from {{{{ ref('{below}') }}}}")
    add(dbt, "c", f"{INCREMENTAL}, {reach({'sales': {'week': 'date_trunc(1, at)'}})}")
    assert mart_problems(dbt) == []
    marts = find_marts(read_models(dbt))
    assert [(mart.name, level_of(mart, marts), mart.reads) for mart in marts] == [
        ("c", 0, ("silver.sales",)),
        ("b", 1, ("marts.c",)),
        ("a", 2, ("marts.b",)),
    ]
    assert marts[0].reach["silver.sales"].query == "SELECT date_trunc(1, at) AS `week` FROM changed"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            f"{INCREMENTAL}, {reach({'sale': 'direct'})}",
            "meta.reach names 'sale', which the mart does not read. Did",
        ),
        (f"{INCREMENTAL}, {reach({'sales': 'often'})}", "meta.reach.sales is 'often'; it is direct, whole"),
        (f"{INCREMENTAL}, {reach({'sales': {'weak': 'x'}})}", "names 'weak', no key of it. Did you mean 'week'?"),
        (f"materialized='table', {reach({'sales': 'direct'})}", "names none; add unique_key, its grain, to its config"),
        (
            f"materialized='incremental', unique_key='week', {reach({'sales': 'select week from changed'})}",
            "incremental_strategy='replace_changed' (found incremental, none); or say reach whole",
        ),
        (f"materialized='table', schema='elsewhere', {reach({'sales': 'whole'})}", "a table in the schema 'elsewhere'"),
        (
            "materialized='table', meta={'reach': {'sales': 'whole'}, 'deadline': 750}",
            'meta.deadline is 750; write a time of day in UTC in quotes, such as "06:00"',
        ),
        ("materialized='table', meta={'reach': {'sales': 'whole'}, 'deadline': '24:00'}", "meta.deadline is '24:00'"),
        ("materialized=var('how')", "its config must be plain words and lists"),
    ],
)
def test_what_a_declaration_lacks_is_one_line(dbt: Path, config: str, says: str) -> None:
    add(dbt, "fct_weeks", config)
    assert only(dbt).startswith("dbt/models/marts/fct_weeks.sql:1: cannot be kept exact: ")
    assert says in only(dbt)
    assert "\n" not in only(dbt)


def test_columns_and_the_test_of_the_grain_are_asked_for(dbt: Path) -> None:
    config = f"{INCREMENTAL}, {reach({'sales': 'direct'})}"
    add(dbt, "fct_weeks", config, yaml="")
    assert "no YAML of dbt/models describes it; add fct_weeks.yml with description and columns" in only(dbt)
    add(dbt, "fct_weeks", config, yaml="models:\n  - name: {}\n    columns: [{{name: week}}]\n")
    assert "add data_tests: one_row_per with columns [week] to its YAML" in only(dbt)


def test_what_a_mart_reads_must_be_there_and_of_silver(dbt: Path) -> None:
    add(dbt, "fct_weeks", "materialized='table'", "select 1 from {{ source('silver_shop', 'sale') }}")
    assert "reads source('silver_shop', 'sale'), which no YAML of dbt/models declares" in only(dbt)
    add(dbt, "fct_weeks", "materialized='table'", "select 1 from {{ ref('stg_sale') }}")
    assert "reads ref('stg_sale'), which is no model. Did you mean 'stg_sales'?" in only(dbt)
    (dbt / "models/other.yml").write_text("sources: [{name: raw, tables: [{name: files}]}]")
    add(dbt, "fct_weeks", "materialized='table'", "select 1 from {{ source('raw', 'files') }}")
    assert "reads raw.files; a mart reads tables of silver and other marts alone" in only(dbt)


def test_a_mart_as_a_newcomer_writes_it_is_answered_by_what_to_add(project: Project, tmp_path: Path) -> None:
    """A table on another domain's silver: first its source, then the reach of each source, then its columns."""
    folder = tmp_path / "dbt"
    shutil.copytree(project.dbt, folder, ignore=shutil.ignore_patterns("target", "logs"))
    sql = (
        "{{ config(materialized='table', file_format='delta') }}\n"
        "select week, count(*) as baskets from {{ source('silver_loyalty', 'loyalty_transactions') }} group by week\n"
    )
    mart = folder / "models/marts/fct_weekly_baskets.sql"
    mart.write_text(sql)
    assert "reads source('silver_loyalty', 'loyalty_transactions'), which no YAML" in only(folder)
    tables = "[{name: loyalty_transactions}]"
    (folder / "models/loyalty.yml").write_text(f"sources: [{{name: silver_loyalty, schema: silver, tables: {tables}}}]")
    assert "add to its config meta.reach.loyalty_transactions: direct" in only(folder)
    mart.write_text(sql.replace("file_format='delta'", reach({"loyalty_transactions": "whole"})))
    assert "add fct_weekly_baskets.yml with description and columns" in only(folder)
    mart.with_suffix(".yml").write_text(
        "models: [{name: fct_weekly_baskets, columns: [{name: week}, {name: baskets}]}]"
    )
    assert mart_problems(folder) == []


def test_a_faulty_model_stops_no_other(dbt: Path) -> None:
    """A run and the DAGs take the marts that are declared whole; the fault of the other is an error of the build."""
    add(dbt, "fct_weeks", f"{INCREMENTAL}, {reach({'sales': 'direct'})}")
    add(dbt, "fct_jinja", "materialized=var('how')")
    assert [mart.name for mart in read_marts(dbt)] == ["fct_weeks"]
    assert [fault.file for fault in whole_marts(read_models(dbt))[1]] == ["dbt/models/marts/fct_jinja.sql"]


def test_the_marts_of_this_project_are_declared_whole(project: Project) -> None:
    marts = {mart.name: mart for mart in find_marts(read_models(project.dbt))}
    fact = marts["fct_daily_store_metrics"]
    assert isinstance(fact, Mart)
    assert fact.keys == ("dt", "store_id")
    assert fact.reads == ("silver.crm_leads", "silver.erp_orders", "silver.products", "silver.web_events")
    assert [table for table, one in fact.reach.items() if one.reads_others] == ["silver.products"]
    assert mart_problems(project.dbt) == []


@pytest.mark.parametrize(
    ("query", "reads_others"),
    [
        ("select dt, visits.week from changed", False),
        ("select dt from changed join staging.stg_visits using (id)", True),
        ("select dt from changed join `staging`.`stg_visits` using (id)", True),
        ("select dt from changed, silver.visits", True),
        ("select dt from changed join between.visits using (id)", True),
    ],
)
def test_a_query_that_joins_another_table_is_known_however_it_names_it(query: str, reads_others: bool) -> None:
    """It is asked on the tables as they were, too; otherwise the place that a row left is lost."""
    assert Reach(query).reads_others is reads_others
