"""What a build would find otherwise than a full rebuild is refused by file and line, before an engine is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from lakehouse.cli.check_rebuild import rebuild_problems
from lakehouse.cli.model_columns import known_columns
from lakehouse.cli.model_jinja import ProjectJinja
from lakehouse.contracts.dbt_files import read_models
from lakehouse.contracts.mart_graph import whole_marts
from lakehouse.contracts.project import Project
from tests.helpers.shop_models import MART, block, write_models

SQL, STAGING = "dbt/models/marts/fct_notes.sql", "dbt/models/staging/stg_visits.sql"
IF = "{%- if is_incremental() %} and {{ in_changed() }} {%- endif %}"
ASKED = "{% macro asked() %}{% if is_incremental() %} and amount > 0 {% endif %}{% endmacro %}\n"
CLOCK = "{% macro at() %}\n{{ inner() }}{% endmacro %}{% macro inner() %}'{{ run_started_at }}'{% endmacro %}\n"


def rebuilt(project: Project) -> list[str]:
    """What a project's build would find otherwise than a full rebuild."""
    models = read_models(project.dbt)
    jinja = ProjectJinja(project.dbt, models)
    columns = known_columns(jinja, project.contracts)
    return list(rebuild_problems(jinja, project.contracts, whole_marts(models)[0], columns))


def said(root: Path, before: str = "", after: str = "", file: str = SQL, macros: str = "") -> list[str]:
    """What check says of the small project with another text in a model, and with macros of its own."""
    project = write_models(root)
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    (project.dbt / "macros/mine.sql").write_text(macros, encoding="utf-8")
    return rebuilt(project)


@pytest.mark.parametrize(
    "sql",
    [
        MART,
        MART.replace(" and {{ in_changed() }}", " and {{ within_changed('dt', 'dt') }} and {{ in_changed() }}"),
        MART.replace(IF, "").replace("where note",
         "where {% if is_incremental() %}{{ in_changed() }} and {% endif %}note"),
        MART.replace(IF, "{{ ' and ' ~ in_changed() if is_incremental() else '' }}"),
        MART.replace(IF, "{% set more = ' and ' ~ in_changed() if is_incremental() %}{{ more if is_incremental() }}"),
        MART.replace(IF, "{% if is_incremental() -%} and ({{ in_changed() }}) {% else %} -- all {% endif %}"),
        MART.replace("where note is not null " + IF,
         "{% if is_incremental() %} where note is not null and {{ in_changed() }}"
                     "{% else %} where (note is not null) {% endif %}"),
        MART.replace(IF, "{% if not is_incremental() %}{% else %} and {{ in_changed({'note': 'note'}) }}{% endif %}"),
        MART.replace(IF, "{{ limited() }}"),
        MART.replace(IF, "{{ shop.limited() }} {{ adapter.dispatch('words')() }}"),
        MART.replace("count(*)", "{% for one in [1, 2] %}count({{ one }}) + {% endfor %}{{ dbt.length('max(note)') }}"),
        MART + "{{ clustered() }}",
        "{# {{ this }} #}" + MART.replace("count(*)", "count(*) filter (where note <> '{{ modules.re.escape('a') }}')"),
    ],
)  # fmt: skip
def test_what_reads_fewer_keys_and_nothing_else_passes(tmp_path: Path, sql: str) -> None:
    macros = f"{{% macro limited() %}}{IF}{{% endmacro %}}{{% macro default__words() %}}{{% endmacro %}}"
    assert said(tmp_path, MART, sql, macros=macros) == []


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("{{ in_changed() }}", "amount > 0", 4, "than which keys are read, with `AND amount > 0`, so that a build of"),
        ("{{ in_changed() }}", "{{ in_changed() }} and amount > 0", 4, "with `AND amount > 0`"),
        ("{{ in_changed() }}", "dt > (select max(dt) from {{ ref('stg_visits') }})", 4,
         "with `AND dt > (SELECT MAX(dt)"),
        ("{{ in_changed() }}", "not {{ in_changed() }}", 4, "with `AND NOT"),
        (" and {{ in_changed() }}", " or {{ in_changed() }}", 4, "with `OR"),
        (IF, "{% if is_incremental() %} and {{ in_changed() }} {% else %} and amount > 0 {% endif %}", 4,
         "without `AND amount > 0`"),
        (IF, "{% if not is_incremental() %} and amount > 0 {% endif %}", 4, "without `AND amount > 0`"),
        ("count(*)", "count(*) + {{ 1 if is_incremental() else 0 }}", 2, "without `0` and with `1`"),
        ("count(*)", "{% if is_incremental() %}\n sum(1) {% else %} count(*) {% endif %}", 2,
         "without `COUNT(*)` and with"),
        ("count(*)", "{{ more() }}", 2, "calls more(), which is in no file of dbt/macros, so that nobody sees"),
        ("count(*)", "{{ packed.more() }}", 2, "calls packed.more(), which is in no file of dbt/macros"),
        ("{{ in_changed() }}", "{{ in_chnaged() }}", 4,
         "calls in_chnaged(), which is in no file of dbt/macros, so that "
         "nobody sees what it writes in a build of changes; write it there. Did you mean 'in_changed'?"),
        (IF, " and {{ in_changed() }}", 4,
         "in_changed() stands outside of {% if is_incremental() %}, and a full build"),
        (IF, "{{ 1 % 0 }} {% if is_incremental() %} and {{ in_changed() }} {% endif %}", 4,
         "nobody can tell without dbt"),
        ("{{ in_changed() }}", "dt > (select max(dt) from {{ this }})", 4,
         "reads {{ this }}, and rows that it leaves out"),
        ("count(*)", "{% set rows = run_query('select 1') %} count(*)", 2,
         "run_query asks tables while dbt writes the SQL"),
        ("group by dt, note", "group by dt, note limit 10", 5,
         "LIMIT takes other rows of the changed keys than of all"),
    ],
)  # fmt: skip
def test_what_a_build_of_changes_does_besides_is_named_by_its_line(
    tmp_path: Path, before: str, after: str, line: int, says: str
) -> None:
    (found,) = said(tmp_path, before, after)
    assert found.startswith(f"{SQL}:{line}: "), found
    assert says in found


def test_what_a_macro_does_in_a_build_of_changes_is_named_in_its_file(tmp_path: Path) -> None:
    (found,) = said(tmp_path, IF, "{{ asked() }}", macros="\n" + ASKED)
    assert found.startswith("dbt/macros/mine.sql:2: is_incremental() changes more here than which keys are read, with ")


@pytest.mark.parametrize(
    "word",
    [
        "current_date", "current_timestamp()", "now()", "current_user()", "session_user()", "user()", "rand()",
         "uuid()",
        "spark_partition_id()", "monotonically_increasing_id()", "input_file_name()", "current_timezone()", "version()",
        "unix_timestamp()", "timestamp'now'", "date'today'", "localtimestamp", "current_database()", "randstr(3)",
        "_metadata.file_path", "java_method('java.lang.System', 'nanoTime')",
    ],
)  # fmt: skip
@pytest.mark.parametrize("file", [SQL, STAGING])
def test_a_function_of_the_time_or_the_place_is_named(tmp_path: Path, word: str, file: str) -> None:
    before, column = (
        ("count(*)", f"max(\n{word}) as seen, count(*)") if file == SQL else ("id,", f"id,\n{word} as seen,")
    )
    (found,) = said(tmp_path, before, column, file)
    assert found.startswith(f"{file}:{3 if file == SQL else 2}: "), found
    assert "differs at each build, so that old rows differ from a full rebuild" in found


@pytest.mark.parametrize(
    ("jinja", "says"),
    [
        ("{{ run_started_at }}", "run_started_at differs at each build"),
        ("{{ run_started_at.strftime('%Y') }}", "run_started_at differs at each build"),
        ("{{ invocation_id }}", "invocation_id differs at each build"),
        ("{{ modules.datetime.datetime.now() }}", "now differs at each build"),
        ("{% set d = modules.datetime %}{{ d.date.today().year }}", "today differs at each build"),
        ("{{ [1, 2] | random }}", "random differs at each build"),
        ("{{ dbt.current_timestamp() }}", "current_timestamp differs at each build"),
        ("{{ env_var('HOME') }}", "env_var differs from machine to machine"),
        ("{% if target.name == 'dev' %} {% endif %}", "target differs from machine to machine"),
        ("{% set target = target.name %}{{ target }}", "target differs from machine to machine"),
        ("{{ var('changed', '') }}", "var('changed') is what each run sets for the macros of this project"),
        ("{{ this }}", "reads {{ this }}, and "),
        ("{{ at() }}", "run_started_at in the macro inner() differs at each build"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("file", [SQL, STAGING])
def test_a_word_of_jinja_of_the_time_or_the_place_is_named(tmp_path: Path, jinja: str, says: str, file: str) -> None:
    column = f"'{jinja}' as seen"
    before, after = ("count(*)", f"max({column[:-8]}) as seen, count(*)") if file == SQL else ("id,", f"id,\n{column},")
    (found,) = said(tmp_path, before, after, file, CLOCK)
    place = "dbt/macros/mine.sql:2" if "at()" in jinja else f"{file}:2"
    assert found.startswith(f"{place}: {says}"), found


def test_names_that_a_model_gives_itself_are_its_own(tmp_path: Path) -> None:
    own = "{% set flags = ['id'] %}{% for target in flags %}max({{ target }}) as m{{ target }},{% endfor %}"
    assert said(tmp_path, "count(*)", f"{own} count(*)") == []


def test_a_mart_that_is_always_built_whole_asks_no_time_either(tmp_path: Path) -> None:
    project = write_models(tmp_path, "whole", MART.replace(IF, "").replace("count(*)", "count(now())"))
    (found,) = rebuilt(project)
    assert "now differs at each build" in found


def test_a_query_that_finds_keys_asks_no_time(tmp_path: Path) -> None:
    (found,) = problems(write_models(tmp_path, block("select dt, note from changed where current_user() = note")))
    assert "current_user differs at each run, and a key too few is a wrong mart" in found
