"""A snapshot that lacks too many keys of the one before it, or has several times, is stopped before it deletes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.project import Project
from lakehouse.lake import snapshot_times
from lakehouse.lake.batches import ValidationStatus, batches_of
from lakehouse.lake.delivered_keys import delivered_keys
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import snapshot_bronze
from lakehouse.transform.merge_order import Turn
from lakehouse.validate import snapshot_guard
from lakehouse.validate.result import Evaluation
from lakehouse.validate.snapshot_guard import guarded
from tests.model.kinds import Row
from tests.model.snapshot_laws import DATASETS, SnapshotPlay

PASSED, STOPPED = ValidationStatus.PASSED, ValidationStatus.STOPPED


class Whole(SnapshotPlay):
    """Deliveries of given keys."""

    def times(self, number: int, rows: Sequence[Row]) -> str | None:
        """All results have them."""
        return super().times(1, rows)

    def bring(self, status: ValidationStatus, time: int, keys: str) -> int:
        """A delivery of a day with a row per key."""
        at = datetime(2026, 9, 30, tzinfo=UTC) + timedelta(days=time)
        return self.land([{"id": key, "at": at, "note": "x"} for key in keys], status)

    def guard(self, number: int) -> Evaluation:
        """What the guards say of a batch that is right otherwise."""
        (batch,) = batches_of(self.context.lake, self.dataset, f"batch_id = {number}")
        rows = len(self.batches[number - 1])
        return guarded(self.context, self.dataset, batch, Evaluation("it", rows, 0, 20, PASSED, None, ()))


@pytest.fixture
def play(request: pytest.FixtureRequest, project: Project, spark: SparkSession, tmp_path: Path) -> Whole:
    context = Context(project, Lake.at(str(tmp_path)), lambda: spark)
    return Whole(context, DATASETS[request.param], lambda _: [], lambda *_: {}, Random("whole"))


@pytest.mark.parametrize("play", ["snapshots"], indirect=True)
def test_it_is_compared_with_the_one_that_passed_before(play: Whole) -> None:
    assert not play.guard(play.bring(PASSED, 1, "abcdef")).is_stopped, "nothing came before the first"
    play.bring(STOPPED, 2, "a")
    half = play.guard(play.bring(PASSED, 3, "abcx"))
    assert not half.is_stopped, "half of the keys may be missing, and new ones make up for none"
    found = play.guard(play.bring(STOPPED, 4, "ayz"))
    assert found.status is STOPPED
    assert found.reason == (
        "snapshot_keeps_keys: A snapshot lacks at most 50 % of the keys of the snapshot before it "
        "(3 of 4 keys of batch 3 are missing, 75 %)"
    )  # fmt: skip
    assert "4 of 4 keys" in str(play.guard(play.bring(STOPPED, 4, "")).reason), "an empty one lacks all"


@pytest.mark.parametrize("play", ["timed_snapshots"], indirect=True)
def test_the_one_before_is_known_by_its_time(play: Whole) -> None:
    play.bring(PASSED, 1, "ab")
    play.bring(PASSED, 5, "wxyz")
    assert not play.guard(play.bring(PASSED, 2, "ab")).is_stopped, "it comes after the first, though it arrived last"
    (reason,) = [play.guard(play.bring(STOPPED, 6, "ab")).reason]
    assert reason
    assert "4 of 4 keys of batch 2" in reason


@pytest.mark.parametrize("play", ["timed_snapshots"], indirect=True)
def test_what_is_read_of_bronze_does_not_grow_with_the_deliveries(play: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[set[int]] = []

    def counted(*given: Any) -> DataFrame:
        read.append(set(given[-1]))
        return delivered_keys(*given)

    for module in (snapshot_guard, snapshot_times, snapshot_bronze):
        monkeypatch.setattr(module, "delivered_keys", counted)
    asked = {}
    for number in range(1, 41):
        play.bring(PASSED, number, "abc")
        if number in (10, 40):
            read.clear()
            assert not play.guard(number).is_stopped
            turn, lake, spark = Turn(number, number), play.context.lake, play.context.spark()
            assert snapshot_bronze.delivered(spark, lake, play.dataset, turn).is_next()
            asked[number] = [sorted(number - batch for batch in batches) for batches in read]
    assert asked[10] == asked[40] == [[0], [0], [0, 1]]


@pytest.mark.parametrize("play", ["timed_snapshots"], indirect=True)
def test_all_rows_have_one_time(play: Whole) -> None:
    number = play.bring(PASSED, 1, "ab")
    two = [{"id": key, "at": datetime(2026, 10, at, tzinfo=UTC), "note": "x"} for key, at in (("a", 2), ("b", 3))]
    assert not play.guard(number).is_stopped
    wanted = "snapshot_has_one_at: All rows of a snapshot have one at (found 2)"
    assert play.guard(play.land(two, STOPPED)).reason == wanted
