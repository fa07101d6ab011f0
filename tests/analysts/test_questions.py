"""Forty questions of an analyst's first week, typed as Athena takes them: the rows are those of another computation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.lakes_without_spark import write_lake

QUESTIONS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def both_deliveries(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.at(str(tmp_path_factory.mktemp("asked")))
    write_lake(project, lake, project.samples, project.samples / "day2")
    return lake


def answer(project: Project, lake: Lake, sql: str, dialect: Any) -> list[tuple[Any, ...]]:
    return run_query(lake, project.contracts, sql, views_in_query(project, lake, sql), dialect=dialect).rows


def plain(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Doubles with nine digits after the point: two ways to add them up differ in the last."""
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in rows]


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda asked: asked["question"])
def test_the_answer_is_that_of_another_computation(
    project: Project, both_deliveries: Lake, asked: dict[str, str]
) -> None:
    found = answer(project, both_deliveries, asked["sql"], "athena")
    assert found
    assert plain(found) == plain(answer(project, both_deliveries, asked["check"], "duckdb"))


def test_there_are_forty() -> None:
    assert len(QUESTIONS) >= 40
    assert len({asked["question"] for asked in QUESTIONS}) == len(QUESTIONS)
