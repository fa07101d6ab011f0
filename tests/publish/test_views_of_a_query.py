"""A query opens the files of the views that it names and of those that they read, and no other."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.publish import views
from lakehouse.publish.engine import connect
from lakehouse.publish.publish_views import views_in_query
from lakehouse.publish.query import run_query
from lakehouse.publish.views import View
from tests.helpers.small_project import write_project

FILES = {
    "ids": "-- description: Ids.\n-- column id int: Id.\nselect id from silver.visits\n",
    "more_ids": "-- description: Ids.\n-- column id int: Id.\nselect id + 1 as id from analytics.ids\n",
    "broken": "-- description: Broken.\n-- column id int: Id.\nselect from from\n",
}


@pytest.fixture
def project(tmp_path: Path, lake: Lake) -> Project:
    """Visits 1 and null, two views of them and one whose SQL does not parse."""
    project = write_project(tmp_path)
    folder = project.dbt / "athena_views"
    folder.mkdir(parents=True, exist_ok=True)
    for name, sql in FILES.items():
        (folder / f"{name}.sql").write_text(sql)
    write_deltalake(lake.silver("visits"), pa.table({"id": pa.array([1, None], pa.int32()), "gone": [False, None]}))
    return project


@pytest.mark.parametrize(
    ("sql", "opened", "rows"),
    [
        ("select id from silver.visits order by id", [], [(1,), (None,)]),
        ("select id from analytics.more_ids order by id", ["more_ids", "ids"], [(2,), (None,)]),
        ("select id from ANALYTICS.IDS order by id", ["ids"], [(1,), (None,)]),
    ],
)
def test_only_what_it_names_is_opened(
    project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch, sql: str, opened: list[str], rows: list[tuple[int]]
) -> None:
    read: list[str] = []
    original = views.read_view

    def watched(file: Path) -> View:
        read.append(file.stem)
        return original(file)

    monkeypatch.setattr(views, "read_view", watched)
    found = views_in_query(project, lake, sql)
    assert sorted(read) == sorted(opened)
    assert run_query(lake, project.contracts, sql, found).rows == rows


def test_no_extension_can_be_loaded_by_a_query(project: Project, lake: Lake, tmp_path: Path) -> None:
    """DuckDB does not verify the signature of the one that we load, so nobody may load another."""
    file = tmp_path / "other.duckdb_extension"
    file.write_bytes(b"no extension")
    with connect(lake, project.contracts) as engine, pytest.raises(duckdb.PermissionException, match="disabled"):
        engine.execute(f"LOAD '{file}'")
