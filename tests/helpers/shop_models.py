"""A dbt project over the small project of one dataset: a view of its visits, and a mart by day and note."""

from __future__ import annotations

import shutil
from pathlib import Path

from lakehouse.contracts.project import Project
from tests.helpers.small_project import write_project

DBT = Path(__file__).parents[2] / "dbt"
PROJECT = """\
name: shop
version: 1.0.0
config-version: 2
profile: lakehouse
flags: {send_anonymous_usage_stats: false}
vars: {marts_root: null, lookback_days: 7}
models:
  shop:
    staging: {+materialized: view, +schema: staging, +tags: [shop]}
    marts: {+schema: marts, +tags: [marts]}
"""
SOURCES = """\
sources:
  - name: silver_shop
    schema: silver
    tables: [{name: visits, description: Visits.}]
"""
STAGING = "select id, note, amount, at, dt from {{ source('silver_shop', 'visits') }}\n"
CONFIG = (
    "{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key=['dt', 'note'], "
    "file_format='delta') }}\n"
)
MART = """\
select dt, note, count(*) as visits
from {{ ref('stg_visits') }}
where note is not null {%- if is_incremental() %} and {{ in_changed() }} {%- endif %}
group by dt, note
"""
YAML = """\
models:
  - name: fct_notes
    description: Visits per day and note.
    config:
      meta:
        reach:
          visits: {reach}
    data_tests:
      - one_row_per:
          arguments: {{columns: [dt, note]}}
    columns:
      - {{name: dt, description: Day.}}
      - {{name: note, description: Note.}}
      - {{name: visits, description: Visits.}}
"""


def block(query: str) -> str:
    """A query as a block of the YAML, from line 8 on."""
    return "|\n" + "\n".join(f"            {line}" for line in query.splitlines())


def write_models(root: Path, reach: str = "direct", mart: str = MART, config: str = CONFIG) -> Project:
    """The small project with its models."""
    project = with_dbt(write_project(root))
    for folder in ("models/staging", "models/marts"):
        (project.dbt / folder).mkdir(parents=True, exist_ok=True)
    files = {
        "models/sources.yml": SOURCES, "models/staging/stg_visits.sql": STAGING,
        "models/marts/fct_notes.sql": config + mart, "models/marts/fct_notes.yml": YAML.format(reach=reach),
    }  # fmt: skip
    for name, text in files.items():
        (project.dbt / name).write_text(text, encoding="utf-8")
    return project


def with_dbt(project: Project) -> Project:
    """The project with what dbt needs to start: settings without a model, our profile, macros and tests."""
    (project.dbt / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    shutil.copy(DBT / "profiles.yml", project.dbt)
    for folder in ("macros", "tests/generic"):
        shutil.copytree(DBT / folder, project.dbt / folder, dirs_exist_ok=True)
    return project
