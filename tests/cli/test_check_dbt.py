"""Plain mistakes in models and their YAML: each is one line with its place, before dbt or Spark is started."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lakehouse.cli.check import models_lines, problems
from lakehouse.cli.check_dbt import unreadable_dbt
from lakehouse.contracts.dbt_files import mart_problems
from lakehouse.contracts.project import Project
from tests.helpers.shop_models import write_models

SQL, YAML, STAGING = "marts/fct_notes.sql", "marts/fct_notes.yml", "staging/stg_visits.sql"
ONE = "select 1 as n\n"


def lines(project: Project) -> list[str]:
    """What check says of the dbt project, without the folder of its models."""
    said = unreadable_dbt(project.dbt) or [*mart_problems(project.dbt), *models_lines(project, project.contracts)]
    return [line.replace(f"{project.root}/", "").removeprefix("dbt/").removeprefix("models/") for line in said]


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return write_models(tmp_path)


def plant(project: Project, file: str, before: str, after: str) -> None:
    path = project.dbt / "models" / file
    text = path.read_text(encoding="utf-8")
    assert before in text, before
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "before", "after", "place", "says"),
    [
        (YAML, "models:", "model:", f"{YAML}:1", "model: is no word that dbt knows here. Did you mean 'models'?"),
        (YAML, "    config:", "    confg:", f"{YAML}:4", "confg: is no word that dbt knows here. Did"),
        (YAML, "      meta:", "      mata:", f"{YAML}:5", "mata: is no word that dbt knows here. Did you mean 'meta'?"),
        (YAML, "reach:", "reech:", f"{YAML}:6", "meta.reech: is no word that dbt knows here. Did you mean 'reach'?"),
        (YAML, "    config:\n      meta:\n        reach:\n          visits", "    reach:\n      visits", f"{YAML}:4",
         "reach: has no effect here; write it under config: meta."),
        (YAML, "        reach:", "        dedline: '06:00'\n        reach:", f"{YAML}:6", "Did you mean 'deadline'?"),
        (YAML, "        reach:", "        keepDays: 9\n        reach:", f"{YAML}:6", "is a property of contracts"),
        (YAML, "    columns:\n", "    colums:\n", f"{YAML}:11", "Did you mean 'columns'?"),
        (YAML, "    data_tests:", "    data_test:", f"{YAML}:8", "Did you mean 'data_tests'?"),
        (YAML, "one_row_per", "one_row_pr", f"{YAML}:9", "'one_row_pr' is no test. Did you mean 'one_row_per'?"),
        (YAML, "{columns: [dt", "{colums: [dt", f"{YAML}:9", "has no argument 'colums'. Did you mean 'columns'?"),
        (YAML, "Note.}", "Note., data_tests: [not_nul]}", f"{YAML}:13", "'not_nul' is no test. Did"),
        (YAML, "{name: visits,", "{name: vists,", f"{SQL}:1", "describes vists, which its SQL does not select."),
        (YAML, "{name: dt,", "{nam: dt,", f"{YAML}:12", "columns[0].name: is missing; add it. Found instead: 'nam'?"),
        (YAML, "{name: dt, description: Day.}", "dt", f"{YAML}:12", "must be a mapping with a name, as in - name: dt."),
        (YAML, "        reach:", "        amounts: [visits]\n        reach:", f"{YAML}:6", "must be a mapping of"),
        (YAML, "        reach:", "        amounts: {vists: visits}\n        reach:", f"{SQL}:1",
         "meta.amounts names vists, which is no column of it. Did you mean 'visits'?"),
        (YAML, "        reach:", "        amounts: {visits: vists}\n        reach:", f"{SQL}:1",
         "names 'vists', which the mart does not read. Did you mean 'visits'?"),
        (SQL, "materialized='incremental'", "materialized='incremantal'", f"{SQL}:1", "Did you mean 'incremental'?"),
        (SQL, ", file_format='delta'", "", f"{SQL}:1", "a mart is a Delta table, found file_format None"),
        (SQL, "file_format=", "alias='other', file_format=", f"{SQL}:1", "alias puts the mart where no reader looks"),
        (SQL, "file_format=", "on_schema_change='fial', file_format=", f"{SQL}:1", "Did you mean 'fail'?"),
        (SQL, "unique_key=['dt', 'note']", "unique_key=['dt'] + ['note']", f"{SQL}:1",
         "its config must be plain words and lists, found unique_key=['dt'] + ['note']."),
        (SQL, "ref('stg_visits')", "ref(stg_visits)", f"{SQL}:1", "must name it in quotes, as in ref('stg_visits')."),
        (SQL, "{{ ref('stg_visits') }}", "staging.stg_visits", f"{SQL}:1", "reads staging.stg_visits by its name"),
        (SQL, "{{ ref('stg_visits') }}", "{{ ref('stg_visits') }} join `silver`.`visits` using (id)", f"{SQL}:1",
         "reads silver.visits by its name, and no build would see its changes"),
        (SQL, "ref('stg_visits')", "ref('fct_notes')", f"{SQL}:1", "reads itself through fct_notes → fct_notes"),
        (SQL, "count(*) as visits", "count(*) as visits, max(at) as visits", f"{SQL}:1", "selects visits twice"),
        (SQL, "{%- endif %}", "", f"{SQL}:4", "Jinja: Unexpected end of template."),
        (SQL, "('stg_visits') }}", "('stg_visits') }", f"{SQL}:3", "Jinja: unexpected '}'"),
        (STAGING, "'visits') }}", "'visit') }}", f"{STAGING}:1", "reads source('silver_shop', 'visit'), which no YAML"),
        ("sources.yml", "name: visits", "name: vists", f"{STAGING}:1", "reads source('silver_shop', 'visits'),"),
        ("sources.yml", "tables:", "table:", "sources.yml:4", "Did you mean 'tables'?"),
        ("sources.yml", "  - name: silver_shop\n    schema", "  - schema", "sources.yml:2", "name: is missing; add"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(
    shop: Project, file: str, before: str, after: str, place: str, says: str
) -> None:
    plant(shop, file, before, after)
    (line,) = lines(shop)
    assert line.startswith(f"{place}: "), line
    assert says in line


@pytest.mark.parametrize(
    ("file", "text", "place", "says"),
    [
        ("marts/2026_days.sql", ONE, None, "'2026_days' cannot name a table"),
        ("marts/by-day.sql", ONE, None, "'by-day' cannot name a table: wanted are small letters"),
        (f"marts/{'d' * 201}.sql", ONE, None, "has 201 characters; a name has at most 200."),
        ("marts/visits.sql", ONE, None, "'visits' is a dataset, and commands name both without a layer"),
        ("staging/fct_notes.sql", ONE, None, "'fct_notes' is a model already"),
        ("marts/days.SQL", ONE, None, "is not looked at for its name; end it in .sql."),
        ("marts/days.py", "def model(dbt, session): ...\n", None, "is a model in Python"),
        ("marts/days.sql", "-- later\n", None, "holds no query; write its SELECT, or remove the file."),
        ("marts/days.sql", "\ufeff" + ONE, None, "begins with a byte-order mark"),
        ("marts/days.sql", b"-- one\n-- caf\xe9\n", "marts/days.sql:2", "of UTF-8; save the file as UTF-8."),
        ("marts/other.yml", "models: [{name: fct_note}]\n", None, "'fct_note' is no model. Did you mean 'fct_notes'?"),
        ("marts/other.yml", "models: {fct_notes: {}}\n", None, "models: must be a list."),
        ("../macros/mine.sql", "{% macro mine() %} 1\n", None, "Jinja: Unexpected end of template."),
        ("../athena_views/more/days.sql", ONE, None, "is not looked at; views lie in dbt/athena_views itself"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_is_named(
    shop: Project, file: str, text: str | bytes, place: str | None, says: str
) -> None:
    path = (shop.dbt / "models" / file).resolve()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (line,) = lines(shop)
    assert line.startswith(f"{place or file.removeprefix('../') + ':1'}: "), line
    assert says in line


def test_a_model_that_two_files_describe_is_named_with_both(shop: Project) -> None:
    (shop.dbt / "models/marts/other.yml").write_text("models: [{name: fct_notes}]\n", encoding="utf-8")
    (line,) = [line for line in lines(shop) if line.startswith("marts/other.yml:1: ")]
    assert line.endswith(f"name: 'fct_notes' is described twice, first in dbt/models/{YAML}:2.")


def test_what_dbt_takes_passes(shop: Project) -> None:
    """As it is; with Jinja's words, tests at their former place, a model that is switched off, words of one's own."""
    assert lines(shop) == []
    plant(shop, SQL, "file_format=", "full_refresh=none, persist_docs={'relation': true}, file_format=")
    plant(shop, YAML, "arguments: {columns: [dt, note]}", "columns: [dt, note]")
    plant(shop, YAML, "data_tests:", "tests:")
    plant(shop, YAML, "        reach:", "        our_steward: shops\n        reach:")
    (shop.dbt / "models/marts/idle.sql").write_text("{{ config(enabled=false) }}\nselect 1 as n\n", encoding="utf-8")
    (shop.dbt / "models/marts/idle.yml").write_text("models: [{name: idle, description: Later.}]\n", encoding="utf-8")
    (shop.dbt / "tests/none.sql").write_text("{% test none(model) %}select 1 from {{ model }}{% endtest %}\n")
    assert lines(shop) == []


def test_models_that_read_each_other_are_named_and_end(shop: Project) -> None:
    (shop.dbt / "models/staging/back.sql").write_text("select * from {{ ref('fct_notes') }}\n", encoding="utf-8")
    plant(shop, STAGING, "{{ source('silver_shop', 'visits') }}", "{{ ref('back') }}")
    (line,) = lines(shop)
    assert "reads itself through fct_notes → stg_visits → back → fct_notes; remove the circle." in line


def test_a_view_that_two_marts_read_is_named_once_and_stops_no_other_mart(shop: Project) -> None:
    for name in ("fct_notes", "fct_other"):
        for ending in (".sql", ".yml"):
            text = (shop.dbt / f"models/marts/fct_notes{ending}").read_text(encoding="utf-8")
            (shop.dbt / f"models/marts/{name}{ending}").write_text(text.replace("name: fct_notes", f"name: {name}"))
    plant(shop, STAGING, "{{ source('silver_shop', 'visits') }}", "{{ ref('raw_visits') }}")
    (line,) = lines(shop)
    assert "staging/stg_visits.sql:1: cannot be kept exact: reads ref('raw_visits'), which is no model." in line


def test_a_project_file_that_is_missing_or_broken_is_one_line(shop: Project) -> None:
    file = shop.dbt / "dbt_project.yml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("models:\n", "models\n"), encoding="utf-8")
    assert lines(shop)[0].startswith("dbt_project.yml:8: YAML: ")
    file.unlink()
    assert lines(shop) == ["dbt_project.yml:1: is missing, and without it dbt finds no model; add it."]


def test_all_is_said_in_one_go_without_an_engine(shop: Project) -> None:
    plant(shop, SQL, "count(*) as visits", "count(*) as vists")
    plant(shop, YAML, "reach:\n          visits: direct", "reach:\n          visits: {note: lower(nota)}")
    before = time.process_time()
    found = problems(shop)
    assert time.process_time() - before < 2
    assert [line.rpartition("/")[2].partition(": ")[0] for line in found] == ["fct_notes.sql:1", "fct_notes.yml:7"]
