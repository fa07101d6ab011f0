"""Every view and every example of the docs answers in the embedded engine, over a lake of the samples."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.publish.publish_views import publish_views, views_in_query
from lakehouse.publish.query import run_query
from lakehouse.publish.query_errors import QueryError
from lakehouse.runtime.context import Context
from tests.helpers.lakes_without_spark import write_lake

ROOT = Path(__file__).parents[2]
VIEWS = sorted(file.stem for file in (ROOT / "dbt" / "athena_views").glob("*.sql"))
EXAMPLES = re.findall(r"^```sql\n(.*?)^```$", (ROOT / "docs/how-to/ask-the-views.md").read_text(), re.M | re.S)


def no_spark() -> None:
    raise AssertionError("publishing tables and views needs no Spark")


@pytest.fixture(scope="module")
def published(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.at(str(tmp_path_factory.mktemp("published")))
    write_lake(project, lake)
    context = Context(project, lake, no_spark)  # type: ignore[arg-type]
    for contract in project.contracts:
        publish_domain(context, contract)
    assert sorted(publish_marts(context, with_docs=False)) == VIEWS
    return lake


@pytest.mark.parametrize("sql", [*(f"select * from analytics.{view}" for view in VIEWS), *EXAMPLES])
def test_it_answers(project: Project, published: Lake, sql: str) -> None:
    assert run_query(published, project.contracts, sql, views_in_query(project, published, sql)).rows


def test_a_week_is_the_sum_of_its_days(project: Project, published: Lake) -> None:
    def rows(sql: str) -> list[tuple[object, ...]]:
        return run_query(published, project.contracts, sql, views_in_query(project, published, sql)).rows

    week = rows("select store, orders, net_revenue from store_week_over_week where day = '2026-10-18' order by all")
    fact = "fct_daily_store_metrics where dt between '2026-10-12' and '2026-10-18'"
    stores = ", ".join(f"'{store}'" for store, *_ in week)
    sums = "select store_id, sum(orders), sum(net_revenue)"
    days = f"{sums} from {fact} and store_id in ({stores}) group by all order by all"
    assert week == rows(days)


def test_a_view_that_the_engine_cannot_run_is_not_published(project: Project, tmp_path: Path) -> None:
    for folder in ("contracts", "dbt"):
        shutil.copytree(project.root / folder, tmp_path / folder)
    lake = Lake.at(str(tmp_path / "lake"))
    write_deltalake(lake.silver("products"), pa.table({"product_id": ["P1"]}))
    for file in (tmp_path / "dbt" / "athena_views").iterdir():
        file.unlink()
    header = "-- description: Wrong.\n-- column n integer: Number.\n"
    query = "select cast(product_id as integer) as n from silver.products\n"
    (tmp_path / "dbt" / "athena_views" / "wrong.sql").write_text(header + query)
    with pytest.raises(QueryError):
        publish_views(Context(Project(tmp_path), lake, no_spark))  # type: ignore[arg-type]
