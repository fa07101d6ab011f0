"""The embedded engine shows what Athena would: no tombstones, and an error that says what there is."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.query import QueryResult, run_query
from lakehouse.publish.query_errors import EmptyLakeError, QueryError, UnknownTableError, close_tables


@pytest.fixture
def contracts(project: Project) -> Contracts:
    return project.contracts


def test_the_embedded_engine_hides_tombstones(lake: Lake, contracts: Contracts) -> None:
    orders = [
        {"order_id": "A", "is_deleted": False},
        {"order_id": "B", "is_deleted": True},
        {"order_id": None, "is_deleted": False},
    ]
    events = [{"event_id": "E", "is_deleted": True}]  # not a tombstone: the contract names no delete flag
    for name, rows in {"erp_orders": orders, "web_events": events}.items():
        for layer in ("silver", "bronze"):
            write_deltalake(lake.table(layer, name), pa.Table.from_pylist(rows))
    for name in ("silver.erp_orders", "erp_orders"):
        found = run_query(lake, contracts, f"select order_id from {name} order by order_id nulls last")
        assert found == QueryResult(("order_id",), [("A",), (None,)])
    assert run_query(lake, contracts, "select count(*) as n from bronze.erp_orders").rows == [(3,)]
    assert run_query(lake, contracts, "select event_id from web_events").rows == [("E",)]


def test_the_embedded_engine_says_what_there_is(lake: Lake, contracts: Contracts) -> None:
    with pytest.raises(EmptyLakeError, match=r"No tables in the lake .*make local-run"):
        run_query(lake, contracts, "select 1")
    write_deltalake(lake.silver("products"), pa.table({"product_id": ["P1", None]}))
    with pytest.raises(QueryError, match=r"Tables: silver\.products\.") as caught:
        run_query(lake, contracts, "select * from silver.product")
    assert "\n" not in str(caught.value)
    with pytest.raises(QueryError, match="prodct_id"):
        run_query(lake, contracts, "select prodct_id from products")
    assert run_query(lake, contracts, "select count(*) from products").rows == [(2,)]


@pytest.mark.parametrize(
    ("name", "views", "says"),
    [
        ("silver.product", (), " Did you mean 'silver.products'? Tables: silver.products."),
        ("Prodcts", (), " Did you mean 'silver.products'? Tables: silver.products."),
        (
            "silver.product",
            ("analytics.v",),
            " Did you mean 'silver.products'? Tables: silver.products. Views: analytics.v.",
        ),
        ("x", ("analytics.v",), " Tables: silver.products. Views: analytics.v."),
    ],
)
def test_an_unknown_table_is_answered_with_all_names(name: str, views: tuple[str, ...], says: str) -> None:
    error = UnknownTableError(name, ["silver.products"], views)
    assert str(error) == f"The query failed: there is no table {name}.{says}"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("orders", ["silver.erp_orders", "analytics.order_lines"]),
        ("leads", ["silver.crm_leads", "analytics.leads_ageing"]),
        ("Customers", ["analytics.customer_value", "marts.fct_customer_value"]),
        ("daily_stores_metrics", ["analytics.daily_store_metrics"]),
        ("bronze.orders", ["bronze.erp_orders"]),
        ("zzz", []),
    ],
)
def test_a_word_of_a_name_finds_the_table(name: str, meant: list[str]) -> None:
    tables = ["bronze.erp_orders", "ops.batches", "quarantine.erp_orders", "silver.erp_orders", "silver.crm_leads",
              "marts.fct_customer_value", "analytics.customer_value", "analytics.order_lines", "analytics.leads_ageing",
              "analytics.daily_store_metrics"]  # fmt: skip
    assert close_tables(name, tables) == meant


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select 1 / (count(*) - 2) from products", "division by zero. Put nullif(…, 0) around the divisor"),
        ("select 1.5 % (count(*) - 2) from products", "division by zero."),
        ("select any_match(array[1], x -> x = 1)", "any_match() is Athena's and not computed here. Add --athena"),
        ("select cast(product_id as integer) from products", "ConversionException"),
        ("select prodct_id from products", "products has no column prodct_id. Did you mean 'product_id'?"),
    ],
)
def test_an_error_says_what_to_do_and_no_value_of_a_row(lake: Lake, contracts: Contracts, sql: str, says: str) -> None:
    write_deltalake(lake.silver("products"), pa.table({"product_id": ["P1", None]}))
    with pytest.raises(QueryError) as caught:
        run_query(lake, contracts, sql, dialect="athena")
    assert says in str(caught.value)
    assert "P1" not in str(caught.value)


@pytest.mark.parametrize("words", ["explain", "EXPLAIN (TYPE LOGICAL)", "explain analyze", "explain (format text)"])
def test_explain_in_athenas_words_explains(lake: Lake, contracts: Contracts, words: str) -> None:
    write_deltalake(lake.silver("products"), pa.table({"product_id": ["P1", None]}))
    assert run_query(lake, contracts, f"{words} select 1", dialect="athena").rows
    assert run_query(lake, contracts, f"{words} select count(*) from products", dialect="athena").rows
