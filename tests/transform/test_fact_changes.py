"""What of the fact a build must recompute, from the commits of silver and of the fact alone: no Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.marts import FACT
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import Commit, append_once, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.transform.fact_changes import Changes, pending_changes

ROW, SCHEMA = [{"dt": date(2026, 10, 1)}], pa.schema([("dt", pa.date32())])
ORDERS, PRODUCTS = "erp_orders", "products"


def merge(lake: Lake, name: str, number: int, touched: Any) -> None:
    """A commit of a merge, which says what it touched."""
    append_once(lake.silver(name), ROW, SCHEMA, Commit("merge", number, {"touched": touched}))


def build_fact(lake: Lake, **silver_versions: int) -> None:
    """A commit of the fact, which says from which versions of silver it was built."""
    path = lake.table(MARTS, FACT)
    commit = Commit("build", table_version(path) + 2, {"silver_versions": silver_versions})
    append_once(path, ROW, SCHEMA, commit)


def pass_tests(project: Project, lake: Lake, name: str) -> None:
    """Record that the models on the newest silver of a domain passed their tests."""
    contract = project.contracts.of(project.contracts.dataset(name).domain)
    record_tested(
        lake, contract, {dataset.name: table_version(lake.silver(dataset.name)) for dataset in contract.datasets}
    )


@pytest.fixture
def orders(project: Project, lake: Lake) -> str:
    """Silver of orders at version 1, which the fact shows."""
    merge(lake, ORDERS, 1, {"2026-10-01": ["S1"]})
    merge(lake, ORDERS, 2, {"2026-10-02": ["S1"]})
    build_fact(lake, erp_orders=1)
    pass_tests(project, lake, ORDERS)
    return lake.silver(ORDERS)


def pending(project: Project, lake: Lake, name: str = ORDERS) -> Changes:
    """What a build must do once the newest silver has passed its tests."""
    pass_tests(project, lake, name)
    return pending_changes(lake, project.contracts)


def test_nothing_is_pending_where_the_fact_shows_silver(project: Project, lake: Lake, orders: str) -> None:
    assert pending(project, lake).nothing


def test_a_lake_without_silver_has_nothing_to_build(project: Project, lake: Lake) -> None:
    assert pending_changes(lake, project.contracts).nothing


def test_the_first_build_is_whole(project: Project, lake: Lake) -> None:
    merge(lake, ORDERS, 1, {"2026-10-01": ["S1"]})
    assert pending(project, lake).everything


def test_merges_say_which_store_days_changed(project: Project, lake: Lake, orders: str) -> None:
    merge(lake, ORDERS, 3, {"2026-10-02": ["S1", "S2"]})
    merge(lake, ORDERS, 4, {"2026-10-02": ["S1"], "2026-10-03": ["S9"]})
    found = pending(project, lake)
    assert (found.everything, found.product_times) == (False, ())
    assert found.store_days == {("2026-10-02", "S1"), ("2026-10-02", "S2"), ("2026-10-03", "S9")}
    assert found.silver_versions[ORDERS] == 3


def test_late_versions_of_products_say_their_times(project: Project, lake: Lake, orders: str) -> None:
    until = {"product_id": "P1", "valid_from": "2026-10-01", "valid_to": None}
    merge(lake, PRODUCTS, 1, [until])
    assert pending(project, lake, PRODUCTS).product_times == (("P1", "2026-10-01", None),)


@pytest.mark.parametrize("merged_after", [False, True])
def test_a_commit_that_does_not_say_what_it_changed_makes_the_build_whole(
    project: Project, lake: Lake, orders: str, merged_after: bool
) -> None:
    DeltaTable(orders).delete("dt = '2026-10-01'")
    if merged_after:
        merge(lake, ORDERS, 3, {"2026-10-02": ["S1"]})
    assert pending(project, lake).everything


@pytest.mark.parametrize("how", ["append", "overwrite"])
def test_rows_of_another_writer_make_the_build_whole(project: Project, lake: Lake, orders: str, how: Any) -> None:
    write_deltalake(orders, pa.Table.from_pylist(ROW, schema=SCHEMA), mode=how)
    assert pending(project, lake).everything


def test_files_that_are_compacted_change_nothing(project: Project, lake: Lake, orders: str) -> None:
    DeltaTable(orders).optimize.compact()
    assert table_version(orders) == 2
    assert pending(project, lake).nothing


def test_a_log_that_does_not_reach_back_makes_the_build_whole(project: Project, lake: Lake, orders: str) -> None:
    for number in (3, 4, 5):
        merge(lake, ORDERS, number, {"2026-10-02": ["S1"]})
    DeltaTable(orders).create_checkpoint()
    for version in range(3):
        Path(orders, "_delta_log", f"{version:020}.json").unlink()
    assert pending(project, lake).everything


def test_a_table_that_went_back_makes_the_build_whole(project: Project, lake: Lake, orders: str) -> None:
    build_fact(lake, erp_orders=9)
    assert pending(project, lake).everything


def test_silver_that_has_not_passed_its_tests_waits(project: Project, lake: Lake, orders: str) -> None:
    merge(lake, ORDERS, 3, {"2026-10-02": ["S1"]})
    assert pending_changes(lake, project.contracts).nothing
    assert not pending(project, lake).nothing
