"""The tables and batches that every engine gets: orders made from their number alone, so that each run sees the same.

A row's number says its day and its time of day; all other values are hashes of it. Numbers in history are even once
they become order numbers, so that an odd one is an order that history does not have.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import tables
from lakehouse.lake.batches import MERGE
from lakehouse.lake.delta_log import Commit

FIRST_MICROSECOND = 1_609_459_200_000_000
"""2021-01-01T00:00:00Z, the first day of every history."""

DAY_MICROSECONDS = 86_400_000_000
LATE_DAYS = 3
STORES, CUSTOMERS, PRODUCTS = 100, 100_000, 5_000


class Keys(StrEnum):
    """How order ids come about: they grow with time, or are a hash."""

    GROWING = "growing"
    RANDOM = "random"


_ORDER_IDS = {
    Keys.GROWING: "concat('O', lpad(cast(number AS string), 12, '0'))",
    # A long is mapped to another one to one, so that no two orders share an id.
    Keys.RANDOM: "concat('O', lpad(lower(hex(xxhash64(number))), 16, '0'))",
}


@dataclass(frozen=True)
class Scale:
    """How large things are: rows of one day, days of the history 1×, late rows of a batch."""

    per_day: int = 100_000
    days: int = 10
    late: int = 2_000

    def rows(self, history: int) -> int:
        """How many rows a history has."""
        return self.per_day * self.days * history


SMALL = Scale(per_day=2_000, days=4, late=40)


@dataclass(frozen=True)
class Stock:
    """Where histories and batches are kept between runs; each is made at its first use."""

    spark: SparkSession
    dataset: Dataset
    folder: Path
    scale: Scale

    def history(self, history: int, keys: Keys = Keys.GROWING, dataset: Dataset | None = None) -> Path:
        """A table of so many times the rows of 1×, one sorted file a day, written by the project's own writer."""
        dataset = dataset or self.dataset
        path = self.folder / f"{keys}-{history}x-{dataset.merge_mode}"
        if not (path / "_delta_log" / f"{0:020}.json").is_file():
            shutil.rmtree(path, ignore_errors=True)
            days = self.scale.days * history
            # Each task makes one day, so that nothing is shuffled.
            numbers = self.spark.range(0, self.scale.rows(history), 1, days)
            drawn = numbers.selectExpr("id AS n", "2 * id AS number", "0 AS days_on", "false AS changed")
            rows = self._orders(drawn, keys).selectExpr("*", "to_date(ordered_at) AS dt", "1L AS _batch_id")
            rows = rows.sortWithinPartitions(*dataset.partition_by, *dataset.cluster_by)
            rows = rows.select(*[tables.described(column) for column in dataset.silver_columns])
            properties = dataset.table_properties
            tables.append(rows, str(path), Commit(MERGE, 1, {"batch_id": 1}), dataset.partition_by, properties)
        return path

    def day_batch(self, history: int, keys: Keys = Keys.GROWING, moves: bool = True) -> Path:
        """One new day, and late rows of the three days before: corrections, late orders and, if told, moved ones."""

        def made() -> DataFrame:
            days, scale = self.scale.days * history, self.scale
            first, step = (days - LATE_DAYS) * scale.per_day, LATE_DAYS * scale.per_day // scale.late
            new = self.spark.range(days * scale.per_day, (days + 1) * scale.per_day, 1, 1)
            new = new.selectExpr("id AS n", "2 * id AS number", "0 AS days_on", "false AS changed")
            late = self.spark.range(0, scale.late, 1, 1)
            late = late.selectExpr(f"{first} + id * {step} + pmod(hash(id), {step}) AS n", "id % 20 AS kind")
            # Of 20 late rows one moves to another of the three days and two are new.
            on = f"if(n < {first + (LATE_DAYS - 1) * scale.per_day}, 1, {1 - LATE_DAYS})"
            late = late.selectExpr(
                "n",
                "2 * n + if(kind IN (1, 2), 1, 0) AS number",
                f"if(kind = 0 AND {str(moves).lower()}, {on}, 0) AS days_on",
                "kind NOT IN (1, 2) AS changed",
            )
            return self._orders(new.unionByName(late), keys)

        return self._batch(f"day-{keys}-{history}x{'' if moves else '-still'}", made)

    def scattered_batch(self, history: int, percent: float) -> Path:
        """Corrections of so many percent of a history's rows, spread over all of its days."""

        def made() -> DataFrame:
            count = max(1, round(self.scale.rows(history) * percent / 100))
            step = self.scale.rows(history) // count
            numbers = self.spark.range(0, count, 1, 1).selectExpr(f"id * {step} + pmod(hash(id), {step}) AS n")
            drawn = numbers.selectExpr("n", "2 * n AS number", "0 AS days_on", "true AS changed")
            return self._orders(drawn, Keys.GROWING)

        return self._batch(f"scattered-{history}x-{percent:g}", made)

    def _batch(self, name: str, make: Callable[[], DataFrame]) -> Path:
        path = self.folder / "batches" / name
        if not (path / "_SUCCESS").is_file():
            make().coalesce(1).write.mode("overwrite").parquet(str(path))
        return path

    def _orders(self, drawn: DataFrame, keys: Keys) -> DataFrame:
        """The contract's columns from: n, number (of the order), days_on (moved by so many days), changed."""
        placed = f"{FIRST_MICROSECOND} + n * {DAY_MICROSECONDS // self.scale.per_day}"
        hours_after = "if(changed, 120, 1)"
        values = {
            "order_id": _ORDER_IDS[keys],
            "line_number": "1",
            "store_id": f"concat('S', lpad(cast(n % {STORES} AS string), 3, '0'))",
            "customer_id": f"concat('C', cast(pmod(hash(n), {CUSTOMERS}) AS string))",
            "product_id": f"concat('P', cast(pmod(hash(n, 1), {PRODUCTS}) AS string))",
            "quantity": "1 + pmod(hash(n, 2), 5)",
            "unit_price": "pmod(hash(n, 3), 10000) / 100",
            "discount_amount": "0",
            "status": "if(changed, 'returned', 'paid')",
            "ordered_at": f"timestamp_micros({placed} + days_on * {DAY_MICROSECONDS})",
            "updated_at": f"timestamp_micros({placed} + {hours_after} * 3600000000)",
            "is_deleted": "false",
        }
        return drawn.selectExpr(
            *[f"CAST({values[column.name]} AS {column.type}) AS `{column.name}`" for column in self.dataset.columns]
        )
