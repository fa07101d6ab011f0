"""No file, partition or key that can hold a key of a batch is ever left out: for any batch and any table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from unittest import mock

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.lake.table_files import TableFile
from lakehouse.transform import candidate_files
from lakehouse.transform.candidate_files import (
    CandidateFiles,
    KeyRange,
    candidate_files_of,
    may_hold,
    merged_ranges,
    partition_predicates,
)
from tests.helpers.silver_table import ORDERS

KEYS = st.text("aB0'\\é\u2028 ", max_size=3)
DAYS = st.integers(0, 40).map(lambda number: date(2026, 1, 1) + timedelta(days=number)) | st.none()
QUICK = settings(max_examples=60, deadline=None)


def file_of(keys: Sequence[str], day: date | None, has_statistics: bool) -> TableFile:
    ranges: dict[str, Any] = {"id": (min(keys), max(keys))} if has_statistics else {}
    return TableFile(f"f{keys}", 1, len(keys), (day,), ranges)


FILES = st.lists(st.tuples(st.lists(KEYS, min_size=1, max_size=4), DAYS, st.booleans()), max_size=8)
BATCHES = st.lists(st.lists(KEYS, min_size=1, max_size=4), min_size=1, max_size=5)


def ranges_of(batch: Sequence[Sequence[str]]) -> list[KeyRange]:
    """A range per partition of the batch."""
    return [KeyRange(min(keys), max(keys)) for keys in batch]


@QUICK
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=30), st.integers(1, 12))
def test_ranges_that_are_merged_cover_the_same_and_more(pairs: list[tuple[int, int]], limit: int) -> None:
    merged = merged_ranges([KeyRange(low, low + width) for low, width in pairs], limit)
    assert len(merged) <= limit
    assert all(before.high < after.low for before, after in pairwise(merged))
    covered = {value for low, width in pairs for value in range(low, low + width + 1)}
    assert covered <= {value for each in merged for value in range(each.low, each.high + 1)}
    if len(pairs) <= limit:
        assert covered == {value for each in merged for value in range(each.low, each.high + 1)}


@QUICK
@given(FILES, BATCHES, st.booleans())
def test_a_file_that_holds_a_key_of_the_batch_is_a_candidate(
    files: list[tuple[list[str], date | None, bool]], batch: list[list[str]], stable: bool
) -> None:
    known = [file_of(*each) for each in files]
    with mock.patch.object(candidate_files, "table_files", return_value=known):
        own = [(day,) for _, day, _ in files[::2]]
        dataset = replace(ORDERS, partition_is_stable=stable)
        found = candidate_files_of(mock.sentinel.table, dataset, ranges_of(batch), own)
    keys = {key for part in batch for key in part}
    for (held, day, _), file in zip(files, known, strict=True):
        if keys & set(held) and (not stable or (day,) in own):
            assert file in found.files


@QUICK
@given(BATCHES, BATCHES)
def test_statistics_exclude_only_what_they_cannot_hold(batch: list[list[str]], files: list[list[str]]) -> None:
    ranges = ranges_of(batch)
    for held in files:
        if any(each.low <= key <= each.high for each in ranges for key in held):
            assert may_hold((min(held), max(held)), merged_ranges(ranges))
    assert may_hold(None, ranges)
    assert may_hold(("a", "b"), None)


def chosen(rows: Sequence[Any], kind: str, condition: str) -> set[Any]:
    """The values for which a condition on column v holds, by an engine that is not Spark."""
    plain = re.sub(r"\\(.)", lambda escaped: "''" if escaped[1] == "'" else escaped[1], condition)
    sql = plain.replace("`", '"')
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE t AS SELECT unnest($1)::{kind} AS v", [list(rows)])
    return {row[0] for row in connection.execute(f"SELECT v FROM t WHERE {sql}").fetchall()}


@QUICK
@given(st.sets(DAYS, min_size=1), st.sets(DAYS), st.integers(2, 6))
def test_partition_predicates_hold_for_every_wanted_partition(
    wanted: set[date | None], others: set[date | None], limit: int
) -> None:
    dataset = replace(ORDERS, partition_by=("dt",))
    known = wanted | others
    with mock.patch.object(candidate_files, "LIST_LIMIT", limit):
        (condition,) = partition_predicates(dataset, [(day,) for day in wanted], [(day,) for day in known])
    found = chosen([*known, None], "DATE", condition.replace("dt", "v"))
    assert wanted <= found
    if len(wanted - {None}) <= limit:
        assert found == wanted


@QUICK
@given(FILES, BATCHES)
def test_a_key_that_a_candidate_holds_passes_the_key_predicate(
    files: list[tuple[list[str], date | None, bool]], batch: list[list[str]]
) -> None:
    narrow = merged_ranges(ranges_of(batch))
    known = [file_of(*each) for each in files]
    candidates = [file for file in known if may_hold(file.statistics.get("id"), narrow)]
    condition = CandidateFiles(ORDERS, tuple(known), tuple(candidates), narrow).key_predicate()
    keys = {key for part in batch for key in part}
    held = {key for (own, _, _), file in zip(files, known, strict=True) if file in candidates for key in own} & keys
    if condition is not None:
        assert held <= chosen(sorted(keys), "VARCHAR", condition.replace("`id`", "`v`"))
