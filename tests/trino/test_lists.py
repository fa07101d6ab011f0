"""Lists in Trino: UNNEST, positions and the view of an exploded list give the rows that the embedded engine gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import boto3
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.publish.athena import Athena
from lakehouse.publish.athena_query import query_athena
from lakehouse.publish.publish import publish_table
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from lakehouse.runtime.context import Context
from tests.cycle.test_elements import TWO_LISTS, basket_contract
from tests.helpers.small_project import write_project
from tests.helpers.stand_in.aws import upload
from tests.helpers.stand_in.published import S3_LAKE, Cloud, no_spark

pytestmark = [pytest.mark.trino, pytest.mark.timeout(600)]

PART = pa.struct([("position", pa.int32()), ("more", pa.list_(pa.int32()))])
NOTE = pa.struct([("tags", pa.list_(pa.string())), ("lines", pa.list_(PART))])
NOTES: list[Any] = [
    {"tags": ["x", None, "x"], "lines": [{"position": 7, "more": [1, None]}, None, {"position": None, "more": []}]},
    {"tags": None, "lines": [{"position": 1, "more": None}]}, None, {"tags": [], "lines": None},
    {"tags": ["gone"], "lines": []},
]  # fmt: skip


@pytest.fixture(scope="module")
def lists(published: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Silver with lists beside the samples on S3; bucket and catalogue are as they were afterwards."""
    project, folder = (
        write_project(tmp_path_factory.mktemp("lists"), basket_contract(TWO_LISTS)),
        "curated/silver/visits",
    )
    numbers = pa.array(range(1, len(NOTES) + 1), pa.int32())
    gone = pa.array([None, False, False, False, True], pa.bool_())
    days = pa.array([date(2026, 1, number) for number in range(1, len(NOTES) + 1)])
    notes = pa.array(NOTES, NOTE)
    root = tmp_path_factory.mktemp("lake")
    write_deltalake(f"{root}/{folder}", pa.table({"id": numbers, "note": notes, "gone": gone, "dt": days}))
    upload(root)
    publish_table(Context(project, S3_LAKE, no_spark), "silver", "visits")  # type: ignore[arg-type]
    yield project
    boto3.client("glue").delete_table(DatabaseName="silver", Name="visits")
    boto3.resource("s3").Bucket("lake").objects.filter(Prefix=folder).delete()


@pytest.mark.parametrize(
    "sql",
    [
        "select id, tag, place from silver.visits cross join unnest(note.tags) with ordinality as t(tag, place) "
        "order by id, place",
        "select id, t.position, cardinality(t.more) from silver.visits "
        "cross join unnest(note.lines) as t(position, more) order by id, 2",
        "select id, n, note.tags[n], note.lines[n].position from silver.visits "
        "cross join (select bigint '2' as n union all select 1) where id = 1 order by n",
        "select id, cardinality(note.tags), element_at(note.tags, 2) from silver.visits order by id",
    ],
)
def test_lists_are_read_alike(lists: Project, sql: str) -> None:
    there = query_athena(Athena.of(S3_LAKE), lists.contracts, sql).result
    here = run_query(S3_LAKE, lists.contracts, sql, dialect="athena")
    assert there.rows
    assert (here.columns, here.rows) == (there.columns, there.rows)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("tags", [(1, 1, "x"), (1, 2, None), (1, 3, "x")]),
        ("lines", [(1, 1, 7, [1, None]), (1, 2, None, None), (1, 3, None, []), (2, 1, 1, None)]),
    ],
)
def test_the_view_of_a_list_is_created_and_read(cloud: Cloud, lists: Project, name: str, wanted: list[Any]) -> None:
    sql = f"select * from {name} order by id, 3"
    (view,) = views_in_query(lists, S3_LAKE, sql)
    assert cloud.trino.run(view.statement, "silver").error is None
    try:
        found = cloud.trino.run(f"select * from analytics.{name} order by id, 3")
        assert (found.error, [(row[0], *row[2:]) for row in found.rows]) == (None, wanted)
        here = run_query(S3_LAKE, lists.contracts, sql, [view], dialect="athena").rows
        assert [(row[0], *row[2:]) for row in here] == wanted
    finally:
        cloud.trino.run(f"drop view analytics.{name}")
