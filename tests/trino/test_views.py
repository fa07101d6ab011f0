"""Every view gives the same rows in Trino and in the embedded engine, and a day's question opens a day's files."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.publish.athena import Athena
from lakehouse.publish.athena_query import query_athena
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from tests.helpers.stand_in.published import S3_LAKE, Cloud

pytestmark = [pytest.mark.trino, pytest.mark.timeout(600)]
VIEWS = sorted(file.stem for file in (Path(__file__).parents[2] / "dbt" / "athena_views").glob("*.sql"))
EXAMPLES = Path(__file__).parents[2] / "docs" / "how-to" / "ask-the-views.md"


def both(project: Project, sql: str) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of a question by Athena's way and by the embedded engine's, over the same lake."""
    there = query_athena(Athena.of(S3_LAKE), project.contracts, sql).result.rows
    views = views_in_query(project, S3_LAKE, sql)
    here = run_query(S3_LAKE, project.contracts, sql, views, dialect="athena").rows
    return there, here


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_the_same_rows_on_two_engines(project: Project, published: list[str], view: str) -> None:
    there, here = both(project, f"select * from analytics.{view}")
    assert there
    assert sorted(there, key=repr) == sorted(here, key=repr)


@pytest.mark.parametrize("sql", re.findall(r"^```sql\n(.*?)^```$", EXAMPLES.read_text(), re.M | re.S))
def test_an_example_of_the_docs_runs_on_two_engines(project: Project, published: list[str], sql: str) -> None:
    there, here = both(project, sql)
    assert there
    assert there == here


# The samples have 14 days with a file each; leads lie in one file for their month.
@pytest.mark.parametrize(
    ("view", "files"),
    [("daily_store_metrics", 1), ("conversion_funnel", 1), ("store_week_over_week", 3), ("leads_ageing", 1)],
)
def test_a_days_question_opens_a_days_files(cloud: Cloud, published: list[str], view: str, files: int) -> None:
    third = cloud.trino.run("select distinct dt from fct_daily_store_metrics order by dt limit 3").rows[2][0]
    cloud.aws.opened()
    rows = cloud.trino.run(f"select * from analytics.{view} where day = date '{third}'").rows
    assert rows
    assert {row[0] for row in rows} == {str(date.fromisoformat(third))}
    assert len(cloud.aws.opened()) == files


def test_a_second_publish_changes_nothing(project: Project, cloud: Cloud, published: list[str]) -> None:
    import boto3

    from tests.helpers.stand_in.published import publish

    def versions() -> list[tuple[str, str]]:
        glue = boto3.client("glue")
        return [(t["Name"], t.get("VersionId", "")) for db in ("silver", "marts", "analytics", "pinned")
                for t in glue.get_tables(DatabaseName=db)["TableList"]]  # fmt: skip

    before = versions()
    publish(project)
    assert versions() == before
