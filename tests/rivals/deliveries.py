"""Batches of orders made from their number alone, and a plain Python model of silver after some of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.delta_log import open_table, select

COLUMNS = (
    Column("id", "string", True, "Key."), Column("store_id", "string", True, "Store."),
    Column("amount", "int", False, "Euro."), Column("at", "timestamp", True, "When."),
    Column("updated_at", "timestamp", True, "Sequence."), Column("gone", "boolean", True, "Deleted."),
)  # fmt: skip
ORDERS = Dataset(
    "orders", "erp", "", MergeStrategy.UPSERT, "*", FileFormat.CSV, COLUMNS,
    ("id",), ("updated_at",), "gone", "at", ("dt",), ("store_id",), 20,
)  # fmt: skip
KEYS, DAYS, ROWS = 60, 4, 40
FIRST = datetime(2026, 10, 1, 12, tzinfo=UTC)


class Order(NamedTuple):
    """One delivered row."""

    id: str
    store_id: str
    amount: int | None
    at: datetime
    updated_at: datetime
    gone: bool


def batch(number: int) -> list[Order]:
    """The rows of a batch: changes, moves, deletions, late and doubled rows of known keys, and a few new keys.

    Every third batch has new keys alone, and shares them with the batch after it.
    No two batches give a key the same sequence, so that the outcome is the same in whatever order they are merged.
    """
    rng = random.Random(number)
    fresh = [f"N{number - number % 3:03}-{at}" for at in range(ROWS // 4)] if number % 3 in (0, 1) else []
    keys = [f"K{rng.randrange(KEYS):02}" for _ in range(ROWS)] if number % 3 else []
    return [_order(rng, key, number) for key in (*keys, *fresh)]


def _order(rng: random.Random, key: str, number: int) -> Order:
    at = FIRST + timedelta(days=rng.randrange(DAYS))
    updated_at = FIRST + timedelta(hours=number - rng.randrange(3), seconds=number, milliseconds=rng.randrange(1000))
    amount = rng.choice([None, *range(100)])
    return Order(key, f"S{rng.randrange(5)}", amount, at, updated_at, rng.random() < 0.1)


Row = tuple[Any, ...]


def model(batches: Iterable[int]) -> list[Row]:
    """What silver holds after these batches, in any order: the latest row of each key, of whatever batch it is."""
    latest: dict[str, tuple[Order, int]] = {}
    for number in batches:
        for order in batch(number):
            kept = latest.get(order.id)
            if kept is None or _rank(order) > _rank(kept[0]):
                latest[order.id] = (order, number)
    return [(*order, order.at.date(), number) for _, (order, number) in sorted(latest.items())]


def _rank(order: Order) -> tuple[Any, ...]:
    """Rows of one batch that are equally new are settled by their content."""
    return (order.updated_at, order.store_id, order.amount is not None, order.amount or 0, order.at, order.gone)


def assert_holds(path: str, batches: Iterable[int]) -> None:
    """Silver, read by an engine that is not Spark, is the model: no key lost or doubled, the latest row of each."""
    table = open_table(path)
    assert table is not None
    found = [
        tuple(row[name] for name in ORDERS.silver_column_names) for row in select(table, "SELECT * FROM t ORDER BY id")
    ]
    doubled = {key: number for key, number in Counter(row[0] for row in found).items() if number > 1}
    wanted = model(batches)
    lost = {row[0] for row in wanted} - {row[0] for row in found}
    assert (doubled, lost) == ({}, set()), f"version {table.version()}"
    assert found == wanted, f"version {table.version()}"
