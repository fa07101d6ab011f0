"""merge_batch on real Delta tables: the rows it leaves, its counts, the history and the progress of the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.merge import MergeResult
from lakehouse.transform.merge_errors import NullKeyError
from tests.helpers.silver_table import EVENTS, ORDERS, PRODUCTS, Table, day, kept, order

COUNTED = ("rows", "inserted", "updated", "deleted", "moved", "unchanged", "stale", "superseded")


def counts(result: MergeResult) -> dict[str, int]:
    """The counts of rows and files that are not 0."""
    counted = {name: getattr(result, name) for name in (*COUNTED, "files_added", "files_removed")}
    return {name: value for name, value in counted.items() if value}


def test_upsert(table: Callable[[Dataset], Table]) -> None:
    orders = table(ORDERS)
    first = orders.merge(1, order("A", 1, "1", 5), order("B", 1, "2", 5), order("C", 2, None, 5), order("D", 2, "4", 5))
    assert (counts(first), first.version) == ({"rows": 4, "inserted": 4, "files_added": 2}, 0)
    assert orders.commit()[0] == "WRITE"

    second = orders.merge(
        2,
        order("A", 1, "9", 4), order("A", 1, "9", 6), order("A", 1, "8", 6),  # two are superseded
        order("B", 1, "2", 6, gone=True), order("C", 2, None, 5), order("D", 2, "5", 5), order("E", 3, None, 1),
    )  # fmt: skip
    wanted = {"rows": 7, "inserted": 1, "updated": 1, "deleted": 1, "unchanged": 1, "superseded": 2}
    assert counts(second) == {**wanted, "files_added": 3, "files_removed": 2}
    # D comes with the same sequence and another content; A has two contents with one sequence in the batch.
    assert (second.version, second.news, second.ignored, second.corrected, second.tied) == (1, 4, 3, 1, 2)
    merged = [kept(2, "A", 1, "9", 6), kept(2, "B", 1, "2", 6, gone=True), kept(2, "E", 3, None, 1)]
    orders.assert_rows(*merged, kept(1, "C", 2, None, 5), kept(2, "D", 2, "5", 5))
    operation, metadata = orders.commit()
    assert operation == "WRITE"
    assert (metadata["dataset"], metadata["batch_id"]) == ("orders", 2)
    assert metadata["partitions"] == [["2026-10-01"], ["2026-10-02"], ["2026-10-03"]]
    assert (metadata["counts"]["rows"], metadata["counts"]["keys"], metadata["counts"]["deleted"]) == (7, 5, 1)
    assert orders.progress == 2

    third = orders.merge(3, order("B", 1, "3", 5), order("C", 2, "3", 6), order("A", 1, "9", 7, gone=True))
    assert counts(third) == {"rows": 3, "updated": 1, "deleted": 1, "stale": 1, "files_added": 2, "files_removed": 2}
    later = [kept(3, "A", 1, "9", 7, gone=True), kept(2, "B", 1, "2", 6, gone=True), kept(3, "C", 2, "3", 6)]
    orders.assert_rows(*later, kept(2, "D", 2, "5", 5), kept(2, "E", 3, None, 1))


def test_a_batch_that_comes_again(table: Callable[[Dataset], Table], spark: SparkSession) -> None:
    orders = table(ORDERS)
    first = (order("A", 1, "1", 5), order("B", 2, None, 5))
    second = (order("A", 1, "2", 6), order("B", 2, None, 5), order("C", 3, "3", 5, gone=True))
    orders.merge(1, *first)
    orders.merge(2, *second)
    before = (orders.delta.version(), orders.files)

    for batch_id, rows in ((2, second), (1, first)):  # under its own number: no commit
        again = orders.merge(batch_id, *rows)
        assert (again.news, again.files_added, again.files_removed) == (0, 0, 0)
        assert (orders.delta.version(), orders.files) == before

    renamed = orders.merge(3, *second)  # under another: progress, and no data file
    assert counts(renamed) == {"rows": 3, "unchanged": 3}
    assert (orders.delta.version(), orders.files, orders.progress) == (before[0] + 1, before[1], 3)
    orders.assert_rows(kept(2, "A", 1, "2", 6), kept(1, "B", 2, None, 5), kept(2, "C", 3, "3", 5, gone=True))

    settings = ("write.txnAppId", "write.txnVersion", "commitInfo.userMetadata")
    assert [spark.conf.get(f"spark.databricks.delta.{name}", None) for name in settings] == [None] * 3


def test_a_moved_row_is_in_one_partition_in_every_version(table: Callable[[Dataset], Table]) -> None:
    orders = table(ORDERS)
    orders.merge(1, order("A", 1, "1", 5), order("B", 1, None, 5), order("C", 2, "3", 5), order("D", 4, "4", 5))
    untouched = {file for file in orders.files if "dt=2026-10-04" in file}
    moved = orders.merge(2, order("A", 2, "1", 6), order("C", 3, "3", 6, gone=True))
    assert counts(moved) == {
        "rows": 2, "updated": 1, "deleted": 1, "moved": 2, "files_added": 3, "files_removed": 2,
    }  # fmt: skip
    assert orders.commit()[1]["partitions"] == [["2026-10-01"], ["2026-10-02"], ["2026-10-03"]]
    orders.assert_rows(
        kept(2, "A", 2, "1", 6), kept(1, "B", 1, None, 5), kept(2, "C", 3, "3", 6, gone=True), kept(1, "D", 4, "4", 5)
    )
    assert untouched < orders.files
    for version in range(orders.delta.version() + 1):
        old = DeltaTable(orders.path, version=version).to_pyarrow_table(columns=["id"])
        assert sorted(old["id"].to_pylist()) == ["A", "B", "C", "D"]
    assert [commit["operation"] for commit in orders.delta.history()] == ["WRITE", "WRITE"]


def test_a_null_key_is_refused_before_any_write(table: Callable[[Dataset], Table]) -> None:
    orders = table(ORDERS)
    with pytest.raises(NullKeyError, match="orders: batch 1 has 1 rows whose key, sequence or date is null"):
        orders.merge(1, order("A", 1, "1", 5), order(None, 1, "2", 5))
    assert not Path(orders.path).exists()
    orders.merge(2, order("A", 1, "1", 5))
    with pytest.raises(NullKeyError, match=r"not-null expectation to great_expectations/expectations/orders\.json"):
        orders.merge(3, order("A", 1, "2", 6), order("B", 1, "1", None))
    assert (orders.delta.version(), orders.progress) == (0, 2)
    orders.assert_rows(kept(2, "A", 1, "1", 5))


def test_insert_only(table: Callable[[Dataset], Table]) -> None:
    events = table(EVENTS)
    first = events.merge(
        1, *[row[:5] for row in (order("A", 1, "1", 5), order("A", 1, "2", 4), order("B", 2, None, 5))]
    )
    assert counts(first) == {"rows": 3, "inserted": 2, "superseded": 1, "files_added": 2}
    second = (order("A", 1, "9", 1)[:5], order("B", 2, None, 5)[:5], order("C", 2, "3", 5)[:5])
    result = events.merge(2, *second)
    assert counts(result) == {"rows": 3, "inserted": 1, "unchanged": 1, "stale": 1, "files_added": 1}
    assert [commit["operation"] for commit in events.delta.history()] == ["WRITE", "WRITE"]
    files = events.files
    assert counts(events.merge(3, *second)) == {"rows": 3, "unchanged": 2, "stale": 1}
    assert (events.files, events.progress) == (files, 3)
    rows = [("A", 1, "2", 4, 1), ("B", 2, None, 5, 1), ("C", 2, "3", 5, 2)]
    events.assert_rows(*[(*order(*row[:4])[:5], date(2026, 10, row[1]), row[4]) for row in rows])


def test_history(table: Callable[[Dataset], Table]) -> None:
    products = table(PRODUCTS)

    def row(key: str, cost: str | None, seq: int, until: int | None, batch_id: int) -> tuple[Any, ...]:
        return (*version(key, cost, seq), day(seq), until and day(until), until is None, batch_id)

    def version(key: str, cost: str | None, seq: int) -> tuple[Any, ...]:
        return (key, cost and Decimal(cost), day(seq))

    first = products.merge(1, version("A", "1", 1), version("A", "1", 9), version("B", None, 1))
    assert counts(first) == {"rows": 3, "inserted": 3, "files_added": 1}
    products.assert_rows(row("A", "1", 1, 9, 1), row("A", "1", 9, None, 1), row("B", None, 1, None, 1))

    late = (version("A", "2", 5), version("A", "1", 9), version("A", "7", 1), version("C", "3", 2))
    second = products.merge(2, *late)
    wanted = {"rows": 4, "inserted": 2, "unchanged": 1}
    assert counts(second) == {**wanted, "files_added": 1, "files_removed": 1}
    assert (second.corrected, second.tied) == (1, 1), "the version of day 1 is delivered with another cost"
    expected = [row("A", "7", 1, 5, 2), row("A", "2", 5, 9, 2), row("A", "1", 9, None, 1), row("C", "3", 2, None, 2)]
    products.assert_rows(*expected, row("B", None, 1, None, 1))
    assert products.commit()[0] == "MERGE"

    files = products.files
    again = products.merge(3, *late)
    assert (again.unchanged, again.stale, again.news, again.tied) == (4, 0, 0, 0)
    assert (products.files, products.progress) == (files, 3)
    new_key = products.merge(4, version("D", "4", 2))
    assert (counts(new_key), products.commit()[0]) == ({"rows": 1, "inserted": 1, "files_added": 1}, "WRITE")
    products.merge(5, version("A", "8", 12))  # the current version is closed by a newer one
    closed = [row("A", "1", 9, 12, 1), row("A", "8", 12, None, 5), row("D", "4", 2, None, 4)]
    unchanged = [each for each in expected if each != row("A", "1", 9, None, 1)]
    products.assert_rows(*unchanged, row("B", None, 1, None, 1), *closed)


@pytest.mark.parametrize(
    ("rows", "number"),
    [
        ((order(None, 1, "1", 5), order(None, 1, "2", 5)), 2),
        ((order("A", 1, "1", None), order("A", 1, "2", 5)), 1),
    ],
)
def test_every_row_without_key_or_sequence_counts(
    table: Callable[[Dataset], Table], rows: tuple[tuple[Any, ...], ...], number: int
) -> None:
    with pytest.raises(NullKeyError, match=f"has {number} rows"):
        table(ORDERS).merge(1, *rows)
