"""`lakehouse tables` and `lakehouse describe`: what there is, what it holds, and the nearest to a wrong name."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.describe import databases_of, describe

OLD, NEW, ORDERED = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 6, 7))
PRODUCT = {"product_id": "P1", "name": "Mug", "category": "Home", "list_price": Decimal("5.00"),
           "unit_cost": Decimal("2.00"), "is_active": True}  # fmt: skip


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Silver of one product in two versions, and one order line of it."""
    versions = [{**PRODUCT, "valid_from": OLD, "valid_to": NEW}, {**PRODUCT, "valid_from": NEW, "valid_to": None}]
    write_deltalake(lake.silver("products"), pa.Table.from_pylist(versions))
    line = {"order_id": "O1", "product_id": "P1", "ordered_at": ORDERED, "dt": date(2026, 7, 1), "is_deleted": False}
    write_deltalake(lake.silver("erp_orders"), pa.Table.from_pylist([line]))
    return lake


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> list[list[str]]:
    assert main([*words]) == 0
    lines = capsys.readouterr().out.splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")]


def test_tables_lists_tables_and_the_views_on_them_with_what_they_are(
    lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = shown(capsys, "tables", "--lake", lake.root)
    assert rows[0] == ["name", "kind", "rows", "files", "version", "what"]
    assert rows[1] == [
        "silver.erp_orders",
        "table",
        "1",
        "1",
        "0",
        "One row per order line; the newest version of each.",
    ]
    assert [row[:5] for row in rows[2:]] == [
        ["silver.products", "table", "2", "1", "0"],
        *[
            [f"analytics.{view}", "view", "", "", ""]
            for view in ("baskets", "current_products", "customer_cohorts", "order_lines", "returns_by_day")
        ],
    ]
    assert all(row[5].count(". ") == 0 and len(row[5]) < 150 for row in rows[1:])
    assert all(row[5] for row in rows)


def test_tables_says_whose_rows_include_deleted_ones(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tables", "--lake", lake.root]) == 0
    note = "the rows of silver.erp_orders include deleted ones, which no query shows"
    assert capsys.readouterr().out.splitlines()[-1] == note


def test_a_history_says_how_it_is_joined_and_the_join_counts_each_row_once(
    project: Project, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    found = describe(project, lake, "Silver.Products")
    assert found.notes[0] == "One row per product_id, updated_at."
    assert "a join by product_id alone counts a row once per version" in found.notes[1]
    (join,) = re.findall(r"left join .* h\.valid_to\)", found.notes[2])
    sql = f"select count(*) as n from silver.erp_orders t {join.replace('t.TIME', 't.ordered_at')}"
    assert shown(capsys, "query", sql, "--lake", lake.root)[1] == ["1"]
    joined = "select count(*) as n from silver.erp_orders join silver.products using (product_id)"
    assert shown(capsys, "query", joined, "--lake", lake.root)[1] == ["2"]


def test_columns_have_types_keys_comments_and_say_what_is_personal(
    project: Project, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = shown(capsys, "describe", "crm_leads", "--lake", lake.root)
    assert rows[0] == ["column", "type", "is", "comment"]
    assert ["lead_id", "string", "key", "ID of the lead in the CRM."] in rows
    assert ["email", "string", "personal", "E-mail address of the person."] in rows
    assert "The lake does not have it yet." in describe(project, lake, "silver.crm_leads").notes
    view = describe(project, lake, "day_completeness")
    assert (view.name, view.kind, view.columns[0].type) == ("analytics.day_completeness", "view", "date")
    assert describe(project, lake, "fct_daily_store_metrics").notes[0] == "One row per dt, store_id."


def test_a_query_may_name_datasets_marts_and_views_without_their_layer(project: Project) -> None:
    layers = databases_of(project)
    names = ("products", "crm_leads", "fct_daily_store_metrics", "day_completeness", "nothing")
    assert [layers.get(name) for name in names] == ["silver", "silver", "marts", "analytics", None]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["describe", "silver.product"], "There is no table or view 'silver.product'. Did you mean 'silver.products'?"),
        (["query", "select * from analytics.curent_products"], "Did you mean 'analytics.current_products'?"),
        (
            ["query", "select * from curent_products"],
            "there is no table curent_products. Did you mean 'analytics.current_products'? Tables: ",
        ),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(
    lake: Lake, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert main([*words, "--lake", lake.root]) != 0
    assert says in capsys.readouterr().err


def test_the_case_of_a_views_name_does_not_matter(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, "query", "select count(*) as n from Analytics.Current_Products", "--lake", lake.root)
    assert found[1] == ["1"]
