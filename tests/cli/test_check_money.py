"""`lakehouse check` refuses marts and views that mix currencies, tax or days, and takes those that say the result."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.check_money import mixed_marts, mixed_views
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.money import Money
from lakehouse.contracts.project import Project
from lakehouse.publish.views import read_views

NET, GROSS, DOLLARS = Money("EUR", False), Money("EUR", True), Money("USD", False)


@pytest.fixture
def copied(project: Project, tmp_path: Path) -> Project:
    """The project's models and views, which a test may change."""
    for folder in ("models", "athena_views"):
        shutil.copytree(project.dbt / folder, tmp_path / "dbt" / folder)
    shutil.copy(project.dbt / "dbt_project.yml", tmp_path / "dbt")
    return Project(tmp_path)


def with_money(contracts: Contracts, of: dict[str, Money], **changed: Any) -> Contracts:
    """The project's contracts with the amounts of some columns in other money, and the orders changed."""

    def column_of(dataset: str, column: Any) -> Any:
        return dataclasses.replace(column, money=of.get(f"{dataset}.{column.name}", column.money))

    return Contracts(
        tuple(
            dataclasses.replace(
                contract,
                datasets=tuple(
                    dataclasses.replace(
                        dataset,
                        columns=tuple(column_of(dataset.name, column) for column in dataset.columns),
                        **(changed if dataset.name == "erp_orders" else {}),
                    )
                    for dataset in contract.datasets
                ),
            )
            for contract in contracts
        )
    )


def found(project: Project, contracts: Contracts) -> dict[str, str]:
    """The lines by the name of their model or view."""
    lines, tables = mixed_marts(project, contracts)
    lines += mixed_views(tuple(read_views(project.dbt / "athena_views")), tables)
    return {Path(line.partition(": ")[0]).stem: line.partition(": ")[2] for line in lines}


def test_the_project_mixes_nothing(project: Project) -> None:
    assert found(project, project.contracts) == {}
    money = {f"{d.name}.{c.name}" for d in project.contracts.datasets for c in d.columns if c.money == NET}
    assert money == {f"erp_orders.{name}" for name in ("unit_price", "discount_amount")} | {
        f"products.{name}" for name in ("list_price", "unit_cost")
    }


def test_prices_with_tax_and_costs_without_make_no_margin(project: Project) -> None:
    gross = {"erp_orders.unit_price": GROSS, "erp_orders.discount_amount": GROSS}
    lines = found(project, with_money(project.contracts, gross))
    margins = {"fct_daily_store_metrics", "fct_daily_product_metrics", "fct_weekly_category_metrics", "order_lines"}
    assert margins <= lines.keys()
    assert not {"fct_customer_value", "customer_value", "current_products", "sessions"} & lines.keys()
    assert lines["fct_daily_product_metrics"] == (
        "reads amounts with tax (erp_orders.discount_amount, erp_orders.unit_price) and without tax "
        "(products.unit_cost); take the tax out of one side, and say in its YAML meta.amounts_in, such as "
        "`EUR, without tax`."
    )


def test_a_list_price_with_tax_concerns_only_who_reads_it(project: Project) -> None:
    lines = found(project, with_money(project.contracts, {"products.list_price": GROSS}))
    assert lines.keys() == {"current_products"}
    assert "say in its header `-- amounts in:`" in lines["current_products"]


def test_two_currencies_ask_for_rates(project: Project) -> None:
    line = found(project, with_money(project.contracts, {"products.unit_cost": DOLLARS}))["fct_daily_store_metrics"]
    assert line.startswith("reads amounts in EUR (erp_orders.discount_amount, erp_orders.unit_price) and in USD ")
    assert "convert them by rates, which are a dataset like any other" in line


def test_a_currency_by_row_asks_for_rates_too(project: Project) -> None:
    by_row = {f"erp_orders.{name}": Money("status", False) for name in ("unit_price", "discount_amount")}
    lines = found(project, with_money(project.contracts, by_row))
    assert "in the currency in status (erp_orders.discount_amount" in lines["fct_customer_value"]


def test_who_says_what_comes_out_is_taken_and_passes_it_on(copied: Project, project: Project) -> None:
    gross = with_money(project.contracts, {"erp_orders.unit_price": GROSS, "erp_orders.discount_amount": GROSS})
    for file in (copied.dbt / "models/marts").glob("fct_*.yml"):
        text = file.read_text()
        file.write_text(text.replace("        reach:\n", "        amounts_in: EUR, without tax\n        reach:\n", 1))
    for file in (copied.dbt / "athena_views").glob("order_lines.sql"):
        file.write_text(f"-- amounts in: EUR, without tax\n{file.read_text()}")
    assert found(copied, gross) == {}
    (copied.dbt / "athena_views/order_lines.sql").write_text(
        f"-- amounts in: net euros\n{(project.dbt / 'athena_views/order_lines.sql').read_text()}"
    )
    assert "header 'amounts in: net euros' cannot be read" in f"{found(copied, gross)}"


def test_an_amount_under_another_name_in_a_staging_view_is_seen(copied: Project, project: Project) -> None:
    staging = copied.dbt / "models/staging/erp/stg_erp_orders.sql"
    before = staging.read_text()
    staging.write_text(before.replace("as unit_price", "as price"))
    assert staging.read_text() != before
    mart = copied.dbt / "models/marts/fct_customer_value.sql"
    mart.write_text(mart.read_text().replace("unit_price", "price"))
    gross = with_money(project.contracts, {"erp_orders.unit_price": GROSS})
    assert "with tax (erp_orders.unit_price)" in found(copied, gross)["fct_customer_value"]


def test_days_of_two_clocks_are_no_days_of_one_mart(copied: Project, project: Project) -> None:
    of_berlin = with_money(project.contracts, {}, date_zone="Europe/Berlin")
    lines = found(copied, of_berlin)
    assert lines.keys() == {"fct_daily_store_metrics"}
    assert lines["fct_daily_store_metrics"] == (
        "reads days of UTC (crm_leads, web_events) and of Europe/Berlin (erp_orders); give them one dateZone, or say "
        "in its YAML meta.date_zone, whose days its own are."
    )
    file = copied.dbt / "models/marts/fct_daily_store_metrics.yml"
    file.write_text(file.read_text().replace("        reach:\n", "        date_zone: UTC\n        reach:\n", 1))
    assert found(copied, of_berlin) == {}
