"""Which files can hold a key of a batch, and the literal predicates that lead to them: from a log alone, no Spark."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.table_files import TableFile, table_files
from lakehouse.transform.candidate_files import (
    LIST_LIMIT,
    CandidateFiles,
    KeyRange,
    candidate_files_of,
    may_hold,
    merged_ranges,
)
from tests.lake import orders as lake_orders

COLUMNS = (Column("id", "string", True, "Key."), Column("at", "timestamp", True, "When."))
ORDERS = replace(lake_orders.ORDERS, columns=COLUMNS)
FIXED = replace(ORDERS, partition_is_stable=True)
FIRST = date(2026, 10, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


@pytest.fixture
def orders(tmp_path: Path) -> DeltaTable:
    """Days 1 to 5, of which each holds the keys K<day>0 to K<day>9; day 5 also an old key that moved there."""
    rows = [(f"K{number}{digit}", day(number)) for number in range(1, 6) for digit in range(10)]
    rows = [(key, on) for key, on in rows if key != "K15"] + [("K15", day(5)), ("N", day(5))]
    keys, days = zip(*rows, strict=True)
    table = pa.table({"id": pa.array(keys), "dt": pa.array(days, pa.date32())})
    write_deltalake(str(tmp_path / "orders"), table, partition_by=["dt"])
    return DeltaTable(str(tmp_path / "orders"))


def days_of(candidates: CandidateFiles) -> list[int]:
    return sorted((partition[0] - FIRST).days + 1 for partition in candidates.partitions)


@pytest.mark.parametrize(
    ("dataset", "ranges", "on", "expected"),
    [
        (ORDERS, [KeyRange("K20", "K25")], [day(2)], [2, 5]),  # day 5 reaches from K15 to N
        (ORDERS, [KeyRange("K20", "K25"), KeyRange("K31", "K31")], [day(2)], [2, 3, 5]),
        (ORDERS, [KeyRange("A", "B")], [day(2)], []),
        (ORDERS, [KeyRange("K9", "Z")], [day(9)], [5]),
        (ORDERS, [], [], []),
        (FIXED, [KeyRange("K20", "K25")], [day(2)], [2]),  # the contract rules moves out
        (FIXED, [KeyRange("A", "Z")], [day(2), day(4), day(9)], [2, 4]),
    ],
)
def test_the_files_that_can_hold_a_key(
    orders: DeltaTable, dataset: Dataset, ranges: list[KeyRange], on: list[date], expected: list[int]
) -> None:
    found = candidate_files_of(orders, dataset, ranges, [(value,) for value in on])
    assert days_of(found) == expected
    assert len(found.files) == len(expected)
    assert found.bytes == sum(file.bytes for file in table_files(orders, ("id",)) if file in found.files)


def test_a_table_that_is_not_there() -> None:
    found = candidate_files_of(None, ORDERS, [KeyRange("A", "B")], [(FIRST,)])
    assert (found.files, found.bytes, found.partitions, found.predicates()) == ((), 0, frozenset(), ["1 = 0"])


def test_a_key_without_exact_statistics_may_be_anywhere(orders: DeltaTable) -> None:
    times = replace(ORDERS, columns=(replace(COLUMNS[0], type="timestamp"), COLUMNS[1]))
    found = candidate_files_of(orders, times, [KeyRange("A", "B")], [])
    assert (days_of(found), found.ranges) == ([1, 2, 3, 4, 5], None)
    assert [predicate.split()[0] for predicate in found.predicates("t.")] == ["(t.`dt`"]
    assert may_hold(None, (KeyRange("A", "B"),))


def rows_led_to(table: DeltaTable, predicates: Sequence[str]) -> set[str]:
    """The keys of the rows for which all predicates hold, by an engine that is not Spark."""
    connection = duckdb.connect()
    connection.register("t", table.to_pyarrow_table())
    conditions = " AND ".join(predicate.replace("`", '"') for predicate in predicates)
    return {row[0] for row in connection.execute(f"SELECT id FROM t WHERE {conditions}").fetchall()}


def test_the_predicates_hold_for_every_row_of_the_candidates(orders: DeltaTable) -> None:
    found = candidate_files_of(orders, ORDERS, [KeyRange("K14", "K16"), KeyRange("K33", "K34")], [(day(1),)])
    assert found.partitions_by == "list"
    assert rows_led_to(orders, found.predicates()) == {"K14", "K15", "K16", "K33", "K34"}
    assert rows_led_to(orders, found.within([(day(5),)]).predicates("t.")) == {"K15"}
    assert found.within([]).predicates() == ["1 = 0"]


def test_keys_that_no_file_can_hold_are_not_looked_up(orders: DeltaTable) -> None:
    def looked_up(candidates: CandidateFiles, *keys: str) -> set[str]:
        predicate = (candidates.key_predicate() or "true").replace("`", '"')
        batch = pa.table({"id": keys})
        return {row[0] for row in duckdb.from_arrow(batch).filter(predicate).fetchall()}

    found = candidate_files_of(orders, FIXED, [KeyRange("K1", "Z")], [(day(1),), (day(3),)])
    # Day 1 holds K10 to K19, day 3 holds K30 to K39; both bounds belong to it.
    keys = ("K1", "K10", "K15", "K19", "K1A", "K20", "K29", "K30", "K39", "K3A", "Z")
    assert looked_up(found, *keys) == {"K10", "K15", "K19", "K30", "K39"}
    assert looked_up(found.within([]), *keys) == set()
    unknown = replace(found, files=(*found.files, without_statistics(4)))
    assert looked_up(unknown, *keys) == looked_up(replace(found, ranges=None), *keys) == set(keys)


def test_values_are_quoted(tmp_path: Path) -> None:
    stores = ["O'Neill", "back\\slash", "plain", None]
    table = pa.table({"id": ["A'1", "B", "C", "D"], "store": stores})
    write_deltalake(str(tmp_path / "t"), table, partition_by=["store"])
    columns = (COLUMNS[0], Column("store", "string", False, "Store."), COLUMNS[1])
    dataset = replace(ORDERS, columns=columns, partition_by=("store",))
    found = candidate_files_of(DeltaTable(str(tmp_path / "t")), dataset, [KeyRange("A'1", "D")], [])
    assert found.partitions == {(store,) for store in stores}
    (partitions, keys) = found.predicates("t.")
    assert partitions == "(t.`store` IS NULL OR t.`store` IN ('O\\'Neill', 'back\\\\slash', 'plain'))"
    assert keys == "(t.`id` BETWEEN 'A\\'1' AND 'D')"


def without_statistics(number: int) -> TableFile:
    return TableFile("f", 1, 0, (day(number),), {})


def files_on(days: Iterable[int]) -> tuple[TableFile, ...]:
    return tuple(without_statistics(number) for number in days)


@pytest.mark.parametrize(
    ("wanted", "word", "most_beyond"),
    [
        (range(1, LIST_LIMIT + 1), "list", 0),
        (range(1, LIST_LIMIT + 2), "ranges", 0),  # one run of days
        ([*range(1, 80), *range(300, 380)], "ranges", 0),  # two runs
        (range(1, 2 * LIST_LIMIT, 2), "list", 0),
        (range(1, 400, 2), "ranges", 101),  # every other day: ranges must reach over days between
    ],
)
def test_many_partitions_become_ranges(wanted: Iterable[int], word: str, most_beyond: int) -> None:
    known, asked = files_on(range(1, 401)), files_on(wanted)
    found = CandidateFiles(ORDERS, known, asked, None)
    assert found.partitions_by == word
    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT unnest($1)::DATE AS dt", [[file.partition[0] for file in known]])
    (condition,) = found.predicates()
    hit = {row[0] for row in connection.execute(f"SELECT dt FROM t WHERE {condition.replace('`', chr(34))}").fetchall()}
    missed = {file.partition[0] for file in asked} - hit
    assert (missed, len(hit) - len(asked) <= most_beyond) == (set(), True)
    assert condition.count("BETWEEN") <= LIST_LIMIT


def test_the_widest_gaps_stay_out_of_ranges() -> None:
    """200 pairs of days would make 200 ranges; the 100 that stay leave out the widest gaps."""
    starts = [1 + 10 * pair if pair % 2 else 1 + 10 * pair + 6 for pair in range(200)]  # gaps of 3 and 15 days in turn
    found = CandidateFiles(
        ORDERS, files_on(range(1, 2100)), files_on([at + step for at in starts for step in (0, 1)]), None
    )
    (condition,) = found.predicates()
    assert condition.count("BETWEEN") == LIST_LIMIT
    lengths = [
        (date.fromisoformat(words[3]) - date.fromisoformat(words[1])).days
        for words in (part.split("'") for part in condition.split(" OR "))
    ]
    assert max(lengths) <= 5


@pytest.mark.parametrize("seed", range(20))
def test_merged_ranges_hold_every_value_and_never_overlap(seed: int) -> None:
    chance = random.Random(seed)
    ranges = [KeyRange(low, low + chance.randint(0, 30)) for low in (chance.randint(0, 10_000) for _ in range(300))]
    for limit in (1, 7, 100, 1000):
        merged = merged_ranges(ranges, limit)
        assert len(merged) <= limit
        assert all(before.high < after.low for before, after in itertools.pairwise(merged))
        assert all(any(m.low <= r.low and r.high <= m.high for m in merged) for r in ranges)
    assert merged_ranges([]) == ()


def test_statistics_come_from_the_log(orders: DeltaTable) -> None:
    statistics: dict[Any, Any] = {file.partition[0]: file.statistics for file in table_files(orders, ("id",))}
    assert statistics[day(2)] == {"dt": (day(2), day(2)), "id": ("K20", "K29")}
    assert statistics[day(5)] == {"dt": (day(5), day(5)), "id": ("K15", "N")}
    assert {tuple(file.statistics) for file in table_files(orders)} == {("dt",)}
