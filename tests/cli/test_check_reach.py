"""A query of meta.reach that would fail at the first change, or find too few keys, is one line with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from lakehouse.contracts.project import Project
from tests.helpers.shop_models import MART, block, write_models

FROM_STAGING = "join staging.stg_visits as visits on changed.id = visits.id"
WRONG_MART = "a key too few is a wrong mart"


def test_the_marts_of_this_project_and_of_the_small_one_are_right(project: Project, tmp_path: Path) -> None:
    assert problems(project) == []
    assert problems(write_models(tmp_path)) == []


@pytest.mark.parametrize(
    "reach",
    [
        block(f"select visits.dt, visits.note\nfrom changed\n{FROM_STAGING}"),
        block("with rows as (select *, note as other from changed)\nselect dt, other as note from rows"),
        block("select * from changed -- all of them"),
        block("SELECT DT, Note FROM Changed"),
        block("select date_add(dt, 1) as later, later as dt, note from changed"),
        block("select dt, note from changed lateral view explode(array(id)) as one where one > 0"),
        block("select notes.dt, changed.note from changed join marts.fct_notes as notes using (note)"),
        block("select dt, min(case when _image = 'new' then note end) as note from changed group by dt"),
        block("select dt, note from changed where _image = 'new'\nunion select * from changed where _image = 'old'"),
        '{note: "note"}',
    ],
)  # fmt: skip
def test_what_would_run_passes(tmp_path: Path, reach: str) -> None:
    assert problems(write_models(tmp_path, reach)) == []


@pytest.mark.parametrize(
    ("reach", "line", "says"),
    [
        (block("select dt,\n  changed.nota as note\nfrom changed"), 9, "unknown column changed.nota. Did"),
        (block("select dt, nota as note\nfrom changed"), 8, "unknown column nota. Did you mean 'note'?"),
        (block(f"select changed.dt, visits.nota as note from changed\n{FROM_STAGING}"), 8, "column visits.nota. Did"),
        (block(f"select visit.dt, note from changed\n{FROM_STAGING}"), 8, "column visit.dt. Did you mean 'visits'?"),
        (block("select dt, note\nfrom chnaged"), 9, "reads chnaged, which is not there. Did you mean 'changed'?"),
        (block("select dt, note from changed\njoin stg_visits using (dt, note)"), 9,
         "reads stg_visits; write it with its layer, staging.stg_visits."),
        (block("select dt, note from changed\njoin staging.stg_visit using (dt, note)"), 9,
         "reads staging.stg_visit, which is not there. Did you mean 'staging.stg_visits'?"),
        (block("select dt, note from changed join {{ ref('stg_visits') }} using (dt)"), 8, "it is SQL without Jinja"),
        (block("select dt, note from staging.stg_visits"), 8, "it does not read `changed`"),
        (block("select dt, note as word from changed"), 8, "gives dt, word, and no note, a key of fct_notes"),
        (block("select dt from changed"), 8, "gives dt, and no note"),
        (block("select dt, coalesce(note, 'x' as note\nfrom changed"), 8, "Expecting )."),
        (block("select dt, note from changed; select 1"), 8, "it is more than one SELECT"),
        (block("select dt, note from changed where _image = 'new'"), 8, WRONG_MART),
        (block(f"select changed.dt, changed.note from changed {FROM_STAGING} and _image <> 'old'"), 8, WRONG_MART),
        (block("select dt, note from changed where _image in ('old', 'nwe')"), 8, "found 'nwe'. Did you mean 'new'?"),
        (block("select dt, note from changed limit 100"), 8, WRONG_MART),
        (block("select dt, note from changed where dt > current_date - 30"), 8, WRONG_MART),
        ('{note: "lower(nota)"}', 7, "unknown column nota. Did you mean 'note'?"),
        ('{note: "lower(note"}', 7, "Expecting )."),
        ('{note: "lower(note)"}', 7, "note of fct_notes is note, and not lower(note) of the changed row: changed rows"),
    ],
)  # fmt: skip
def test_what_would_fail_or_forget_keys_is_named_by_its_line(tmp_path: Path, reach: str, line: int, says: str) -> None:
    (found,) = problems(write_models(tmp_path, reach))
    where = f"{tmp_path}/dbt/models/marts/fct_notes.yml:{line}: meta.reach.visits: "
    assert found.startswith(where), found
    assert says in found


def test_direct_needs_the_columns_of_the_grain(tmp_path: Path) -> None:
    """The mart's day has another name in the dataset."""
    mart = MART.replace("select dt,", "select dt as day,")
    project = write_models(tmp_path, mart=mart)
    for file in (project.dbt / "models/marts").iterdir():
        text = file.read_text(encoding="utf-8").replace("['dt', 'note']", "['day', 'note']")
        file.write_text(text.replace("[dt, note]", "[day, note]").replace("name: dt", "name: day"), encoding="utf-8")
    (found,) = problems(project)
    assert "meta.reach.visits: unknown column day. " in found


def test_a_table_that_the_mart_does_not_read_is_refused(tmp_path: Path) -> None:
    """Its changes would not be seen."""
    project = write_models(tmp_path, block("select dt, note from changed join staging.others using (id)"))
    (project.dbt / "models/staging/others.sql").write_text("select 1 as id\n", encoding="utf-8")
    (found,) = problems(project)
    assert "reads staging.others, which fct_notes does not read and whose changes the mart would not see" in found
