"""Forty questions of an analyst's first week, typed as Athena takes them: the rows are those of another computation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish.describe import describe
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


def test_the_join_that_describe_prints_gives_the_costs_of_order_lines(project: Project, both_deliveries: Lake) -> None:
    note = describe(project, both_deliveries, "silver.products").notes[2]
    join = re.sub(r"^As of a time: | h\.valid_to\).*$", lambda found: " h.valid_to)" * ("valid_to" in found[0]), note)
    line = "t.dt, t.order_id, t.line_number, h.name, h.category, h.unit_cost"
    printed = f"select {line} from silver.erp_orders t {join.replace('t.TIME', 't.ordered_at')} order by 1, 2, 3"
    view = "select day, order_id, line_number, product_name, category, unit_cost from analytics.order_lines"
    rows = answer(project, both_deliveries, f"{view} order by 1, 2, 3", "athena")
    assert answer(project, both_deliveries, printed, "athena") == rows
    early = "select count(*) from silver.erp_orders o join (select product_id, min(valid_from) as first from "
    early += "silver.products group by 1) p on o.product_id = p.product_id and o.ordered_at < p.first"
    assert answer(project, both_deliveries, early, "athena") != [(0,)]


def test_there_are_forty() -> None:
    assert len(QUESTIONS) >= 40
    assert len({asked["question"] for asked in QUESTIONS}) == len(QUESTIONS)
