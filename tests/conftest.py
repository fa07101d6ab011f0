"""Fixtures that every suite shares: one Spark session per run, and a lake below tmp_path.

TEST_ORDER=7 runs the files, and the tests of each, in a random order, the same for the same number.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

os.environ.setdefault("NO_COLOR", "1")
os.environ["TZ"] = "UTC"

from lakehouse.contracts.project import Project, find_project
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import INTERPRETED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle files, and tests within them: those of a file share fixtures, and stay together."""
    if seed := os.environ.get("TEST_ORDER"):
        order = random.Random(seed)
        files = sorted({item.path for item in items})
        place = dict(zip(files, order.sample(range(len(files)), len(files)), strict=True))
        order.shuffle(items)
        items.sort(key=lambda item: place[item.path])


@pytest.fixture(scope="session")
def project() -> Project:
    """The project under test."""
    return find_project()


@pytest.fixture(scope="session")
def spark(project: Project) -> Iterator[SparkSession]:
    """One session for the whole run: UTC, few partitions, Delta."""
    few = {"spark.sql.shuffle.partitions": "2", "spark.databricks.delta.snapshotPartitions": "2"}
    session = local_session(project, {**INTERPRETED, **few})
    yield session
    session.stop()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake.at(str(tmp_path / "lake"))


@pytest.fixture
def context(project: Project, lake: Lake, spark: SparkSession) -> Context:
    """What steps are given, on an empty lake."""
    return Context(project, lake, lambda: spark)
