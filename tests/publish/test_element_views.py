"""The views of exploded lists: found, described and checked as views of files are; postponed while a table lags."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.cli.check import problems
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.describe import describe, summaries, views_of
from lakehouse.publish.publish_views import available_views, columns_in_lake, views_in_query
from lakehouse.publish.query import run_query
from lakehouse.publish.query_errors import UnknownTableError
from tests.cycle.test_nested_columns import CONTRACT
from tests.helpers.small_project import spoiled, write_project

DATE = "      - {property: dateColumn"
LISTS = spoiled(
    DATE,
    f"      - {{property: explode, value: {{path: lines, name: visit_lines, with: [seq], prefix: line_}}}}\n{DATE}",
    CONTRACT,
)
LINE = [("sku", pa.string()), ("price", pa.decimal128(9, 2))]
BASKETS = [[{"sku": "a", "price": Decimal("1.50")}, None], None, [], [{"sku": "gone", "price": None}]]
READER = """-- description: Prices.
-- column sku varchar: S.
-- column price decimal(9,2): P.
select line_sku as sku, line_price as price from analytics.visit_lines
"""


def write_silver(lake: Lake, *fields: tuple[str, Any]) -> None:
    """Silver of four visits, of which the last has gone; fields: what each line has."""
    lists = pa.array([_cut(basket, fields) for basket in BASKETS], pa.list_(pa.struct(list(fields))))
    numbers, gone = pa.array([1, 2, 3, 4], pa.int32()), pa.array([False, None, False, True])
    days = pa.array([date(2026, 1, 1)] * 4)
    table = pa.table({"id": numbers, "lines": lists, "seq": pa.array([1] * 4), "gone": gone, "dt": days})
    write_deltalake(lake.silver("visits"), table, mode="overwrite", schema_mode="overwrite")


def _cut(basket: Any, fields: Any) -> Any:
    names = [name for name, _ in fields]
    return basket and [line and {name: line.get(name) for name in names} for line in basket]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return write_project(tmp_path, LISTS)


def rows(project: Project, lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    return run_query(lake, project.contracts, sql, views_in_query(project, lake, sql), dialect="athena").rows


def test_the_view_of_a_list_is_a_view(project: Project, lake: Lake) -> None:
    write_silver(lake, *LINE)
    (project.dbt / "athena_views/prices.sql").write_text(READER)
    assert problems(project) == []
    wanted = [(1, date(2026, 1, 1), 1, 1, "a", Decimal("1.50")), (1, date(2026, 1, 1), 1, 2, None, None)]
    assert rows(project, lake, "select * from visit_lines order by line_position") == wanted
    assert rows(project, lake, "select sku, price from analytics.prices where sku is not null") == [wanted[0][4:]]
    assert views_of(project, lake) == ["analytics.prices", "analytics.visit_lines"]
    shown = describe(project, lake, "visit_lines")
    assert (shown.name, shown.notes) == ("analytics.visit_lines", ("Reads silver.visits.",))
    assert [(column.name, column.type) for column in shown.columns][3:] == [
        ("line_position", "bigint"), ("line_sku", "varchar"), ("line_price", "decimal(9,2)"),
    ]  # fmt: skip
    assert (
        summaries(project, ["analytics.visit_lines"])["analytics.visit_lines"]
        == shown.description.split(". ")[0].removesuffix(".") + "."
    )


def test_a_list_with_a_field_more_than_the_contract_is_read(project: Project, lake: Lake) -> None:
    write_silver(lake, LINE[0], ("colour", pa.string()), LINE[1])
    assert rows(project, lake, "select line_price from visit_lines where line_position = 1") == [(Decimal("1.50"),)]


@pytest.mark.parametrize("fields", [LINE[:1], [LINE[0], ("price", pa.decimal128(8, 2))]])
def test_the_view_waits_for_its_table(project: Project, lake: Lake, fields: list[tuple[str, Any]]) -> None:
    write_silver(lake, *fields)
    (project.dbt / "athena_views/prices.sql").write_text(READER)
    (project.dbt / "athena_views/seen.sql").write_text(
        "-- description: Visits.\n-- column id integer: I.\nselect id from silver.visits\n"
    )
    available, postponed = available_views(project, lake, columns_in_lake(lake))
    assert ([view.name for view in available], postponed) == (["seen"], ["prices", "visit_lines"])
    assert len(rows(project, lake, "select id from seen")) == 3
    with pytest.raises(UnknownTableError, match="visit_lines"):
        rows(project, lake, "select * from visit_lines")


def test_what_check_says_of_names_and_models(project: Project) -> None:
    (project.dbt / "athena_views/visit_lines.sql").write_text(READER.replace("visit_lines", "visit_line"))
    assert problems(project) == [
        f"{project.dbt}/athena_views/visit_lines.sql:1: has the name of a list that contracts/shop.yaml explodes; "
        "rename one of the two."
    ]
    (project.dbt / "athena_views/visit_lines.sql").unlink()
    (project.dbt / "dbt_project.yml").write_text("name: shop\n")
    source = "source('silver_shop', '{}')"
    for model, name, table in (("one", "visit_line", "visits"), ("two", "visit_lines", "orders")):
        text = f"select *\nfrom {{{{ elements('{name}', {source.format(table)}) }}}}\n"
        (project.dbt / f"models/{model}.sql").write_text(text)
    found = [line for line in problems(project) if "elements(" in line]
    assert found == [
        f"{project.dbt}/models/one.sql:2: elements('visit_line', …): no contract explodes a list of that name. "
        "Did you mean 'visit_lines'?",
        f"{project.dbt}/models/two.sql:2: elements('visit_lines', …) are those of visits, not of orders; "
        "name visits as the source.",
    ]
