"""What is made anew from bronze is what the merges of the same batches leave, cell by cell, in any order of merging."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import Ties
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.rebuild import Sums, difference, silver_of
from tests.helpers.silver_table import EVENTS, ORDERS, PRODUCTS, day, merge_in_turn, order

FIRST = dataclasses.replace(ORDERS, name="orders_first", ties=Ties.FIRST)


def frame(spark: SparkSession, dataset: Dataset, batches: dict[int, list[tuple[Any, ...]]]) -> DataFrame:
    schema = ", ".join(f"{column.name} {column.type}" for column in dataset.columns) + ", _batch_id bigint"
    rows = [(*row[: len(dataset.columns)], number) for number, batch in batches.items() for row in batch]
    return spark.createDataFrame(rows, schema)


def history(dataset: Dataset, seed: int) -> dict[int, list[tuple[Any, ...]]]:
    """Three batches over few keys, days and amounts, so that they repeat, tie, delete and come late."""
    pick = random.Random(seed)

    def row() -> tuple[Any, ...]:
        key, amount, gone = pick.choice("abcd"), pick.choice(("1.00", "2.00", "3.00")), pick.random() < 0.3
        if dataset is PRODUCTS:
            return (key, Decimal(amount), day(pick.randint(1, 4)))
        return order(key, pick.randint(1, 3), amount, pick.randint(1, 4), gone and dataset.delete_flag is not None)

    return {number: [row() for _ in range(6)] for number in (1, 2, 3)}


TIED = {
    1: [order("a", 1, "1.00", 1), order("b", 1, "1.00", 2), order("c", 1, "1.00", 1)],
    2: [order("a", 1, "2.00", 1), order("b", 1, "9.00", 1), order("c", 1, "1.00", 1, gone=True)],
    3: [order("a", 1, "1.00", 1), order("d", 2, "4.00", 1)],
}
"""a: tied, and the first content comes again; b: an older row comes late; c: deleted without a new time."""


def test_the_law_chooses_one_row_per_key(spark: SparkSession) -> None:
    made = silver_of(frame(spark, ORDERS, TIED), ORDERS).collect()
    found = sorted((row.id, str(row.amount), row.gone, str(row.dt), row["_batch_id"]) for row in made)
    assert found == [
        ("a", "2.00", False, "2026-10-01", 2),
        ("b", "1.00", False, "2026-10-01", 1),
        ("c", "1.00", True, "2026-10-01", 2),
        ("d", "4.00", False, "2026-10-02", 3),
    ]


def test_the_earlier_content_stays_where_the_contract_says_so(spark: SparkSession) -> None:
    made = silver_of(frame(spark, FIRST, TIED), FIRST).collect()
    assert sorted((row.id, str(row.amount), row.gone, row["_batch_id"]) for row in made)[0] == ("a", "1.00", False, 1)


def test_every_version_of_a_history_gets_its_time(spark: SparkSession) -> None:
    batches = {1: [("a", Decimal("1.00"), day(3))], 2: [("a", Decimal("2.00"), day(1)), ("a", Decimal("3.00"), day(3))]}
    made = silver_of(frame(spark, PRODUCTS, batches), PRODUCTS).orderBy("valid_from").collect()
    found = [(str(row.amount), row.valid_from.day, row.valid_to and row.valid_to.day, row.is_current) for row in made]
    assert found == [("2.00", 1, 3, False), ("3.00", 3, None, True)]


@pytest.mark.model
@pytest.mark.parametrize("merged_as", [(1, 2, 3), (2, 1, 3)], ids=["in order", "the first one late"])
@pytest.mark.parametrize("dataset", [ORDERS, FIRST, EVENTS, PRODUCTS], ids=lambda dataset: dataset.name)
def test_a_rebuild_has_the_rows_that_merges_leave(
    spark: SparkSession, dataset: Dataset, merged_as: tuple[int, ...], tmp_path: Path
) -> None:
    batches = history(dataset, seed=7)

    def rows_of(numbers: Sequence[int]) -> DataFrame:
        return frame(spark, dataset, {number: batches[number] for number in numbers})

    found = merge_in_turn(spark, dataset, str(tmp_path), merged_as, rows_of)
    made = silver_of(frame(spark, dataset, batches), dataset)
    assert difference(found, made, dataset).is_none
    if merged_as == (1, 2, 3):
        assert_df_equality(made, found, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_the_difference_counts_rows_and_sums_money(spark: SparkSession) -> None:
    before = silver_of(frame(spark, ORDERS, {1: [order("a", 1, "1.00", 1), order("b", 1, "2.00", 1)]}), ORDERS)
    after = silver_of(frame(spark, ORDERS, {1: [order("a", 1, "1.00", 1), order("b", 1, "2.50", 1),
                                                order("c", 2, "4.00", 1)]}), ORDERS)  # fmt: skip
    found = difference(before, after, ORDERS)
    assert (found.going, found.coming, found.is_none) == (1, 2, False)
    assert found.before == Sums(2, {"amount": Decimal("3.00")})
    assert found.after == Sums(3, {"amount": Decimal("7.50")})
    nothing = difference(before, before, ORDERS)
    assert nothing.is_none
