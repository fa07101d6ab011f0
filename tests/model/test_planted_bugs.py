"""Each seeded bug, planted in the code that writes silver, is found by the stories that the real code is held to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform import merge, merge_plan, merge_write, outcomes, ties
from lakehouse.transform.planned_merge import MergePlan
from tests.model.deliveries import stories_of_a_run
from tests.model.footprint import Mismatch
from tests.model.harness import Player
from tests.model.model import LEADS, ORDERS

pytestmark = pytest.mark.model

Plant = Callable[[pytest.MonkeyPatch], None]
plan_merge, match_conditions, silver = merge.plan_merge, merge_write.match_conditions, merge_plan._silver
write_whole, kept = merge_write._write, merge_write._kept


def ties_keep_what_silver_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row with the sequence of silver's row changes nothing, so that the order of merges decides."""
    monkeypatch.setattr(outcomes, "_is_tie", lambda dataset, same: F.lit(False))


def ties_by_content_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of contents with one sequence the greatest wins, whenever it landed."""
    monkeypatch.setattr(ties, "_order", lambda dataset: (F.max, [F.lit(0).alias("_order")]))


def a_repeated_loser_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A content counts from the batch in which it landed last, not first."""

    class ByLastLanding:
        """Spark's functions, of which min is max."""

        min = staticmethod(F.max)

        def __getattr__(self, name: str) -> Any:
            return getattr(F, name)

    monkeypatch.setattr(ties, "F", ByLastLanding())


def a_delete_does_not_win_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rows with one sequence in one batch content decides, whether one of them deletes or not."""
    newest = outcomes.newest_per_key

    def latest(rows: DataFrame, dataset: Dataset) -> DataFrame:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outcomes, "is_deleted", lambda dataset: F.lit(False))
            return newest(rows, dataset)

    monkeypatch.setattr(merge_plan, "newest_per_key", latest)


def deletions_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that says deleted does not reach silver."""

    def planned(*args: Any, **kwargs: Any) -> MergePlan:
        plan = plan_merge(*args, **kwargs)
        flag = plan.dataset.delete_flag
        return replace(plan, changes=plan.changes.where(~F.col(flag))) if flag else plan

    monkeypatch.setattr(merge, "plan_merge", planned)


def tombstones_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deleted row of silver is looked past, as readers do, so that an older update brings it back."""

    def seen(spark: SparkSession, dataset: Dataset, *rest: Any) -> DataFrame:
        rows = silver(spark, dataset, *rest)
        return rows.where(~F.col(dataset.delete_flag)) if dataset.delete_flag else rows

    monkeypatch.setattr(merge_plan, "_silver", seen)


def moves_leave_the_old_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row is looked for where it belongs now, and not where it was."""

    def conditions(plan: MergePlan) -> list[str]:
        return [condition.replace("s.`_old_", "s.`") for condition in match_conditions(plan)]

    monkeypatch.setattr(merge_write, "match_conditions", conditions)


def a_partition_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The literals name all partitions of replaced rows but one."""

    def conditions(plan: MergePlan) -> list[str]:
        known = sorted(plan.replaced.partitions, key=str)
        return match_conditions(replace(plan, replaced=plan.replaced.within(known[1:])))

    monkeypatch.setattr(merge_write, "match_conditions", conditions)


def no_literals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The MERGE reads the whole table; its rows are right all the same."""

    def conditions(plan: MergePlan) -> list[str]:
        return [condition for condition in match_conditions(plan) if "s." in condition]

    monkeypatch.setattr(merge_write, "match_conditions", conditions)


def a_partition_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the partitions that are to be written whole one is left as it is."""

    def written(spark: SparkSession, plan: MergePlan, *rest: Any) -> None:
        known = sorted(plan.replaced.partitions, key=str)
        write_whole(spark, replace(plan, replaced=plan.replaced.within(known[1:])), *rest)

    monkeypatch.setattr(merge_write, "_write", written)


def a_moved_row_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition that is written whole keeps the old copy of a row that leaves it."""

    def still(spark: SparkSession, plan: MergePlan, *rest: Any) -> DataFrame:
        (name,) = plan.dataset.partition_by
        stays = F.col(name).eqNullSafe(F.col(f"{outcomes.OLD}.{name}"))
        return kept(spark, replace(plan, changes=plan.changes.where(stays)), *rest)

    monkeypatch.setattr(merge_write, "_kept", still)


def the_rest_of_a_partition_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A partition that is written whole loses the rows that the batch does not name."""
    monkeypatch.setattr(merge_write, "_kept", lambda *args: kept(*args).where("false"))


def ties_by_file_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rows with one sequence, the one that Spark happens to see last counts."""

    class ByFileOrder:
        """Spark's functions, of which max and min of a row look at its sequence alone."""

        @staticmethod
        def max(content: SparkColumn) -> SparkColumn:
            return F.max_by(content, content["updated_at"])

        @staticmethod
        def min(content: SparkColumn) -> SparkColumn:
            return F.min_by(content, content["received_at"])

        def __getattr__(self, name: str) -> Any:
            return getattr(F, name)

    monkeypatch.setattr(outcomes, "F", ByFileOrder())


def a_repeat_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row equal to what silver has replaces it, so that a repeated delivery rewrites its files."""
    monkeypatch.setattr(outcomes, "_all_equal", lambda names: F.lit(False))


UPSERTS = (ORDERS, LEADS)
"""Every bug shows in these; the fact and the other datasets would only make its search longer."""

ROWS, READ = "rows differ", r"the MERGE reads (partitions without a replaced row|keys beyond)"


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("plant", "complaint"),
    [
        (ties_keep_what_silver_has, ROWS),
        (ties_by_content_alone, ROWS),
        (a_repeated_loser_wins, ROWS),
        (a_delete_does_not_win_its_batch, ROWS),
        (deletions_are_dropped, ROWS),
        (tombstones_are_not_seen, ROWS),
        (moves_leave_the_old_copy, ROWS),
        (a_partition_is_missing, ROWS),
        (no_literals, READ),
        (a_partition_is_not_replaced, ROWS),
        (a_moved_row_is_kept, ROWS),
        (the_rest_of_a_partition_is_lost, ROWS),
        (ties_by_file_order, ROWS),
        (a_repeat_is_news, "counts: .*'corrected': [1-9]"),
    ],
    ids=lambda value: getattr(value, "__name__", "found"),
)
def test_a_planted_bug_is_found(
    plant: Plant,
    complaint: str,
    project: Project,
    spark: SparkSession,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    lakes = (Lake.at(str(tmp_path_factory.mktemp("lake"))) for _ in stories_of_a_run())
    with pytest.raises(Mismatch, match=complaint):
        play_all(Context(project, lake, lambda: spark) for lake in lakes)


def play_all(contexts: Iterable[Context]) -> None:
    """Play every story of a run, each on a lake of its own, until one finds something."""
    for story, context in zip(stories_of_a_run(), contexts, strict=True):
        Player(context, Counter(), datasets=UPSERTS, builds=False).play(story)
