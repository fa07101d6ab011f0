"""The views of quality and freshness tell of files that were refused as a whole: no row of them is in any table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import Batch, BatchState
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import PUBLISHED
from lakehouse.lake.quality_results import QUALITY_RESULTS
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.seeded_ledgers import NOON, entered, planned, refused, validated

NEXT = NOON + timedelta(days=1)


@pytest.fixture
def orders(project: Project) -> Dataset:
    return project.contracts.dataset("erp_orders")


def rows(project: Project, lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    return run_query(lake, project.contracts, sql, views_in_query(project, lake, sql), dialect="athena").rows


def test_a_day_has_the_files_that_were_refused_beside_what_was_validated(
    project: Project, lake: Lake, orders: Dataset
) -> None:
    planned(lake, orders, 1)
    validated(lake, orders, 1)
    refused(lake, orders, 2)
    file = Batch(orders.name, 3, BatchState.REFUSED, (), "required column price missing", 4, "r", NEXT)
    entered(lake, orders, file)
    refused(lake, project.contracts.dataset("products"), 1)
    write_deltalake(lake.ops("quality_results"), QUALITY_RESULTS.empty_table())
    (first,) = rows(project, lake, "select cast(min(recorded_at) as date) from ops.validation_results")[0]
    found = rows(
        project,
        lake,
        "select day, dataset, batches, rows_landed, pass_rate, files_refused, rows_refused from quality_by_day "
        "order by dataset, day",
    )
    on_its_day = [row[1:] for row in found if row[1] == "erp_orders" and row[0] == first]
    assert on_its_day[0][:4] == ("erp_orders", 1, 300, 1)
    assert sum(row[6] for row in found if row[1] == "erp_orders") == 9 + 4
    assert sum(row[5] for row in found) == 2
    assert [row[1:] for row in found if row[1] == "products"] == [("products", 0, 0, None, 1, 9)]


def test_a_table_says_how_many_files_were_refused_since_it_changed(
    project: Project, lake: Lake, orders: Dataset
) -> None:
    refused(lake, orders, 1)
    published = [
        {"layer": layer, "table_name": name, "version": version, "changed_at": at, "recorded_at": at}
        for layer, name, version, at in (
            ("silver", "erp_orders", 1, NOON - timedelta(days=1)),
            ("quarantine", "erp_orders", 1, NOON - timedelta(days=1)),
            ("silver", "products", 1, NOON - timedelta(days=1)),
        )
    ]
    write_deltalake(lake.ops("published"), pa.Table.from_pylist(published, schema=PUBLISHED))
    sql = "select layer, table_name, files_refused_since from table_freshness order by 1, 2"
    late = [("quarantine", "erp_orders", 0), ("silver", "erp_orders", 1), ("silver", "products", 0)]
    assert rows(project, lake, sql) == late
    caught_up = {**published[0], "version": 2, "changed_at": NEXT, "recorded_at": NEXT}
    new = pa.Table.from_pylist([caught_up], schema=PUBLISHED)
    write_deltalake(lake.ops("published"), new, mode="append")
    assert rows(project, lake, sql)[1] == ("silver", "erp_orders", 0)
