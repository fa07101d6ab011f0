"""merge_batch on real Delta tables: rows, counts, history, progress, and the files it leaves alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from chispa import assert_df_equality
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse.batches import MERGE
from lakehouse.contract import Column, Dataset, FileFormat, Kind
from lakehouse.merge import MergeResult, merge_batch
from lakehouse.merge_errors import NullKeyError

EUROS = Column("amount", "decimal(12,2)", True, "Euro.")
SEQUENCE = Column("updated_at", "timestamp", True, "Sequence.")
ORDER = (Column("id", "string", True, "Key."), Column("store_id", "string", True, "Store."), EUROS,
         Column("at", "timestamp", True, "When."), SEQUENCE, Column("gone", "boolean", True, "Deleted."))  # fmt: skip
CSV = FileFormat.CSV
ORDERS = Dataset(
    "orders", "erp", "", Kind.UPSERT, "*", CSV, ORDER, ("id",), "updated_at", "gone", "at", ("dt",), ("store_id",), 20
)
EVENTS = Dataset(
    "events", "web", "", Kind.INSERT_ONLY, "*", CSV, ORDER[:5], ("id",), "updated_at", None, "at", ("dt",), (), 20
)
PRICE = (ORDER[0], EUROS, SEQUENCE)
PRODUCTS = Dataset(
    "products", "products", "", Kind.HISTORY, "*", CSV, PRICE, ("id",), "updated_at", None, None, (), ("id",), 20
)


def day(number: int) -> datetime:
    return datetime(2026, 10, number, 12, tzinfo=UTC)


def order(key: str | None, on: int, amount: str | None, seq: int | None, gone: bool = False) -> tuple[Any, ...]:
    """An order of store S1 on a day of October; its sequence is a day too."""
    return (key, "S1", amount and Decimal(amount), day(on), seq and day(seq), gone)


def kept(batch_id: int, *values: Any, gone: bool = False) -> tuple[Any, ...]:
    """The row of silver that an order becomes."""
    return (*order(*values, gone), date(2026, 10, values[1]), batch_id)


@dataclass(frozen=True)
class Table:
    """One silver table that batches are merged into."""

    spark: SparkSession
    dataset: Dataset
    path: str

    def merge(self, batch_id: int, *rows: tuple[Any, ...]) -> MergeResult:
        schema = ", ".join(f"{column.name} {column.type}" for column in self.dataset.columns)
        return merge_batch(self.spark, self.dataset, self.spark.createDataFrame(rows, schema), batch_id, self.path)

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


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Callable[[Dataset], Table]:
    return lambda dataset: Table(spark, dataset, str(tmp_path / dataset.name))


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
    wanted = {"rows": 7, "inserted": 1, "updated": 1, "deleted": 1, "unchanged": 1, "stale": 1, "superseded": 2}
    assert counts(second) == {**wanted, "files_added": 2, "files_removed": 1}
    assert (second.version, second.news, second.ignored) == (1, 3, 4)
    merged = [kept(2, "A", 1, "9", 6), kept(2, "B", 1, "2", 6, gone=True), kept(2, "E", 3, None, 1)]
    orders.assert_rows(*merged, kept(1, "C", 2, None, 5), kept(1, "D", 2, "4", 5))
    operation, metadata = orders.commit()
    assert operation == "WRITE"
    assert (metadata["dataset"], metadata["batch_id"]) == ("orders", 2)
    assert metadata["touched"] == {"2026-10-01": ["S1"], "2026-10-03": ["S1"]}
    assert (metadata["counts"]["rows"], metadata["counts"]["keys"], metadata["counts"]["deleted"]) == (7, 5, 1)
    assert orders.progress == 2

    third = orders.merge(3, order("B", 1, "3", 5), order("C", 2, "3", 6), order("A", 1, "9", 7, gone=True))
    assert counts(third) == {"rows": 3, "updated": 1, "deleted": 1, "stale": 1, "files_added": 2, "files_removed": 2}
    later = [kept(3, "A", 1, "9", 7, gone=True), kept(2, "B", 1, "2", 6, gone=True), kept(3, "C", 2, "3", 6)]
    orders.assert_rows(*later, kept(1, "D", 2, "4", 5), kept(2, "E", 3, None, 1))


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
    assert orders.commit()[1]["touched"] == {"2026-10-01": ["S1"], "2026-10-02": ["S1"], "2026-10-03": ["S1"]}
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
    wanted = {"rows": 4, "inserted": 2, "unchanged": 1, "stale": 1}
    assert counts(second) == {**wanted, "files_added": 1, "files_removed": 1}
    expected = [row("A", "1", 1, 5, 1), row("A", "2", 5, 9, 2), row("A", "1", 9, None, 1), row("C", "3", 2, None, 2)]
    products.assert_rows(*expected, row("B", None, 1, None, 1))
    operation, metadata = products.commit()
    times = [(touched["id"], touched["valid_from"][:10], touched["valid_to"] and touched["valid_to"][:10])
             for touched in metadata["touched"]]  # fmt: skip
    assert (operation, sorted(times)) == ("MERGE", [("A", "2026-10-05", "2026-10-09"), ("C", "2026-10-02", None)])

    files = products.files
    again = products.merge(3, *late)
    assert (again.unchanged, again.stale, again.news) == (3, 1, 0)
    assert (products.files, products.progress) == (files, 3)
    new_key = products.merge(4, version("D", "4", 2))
    assert (counts(new_key), products.commit()[0]) == ({"rows": 1, "inserted": 1, "files_added": 1}, "WRITE")


def test_a_redelivery_reports_no_file(table: Callable[[Dataset], Table]) -> None:
    products, row = table(PRODUCTS), ("A", None, day(1))
    products.merge(1, row)
    files = products.files
    assert (products.merge(2, row).files_added, products.files) == (0, files)


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


def test_the_result_says_what_was_read_and_written(table: Callable[[Dataset], Table]) -> None:
    orders = table(ORDERS)
    first = orders.merge(1, *[order(f"K{n}{digit}", n, "1", 5) for n in range(1, 6) for digit in range(4)])
    assert (first.files_scanned, first.bytes_scanned, first.files_added, first.partitions) == (0, 0, 5, 5)
    sizes = orders.sizes
    assert first.bytes_added == sum(sizes.values())

    second = orders.merge(
        2, order("K20", 2, "2", 6), order("K30", 3, None, 4), order("K31", 3, "1", 5), order("N", 9, "1", 5)
    )
    # Days 2 and 3 can hold the keys K20 to K31; day 5, in which later keys lie, cannot, nor day 9, which is new.
    assert (second.files_scanned, second.partitions_by, second.located) == (2, "list", False)
    assert second.bytes_scanned == sizes[day(2).date()] + sizes[day(3).date()]
    assert (second.files_removed, second.bytes_rewritten) == (1, sizes[day(2).date()])
    assert (second.files_added, second.partitions) == (2, 2)
    assert second.bytes_added == orders.sizes[day(2).date()] + orders.sizes[day(9).date()]
    assert orders.commit()[1]["partitions"] == [["2026-10-02"], ["2026-10-09"]]

    nothing = orders.merge(3, order("K20", 2, "2", 6))
    assert (nothing.files_scanned, nothing.files_added, nothing.bytes_rewritten, nothing.partitions) == (1, 0, 0, 0)
    assert orders.commit()[1]["partitions"] == []


def test_a_large_table_is_read_by_its_keys_first(
    table: Callable[[Dataset], Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.merge_plan.LOCATE_ABOVE_BYTES", 0)
    orders = table(ORDERS)
    # Every day holds keys from A to Z, so that statistics exclude none.
    orders.merge(1, *[order(f"{letter}{n}", n, "1", 5) for n in range(1, 6) for letter in "AMZ"])
    before = orders.files
    moved = orders.merge(2, order("M2", 4, "2", 6), order("new", 3, None, 1))
    assert (moved.located, moved.files_scanned, moved.updated, moved.moved, moved.inserted) == (True, 5, 1, 1, 1)
    assert {file.split("dt=")[1][:10] for file in before - orders.files} == {"2026-10-02"}
    rows = [kept(1, f"{letter}{n}", n, "1", 5) for n in range(1, 6) for letter in "AMZ" if f"{letter}{n}" != "M2"]
    orders.assert_rows(*rows, kept(2, "M2", 4, "2", 6), kept(2, "new", 3, None, 1))
    own_days = orders.merge(3, order("A1", 1, "1", 5), *[order(f"Z{n}", n, "1", 5) for n in range(2, 6)])
    assert (own_days.located, own_days.unchanged) == (False, 5)  # all candidates lie in the batch's own partitions


def test_a_contract_that_rules_moves_out(table: Callable[[Dataset], Table]) -> None:
    orders = table(replace(ORDERS, may_move=False))
    orders.merge(1, *[order(f"{letter}{n}", n, "1", 5) for n in range(1, 6) for letter in "AMZ"])
    result = orders.merge(2, order("M2", 2, "2", 6), order("B", 3, None, 1))
    assert (result.files_scanned, result.located, result.files_removed, result.files_added) == (2, False, 1, 2)
    assert (result.updated, result.inserted) == (1, 1)


@pytest.mark.parametrize("split", [False, True], ids=["one file a day", "two files a day"])
def test_a_day_of_one_file_is_written_whole_and_leaves_the_same_rows(
    table: Callable[[Dataset], Table], split: bool
) -> None:
    orders = table(ORDERS)
    orders.merge(1, order("A", 1, "1", 5), order("D", 2, None, 5), order("F", 3, "6", 5))
    orders.merge(2, order("B", 1, None, 5), order("E", 2, "5", 5))
    if not split:
        orders.delta.optimize.compact()
    files = orders.files
    # A moves out of day 1, where B stays; E is deleted; C is new on day 1; F's day is nobody's business.
    batch = (order("A", 2, "9", 6), order("C", 1, "3", 5), order("E", 2, "5", 6, gone=True))
    result = orders.merge(3, *batch)
    assert (result.updated, result.deleted, result.inserted, result.moved, result.partitions) == (1, 1, 1, 1, 2)
    orders.assert_rows(
        kept(3, "A", 2, "9", 6), kept(2, "B", 1, None, 5), kept(3, "C", 1, "3", 5), kept(1, "D", 2, None, 5),
        kept(3, "E", 2, "5", 6, gone=True), kept(1, "F", 3, "6", 5),
    )  # fmt: skip
    # Of two files a day a MERGE replaces the one that holds the row.
    assert orders.commit()[0] == ("MERGE" if split else "WRITE")
    assert (result.files_removed, len(files - orders.files)) == (2, 2)
    assert result.files_added == len(orders.files - files)
    before = (orders.delta.version(), orders.files)
    assert orders.merge(4, *batch).news == 0
    assert (orders.delta.version(), orders.files) == (before[0] + 1, before[1])


def test_commits_that_touch_very_much_say_less(
    table: Callable[[Dataset], Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.merge_plan.TOUCHED_LIMIT", 1)
    orders = table(ORDERS)
    orders.merge(1, order("A", 1, None, 5), order("B", 2, "1", 5))
    assert {"touched", "partitions"} & set(orders.commit()[1]) == set()
    orders.merge(2, order("A", 1, "1", 6))
    assert {"touched", "partitions"} <= set(orders.commit()[1])
