"""Rivals that commit while a batch is merged: after the plan, inside Delta's own transaction, and in between."""

from __future__ import annotations

import itertools
import shutil
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.errors import EXIT_TERMINAL, EXIT_TRANSIENT, TransientError
from lakehouse.transform import merge
from lakehouse.transform.merge import FIRST_WAIT_SECONDS, TRIES
from lakehouse.transform.merge_errors import BatchOrderError, DoubledKeyError, MergeConflictError, UnseenRivalError
from tests.rivals.contested import ORDERS, Order, Place, Table, after_the_plan, at_the_last_instant, in_the_transaction
from tests.rivals.foreign import Rival, adds_a_column, appends, compacts, deletes, sets_a_property

FURTHER = pytest.mark.rivals
"""Another place or another rival for a behaviour of which one case runs each time."""


@pytest.fixture(scope="module")
def two_batches(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with A and B on day 1 in two files, C on day 2."""
    path = tmp_path_factory.mktemp("silver") / "orders"
    table = Table(spark, ORDERS, str(path))
    table.merge(1, ("A", 1, 1, 5), ("C", 2, None, 5))
    table.merge(2, ("B", 1, 2, 5))
    return path


@pytest.fixture
def orders(spark: SparkSession, tmp_path: Path, two_batches: Path) -> Table:
    """A table of each test's own that has two batches."""
    return Table(spark, ORDERS, str(shutil.copytree(two_batches, tmp_path / "orders")))


@pytest.fixture
def compacted(orders: Table) -> Table:
    """The same with A and B in one file, so that a merge writes day 1 whole."""
    compacts()(orders.path)
    return orders


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the merge would have waited between its tries."""
    waited: list[float] = []
    monkeypatch.setattr(merge, "time", SimpleNamespace(monotonic=time.monotonic, sleep=waited.append))
    return waited


@pytest.mark.parametrize(
    ("place", "batch"),
    [
        (after_the_plan, (("N", 3, 9, 6),)),
        (in_the_transaction, (("N", 3, 9, 6), ("A", 2, 8, 6))),
        pytest.param(in_the_transaction, (("N", 3, 9, 6),), marks=FURTHER),
        pytest.param(after_the_plan, (("N", 3, 9, 6), ("A", 2, 8, 6)), marks=FURTHER),
    ],
)
def test_a_foreign_row_with_a_key_of_the_batch(
    orders: Table, monkeypatch: pytest.MonkeyPatch, place: Place, batch: tuple[Order, ...], waits: list[float]
) -> None:
    place(monkeypatch, orders, appends("N", 4, 5))
    result = orders.merge(3, *batch)
    replaced = [("A", 2, 8, 6, 3)] if len(batch) > 1 else [("A", 1, 1, 5, 1)]
    assert orders.rows == [*replaced, ("B", 1, 2, 5, 2), ("C", 2, None, 5, 1), ("N", 3, 9, 6, 3)]
    assert (result.conflicts, result.inserted, result.moved, len(waits)) == (1, 0, len(batch), 1)
    # The two files of A's day are a MERGE's work, the one of N's is written whole.
    assert orders.operations == ["WRITE", "WRITE", "WRITE", "MERGE" if len(batch) > 1 else "WRITE"]
    assert orders.delta.history(1)[0]["isBlindAppend"] is False


def test_a_foreign_row_that_is_newer_stays(orders: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    in_the_transaction(monkeypatch, orders, appends("N", 4, 7))
    result = orders.merge(3, ("N", 3, 9, 6))
    assert (result.conflicts, result.stale, result.news, result.files_added) == (1, 1, 0, 0)
    assert (orders.rows[-1], orders.progress) == (("N", 4, 77, 7, 0), 3)


@pytest.mark.parametrize(("on", "conflicts"), [(3, 1), (4, 0)])
def test_where_no_row_moves_other_partitions_are_nobodys_business(
    orders: Table, monkeypatch: pytest.MonkeyPatch, on: int, conflicts: int
) -> None:
    fixed = replace(orders, dataset=replace(ORDERS, partition_is_stable=True))
    in_the_transaction(monkeypatch, fixed, appends("M", on, 5))
    result = fixed.merge(3, ("N", 3, 9, 6), ("A", 1, None, 6))
    assert (result.conflicts, result.inserted, result.updated) == (conflicts, 1, 1)
    assert [row[0] for row in fixed.rows] == ["A", "B", "C", "M", "N"]


@pytest.mark.parametrize("place", [pytest.param(after_the_plan, marks=FURTHER), in_the_transaction])
def test_the_replaced_row_is_deleted(orders: Table, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    place(monkeypatch, orders, deletes("A"))
    result = orders.merge(3, ("A", 1, 9, 6), ("B", 1, None, 6))
    assert (result.conflicts, result.inserted, result.updated) == (1, 1, 1)
    assert orders.rows == [("A", 1, 9, 6, 3), ("B", 1, None, 6, 3), ("C", 2, None, 5, 1)]


@pytest.mark.parametrize(
    ("place", "rival"),
    [
        (after_the_plan, deletes("B")),
        (in_the_transaction, appends("R", 1, 5)),
        pytest.param(after_the_plan, appends("R", 1, 5), marks=FURTHER),
        pytest.param(after_the_plan, appends("N", 4, 5), marks=FURTHER),
        pytest.param(in_the_transaction, appends("N", 4, 5), marks=FURTHER),
        pytest.param(in_the_transaction, deletes("B"), marks=FURTHER),
    ],
)
def test_a_partition_that_is_written_whole(
    compacted: Table, monkeypatch: pytest.MonkeyPatch, place: Place, rival: Rival
) -> None:
    rival(str(shutil.copytree(compacted.path, f"{compacted.path}.rival_alone")))
    alone = replace(compacted, path=f"{compacted.path}.rival_alone")
    place(monkeypatch, compacted, rival)
    result = compacted.merge(3, ("A", 1, 8, 6), ("N", 3, None, 6))
    others = [row for row in alone.rows if row[0] not in ("A", "N")]
    assert compacted.rows == sorted([("A", 1, 8, 6, 3), *others, ("N", 3, None, 6, 3)])
    assert result.conflicts == 1


def test_a_row_that_came_at_the_last_instant_is_not_written_over(
    compacted: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_last_instant(monkeypatch, compacted, appends("R", 1, 5))
    with pytest.raises(UnseenRivalError, match="WRITE committed version 3 just before this merge committed"):
        compacted.merge(3, ("A", 1, 8, 6))
    assert compacted.rows == [("A", 1, 8, 6, 3), ("B", 1, 2, 5, 2), ("C", 2, None, 5, 1), ("R", 1, 77, 5, 0)]


@pytest.mark.parametrize(
    ("place", "rival", "conflicts"),
    [
        (after_the_plan, sets_a_property(), 0),
        pytest.param(in_the_transaction, sets_a_property(), 1, marks=FURTHER),
        (in_the_transaction, adds_a_column(), 1),
    ],
)
def test_a_change_of_metadata(
    orders: Table, monkeypatch: pytest.MonkeyPatch, place: Place, rival: Rival, conflicts: int
) -> None:
    place(monkeypatch, orders, rival)
    result = orders.merge(3, ("A", 2, 9, 6), ("N", 3, None, 6))
    assert (result.conflicts, result.inserted, result.moved) == (conflicts, 1, 1)
    assert orders.rows == [("A", 2, 9, 6, 3), ("B", 1, 2, 5, 2), ("C", 2, None, 5, 1), ("N", 3, None, 6, 3)]


@pytest.mark.parametrize(
    "place", [pytest.param(after_the_plan, marks=FURTHER), at_the_last_instant, in_the_transaction]
)
def test_files_are_compacted(orders: Table, monkeypatch: pytest.MonkeyPatch, place: Place) -> None:
    place(monkeypatch, orders, compacts())
    result = orders.merge(3, ("A", 2, 9, 6), ("B", 1, None, 6))
    assert orders.rows == [("A", 2, 9, 6, 3), ("B", 1, None, 6, 3), ("C", 2, None, 5, 1)]
    # A plan made after the files are one writes that one anew.
    assert orders.operations == ["WRITE", "WRITE", "OPTIMIZE", "WRITE" if place is in_the_transaction else "MERGE"]
    # No row was another, so a plan made before still holds; files that the transaction was to replace are gone.
    assert result.conflicts == (1 if place is in_the_transaction else 0)


@pytest.mark.parametrize(
    ("place", "batch"),
    [
        pytest.param(after_the_plan, (("N", 3, 9, 6),), marks=FURTHER),
        pytest.param(at_the_last_instant, (("N", 3, 9, 6),), marks=FURTHER),
        (at_the_last_instant, (("N", 3, 9, 6), ("A", 2, 8, 6))),
        (in_the_transaction, (("N", 3, 9, 6), ("A", 2, 8, 6))),
    ],
)
def test_a_rival_merges_the_same_batch(
    orders: Table, monkeypatch: pytest.MonkeyPatch, place: Place, batch: tuple[Order, ...]
) -> None:
    place(monkeypatch, orders, appends("N", 3, 6, batch_id=3))
    result = orders.merge(3, *batch)
    assert (result.skipped, result.version, result.news, result.files_added) == (True, 2, 0, 0)
    assert orders.rows == [("A", 1, 1, 5, 1), ("B", 1, 2, 5, 2), ("C", 2, None, 5, 1), ("N", 3, 77, 6, 3)]
    assert (orders.operations, orders.progress) == (["WRITE", "WRITE", "WRITE"], 3)


def test_a_rival_at_every_try(orders: Table, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    others = itertools.count()
    after_the_plan(monkeypatch, orders, lambda path: appends(f"R{next(others)}", 4, 5)(path), times=TRIES + 1)
    with pytest.raises(MergeConflictError) as refused:
        orders.merge(3, ("A", 2, 9, 6), ("N", 3, None, 6))
    error, last = refused.value, orders.delta.version()
    assert str(error) == (
        f"orders: {orders.path}: at each of {TRIES} tries another writer committed first, at last WRITE at version "
        f"{last}. Nothing was written; run again when that writer is done."
    )
    assert (error.table, error.version, error.rival, error.tries) == (orders.path, 1 + TRIES, "WRITE", TRIES)
    assert isinstance(error, TransientError)
    assert error.exit_code == EXIT_TRANSIENT == 75
    assert (next(others), last, orders.progress) == (TRIES, 1 + TRIES, 2)
    assert [row[0] for row in orders.rows] == ["A", "B", "C", *(f"R{number}" for number in range(TRIES))]

    most = [FIRST_WAIT_SECONDS * 2**tries for tries in range(1, TRIES)]
    shares = [wait / limit for wait, limit in zip(waits, most, strict=True)]
    assert all(0.5 <= share <= 1 for share in shares)  # each wait is longer than the one before
    assert len(set(shares)) == len(shares)  # and no two rivals wait alike

    monkeypatch.undo()
    assert orders.merge(3, ("A", 2, 9, 6), ("N", 3, None, 6)).news == 2


def test_any_other_error_ends_the_merge(orders: Table, monkeypatch: pytest.MonkeyPatch, waits: list[float]) -> None:
    def full(*args: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(merge, "write_plan", full)
    with pytest.raises(OSError, match="no space left"):
        orders.merge(3, ("A", 2, 9, 6))
    assert (waits, orders.delta.version()) == ([], 1)


def test_an_unseen_rival_is_told_and_the_cure_helps(orders: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    at_the_last_instant(monkeypatch, orders, appends("N", 4, 5))
    batch = (("A", 2, 9, 6), ("N", 3, None, 6))
    with pytest.raises(UnseenRivalError, match="WRITE committed version 2 just before this merge committed") as told:
        orders.merge(3, *batch)
    assert (told.value.version, told.value.own, told.value.exit_code) == (2, 3, EXIT_TERMINAL)

    orders.delta.restore(told.value.version)
    result = orders.merge(3, *batch, turn=4)
    assert (result.skipped, result.inserted, result.moved) == (False, 0, 2)
    assert orders.rows == [("A", 2, 9, 6, 3), ("B", 1, 2, 5, 2), ("C", 2, None, 5, 1), ("N", 3, None, 6, 3)]


def test_a_batch_that_was_passed_over(orders: Table) -> None:
    orders.merge(4, ("A", 2, 9, 7))
    with pytest.raises(BatchOrderError, match="batch 3 was skipped, because silver already has batch 4") as refused:
        orders.merge(3, ("A", 3, 8, 6), ("N", 3, None, 6))
    assert (refused.value.exit_code, orders.delta.version()) == (EXIT_TERMINAL, 2)

    again = orders.merge(3, ("A", 3, 8, 6), ("N", 3, None, 6), turn=5)
    assert (again.skipped, again.inserted, again.stale) == (False, 1, 1)
    assert (orders.rows[0], orders.rows[-1], orders.progress) == (("A", 2, 9, 7, 4), ("N", 3, None, 6, 3), 5)
    assert orders.merge(3, ("A", 3, 8, 6), ("N", 3, None, 6), turn=5).skipped
    with pytest.raises(BatchOrderError, match="batch 3 was skipped"):
        orders.merge(3, ("A", 3, 8, 6), ("N", 3, None, 6))


def test_a_replay_of_a_merged_batch(orders: Table) -> None:
    before, files = orders.rows, set(orders.delta.file_uris())
    for turn in (3, 4):
        again = orders.merge(1, ("A", 1, 1, 5), ("C", 2, None, 5), turn=turn)
        assert (again.skipped, again.unchanged, again.news) == (False, 2, 0)
        assert (orders.rows, set(orders.delta.file_uris()), orders.delta.version()) == (before, files, turn - 1)
    assert orders.progress == 4
    skipped = [orders.merge(1, ("A", 1, 1, 5), turn=turn) for turn in (3, 4)]
    assert [(result.skipped, result.version) for result in skipped] == [(True, 2), (True, 3)]
    assert orders.merge(2, ("B", 1, 2, 5)).skipped


def test_a_turn_that_another_process_took_is_taken_once(orders: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (("A", 1, 8, 6), ("N", 3, 1, 6))
    at_the_last_instant(monkeypatch, orders, lambda path: orders.merge(1, *rows, turn=3))
    late = orders.merge(1, *rows, turn=3)
    assert (late.skipped, late.conflicts, orders.progress) == (True, 1, 3)
    assert orders.rows == [("A", 1, 8, 6, 1), ("B", 1, 2, 5, 2), ("C", 2, None, 5, 1), ("N", 3, 1, 6, 1)]


@pytest.mark.parametrize("on", [pytest.param(1, marks=FURTHER), 4])
def test_a_key_that_a_foreign_writer_doubled(orders: Table, on: int) -> None:
    appends("A", on, 5)(orders.path)
    before = (orders.rows, orders.delta.version())
    with pytest.raises(DoubledKeyError, match="version 2 of its silver table holds 1 keys of this batch") as refused:
        orders.merge(3, ("A", 2, 9, 6), ("N", 3, None, 6))
    assert refused.value.exit_code == EXIT_TERMINAL
    assert ((orders.rows, orders.delta.version()), orders.progress) == (before, 2)
    assert orders.merge(3, ("B", 1, None, 6)).updated == 1  # the other keys are as good as ever
