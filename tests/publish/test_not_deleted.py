"""Every reader sees the same rows of silver: none that is deleted, in DuckDB, in Athena's words, in dbt's staging."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
import sqlglot
from deltalake import DeltaTable
from sqlglot import exp

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.athena_query import _without_deleted
from lakehouse.publish.engine import open_engine
from lakehouse.publish.not_deleted import delete_flags, not_deleted
from lakehouse.publish.pins import pin_table
from lakehouse.publish.publish_views import available_views, columns_in_lake, views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.lakes_without_spark import write_lake
from tests.helpers.samples import SAMPLES, sample_datasets

FLAGGED = ("crm_leads", "erp_orders")


@pytest.fixture(scope="module")
def written(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The samples as a lake, with deletes of its own and, in each table that has one, a null flag."""
    lake = Lake.at(str(tmp_path_factory.mktemp("lake")))
    write_lake(project, lake)
    for name in FLAGGED:
        table, key = DeltaTable(lake.silver(name)), project.contracts.dataset(name).key[0]
        keys = sorted(set(table.to_pyarrow_table()[key].to_pylist()))
        table.update(updates={"is_deleted": "true"}, predicate=f"{key} IN ('{keys[0]}', '{keys[1]}')")
        table.update(updates={"is_deleted": "null"}, predicate=f"{key} = '{keys[2]}'")
    return lake


@pytest.fixture(scope="module")
def raw(project: Project, written: Lake) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine that hides nothing, as Athena does: the silver tables as they are."""
    engine = open_engine(reads_delta=True)
    engine.execute("CREATE SCHEMA silver; CREATE SCHEMA awsdatacatalog")
    for dataset in sample_datasets(project.contracts):
        engine.execute(f"CREATE VIEW silver.{dataset.name} AS FROM delta_scan('{written.silver(dataset.name)}')")
    yield engine
    engine.close()


def shown(raw: duckdb.DuckDBPyConnection, dataset: Dataset) -> int:
    """The rows that nobody has deleted, counted in Python."""
    flag = dataset.delete_flag or "NULL"
    rows = raw.execute(f"SELECT {flag} FROM silver.{dataset.name}").fetchall()
    return sum(value is not True for (value,) in rows)


def test_the_samples_have_what_is_to_be_hidden(project: Project, written: Lake, raw: duckdb.DuckDBPyConnection) -> None:
    assert sorted(delete_flags(project.contracts).keys() & {f"silver.{name}" for name in SAMPLES}) == [
        f"silver.{name}" for name in FLAGGED
    ]
    for name in FLAGGED:
        sql = f"SELECT count(*) FILTER (is_deleted), count(*) FILTER (is_deleted IS NULL) FROM silver.{name}"
        deleted, unknown = raw.execute(sql).fetchall()[0]
        assert deleted >= 2
        assert unknown >= 1


def test_every_silver_table_has_the_same_rows_for_every_reader(
    project: Project, written: Lake, raw: duckdb.DuckDBPyConnection
) -> None:
    counts = {dataset.name: shown(raw, dataset) for dataset in sample_datasets(project.contracts)}
    assert set(counts) == set(SAMPLES)
    for name, number in counts.items():
        sql = f"select count(*) from silver.{name}"
        assert run_query(written, project.contracts, sql).rows == [(number,)], name
        assert run_query(written, project.contracts, sql.replace("silver.", "")).rows == [(number,)], name
        assert raw.execute(for_duckdb(sql, project.contracts)).fetchall() == [(number,)], name


def for_duckdb(sql: str, contracts: Contracts) -> str:
    """What Athena is sent, for an engine that is at hand."""
    return sqlglot.transpile(_without_deleted(sql, contracts), read="athena", write="duckdb")[0]


@pytest.mark.parametrize(
    "sql",
    [
        "select o.order_id from silver.erp_orders as o",
        'select silver.erp_orders.order_id from "silver"."erp_orders"',
        "with o as (select * from silver.erp_orders) select order_id from o",
        "select order_id from (select order_id from Silver.ERP_Orders)",
        "select order_id from silver.products join silver.erp_orders on erp_orders.product_id = products.product_id",
        "select lead_id from silver.crm_leads where lead_id in (select lead_id from silver.crm_leads)",
        "select order_id from silver.erp_orders union all select lead_id from silver.crm_leads",
    ],
)
def test_no_form_of_a_query_reaches_a_deleted_row(
    project: Project, written: Lake, raw: duckdb.DuckDBPyConnection, sql: str
) -> None:
    here = run_query(written, project.contracts, sql).rows
    there = raw.execute(for_duckdb(sql, project.contracts)).fetchall()
    assert here
    assert sorted(there) == sorted(here)
    keys = {"crm_leads": "lead_id", "erp_orders": "order_id"}
    gone = {
        row[0]
        for name, key in keys.items()
        for row in raw.execute(f"SELECT {key} FROM silver.{name} GROUP BY 1 HAVING bool_and(is_deleted)").fetchall()
    }
    assert gone
    assert not gone & {row[0] for row in here}


@pytest.mark.parametrize(
    "sql", ["select * from marts.fct_daily_store_metrics", "show tables", "describe silver.erp_orders"]
)
def test_a_query_that_can_meet_none_is_sent_as_it_is(project: Project, sql: str) -> None:
    assert _without_deleted(sql, project.contracts) == sql


def test_an_explain_stays_one(project: Project) -> None:
    sent = _without_deleted("EXPLAIN (TYPE VALIDATE) select * from silver.crm_leads", project.contracts)
    assert sent.startswith("EXPLAIN (TYPE VALIDATE) SELECT * FROM (SELECT * FROM silver.crm_leads WHERE NOT COALESCE(")


def test_no_view_reads_a_deleted_row(project: Project, written: Lake) -> None:
    """Athena's text of each view, those of pinned versions included."""
    for name in FLAGGED:
        pin_table(written, "silver", name, str(DeltaTable(written.silver(name)).version()))
    available, _ = available_views(project, written, columns_in_lake(written))
    keeping, seen = {*delete_flags(project.contracts), *(f"pinned.{n}_v2" for n in FLAGGED)}, set()
    for view in available:
        for table in sqlglot.parse_one(view.query, dialect="athena").find_all(exp.Table):
            name = f"{table.db}.{table.name}"
            if name in keeping:
                select = table.find_ancestor(exp.Select)
                assert select is not None
                assert select.args["where"].this.sql("athena") == 'NOT COALESCE("is_deleted", FALSE)', view.name
                seen.add(name)
    assert {"silver.crm_leads", "pinned.crm_leads_v2", "pinned.erp_orders_v2"} <= seen
    for name in FLAGGED:
        sql = f"select count(*) from analytics.{name}_v2"
        counted = run_query(written, project.contracts, sql, views_in_query(project, written, sql)).rows
        assert counted == run_query(written, project.contracts, f"select count(*) from silver.{name}").rows


def test_dbt_has_the_same_condition_for_the_same_tables(project: Project) -> None:
    macro = (project.dbt / "macros" / "not_deleted.sql").read_text()
    (body,) = re.findall(r"-%\}\n(.*?)\n\{%- endmacro", macro, re.S)
    same = sqlglot.parse_one(not_deleted("is_deleted"), dialect="athena")
    assert sqlglot.parse_one(body.replace("{{ flag }}", "is_deleted"), dialect="spark").sql().lower() == (
        same.sql(identify=False).replace('"', "").lower()
    )
    for dataset in sample_datasets(project.contracts):
        (file,) = project.dbt.glob(f"models/staging/*/stg_{dataset.name}.sql")
        found = re.findall(r"not_deleted\('(\w+)'\)", file.read_text())
        assert found == ([dataset.delete_flag] if dataset.delete_flag else []), file.name
