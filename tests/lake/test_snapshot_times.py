"""The times of snapshots are compared as kept; bronze is read for those of which nothing is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake import snapshot_times
from lakehouse.lake.batches import ValidationResult, ValidationStatus, record_validation, validation_results_of
from lakehouse.lake.paths import Lake
from lakehouse.lake.snapshot_times import Moment, Times, times_as_text, times_of

COLUMNS = (Column("id", "string", True, ""), Column("at", "timestamp", True, ""), Column("version", "bigint", True, ""))
STOCK = Dataset("stock", "shop", "", MergeStrategy.UPSERT, "*", FileFormat.CSV, COLUMNS, ("id",), ("at",), None, None,
                (), (), 20, by_arrival=True, snapshot_shrink_limit_percent=50)  # fmt: skip
NONE = Moment(None, False)


def at(day: int) -> Moment:
    return Moment(f"2026-01-{day:02}T00:00:00.000000Z", False)


def result(number: int, times: str | None) -> ValidationResult:
    passed = ValidationStatus.PASSED
    return ValidationResult("stock", number, passed, 1, 0, 0, 1, None, None, snapshot_times=times)


def test_moments_are_ordered_as_their_type_is() -> None:
    assert at(1) < at(2)
    assert at(1) > NONE
    assert not at(1) < NONE
    assert not NONE < NONE
    nine, ten = Moment("9", True), Moment("10.5", True)
    assert nine < ten
    assert [one.text for one in sorted([ten, Moment(None, True), nine])] == [None, "9", "10.5"]


def test_kept_times_come_back_without_bronze(lake: Lake) -> None:
    kept = {1: Times(at(1), at(2)), 2: Times(NONE, NONE)}
    for number, times in kept.items():
        record_validation(lake, STOCK, result(number, times_as_text(times, STOCK)))

    def spark() -> Any:
        raise AssertionError("no session is needed")

    assert times_of(spark, lake, STOCK, validation_results_of(lake, STOCK)) == kept


def test_bronze_says_the_times_that_are_not_kept(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """An earlier release kept none, and where the contract names another column, those that are kept are of no use."""
    asked: list[Collection[int]] = []
    numbers = Times(Moment("3", True), Moment("4", True))

    def read(_: Any, __: Lake, ___: Dataset, batches: Collection[int]) -> dict[int, Times]:
        asked.append(batches)
        return dict.fromkeys(batches, numbers)

    monkeypatch.setattr(snapshot_times, "read_times", read)
    other = replace(STOCK, sequence_by=("version",))
    results = [
        result(1, None),
        result(2, times_as_text(Times(at(1), at(1)), STOCK)),
        result(3, times_as_text(numbers, other)),
    ]
    assert times_of(lambda: None, lake, other, results) == dict.fromkeys((1, 2, 3), numbers)  # type: ignore[arg-type,return-value]
    assert asked == [[1, 2]]
