"""A dropped dataset leaves nothing but the record of who dropped it; killed anywhere, the same command completes it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle import drop as dropping
from lakehouse.cycle.drop import LeftBehindError, NothingLeftError, StillDescribedError, drop, leftovers
from lakehouse.lake.batches import (
    Batch,
    BatchState,
    ValidationResult,
    ValidationStatus,
    batches_of,
    record_batches,
    record_validation,
)
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import open_table, read_rows
from lakehouse.lake.files import StoredFile
from lakehouse.lake.milestones import reached, record_milestone
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import Pin, pins_of, record_pin, record_published
from lakehouse.runtime.context import Context

BY = Signature("ann", "stores count no more")
ROWS = pa.table({"store_id": ["S001"]})
STEPS = ("transform_stock", "tested_stock_counts", "publish_stock")


@pytest.fixture
def counts(project: Project) -> Dataset:
    """A dataset that no contract describes."""
    return dataclasses.replace(project.contracts.dataset("erp_orders"), name="stock_counts", domain="stock")


@pytest.fixture
def context(project: Project, lake: Lake) -> Context:
    return Context(project, lake, lambda: pytest.fail("a drop needs no Spark"))


def record(lake: Lake, dataset: Dataset) -> None:
    """A batch of one file, and that it passed."""
    file = StoredFile(f"{dataset.name}.csv", 10, "v1")
    batch = Batch(dataset.name, 1, BatchState.PLANNED, (file,), None, 0, "r", datetime.now(UTC))
    assert record_batches(lake, dataset, lambda known: [] if known else [batch]) == [batch]
    status = ValidationStatus.PASSED
    record_validation(lake, dataset, ValidationResult(dataset.name, 1, status, 1, 0, 0, 1, None, None))


@pytest.fixture
def left(lake: Lake, counts: Dataset, project: Project) -> Lake:
    """A lake with all that one dataset leaves, and another dataset beside it."""
    orders = project.contracts.dataset("erp_orders")
    for dataset in (counts, orders):
        for path in (lake.bronze(dataset.name), lake.silver(dataset.name), lake.quarantine(dataset.name)):
            write_deltalake(path, ROWS)
        record(lake, dataset)
        table = open_table(lake.silver(dataset.name))
        assert table is not None
        record_published(lake, "silver", dataset.name, table)
        write_deltalake(lake.table("pinned", f"{dataset.name}_v0"), ROWS)
        record_pin(lake, Pin("silver", dataset.name, 0, f"{dataset.name}_v0", datetime.now(UTC)))
        for folder in ("results", "validations"):
            page = Path(lake.docs, "data_docs", folder, dataset.name, "batch-1", "page")
            page.parent.mkdir(parents=True)
            page.write_text(dataset.name)
    for step in STEPS:
        record_milestone(lake, step, 7)
    record_milestone(lake, "publish_erp", 3)
    landed = Path(lake.landed("stock"))
    landed.parent.mkdir(parents=True)
    landed.write_text("{}")
    return lake


def names_of(lake: Lake) -> set[str]:
    """Every file and folder of the lake, and every value in the rows of a ledger, that names the dataset."""
    root = Path(lake.curated)
    paths = {str(path.relative_to(root)) for path in root.rglob("*")}
    rows = [row for ledger in (root / "ops").iterdir() if ledger.name != "dataset_changes"
            for row in read_rows(str(ledger))]  # fmt: skip
    values = {str(value) for row in rows for value in row.values()}
    return {name for name in paths | values if "stock" in name}


def test_nothing_is_left_but_the_record(context: Context, left: Lake, counts: Dataset) -> None:
    found = leftovers(context, "stock", "stock_counts")
    assert found.tables == (
        ("silver", "stock_counts"), ("quarantine", "stock_counts"), ("bronze", "stock_counts"),
        ("pinned", "stock_counts_v0"),
    )  # fmt: skip
    assert found.docs == ("results/stock_counts", "validations/stock_counts")
    assert found.ledgers == {"batches": 1, "milestones": 3, "pins": 1, "published": 1, "validation_results": 1}
    assert found.raw == (f"{left.landing('stock')}/stock_counts.csv",)
    drop(context, "stock", "stock_counts", found, BY)
    assert names_of(left) == set()
    entries = [(entry.change, entry.state, entry.who) for entry in changes_of_dataset(left, "stock_counts")]
    assert entries == [("drop", "started", "ann"), ("drop", "done", "ann")]
    assert leftovers(context, "stock", "stock_counts").lines == ()


def test_other_datasets_keep_all_of_theirs(context: Context, left: Lake, project: Project) -> None:
    drop(context, "stock", "stock_counts", leftovers(context, "stock", "stock_counts"), BY)
    orders = project.contracts.dataset("erp_orders")
    assert [batch.batch_id for batch in batches_of(left, orders)] == [1]
    assert [pin.pinned_as for pin in pins_of(left)] == ["erp_orders_v0"]
    assert reached(left, "publish_erp") == 3
    assert open_table(left.silver("erp_orders")) is not None
    assert Path(left.docs, "data_docs", "results", "erp_orders").is_dir()


def test_a_dataset_of_that_name_begins_again(context: Context, left: Lake, counts: Dataset) -> None:
    """The log of a ledger remembers progress also without rows; were it not reset, batch 1 would never be recorded."""
    drop(context, "stock", "stock_counts", leftovers(context, "stock", "stock_counts"), BY)
    assert [reached(left, step) for step in STEPS] == [0, 0, 0]
    record(left, counts)
    assert len(read_rows(left.ops("validation_results"), dataset="stock_counts")) == 1


@pytest.mark.parametrize("killed_in", ["remove_tree", "forget", "remove", "leftovers"])
def test_a_killed_drop_is_completed_by_the_same_command(
    killed_in: str, context: Context, left: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = leftovers(context, "stock", "stock_counts")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(dropping, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            drop(context, "stock", "stock_counts", found, BY)
    again = leftovers(context, "stock", "stock_counts")
    assert again.is_unfinished
    drop(context, "stock", "stock_counts", again, BY)
    assert names_of(left) == set()
    assert not leftovers(context, "stock", "stock_counts").is_unfinished


def test_what_is_still_there_is_named(context: Context, left: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dropping, "remove_tree", lambda path: None)
    with pytest.raises(LeftBehindError, match=r"still there .* table silver.stock_counts"):
        drop(context, "stock", "stock_counts", leftovers(context, "stock", "stock_counts"), BY)


def test_what_a_contract_describes_is_not_dropped(context: Context) -> None:
    with pytest.raises(StillDescribedError, match=r"contracts/erp.yaml still describes it"):
        leftovers(context, "erp", "erp_orders")


@pytest.mark.parametrize("name", [("", "stock_counts"), ("stock", "../silver"), ("stock", "x' OR '1'='1")])
def test_only_names_of_datasets_are_looked_for(name: tuple[str, str], context: Context) -> None:
    with pytest.raises(NothingLeftError, match=r"it is named DOMAIN\.DATASET"):
        leftovers(context, *name)
