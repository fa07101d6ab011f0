"""A silver table whose batches are merged in any order, of orders that differ in status, time and delete flag."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.ties import Tie
from lakehouse.transform.merge import MergeResult, merge_batch
from lakehouse.transform.ties import Bronze

Row = tuple[str, str, str, bool | None]
"""Order, status, time of day, deleted."""
Rows = Sequence[Row]


class TiedOrders:
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
