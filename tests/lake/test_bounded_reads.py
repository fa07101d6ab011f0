"""What the steps of a run read of the ledgers: rows are counted, after ten runs and after a thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.year.earlier_runs import enter_runs
from benchmarks.year.idle_runs import made, no_spark, steps_without_news
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake import delta_log
from lakehouse.lake.batches import ValidationStatus
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.changes import Change, ChangeKind, record_changes
from lakehouse.quarantine.rows import RowRef
from lakehouse.runtime.context import Context


@pytest.fixture
def products(project: Project) -> Contract:
    return project.contracts.of("products")


@pytest.fixture
def context(project: Project, products: Contract, tmp_path: Path) -> Context:
    (dataset,) = products.datasets
    return Context(project, made(project, tmp_path / "lake", dataset), no_spark)


def rows_read(context: Context, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> int:
    """The rows of ledgers that a run reads which finds nothing new after it listed raw, its accounts among them."""
    read: list[int] = []
    real = delta_log.select

    def counted(table: object, sql: str) -> object:
        rows = real(table, sql)  # type: ignore[arg-type]
        read.append(len(rows))
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(delta_log, "select", counted)
        steps_without_news(context, contract)
    assert read, "the ledgers are read where this counts"
    return sum(read)


def repair_and_settle(lake: Lake, dataset: Dataset, batch_id: int) -> None:
    """A row of a batch that was sent back, and repaired in the next batch."""
    row, file = RowRef(batch_id, 1), f"repairs/0{batch_id}-1/it's.csv"
    sent = Change(f"sent/{batch_id}", row, ChangeKind.REPAIR, "ann", "why", ("price",), file)
    settled = f"settle/{batch_id + 1}-{ValidationStatus.PASSED}"
    done = Change(settled, row, ChangeKind.REPAIRED, "validate", "passed", (), file, batch_id + 1)
    record_changes(lake, dataset, [sent, done], [])


def test_the_steps_read_as_many_rows_after_a_thousand_runs_as_after_ten(
    context: Context, products: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dataset,) = products.datasets
    enter_runs(context.lake, products, dataset, 10)
    repair_and_settle(context.lake, dataset, 4)
    after_ten = rows_read(context, products, monkeypatch)
    enter_runs(context.lake, products, dataset, 1000, at_once=985)
    assert rows_read(context, products, monkeypatch) == after_ten


def test_a_repair_that_waits_reads_its_own_batch(
    context: Context, products: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dataset,) = products.datasets
    sent = Change("sent", RowRef(4, 1), ChangeKind.REPAIR, "ann", "why", ("price",), "repairs/01-1/it's.csv")
    record_changes(context.lake, dataset, [sent], [])
    enter_runs(context.lake, products, dataset, 10)
    after_ten = rows_read(context, products, monkeypatch)
    enter_runs(context.lake, products, dataset, 1000, at_once=985)
    assert rows_read(context, products, monkeypatch) == after_ten
