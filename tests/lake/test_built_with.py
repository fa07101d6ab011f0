"""A table remembers the facts that its rows were chosen by, and a contract that says otherwise is refused by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.choices import MergeStrategy, Ties
from lakehouse.contracts.columns import DELIVERED
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.operations import Operations
from lakehouse.contracts.project import Project
from lakehouse.lake.built_with import BuiltWithError, built_with, changed_facts, remember, require_built_with
from lakehouse.lake.conflicts import CHANGES_NO_ROW


@pytest.fixture
def orders(project: Project) -> Dataset:
    return project.contracts.dataset("erp_orders")


@pytest.fixture
def path(tmp_path: Path) -> str:
    write_deltalake(str(tmp_path), pa.table({"order_id": ["A"]}), configuration={"delta.appendOnly": "false"})
    return str(tmp_path)


LOG = Operations("status", ("I",), ("U",), ("D",), ())
CHANGES = [
    ({"key": ("order_id",)}, "key order_id, line_number and its contract says order_id", "rekey"),
    ({"sequence_by": ("ordered_at",)}, "sequenceBy updated_at and its contract says ordered_at", "rebuild"),
    ({"date_column": "updated_at"}, "dateColumn ordered_at and its contract says updated_at", "rebuild"),
    ({"date_column": None}, "dateColumn ordered_at and its contract says (none)", "rebuild"),
    ({"date_zone": "Europe/Berlin"}, "dateZone UTC and its contract says Europe/Berlin", "rebuild"),
    ({"merge_strategy": MergeStrategy.SCD2}, "mergeStrategy upsert and its contract says scd2", "rebuild"),
    ({"ties": Ties.FIRST}, "ties newest and its contract says first", "rebuild"),
    ({"by_arrival": True}, "sequenceBy updated_at and its contract says updated_at, arrival", "rebuild"),
    ({"operations": LOG}, f"operations (none) and its contract says {LOG}", "rebuild"),
]


@pytest.mark.parametrize(("changed", "said", "verb"), CHANGES, ids=lambda value: str(value)[:30])
def test_each_changed_fact_is_refused_with_its_way_out(
    changed: dict[str, Any], said: str, verb: str, orders: Dataset, path: str
) -> None:
    remember(path, orders)
    require_built_with(path, orders)
    with pytest.raises(BuiltWithError) as refused:
        require_built_with(path, dataclasses.replace(orders, **changed))
    assert refused.value.exit_code == 3
    assert str(refused.value) == (
        f"erp_orders: its table was built with {said}; undo it in the contract, or run "
        f"`lakehouse dataset {verb} erp.erp_orders --why TEXT`, which rebuilds silver from bronze. "
        "Nothing was written."
    )


def test_operations_that_come_or_go_are_refused_also_of_a_table_that_never_had_any(orders: Dataset, path: str) -> None:
    logged = dataclasses.replace(orders, operations=LOG)
    remember(path, logged)
    require_built_with(path, logged)
    with pytest.raises(BuiltWithError, match=r"operations status, insert I.* and its contract says \(none\)"):
        require_built_with(path, orders)
    earlier = {name: value for name, value in built_with(orders).items() if "operations" not in name}
    assert changed_facts(earlier, orders) == ()
    assert [fact.word for fact in changed_facts(earlier, logged)] == ["operations"]
    assert changed_facts({}, logged) == ()


def test_days_of_the_delivered_clock_need_the_files_again_for_bronze_has_no_offset(orders: Dataset, path: str) -> None:
    remember(path, orders)
    with pytest.raises(BuiltWithError) as refused:
        require_built_with(path, dataclasses.replace(orders, date_zone=DELIVERED))
    assert str(refused.value) == (
        "erp_orders: its table was built with dateZone UTC and its contract says delivered; undo it in the contract, "
        "or name a zone; no offset was kept of what has landed, so for delivered take erp_orders and its suite out, "
        "run `lakehouse dataset drop erp.erp_orders --why TEXT`, and put them back: the next run reads raw again. "
        "Nothing was written."
    )


def test_a_table_from_before_days_had_a_clock_has_those_of_utc(orders: Dataset) -> None:
    earlier = {name: value for name, value in built_with(orders).items() if "dateZone" not in name}
    assert changed_facts(earlier, orders) == ()
    (fact,) = changed_facts(earlier, dataclasses.replace(orders, date_zone="Europe/Berlin"))
    assert (fact.word, fact.found) == ("dateZone", "UTC")


def test_several_changed_facts_are_one_line(orders: Dataset, path: str) -> None:
    remember(path, orders)
    other = dataclasses.replace(orders, key=("order_id",), ties=Ties.FIRST)
    with pytest.raises(BuiltWithError, match=r"says order_id; ties newest and its contract says first; .* rekey"):
        require_built_with(path, other)


def test_a_table_from_before_agrees_with_any_contract_and_then_remembers(orders: Dataset, path: str) -> None:
    require_built_with(path, dataclasses.replace(orders, key=("order_id",)))
    remember(path, orders)
    remember(path, orders)
    table = DeltaTable(path)
    assert table.metadata().configuration == {"delta.appendOnly": "false", **built_with(orders)}
    assert table.version() == 1, "what it remembers already is not written again"
    assert table.history(1)[0]["operation"] in CHANGES_NO_ROW


def test_where_there_is_no_table_nothing_is_refused(orders: Dataset, tmp_path: Path) -> None:
    require_built_with(str(tmp_path / "none"), orders)
    assert not (tmp_path / "none").exists(), "to look makes no table"
