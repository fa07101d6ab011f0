"""A silver table that a rival writes while a batch is merged, and the moments at which the rival does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

import tests.helpers.silver_table as silver_table
from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import select
from lakehouse.transform import merge
from lakehouse.transform.merge import MergeResult
from lakehouse.transform.planned_merge import MergePlan
from tests.helpers.silver_table import day
from tests.rivals.foreign import Rival

COLUMNS = (
    Column("id", "string", True, "Key."), Column("amount", "int", False, "Euro."),
    Column("at", "timestamp", True, "When."), Column("updated_at", "timestamp", True, "Sequence."),
)  # fmt: skip
ORDERS = Dataset(
    "orders", "erp", "", MergeStrategy.UPSERT, "*", FileFormat.CSV, COLUMNS, ("id",),
    ("updated_at",), None, "at", ("dt",), (), 20,
)  # fmt: skip

Order = tuple[str, int, int | None, int]
Kept = tuple[str, int, int | None, int, int]
Place = Callable[[pytest.MonkeyPatch, "Table", Rival], None]


class Table(silver_table.Table):
    """One silver table; its rows are (key, day, amount, sequence), and once merged the batch too."""

    def merge(self, batch_id: int, *rows: Order, turn: int | None = None) -> MergeResult:
        values = [(key, amount, day(on), day(seq)) for key, on, amount, seq in rows]
        return super().merge(batch_id, *values, turn=turn)

    @property
    def rows(self) -> list[Kept]:
        rows = select(self.delta, "SELECT * FROM t ORDER BY id, dt")
        assert all(row["dt"] == row["at"].date() for row in rows)
        return [(r["id"], r["dt"].day, r["amount"], r["updated_at"].day, r["_batch_id"]) for r in rows]

    @property
    def operations(self) -> list[str]:
        return [commit["operation"] for commit in reversed(self.delta.history())]


def after_the_plan(monkeypatch: pytest.MonkeyPatch, table: Table, rival: Rival, times: int = 1) -> None:
    """Commit when the plan is made and nothing is written yet, at each of the first tries."""
    plan, left = merge.plan_merge, iter(range(times))

    def planned(*args: Any) -> MergePlan:
        found = plan(*args)
        if next(left, None) is not None:
            rival(table.path)
        return found

    monkeypatch.setattr(merge, "plan_merge", planned)


def at_the_last_instant(monkeypatch: pytest.MonkeyPatch, table: Table, rival: Rival) -> None:
    """Commit once after the last look at the table, before Delta's transaction begins."""
    write, left = merge.write_plan, iter([rival])

    def written(*args: Any) -> None:
        next(left, lambda path: None)(table.path)
        write(*args)

    monkeypatch.setattr(merge, "write_plan", written)


def in_the_transaction(monkeypatch: pytest.MonkeyPatch, table: Table, rival: Rival) -> None:
    """Commit once while Delta computes what it writes: a condition on the changes does it, in a Python worker."""
    plan, path, marker = merge.plan_merge, table.path, f"{table.path}.rival"

    def once(key: str) -> bool:
        import os

        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return True
        rival(path)
        return True

    condition = F.udf(once, BooleanType())

    def planned(*args: Any) -> MergePlan:
        found = plan(*args)
        assert not Path(marker).exists() or found.version > 1  # the first plan is made without the rival
        return replace(found, changes=found.changes.where(condition("id")))

    monkeypatch.setattr(merge, "plan_merge", planned)
