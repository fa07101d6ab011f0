"""A contract that is corrected before the first merge: the command that the refusal names lets the next run go on."""

from __future__ import annotations

import dataclasses

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.columns import DELIVERED
from lakehouse.contracts.project import Project
from lakehouse.cycle.before_silver import changed_before_silver, follow_contract
from lakehouse.lake.built_with import BuiltWithError, remember, require_built_with
from lakehouse.lake.dataset_changes import REKEY, ChangeState, changes_of_dataset
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

BY = Signature("ann", "one row per order")
ROWS = pa.table({"order_id": ["A", "A"]})


def no_spark() -> None:
    raise AssertionError("Spark was started")


@pytest.fixture
def context(project: Project, lake: Lake) -> Context:
    """A lake whose first batch of orders waits in bronze."""
    found = Context(project, lake, no_spark)
    write_deltalake(lake.bronze("erp_orders"), ROWS)
    remember(lake.bronze("erp_orders"), found.contracts.dataset("erp_orders"))
    return found


def test_bronze_follows_the_contract_while_there_is_no_silver(context: Context) -> None:
    dataset, path = context.contracts.dataset("erp_orders"), context.lake.bronze("erp_orders")
    corrected = dataclasses.replace(dataset, key=("order_id",))
    with pytest.raises(BuiltWithError, match="lakehouse dataset rekey"):
        require_built_with(path, corrected)
    changed = changed_before_silver(context, corrected)
    follow_contract(context, corrected, changed, BY, REKEY)
    require_built_with(path, corrected)
    assert existing_table(path).to_pyarrow_table() == ROWS
    (entry,) = changes_of_dataset(context.lake, "erp_orders")
    assert (entry.change, entry.state, entry.who) == (REKEY, ChangeState.DONE, "ann")
    assert entry.what == "key order_id, line_number → order_id; no silver yet"
    assert changed_before_silver(context, corrected) == ()


def test_once_there_is_silver_it_is_rebuilt(context: Context) -> None:
    dataset = context.contracts.dataset("erp_orders")
    write_deltalake(context.lake.silver("erp_orders"), ROWS)
    assert changed_before_silver(context, dataclasses.replace(dataset, key=("order_id",))) == ()


def test_days_that_bronze_cannot_tell_need_another_way(context: Context) -> None:
    dataset = dataclasses.replace(context.contracts.dataset("erp_orders"), date_zone=DELIVERED)
    with pytest.raises(BuiltWithError, match="lakehouse dataset drop"):
        changed_before_silver(context, dataset)


def test_a_dataset_without_any_table_has_nothing_to_follow(context: Context) -> None:
    assert changed_before_silver(context, context.contracts.dataset("crm_leads")) == ()
