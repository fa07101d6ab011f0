"""The tests of a domain's models look at what changed since they passed, and once in a while at every row."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.mart_graph import Model
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError
from lakehouse.runtime.dbt_tests import digest_of_tests
from lakehouse.transform import silver_tests
from lakehouse.transform.silver_tests import bounds_since_tested, changed_since_tested, is_whole_due, record_whole
from lakehouse.transform.transform import build_domain
from tests.helpers.lakes_without_spark import write_lake

DIRECT = {"meta": {"reach": {"erp_orders": "direct"}}}


def view(**changes: object) -> Model:
    """A staging view on one table of silver."""
    given = {"name": "stg", "file": "stg.sql", "materialized": "view", "sources": ("silver.erp_orders",)}
    return Model(**{**given, "config": DIRECT, **changes})  # type: ignore[arg-type]


def append(lake: Lake, order_id: str, **values: object) -> None:
    """A commit of one order line that is like another but for these values."""
    table = DeltaTable(lake.silver("erp_orders"))
    like = next(row for row in table.to_pyarrow_table().to_pylist() if row["status"] == "paid")
    row = {**like, "order_id": order_id, **values}
    rows = pa.Table.from_pylist([row], schema=pa.schema(table.schema().to_arrow()))
    write_deltalake(table, rows, mode="append")


@pytest.fixture
def erp(project: Project) -> Contract:
    return project.contracts.of("erp")


@pytest.fixture
def tested(project: Project, lake: Lake, erp: Contract) -> Lake:
    """A lake whose order lines passed their tests as they are."""
    write_lake(project, lake)
    pass_tests(lake, erp)
    return lake


def pass_tests(lake: Lake, erp: Contract) -> None:
    record_tested(lake, erp, {"erp_orders": table_version(lake.silver("erp_orders"))})


def since(lake: Lake, erp: Contract, model: Model, *columns: str) -> object:
    """The variable `changed` for a model that declares these columns."""
    versions = {"erp_orders": table_version(lake.silver("erp_orders"))}
    return changed_since_tested(lake, erp, versions, [model], {model.name: columns})


def test_a_view_is_tested_in_the_ranges_of_its_key_in_which_files_came(tested: Lake, erp: Contract) -> None:
    assert since(tested, erp, view(), "order_id") == {"stg": {"number": 0, "bounds": {}}}
    append(tested, "X-1")
    append(tested, "X-9")
    ranges = [["'X-1'", "'X-1'"], ["'X-9'", "'X-9'"]]
    assert since(tested, erp, view(), "order_id", "dt") == {"stg": {"number": 1, "bounds": {"order_id": ranges}}}


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        (view(), ("order",)),
        (view(config={}), ("order_id",)),
        (view(materialized="table"), ("order_id",)),
        (view(refs=("other",)), ("order_id",)),
        (view(sources=("silver.erp_orders", "silver.products")), ("order_id",)),
    ],
    ids=["key under another name", "does not say that its key is as it was", "a table", "a view on a view", "a join"],
)
def test_any_other_model_is_tested_whole(tested: Lake, erp: Contract, model: Model, columns: tuple[str, ...]) -> None:
    append(tested, "X-1")
    assert since(tested, erp, model, *columns) == {}


def test_all_rows_are_tested_before_the_first_pass_and_where_the_log_does_not_say_what_came(
    project: Project, tested: Lake, erp: Contract
) -> None:
    (dataset,) = erp.datasets
    assert bounds_since_tested(tested, project.contracts.dataset("products"), 0) is None
    DeltaTable(tested.silver("erp_orders")).alter.set_table_properties({"delta.appendOnly": "false"})
    append(tested, "X-1")
    assert bounds_since_tested(tested, dataset, table_version(tested.silver("erp_orders"))) is None


def test_all_rows_are_due_after_a_week_and_when_the_tests_are_others(
    tested: Lake, erp: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_whole_due(tested, erp, "as they are")
    record_whole(tested, erp, "as they are")
    assert not is_whole_due(tested, erp, "as they are")
    assert is_whole_due(tested, erp, "one more")
    later = silver_tests.today() + timedelta(days=silver_tests.WHOLE_EVERY_DAYS)
    monkeypatch.setattr(silver_tests, "today", lambda: later)
    assert is_whole_due(tested, erp, "as they are")


@pytest.mark.deliveries  # five runs of dbt
def test_a_fault_in_a_changed_row_is_found_at_once_and_one_elsewhere_when_all_rows_are_due(
    context: Context, tested: Lake, erp: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_whole(tested, erp, digest_of_tests(context, "erp"))
    append(tested, "A-1", status="nobody knows")
    pass_tests(tested, erp)  # as if it had come by a way that no commit says
    append(tested, "X-1")
    assert build_domain(context, erp)
    append(tested, "X-2")
    later = silver_tests.today() + timedelta(days=silver_tests.WHOLE_EVERY_DAYS)
    with monkeypatch.context() as patch:
        patch.setattr(silver_tests, "today", lambda: later)
        with pytest.raises(ModelError, match="stg_erp_orders"):
            build_domain(context, erp)
    assert build_domain(context, erp)
    append(tested, "X-3", status="nobody knows")
    with pytest.raises(ModelError, match="stg_erp_orders"):
        build_domain(context, erp)
