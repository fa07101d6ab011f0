"""Random rows of a key in four batches, merged in each of the 24 orders: silver is the greatest row of the law."""

from __future__ import annotations

import itertools
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from tests.helpers.tied_orders import Row, TiedOrders

pytestmark = pytest.mark.model

ORDER = (7, 2, 5, 3, 9, 6, 1, 8, 4)
"""Of nine batches merged like this some four come in each of the 24 orders."""

STATUSES, TIMES = ("paid", "placed"), ("09:00", "10:00")
ORDERS_EACH = 2
"""So many keys, with rows of their own, for any four of the nine batches."""


def told(random: Random, key: str, places: tuple[int, ...]) -> dict[int, list[Row]]:
    """Up to three rows of a key in each batch: few times, contents and flags, so that ties and copies are common."""

    def row() -> Row:
        return key, random.choice(STATUSES), random.choice(TIMES), random.choice([True, False, None])

    return {place: [row() for _ in range(random.randrange(1, 4))] for place in places}


def greatest(story: dict[int, list[Row]]) -> Row:
    """The greatest row under (sequence, batch in which the content first landed, deleted, content)."""
    first: dict[Row, int] = {}
    for place in sorted(story):
        for row in story[place]:
            first.setdefault(row, place)

    def weight(row: Row) -> tuple[object, ...]:
        _, status, clock, deleted = row
        return clock, first[row], bool(deleted), status, deleted is not None

    return max(first, key=weight)


@pytest.mark.timeout(300)
def test_every_order_of_four_batches(project: Project, spark: SparkSession, tmp_path: Path) -> None:
    random = Random(13)
    batches: dict[int, list[Row]] = {number: [] for number in ORDER}
    wanted, orders = [], set()
    for number, places in enumerate(itertools.combinations(sorted(ORDER), 4)):
        orders.add(tuple(sorted(range(4), key=lambda place, places=places: ORDER.index(places[place]))))
        for copy in range(ORDERS_EACH):
            story = told(random, f"{number}-{copy}", places)
            wanted.append(greatest(story))
            for place, rows in story.items():
                batches[place] += rows
    assert len(orders) == 24
    lake = TiedOrders(spark, project.contracts.dataset("erp_orders"), tmp_path / "silver")
    for turn in (*ORDER, *random.sample(ORDER, 3)):
        result = lake.merge(turn, batches[turn])
    assert result.news == 0, "what was merged before changes nothing"
    found = {row[0]: row[1:3] for row in lake.rows()}
    assert found == {key: (status, deleted) for key, status, _, deleted in wanted}
