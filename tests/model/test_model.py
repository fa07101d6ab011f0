"""Random deliveries against a plain model: after every step silver and the fact are what the model says."""

from __future__ import annotations

from collections import Counter

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from tests.model.deliveries import Story, each_story
from tests.model.harness import Player

pytestmark = pytest.mark.model

HAPPENINGS = (
    "inserted", "updated", "deleted", "moved", "revived", "unchanged", "stale", "superseded", "late version", "no news",
    "deliver", "overtaken", "redeliver", "same number", "replay", "optimized", "skipped",
    "crash before the write", "crash after the write", "not built", "built by changes",
)  # fmt: skip


@pytest.mark.timeout(900)
def test_silver_and_the_fact_equal_the_model(
    project: Project, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    seen: Counter[str] = Counter()

    def play(story: Story) -> None:
        lake = Lake.at(str(tmp_path_factory.mktemp("lake")))
        Player(Context(project, lake, lambda: spark), seen).play(story)

    each_story(play)
    assert [name for name in HAPPENINGS if not seen[name]] == []
