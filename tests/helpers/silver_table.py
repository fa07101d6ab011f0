"""A silver table of a test's own, the rows that are merged into it, and what a merge did to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from chispa import assert_df_equality
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import MERGE
from lakehouse.transform.merge import MergeResult, merge_batch
from lakehouse.transform.ties import Bronze

EUROS = Column("amount", "decimal(12,2)", True, "Euro.")
SEQUENCE = Column("updated_at", "timestamp", True, "Sequence.")
ORDER = (Column("id", "string", True, "Key."), Column("store_id", "string", True, "Store."), EUROS,
         Column("at", "timestamp", True, "When."), SEQUENCE, Column("gone", "boolean", True, "Deleted."))  # fmt: skip
CSV = FileFormat.CSV
ORDERS = Dataset(
    "orders", "erp", "", MergeStrategy.UPSERT, "*", CSV, ORDER, ("id",),
    ("updated_at",), "gone", "at", ("dt",), ("store_id",), 20,
)  # fmt: skip
EVENTS = Dataset(
    "events", "web", "", MergeStrategy.INSERT_ONLY, "*", CSV, ORDER[:5], ("id",),
    ("updated_at",), None, "at", ("dt",), (), 20,
)  # fmt: skip
PRICE = (ORDER[0], EUROS, SEQUENCE)
PRODUCTS = Dataset(
    "products", "products", "", MergeStrategy.SCD2, "*", CSV, PRICE, ("id",), ("updated_at",), None, None, (), ("id",),
    20,
)  # fmt: skip


def day(number: int) -> datetime:
    return datetime(2026, 10, number, 12, tzinfo=UTC)


def order(key: str | None, on: int, amount: str | None, seq: int | None, gone: bool = False) -> tuple[Any, ...]:
    """An order of store S1 on a day of October; its sequence is a day too."""
    return (key, "S1", amount and Decimal(amount), day(on), seq and day(seq), gone)


def kept(batch_id: int, *values: Any, gone: bool = False) -> tuple[Any, ...]:
    """The row of silver that an order becomes."""
    return (*order(*values, gone), date(2026, 10, values[1]), batch_id)


def merge_in_turn(
    spark: SparkSession,
    dataset: Dataset,
    path: str,
    order: Sequence[int],
    rows_of: Callable[[Sequence[int]], DataFrame],
) -> DataFrame:
    """Merge batches in an order, each asking bronze for all that were merged by then; returns silver.

    rows_of: the rows of some batches with `_batch_id`.
    """
    for turn, number in enumerate(order, start=1):
        known = rows_of(order[:turn])

        def landed(keys: DataFrame, known: DataFrame = known) -> DataFrame:
            return known.join(keys, on=keys.columns, how="left_semi")

        merge_batch(spark, dataset, rows_of([number]).drop("_batch_id"), number, path, turn, Bronze(landed))
    return spark.read.format("delta").load(path)


@dataclass(frozen=True)
class Table:
    """One silver table that batches are merged into."""

    spark: SparkSession
    dataset: Dataset
    path: str

    def merge(self, batch_id: int, *rows: tuple[Any, ...], turn: int | None = None) -> MergeResult:
        schema = ", ".join(f"{column.name} {column.type}" for column in self.dataset.columns)
        frame = self.spark.createDataFrame(rows, schema)
        return merge_batch(self.spark, self.dataset, frame, batch_id, self.path, turn)

    @property
    def delta(self) -> DeltaTable:
        return DeltaTable(self.path)

    @property
    def files(self) -> set[str]:
        return set(self.delta.file_uris())

    @property
    def sizes(self) -> dict[date, int]:
        """The bytes of each day's files."""
        actions = pa.table(self.delta.get_add_actions(flatten=True)).to_pylist()
        sizes: dict[date, int] = {}
        for action in actions:
            sizes[action["partition.dt"]] = sizes.get(action["partition.dt"], 0) + action["size_bytes"]
        return sizes

    @property
    def progress(self) -> int | None:
        return self.delta.transaction_version(MERGE)

    def commit(self) -> tuple[str, dict[str, Any]]:
        """Operation and our metadata of the newest commit."""
        (newest,) = self.delta.history(1)
        return newest["operation"], json.loads(newest["userMetadata"])

    def assert_rows(self, *rows: tuple[Any, ...]) -> None:
        schema = ", ".join(f"{column.name} {column.type}" for column in self.dataset.silver_columns)
        found = self.spark.read.format("delta").load(self.path)
        expected = self.spark.createDataFrame(rows, schema)
        assert_df_equality(found, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)
