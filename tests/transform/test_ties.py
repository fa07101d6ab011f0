"""Ties: rows of one key with one sequence and other contents. Silver is a function of what landed, in any order."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.contract import Dataset, Ties
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.ties import Tie
from lakehouse.transform.merge import MergeResult, merge_batch
from lakehouse.transform.merge_errors import PassedRowsError
from lakehouse.transform.ties import Bronze

Row = tuple[str, str, str, bool | None]
"""Order, status, time of day, deleted."""
Rows = Sequence[Row]


@pytest.fixture
def orders(project: Project) -> Dataset:
    return project.contracts.dataset("erp_orders")


class Lake:
    """A silver table whose batches are merged in any order; `batches` stands for bronze."""

    def __init__(self, spark: SparkSession, dataset: Dataset, path: Path) -> None:
        self.spark, self.dataset, self.path = spark, dataset, str(path)
        self.batches: dict[int, Rows] = {}
        self.turn = 0
        self.ties: list[Tie] = []

    def frame(self, batches: dict[int, Rows]) -> DataFrame:
        schema = ", ".join(f"{c.name} {c.spark_type}" for c in self.dataset.columns) + ", _batch_id bigint"
        rows = [(*self._row(row), number) for number, batch in batches.items() for row in batch]
        return self.spark.createDataFrame(rows, schema)

    def _row(self, row: Row) -> tuple[Any, ...]:
        order_id, status, clock, deleted = row
        at = datetime.fromisoformat(f"2026-11-02T{clock}:00+00:00").astimezone(UTC)
        values = {
            "order_id": order_id, "line_number": 1, "store_id": "S001", "quantity": 1, "unit_price": Decimal("10.00"),
            "discount_amount": Decimal("0.00"), "status": status, "ordered_at": at.replace(hour=1),
            "updated_at": at, "is_deleted": deleted, "product_id": "P0001",
        }  # fmt: skip
        return tuple(values.get(column.name) for column in self.dataset.columns)

    def merge(self, number: int, rows: Rows) -> MergeResult:
        self.batches[number] = rows
        self.turn += 1
        delivered = self.frame({number: rows}).drop("_batch_id")

        def landed(keys: DataFrame) -> DataFrame:
            return self.frame(self.batches).join(keys, on=keys.columns, how="left_semi")

        bronze = Bronze(landed, len(rows), self.ties.extend)
        return merge_batch(self.spark, self.dataset, delivered, number, self.path, self.turn, bronze)

    def rows(self) -> list[tuple[str, str, bool | None, int]]:
        found = read_rows(self.path)
        return sorted((r["order_id"], r["status"], r["is_deleted"], r["_batch_id"]) for r in found)


@pytest.fixture
def lakes(spark: SparkSession, orders: Dataset, tmp_path: Path) -> Callable[..., Lake]:
    numbers: Iterator[int] = itertools.count()
    return lambda dataset=orders: Lake(spark, dataset, tmp_path / f"table{next(numbers)}")


PAID, SHIPPED = ("A", "paid", "10:00", False), ("A", "shipped", "10:00", False)
OTHER = ("B", "placed", "09:00", False)


def test_the_later_delivery_corrects_the_earlier(lakes: Callable[..., Lake]) -> None:
    there, back = lakes(), lakes()
    first = there.merge(1, [SHIPPED, OTHER])
    assert (first.inserted, first.corrected, first.tied, there.ties) == (2, 0, 0, [])
    second = there.merge(2, [PAID])
    assert (second.corrected, second.updated, second.ignored, second.tied) == (1, 0, 0, 1)
    assert there.rows() == [("A", "paid", False, 2), ("B", "placed", False, 1)]
    assert there.ties == [Tie('{"order_id":"A","line_number":1}', "2026-11-02T10:00:00.000000Z", True)]
    for number, rows in ((1, [PAID]), (2, [SHIPPED])):
        back.merge(number, rows)
    assert back.rows() == [("A", "shipped", False, 2)]


def test_what_is_delivered_again_keeps_its_place(lakes: Callable[..., Lake]) -> None:
    lake = lakes()
    for number, row in enumerate((SHIPPED, PAID), start=1):
        lake.merge(number, [row])
    again = lake.merge(3, [SHIPPED])  # the loser comes once more
    assert (again.corrected, again.ignored, again.tied, again.files_removed) == (0, 1, 1, 0)
    same = lake.merge(4, [PAID])  # and the winner
    assert (same.corrected, same.unchanged, same.tied, same.files_removed) == (0, 1, 0, 0)
    assert lake.rows() == [("A", "paid", False, 2)]
    assert [tie.corrected for tie in lake.ties] == [True, False]


@pytest.mark.parametrize("flag", [True, None])
def test_a_delete_that_keeps_its_time_deletes(lakes: Callable[..., Lake], flag: bool | None) -> None:
    """Within one batch, and in a later one; a null flag is no delete."""
    gone = ("A", "cancelled", "10:00", flag)
    apart, together = lakes(), lakes()
    apart.merge(1, [PAID])
    apart.merge(2, [gone])
    together.merge(1, [PAID, gone])
    assert apart.rows() == [("A", "cancelled", flag, 2)]
    assert together.rows() == ([("A", "cancelled", True, 1)] if flag else [("A", "paid", False, 1)])
    assert [tie.corrected for tie in together.ties] == [False], "the tie within the batch is listed"


def test_the_earliest_content_stays_where_the_contract_says_so(lakes: Callable[..., Lake], orders: Dataset) -> None:
    lake = lakes(dataclasses.replace(orders, ties=Ties.FIRST))
    for number, row in enumerate((SHIPPED, PAID), start=1):
        result = lake.merge(number, [row])
    assert (result.corrected, result.ignored, result.tied) == (0, 1, 1)
    assert lake.rows() == [("A", "shipped", False, 1)]


def test_any_order_of_merging_gives_the_same_silver(lakes: Callable[..., Lake]) -> None:
    """Four batches with ties, a delete, a redelivery of the loser and a newer row, merged in each of some orders."""
    batches = {
        1: [SHIPPED, ("B", "placed", "09:00", False), ("C", "placed", "08:00", False)],
        2: [PAID, ("B", "placed", "09:00", True)],
        3: [SHIPPED, ("B", "placed", "09:00", False), ("C", "paid", "09:30", False)],
        4: [("C", "returned", "09:30", False), ("A", "placed", "07:00", False)],
    }
    seen = []
    for order in ((1, 2, 3, 4), (4, 3, 2, 1), (2, 4, 1, 3), (3, 1, 4, 2, 1, 3)):
        lake = lakes()
        for number in order:
            lake.merge(number, batches[number])
        seen.append([row[:3] for row in lake.rows()])
    assert seen[0] == [("A", "paid", False), ("B", "placed", True), ("C", "returned", False)]
    assert all(rows == seen[0] for rows in seen)


def test_a_row_that_got_lost_on_the_way_stops_the_merge(lakes: Callable[..., Lake]) -> None:
    lake = lakes()
    delivered = lake.frame({1: [PAID]}).drop("_batch_id")
    with pytest.raises(PassedRowsError, match="batch 1: 2 rows passed validation and 1 reached the merge"):
        merge_batch(lake.spark, lake.dataset, delivered, 1, lake.path, 1, Bronze(passed=2))
    assert not Path(lake.path).exists()
