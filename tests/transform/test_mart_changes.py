"""What of a mart a build must recompute, from the commits of silver and of the mart alone: no Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.mart_graph import Mart, Reach
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import Commit, append_once, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import mart_cost
from lakehouse.transform.mart_changes import Pending
from lakehouse.transform.marts import pending_marts

ROW, SCHEMA = [{"dt": date(2026, 10, 1)}], pa.schema([("dt", pa.date32())])
ORDERS, PRODUCTS = "silver.erp_orders", "silver.products"
DIRECT, WHOLE = Reach("SELECT dt FROM changed"), Reach(None)
DAYS = Mart("days", "days.sql", ("dt",), (ORDERS, PRODUCTS), {ORDERS: DIRECT, PRODUCTS: WHOLE})
WEEKS = Mart("weeks", "weeks.sql", ("dt",), ("marts.days",), {"marts.days": DIRECT})


def write(lake: Lake, table: str, number: int) -> None:
    """A commit of a merge."""
    append_once(lake.table(*table.split(".")), ROW, SCHEMA, Commit("merge", number, {}))


def build(lake: Lake, mart: str, silver: dict[str, int], marts: dict[str, int] | None = None) -> None:
    """A commit of a mart, which says from which versions it was built."""
    path = lake.table(MARTS, mart)
    said = {"silver_versions": silver, "mart_versions": marts or {}}
    append_once(path, ROW, SCHEMA, Commit("build", table_version(path) + 2, said))


def pass_tests(project: Project, lake: Lake, table: str) -> None:
    """Record that the models on the newest silver of a domain passed their tests."""
    contract = project.contracts.of(project.contracts.dataset(table.split(".")[1]).domain)
    record_tested(
        lake, contract, {dataset.name: table_version(lake.silver(dataset.name)) for dataset in contract.datasets}
    )


@pytest.fixture
def orders(project: Project, lake: Lake) -> str:
    """Silver of orders at version 1, which `days` shows."""
    for number in (1, 2):
        write(lake, ORDERS, number)
    build(lake, "days", {"erp_orders": 1, "products": -1})
    pass_tests(project, lake, ORDERS)
    return lake.silver("erp_orders")


def found(project: Project, lake: Lake, *marts: Mart) -> Pending:
    """What the last of some marts has to do."""

    def no_spark() -> Any:
        raise AssertionError("Spark was started")

    return pending_marts(Context(project, lake, no_spark), marts or (DAYS,))[-1]


def pending(project: Project, lake: Lake, table: str = ORDERS) -> Pending:
    """The same for `days`, once the newest silver has passed its tests."""
    pass_tests(project, lake, table)
    return found(project, lake)


def test_nothing_is_pending_where_the_mart_shows_silver(project: Project, lake: Lake, orders: str) -> None:
    assert pending(project, lake).nothing


def test_a_lake_without_silver_has_nothing_to_build(project: Project, lake: Lake) -> None:
    assert found(project, lake).nothing


def test_the_first_build_is_whole(project: Project, lake: Lake) -> None:
    write(lake, ORDERS, 1)
    assert pending(project, lake).whole == "first build"


def test_merges_are_known_by_the_files_in_which_the_versions_differ(project: Project, lake: Lake, orders: str) -> None:
    for number in (3, 4):
        write(lake, ORDERS, number)
    result = pending(project, lake)
    assert (result.whole, list(result.changes)) == (None, [ORDERS])
    change = result.changes[ORDERS]
    assert (change.span.before, change.span.after) == (1, 3)
    assert (len(change.files.gone), len(change.files.come)) == (0, 2)
    assert result.versions == {ORDERS: 3, PRODUCTS: -1}


def test_a_table_whose_files_were_mostly_written_again_makes_the_build_whole(
    project: Project, lake: Lake, orders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight files went and one came: to compare them opens more files than to read the one and write the mart twice."""
    monkeypatch.setattr(mart_cost, "WORTH_CHOOSING", 0)
    for number in range(3, 9):
        write(lake, ORDERS, number)
    build(lake, "days", {"erp_orders": 7, "products": -1})
    write_deltalake(orders, pa.Table.from_pylist(ROW, SCHEMA), mode="overwrite")
    assert pending(project, lake).whole == (
        "9 files with 0.0 MiB changed, and all that it reads is 1 file with 0.0 MiB"
    )
    assert not pending(project, lake).changes


def test_a_table_whose_reach_is_whole_makes_the_build_whole(project: Project, lake: Lake, orders: str) -> None:
    write(lake, PRODUCTS, 1)
    assert pending(project, lake, PRODUCTS).whole == "silver.products changed"


def test_a_table_that_is_read_anew_makes_the_build_whole(project: Project, lake: Lake) -> None:
    write(lake, ORDERS, 1)
    build(lake, "days", {"erp_orders": 0})
    assert pending(project, lake).whole == "it did not read silver.products before"


def test_rows_that_another_writer_deleted_are_changes(project: Project, lake: Lake, orders: str) -> None:
    DeltaTable(orders).delete("dt = '2026-10-01'")
    assert len(pending(project, lake).changes[ORDERS].files.gone) == 2


@pytest.mark.parametrize("how", ["append", "overwrite"])
def test_rows_of_another_writer_are_changes(project: Project, lake: Lake, orders: str, how: Any) -> None:
    write_deltalake(orders, pa.Table.from_pylist(ROW, schema=SCHEMA), mode=how)
    files = pending(project, lake).changes[ORDERS].files
    assert (len(files.gone), len(files.come)) == (0 if how == "append" else 2, 1)


def test_files_that_are_compacted_change_nothing(project: Project, lake: Lake, orders: str) -> None:
    DeltaTable(orders).optimize.compact()
    assert table_version(orders) == 2
    assert pending(project, lake).nothing


def test_a_log_that_does_not_reach_back_makes_the_build_whole(project: Project, lake: Lake, orders: str) -> None:
    for number in (3, 4, 5):
        write(lake, ORDERS, number)
    DeltaTable(orders).create_checkpoint()
    for version in range(3):
        Path(orders, "_delta_log", f"{version:020}.json").unlink()
    assert pending(project, lake).whole == "silver.erp_orders no longer has version 1"


def test_a_table_that_went_back_makes_the_build_whole(project: Project, lake: Lake, orders: str) -> None:
    build(lake, "days", {"erp_orders": 9, "products": -1})
    assert pending(project, lake).whole


def test_silver_that_has_not_passed_its_tests_waits(project: Project, lake: Lake, orders: str) -> None:
    write(lake, ORDERS, 3)
    assert found(project, lake).nothing
    assert not pending(project, lake).nothing


def test_a_mart_on_a_mart_waits_for_it_and_takes_its_changes(project: Project, lake: Lake) -> None:
    assert found(project, lake, DAYS, WEEKS).nothing, "there is no mart below it yet"
    build(lake, "days", {"erp_orders": -1, "products": -1})
    assert found(project, lake, DAYS, WEEKS).whole == "first build"
    build(lake, "weeks", {}, {"days": 0})
    assert found(project, lake, DAYS, WEEKS).nothing
    build(lake, "days", {"erp_orders": -1, "products": -1})
    assert list(found(project, lake, DAYS, WEEKS).changes) == ["marts.days"]
