"""Ties: rows of one key with one sequence and other contents. Silver is a function of what landed, in any order."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import Ties
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.ties import Tie
from lakehouse.transform.merge import merge_batch
from lakehouse.transform.merge_errors import PassedRowsError
from lakehouse.transform.ties import Bronze
from tests.helpers.tied_orders import Row, TiedOrders


@pytest.fixture
def orders(project: Project) -> Dataset:
    return project.contracts.dataset("erp_orders")


@pytest.fixture
def lakes(spark: SparkSession, orders: Dataset, tmp_path: Path) -> Callable[..., TiedOrders]:
    numbers: Iterator[int] = itertools.count()
    return lambda dataset=orders: TiedOrders(spark, dataset, tmp_path / f"table{next(numbers)}")


PAID, SHIPPED = ("A", "paid", "10:00", False), ("A", "shipped", "10:00", False)
OTHER = ("B", "placed", "09:00", False)


def test_the_later_delivery_corrects_the_earlier(lakes: Callable[..., TiedOrders]) -> None:
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


def test_what_is_delivered_again_keeps_its_place(lakes: Callable[..., TiedOrders]) -> None:
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
def test_a_delete_that_keeps_its_time_deletes(lakes: Callable[..., TiedOrders], flag: bool | None) -> None:
    """Within one batch, and in a later one; a null flag is no delete."""
    gone = ("A", "cancelled", "10:00", flag)
    apart, together = lakes(), lakes()
    apart.merge(1, [PAID])
    apart.merge(2, [gone])
    together.merge(1, [PAID, gone])
    assert apart.rows() == [("A", "cancelled", flag, 2)]
    assert together.rows() == ([("A", "cancelled", True, 1)] if flag else [("A", "paid", False, 1)])
    assert [tie.corrected for tie in together.ties] == [False], "the tie within the batch is listed"


def test_the_earliest_content_stays_where_the_contract_says_so(
    lakes: Callable[..., TiedOrders], orders: Dataset
) -> None:
    lake = lakes(dataclasses.replace(orders, ties=Ties.FIRST))
    for number, row in enumerate((SHIPPED, PAID), start=1):
        result = lake.merge(number, [row])
    assert (result.corrected, result.ignored, result.tied) == (0, 1, 1)
    assert lake.rows() == [("A", "shipped", False, 1)]


ORDER = (2, 5, 3, 1, 4)
"""Of five batches merged like this some three come in each of the six orders, and so does a story told in three."""


@pytest.mark.model
def test_any_order_of_merging_gives_the_same_silver(lakes: Callable[..., TiedOrders]) -> None:
    """A story with ties, a delete, losers once more and a late older row, with keys of its own for every order."""
    batches: dict[int, list[Row]] = {number: [] for number in ORDER}
    wanted = []
    orders = set()
    for copy, places in enumerate(itertools.combinations(sorted(ORDER), 3)):
        a, b, c, d = (f"{name}{copy}" for name in "ABCD")
        first, second, third = places
        batches[first] += [
            (a, "shipped", "10:00", False), (b, "placed", "09:00", False), (c, "placed", "08:00", False),
            (d, "shipped", "10:00", False),
        ]  # fmt: skip
        batches[second] += [
            (a, "paid", "10:00", False), (b, "placed", "09:00", True), (c, "paid", "09:30", False),
            (d, "shipped", "10:00", False), (d, "paid", "10:00", False),
        ]  # fmt: skip
        batches[third] += [
            (a, "shipped", "10:00", False), (a, "placed", "07:00", False), (b, "placed", "09:00", False),
            (c, "returned", "09:30", False),
        ]  # fmt: skip
        wanted += [(a, "paid", False, second), (b, "placed", True, second), (c, "returned", False, third)]
        wanted += [(d, "paid", False, second)]
        orders.add(tuple(sorted(range(3), key=lambda place, places=places: ORDER.index(places[place]))))
    assert len(orders) == 6
    lake = lakes()
    for number in ORDER:
        lake.merge(number, batches[number])
    assert lake.rows() == sorted(wanted)
    again = lake.merge(ORDER[0], batches[ORDER[0]])
    assert (again.news, again.files_removed, lake.rows()) == (0, 0, sorted(wanted))


def test_a_row_that_got_lost_on_the_way_stops_the_merge(lakes: Callable[..., TiedOrders]) -> None:
    lake = lakes()
    delivered = lake.frame({1: [PAID]}).drop("_batch_id")
    with pytest.raises(PassedRowsError, match="batch 1: 2 rows passed validation and 1 reached the merge"):
        merge_batch(lake.spark, lake.dataset, delivered, 1, lake.path, 1, Bronze(passed=2))
    assert not Path(lake.path).exists()
