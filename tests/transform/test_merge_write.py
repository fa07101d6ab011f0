"""merge_batch on real Delta tables: the files it reads, replaces and leaves alone, and what its commit says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lakehouse.contracts.dataset import Dataset
from tests.helpers.silver_table import ORDERS, PRODUCTS, Table, day, kept, order


def test_a_redelivery_reports_no_file(table: Callable[[Dataset], Table]) -> None:
    products, row = table(PRODUCTS), ("A", None, day(1))
    products.merge(1, row)
    files = products.files
    assert (products.merge(2, row).files_added, products.files) == (0, files)


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
    monkeypatch.setattr("lakehouse.transform.merge_plan.LOCATE_ABOVE_BYTES", 0)
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
    orders = table(replace(ORDERS, partition_is_stable=True))
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


def test_a_row_of_the_null_partition_is_replaced(table: Callable[[Dataset], Table]) -> None:
    columns = tuple(replace(each, required=False) if each.name == "store_id" else each for each in ORDERS.columns)
    orders = table(replace(ORDERS, columns=columns, partition_by=("store_id",), cluster_by=()))
    a, b, c = ((key, None, *order(key, 1, "1", 5)[2:]) for key in "ABC")
    orders.merge(1, a, b)
    orders.merge(2, c)
    newer = (a[0], None, *order("A", 1, "2", 6)[2:])
    result = orders.merge(3, newer)
    assert (result.updated, result.inserted, orders.commit()[0]) == (1, 0, "MERGE")
    dt = kept(1, "A", 1, "1", 5)[-2]
    orders.assert_rows((*newer, dt, 3), (*b, dt, 1), (*c, dt, 2))


def test_commits_that_touch_very_much_say_less(
    table: Callable[[Dataset], Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.transform.planned_merge.LISTED_PARTITIONS", 1)
    orders = table(ORDERS)
    orders.merge(1, order("A", 1, None, 5), order("B", 2, "1", 5))
    assert "partitions" not in orders.commit()[1]
    orders.merge(2, order("A", 1, "1", 6))
    assert "partitions" in orders.commit()[1]
