"""SHOW in Athena's words lists what the lake has, views too, which no query has to name for that."""

from __future__ import annotations

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.cli.main import main
from lakehouse.lake.paths import Lake


@pytest.fixture
def lake(lake: Lake) -> Lake:
    """Two tables of silver, one of bronze."""
    for path in (lake.silver("products"), lake.silver("erp_orders"), lake.bronze("products")):
        write_deltalake(path, pa.table({"product_id": ["P1"], "is_deleted": [False]}))
    return lake


def listed(lake: Lake, capsys: pytest.CaptureFixture[str], sql: str) -> list[str]:
    assert main(["query", sql, "--csv", "--lake", lake.root]) == 0
    return capsys.readouterr().out.split()[1:]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("show databases", ["analytics", "bronze", "silver"]),
        ("SHOW SCHEMAS LIKE 's*'", ["silver"]),
        ("show tables in silver", ["erp_orders", "products"]),
        ("show tables from silver;", ["erp_orders", "products"]),
        ("show tables in silver 'erp_*|x'", ["erp_orders"]),
        ("show tables in bronze", ["products"]),
        ("show views in silver", []),
        ("show tables like '%products'", ["current_products", "products"]),
        ("show columns from silver.products", ["product_id", "is_deleted"]),
        ("show columns in products from silver", ["product_id", "is_deleted"]),
        ("show columns in products", ["product_id", "is_deleted"]),
    ],
)
def test_a_show_lists_names(lake: Lake, capsys: pytest.CaptureFixture[str], sql: str, names: list[str]) -> None:
    assert listed(lake, capsys, sql) == names


@pytest.mark.parametrize("sql", ["show tables in analytics", "show tables from analytics", "show views in analytics"])
def test_the_views_are_in_analytics(lake: Lake, capsys: pytest.CaptureFixture[str], sql: str) -> None:
    assert {"current_products", "order_lines"} <= set(listed(lake, capsys, sql))


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("show create view analytics.baskets", "this SHOW is not known here. Wanted: SHOW DATABASES"),
        ("show tables in other", "it shows 'other', which is no layer of the lake"),
        ("show columns in silver.product", "Did you mean 'silver.products'?"),
    ],
)
def test_any_other_show_is_one_line(lake: Lake, capsys: pytest.CaptureFixture[str], sql: str, says: str) -> None:
    assert main(["query", sql, "--lake", lake.root]) == 2
    assert says in capsys.readouterr().err
