"""Marts that check passes equal their rebuild after they were built of changes; one that it refuses does not."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.check import problems
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.mart_rebuild import rebuild_mart
from lakehouse.transform.marts import build_marts
from lakehouse.transform.merge import merge_batch
from lakehouse.transform.table_difference import TableDifference
from lakehouse.transform.ties import Bronze
from tests.helpers.small_project import write_project
from tests.helpers.visits_models import write_models

pytestmark = [pytest.mark.model, pytest.mark.timeout(400)]

STAGED = "select id, note, amount, at, dt from {{ source('silver_shop', 'visits') }} where {{ not_deleted('gone') }}\n"
CONFIG = (
    "{{{{ config(materialized='incremental', incremental_strategy='replace_changed', unique_key={keys}, "
    "file_format='delta', meta={{'reach': {{'visits': {reach!r}}}}}) }}}}\n"
)
ABOUT = (
    "models: [{{name: {name}, description: One., data_tests: [{{one_row_per: {{arguments: {{columns: {keys}}}}}}}], "
    "columns: [{columns}]}}]\n"
)
MACRO = "{% macro limited() %}{% if is_incremental() %} and {{ in_changed() }} {% endif %}{% endmacro %}\n"
SUM = """with days as (
    select dt, note, sum(amount) as amount from {{ ref('stg_checked') }} where note is not null
    {% if is_incremental() %} and {{ within_changed(WITHIN) }} {% endif %} group by dt, note
)
select dt, note, cast(
    sum(amount) over (partition by note order by dt range between interval 6 days preceding and current row)
    as decimal(18, 2)) as amount
from days
"""
AHEAD = "select date_add(dt, step) as dt, note from changed lateral view explode(sequence(0, 6)) as step"
MARTS: dict[str, tuple[list[str], object, str]] = {
    "of_weeks": (["week", "note"], {"week": "date_trunc('week', dt)"},
        "select cast(date_trunc('week', dt) as date) as week, note, count(*) as visits from {{ ref('stg_checked') }} "
        "where "
        "note is not null {% if is_incremental() %} and {{ within_changed('dt', 'week', days=6) }} {% endif %} group "
        "by 1, 2"),
    "of_seven_days": (["dt", "note"], AHEAD, SUM.replace("WITHIN", "'date_add(dt, 6)', 'dt', days=6")),
    "of_notes": (["note"], "direct",
        "select note, max_by(amount, struct(at, id)) as amount, array_sort(collect_list(id)) as ids "
        "from {{ ref('stg_checked') }} where note is not null {{ limited() }} group by note"),
    "of_firsts": (["dt", "note"], "direct",
        "with numbered as (select dt, note, id, row_number() over (partition by dt, note order by at, id) as place "
        "from {{ ref('stg_checked') }} {% if is_incremental() %} where note is not null and {{ in_changed() }} "
        "{% else %} where note is not null {% endif %}) select dt, note, id from numbered where place = 1"),
}  # fmt: skip
WRONG = {"of_too_few": (["dt", "note"], AHEAD, SUM.replace("WITHIN", "'dt', 'dt', days=3"))}
Row = tuple[int, str | None, str, int, int, bool]
"""ID, note, amount, sequence, day of January and whether it is deleted."""
DELIVERIES: list[list[Row]] = [
    [(1, "a", "1.00", 1, 5, False), (2, "a", "2.00", 1, 5, False), (3, "a", "4.00", 1, 9, False),
     (4, "b", "8.00", 1, 11, False), (5, None, "16.00", 1, 12, False), (6, "b", "32.00", 1, 18, False),
     (7, "a", "64.00", 1, 19, False)],
    # Late days alone: what they need of earlier ones must be read.
    [(6, "b", "33.00", 2, 17, False), (7, "a", "64.00", 2, 19, True), (8, "c", "128.00", 1, 30, False)],
]  # fmt: skip


@pytest.fixture
def context(project: Project, spark: SparkSession, tmp_path: Path) -> Context:
    models = {"staging/stg_checked.sql": STAGED}
    for name, (keys, reach, sql) in (MARTS | WRONG).items():
        columns = ", ".join(f"{{name: {key}}}" for key in keys)
        models[f"marts/{name}.sql"] = CONFIG.format(keys=keys, reach=reach) + sql
        models[f"marts/{name}.yml"] = ABOUT.format(name=name, keys=f"[{', '.join(keys)}]", columns=columns)
    write_models(project.dbt, tmp_path, models)
    (tmp_path / "dbt/macros/limited.sql").write_text(MACRO, encoding="utf-8")
    return Context(write_project(tmp_path), Lake.at(str(tmp_path / "lake")), lambda: spark)


def merge(context: Context, number: int, rows: list[Row]) -> None:
    """Bring versions of visits to silver."""
    (contract,) = context.contracts
    (dataset,) = contract.datasets
    values = [
        (key, note, Decimal(amount), seq, datetime(2026, 1, day, 12, tzinfo=UTC), gone)
        for key, note, amount, seq, day, gone in rows
    ]
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
    frame = context.spark().createDataFrame(values, schema).coalesce(1)
    bronze = Bronze(lambda keys: pytest.fail("no two rows share a sequence"), len(rows))
    merge_batch(context.spark(), dataset, frame, number, context.lake.silver("visits"), number, bronze)
    record_tested(context.lake, contract, {"visits": table_version(context.lake.silver("visits"))})


def difference(context: Context, name: str) -> tuple[int | None, int | None]:
    """The rows that go and come when a mart is rebuilt."""
    found: list[TableDifference] = []

    def kept_as_it_is(one: TableDifference) -> bool:
        found.append(one)
        return False

    rebuild_mart(context, name, kept_as_it_is)
    return found[0].gone, found[0].come


def test_marts_that_check_passes_equal_their_rebuild(context: Context) -> None:
    (refused,) = problems(context.project)
    assert refused.startswith(
        "dbt/models/marts/of_too_few.sql:1: within_changed() reads rows of silver.visits from 0 days"
    )
    for number, rows in enumerate(DELIVERIES, start=1):
        merge(context, number, rows)
        built = build_marts(context).marts
        assert {one.whole is None for one in built} == {number > 1}, "keys alone, once there are marts"
        assert len(built) == len(MARTS | WRONG)
    assert {name: difference(context, name) for name in MARTS} == dict.fromkeys(MARTS, (0, 0))
    assert difference(context, "of_too_few") != (0, 0), "what check refuses is wrong data"
