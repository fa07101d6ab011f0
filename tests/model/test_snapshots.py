"""Random snapshots against their law in plain Python: late, repeated, repaired and interrupted ones, with bad rows.

Each seeded bug is found by the stories of a kind that it concerns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import Batch
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import snapshot_bronze, snapshot_plan
from tests.model.kinds import Wrong
from tests.model.snapshot_laws import DATASETS, SnapshotPlay

pytestmark = [pytest.mark.kinds, pytest.mark.timeout(300)]


def played(name: str, seed: int, project: Project, spark: SparkSession, folder: Path) -> Counter[str]:
    """Play a story, the same in every run; raises Wrong."""
    context = Context(project, Lake.at(str(folder)), lambda: spark)
    play = SnapshotPlay(context, DATASETS[name], lambda _: [], lambda *_: {}, Random(f"{name} {seed}"))
    play.story()
    return play.seen


def several(name: str, project: Project, spark: SparkSession, folder: Path) -> None:
    """Play several stories; raises Wrong."""
    for seed in range(8):
        played(name, seed, project, spark, folder / str(seed))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", DATASETS)
def test_silver_is_what_the_law_says(
    name: str, seed: int, project: Project, spark: SparkSession, tmp_path: Path
) -> None:
    seen = played(name, seed, project, spark, tmp_path)
    assert seen["news"]
    assert seen["ignored"]


def what_could_not_be_read_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot of which a row could not be read deletes as one that is whole."""
    deleting = snapshot_bronze.deleting

    def all_of_them(spark: SparkSession, keys: DataFrame, _: Collection[int], dataset: Dataset) -> DataFrame:
        every = {row[0] for row in keys.select("_batch_id").distinct().collect()}
        return deleting(spark, keys, every, dataset)

    monkeypatch.setattr(snapshot_bronze, "deleting", all_of_them)


def what_is_in_quarantine_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of a row that a rule kept out counts as one that was not delivered."""

    def nothing(_: SparkSession, __: Lake, dataset: Dataset, keys: DataFrame, *___: Any) -> DataFrame:
        return keys.where(F.lit(False)).select(*dataset.key, "_batch_id")

    monkeypatch.setattr(snapshot_bronze, "kept_out", nothing)


def what_is_late_is_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is merged out of its turn is compared with silver alone."""
    monkeypatch.setattr(snapshot_bronze, "is_newest", lambda *_: True)
    monkeypatch.setattr(snapshot_bronze, "_is_latest", lambda *_: True)


def a_repair_is_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Corrected rows delete all others."""
    monkeypatch.setattr(Batch, "is_repair", property(lambda _: False))


def versions_stay_that_say_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a late snapshot made a repetition is not removed."""
    differences = snapshot_plan.differences
    monkeypatch.setattr(snapshot_plan, "differences", lambda *given: differences(*given).where("not _dropped"))


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (what_could_not_be_read_is_missing, "snapshots"),
        (what_is_in_quarantine_is_missing, "snapshots"),
        (what_is_late_is_the_newest, "timed_snapshots"),
        (a_repair_is_a_snapshot, "snapshots"),
        (versions_stay_that_say_nothing_new, "snapshot_versions"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
@pytest.mark.timeout(900)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    name: str,
    project: Project,
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    with pytest.raises(Wrong):
        several(name, project, spark, tmp_path)
