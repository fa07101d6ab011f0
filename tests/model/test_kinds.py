"""Random deliveries of every kind against its law in plain Python: late, repeated, repaired and interrupted ones.

Each seeded bug is found by the story of a kind that it concerns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake import bronze
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import append_plan, merge_plan, outcomes, ties, transform
from tests.model.kind_laws import KINDS
from tests.model.kinds import Play, Wrong

pytestmark = [pytest.mark.kinds, pytest.mark.timeout(300)]


def played(name: str, project: Project, spark: SparkSession, folder: Path) -> Counter[str]:
    """Play a story of a kind, the same in every run; raises Wrong."""
    kind, context = KINDS[name], Context(project, Lake.at(str(folder)), lambda: spark)
    play = Play(context, kind.dataset, kind.law, kind.make, Random(f"{name} 3"))
    play.story()
    return play.seen


@pytest.mark.parametrize("name", KINDS)
def test_silver_is_what_the_law_says(name: str, project: Project, spark: SparkSession, tmp_path: Path) -> None:
    seen = played(name, project, spark, tmp_path)
    assert seen["news"]
    assert seen["ignored"]


def what_is_late_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is merged out of its turn counts as the newest."""
    monkeypatch.setattr(transform, "is_newest", lambda *_: True)


def a_repair_arrives_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A repair has a place of its own."""
    with_arrival = bronze.with_arrival

    def now(rows: DataFrame, dataset: Dataset) -> DataFrame:
        return with_arrival(rows.withColumn("_repair_of", F.lit(None).cast("string")), dataset)

    monkeypatch.setattr(bronze, "with_arrival", now)


def the_first_column_decides_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rows with one time the number is not looked at."""

    def newer(dataset: Dataset) -> SparkColumn:
        first = dataset.sequence_by[0]
        return F.col(first) > F.col(f"_old.{first}")

    monkeypatch.setattr(outcomes, "is_newer", newer)


def a_repeat_is_added_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silver is not asked whether it has the rows of a batch."""
    monkeypatch.setattr(append_plan, "_has", lambda *_: False)


def images_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that says what was before counts as a change."""
    for module in (merge_plan, ties):
        monkeypatch.setattr(module, "without_ignored", lambda rows, dataset: rows)
    monkeypatch.setattr(merge_plan, "number_ignored", lambda *_: 0)


def a_log_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words for deletes are not known."""
    monkeypatch.setattr(outcomes, "is_deleted", lambda *_: F.lit(False))


@pytest.mark.parametrize(
    ("plant", "name"),
    [
        (what_is_late_wins, "arriving"),
        (a_repair_arrives_now, "arriving"),
        (the_first_column_decides_alone, "numbered"),
        (a_repeat_is_added_again, "appended"),
        (images_are_merged, "logged"),
        (a_log_deletes_nothing, "logged_versions"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
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
        played(name, project, spark, tmp_path)
