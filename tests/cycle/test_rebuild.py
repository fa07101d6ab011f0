"""A contract that would mix two truths is refused; a rebuild carries it out, is recorded, and survives being killed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle import rebuild as rebuilding
from lakehouse.cycle.rebuild import (
    NothingToRebuildError,
    RebuildConflictError,
    SameKeyError,
    plan_rebuild,
    rebuild,
)
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.batches import ValidationResult, ValidationStatus, record_validation
from lakehouse.lake.built_with import BuiltWithError, remember
from lakehouse.lake.dataset_changes import REKEY, changes_of_dataset
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import existing_table, read_rows
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from tests.helpers.lakes import FACT, rows, run, versions

HEADER = "order_id,line_number,store_id,customer_id,product_id,quantity,unit_price,discount_amount,status,ordered_at,updated_at,is_deleted"  # noqa: E501
LINES = [
    "SO-99981,1,S001,,P0040,1,50.00,0.00,paid,2026-11-10T09:00:00Z,2026-11-10T10:00:00Z,false",
    "SO-99981,2,S001,,P0040,1,60.00,0.00,paid,2026-11-11T09:00:00Z,2026-11-12T10:00:00Z,false",
]
BY = Signature("ann", "one row per order")


def with_contract(context: Context, **changed: Any) -> Context:
    """The same lake under a contract of the orders that says something else."""
    project = Project(context.project.root)
    contracts = [
        dataclasses.replace(
            contract,
            datasets=tuple(
                dataclasses.replace(dataset, **changed) if dataset.name == "erp_orders" else dataset
                for dataset in contract.datasets
            ),
        )
        for contract in context.contracts
    ]
    project.__dict__["contracts"] = Contracts(tuple(contracts))
    return dataclasses.replace(context, project=project)


def orders_of(context: Context) -> Dataset:
    return context.contracts.dataset("erp_orders")


def deliver(context: Context, name: str, lines: list[str]) -> None:
    """Bring lines to silver as the steps do; every row passes."""
    file = Path(context.lake.landing("erp"), name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([HEADER, *lines, ""]))
    (result,) = ingest_domain(context, context.contracts.of("erp"))
    passed = (result.rows_readable, 0, 0, result.rows_readable, None, None)
    status = ValidationStatus.PASSED
    record_validation(
        context.lake, orders_of(context), ValidationResult("erp_orders", result.batch_id, status, *passed)
    )
    merge_domain(context, context.contracts.of("erp"))


def silver(context: Context) -> list[tuple[str, int, int]]:
    found = read_rows(context.lake.silver("erp_orders"))
    return sorted((row["order_id"], row["line_number"], row["_batch_id"]) for row in found)


def states(context: Context) -> list[tuple[str, str]]:
    return [(entry.change, entry.state.value) for entry in changes_of_dataset(context.lake, "erp_orders")]


@pytest.fixture
def without_marts(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Leave models, marts and catalogue to the next run, as a process that is killed after the commit does."""
    monkeypatch.setattr(rebuilding, "bring_after", lambda context, dataset: None)
    return monkeypatch.undo


@pytest.mark.usefixtures("without_marts")
def test_another_key_is_refused_until_silver_is_rekeyed(context: Context) -> None:
    deliver(context, "erp_orders_1.csv", LINES)
    before, bronze = silver(context), existing_table(context.lake.bronze("erp_orders"))
    assert before == [("SO-99981", 1, 1), ("SO-99981", 2, 1)]
    other = with_contract(context, key=("order_id",))
    Path(context.lake.landing("erp"), "erp_orders_2.csv").write_text(f"{HEADER}\n{LINES[0]}\n")
    for step in (ingest_domain, merge_domain):
        with pytest.raises(BuiltWithError, match="key order_id, line_number and its contract says order_id"):
            step(other, other.contracts.of("erp"))
    assert existing_table(context.lake.bronze("erp_orders")).version() == bronze.version(), "nothing was written"
    assert len(read_rows(context.lake.ops("batches"))) == 1
    plan = plan_rebuild(other, orders_of(other), REKEY)
    assert (plan.difference.before.rows, plan.difference.after.rows) == (2, 1)
    assert silver(context) == before, "a plan writes nothing"
    rebuild(other, plan, BY, REKEY)
    assert silver(context) == [("SO-99981", 2, 1)]
    deliver(other, "erp_orders_2.csv", [LINES[0]])
    assert silver(context) == [("SO-99981", 2, 1)]
    assert states(context) == [("rekey", "started"), ("rekey", "done")]
    entry = changes_of_dataset(context.lake, "erp_orders")[-1]
    assert (entry.who, entry.why) == ("ann", "one row per order")
    assert entry.what == "key order_id, line_number → order_id; 2 → 1 rows"
    with pytest.raises(BuiltWithError, match="key order_id and its contract says order_id, line_number"):
        merge_domain(context, context.contracts.of("erp"))
    with pytest.raises(SameKeyError, match="the contract's key, order_id"):
        plan_rebuild(other, orders_of(other), REKEY)


@pytest.mark.usefixtures("without_marts")
def test_another_date_and_partition_come_in_one_commit(context: Context) -> None:
    deliver(context, "erp_orders_1.csv", LINES)
    version = existing_table(context.lake.silver("erp_orders")).version()
    other = with_contract(context, date_column="updated_at", partition_by=("month",), cluster_by=("dt",))
    rebuild(other, plan_rebuild(other, orders_of(other)), BY)
    table = existing_table(context.lake.silver("erp_orders"))
    assert table.version() == version + 1
    assert table.metadata().partition_columns == ["month"]
    found = read_rows(context.lake.silver("erp_orders"))
    assert sorted(str(row["dt"]) for row in found) == ["2026-11-10", "2026-11-12"]
    merge_domain(other, other.contracts.of("erp"))
    plan = plan_rebuild(other, orders_of(other))
    assert plan.changes_nothing
    assert rebuild(other, plan, BY) == version + 1, "a second time changes nothing"
    assert states(context) == [("rebuild", "started"), ("rebuild", "done")]


@pytest.mark.usefixtures("without_marts")
def test_a_killed_rebuild_is_undone_or_completed(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(context, "erp_orders_1.csv", LINES)
    before, other = silver(context), with_contract(context, key=("order_id",))
    for killed_in in ("remember", "replace_rows"):
        with monkeypatch.context() as patched:
            patched.setattr(rebuilding, killed_in, _killed)
            with pytest.raises(KeyboardInterrupt):
                rebuild(other, plan_rebuild(other, orders_of(other), REKEY), BY, REKEY)
        assert silver(context) == before
        with pytest.raises(BuiltWithError):
            merge_domain(other, other.contracts.of("erp"))
    write = rebuilding.replace_rows
    with monkeypatch.context() as patched:
        patched.setattr(rebuilding, "replace_rows", lambda *words: _killed(write(*words)))
        with pytest.raises(KeyboardInterrupt):
            rebuild(other, plan_rebuild(other, orders_of(other), REKEY), BY, REKEY)
    assert silver(context) == [("SO-99981", 2, 1)]
    ingest_domain(other, other.contracts.of("erp"))
    merge_domain(other, other.contracts.of("erp"))
    rebuild(other, plan_rebuild(other, orders_of(other)), BY)
    undone = [("rekey", "started"), ("rekey", "undone")]
    assert states(context) == [*undone, *undone, ("rekey", "started"), ("rekey", "done")]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("without_marts")
def test_a_writer_in_between_is_a_conflict(context: Context) -> None:
    deliver(context, "erp_orders_1.csv", LINES)
    other = with_contract(context, key=("order_id",))
    plan = plan_rebuild(other, orders_of(other), REKEY)
    remember(context.lake.silver("erp_orders"), dataclasses.replace(orders_of(context), date_column=None))
    with pytest.raises(RebuildConflictError, match="after the difference was computed"):
        rebuild(other, plan, BY, REKEY)
    assert len(silver(context)) == 2
    assert states(context) == [("rekey", "started"), ("rekey", "undone")]


def test_without_silver_there_is_nothing_to_rebuild(context: Context) -> None:
    with pytest.raises(NothingToRebuildError, match="the next run makes it"):
        plan_rebuild(context, orders_of(context))


@pytest.mark.rollback
@pytest.mark.timeout(900)
def test_a_rebuild_of_whole_runs_changes_no_cell_and_a_rekey_brings_the_fact_after_it(
    context: Context, project: Project, tmp_path: Path
) -> None:
    for delivery in (project.samples / "day2", project.samples):
        run(context, delivery)
    for dataset in project.contracts.datasets:
        assert plan_rebuild(context, dataset).changes_nothing, dataset.name
    fact = f"select * from marts.{FACT} order by dt, store_id"
    first = rows(context.lake, project.contracts, fact)
    other, day1 = with_contract(context, key=("order_id",)), tmp_path / "day1"
    day1.mkdir()
    (day1 / "erp_orders_b23.csv").write_text("\n".join([HEADER, *LINES, ""]))
    before = versions(context.lake)
    refused = run(other, day1)
    assert refused.exit_code == 3
    (said,) = [failure.message for failure in refused.summary.failures]
    assert "key order_id, line_number and its contract says order_id" in said
    assert versions(context.lake) == before
    rebuild(other, plan_rebuild(other, orders_of(other), REKEY), BY, REKEY)
    assert rows(context.lake, project.contracts, fact) != first
    assert rows(context.lake, project.contracts, "select count(*) from erp_orders") == rows(
        context.lake, project.contracts, "select count(distinct order_id) from erp_orders"
    )
    rebuild(context, plan_rebuild(context, orders_of(context), REKEY), BY, REKEY)
    assert rows(context.lake, project.contracts, fact) == first
    assert run(context, day1).exit_code == 0
