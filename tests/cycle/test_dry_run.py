"""`check --deep` names in one go what an engine would refuse once a delivery comes, and writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.check import problems, readable_suites
from lakehouse.contracts.project import Project
from lakehouse.cycle import dry_run
from lakehouse.cycle.dry_run import refused_plans
from tests.helpers.shop_models import MART, write_models
from tests.helpers.small_project import CONTRACT, PRESENT, rule, spoiled, write_project

ROWS = "unexpected_rows_expectation"
REGEX = "expect_column_values_to_match_regex"
WHERE = "SELECT * FROM {batch} WHERE "
VIEW = """\
-- description: What visits cost.
-- column cost double: Cost.
SELECT {} AS cost FROM silver.visits
"""


def named(name: str, expectation: dict[str, Any]) -> dict[str, Any]:
    return {**expectation, "meta": {**expectation["meta"], "rule": name}}


def sql(name: str, condition: str) -> dict[str, Any]:
    return named(name, rule(ROWS, "warn", unexpected_rows_query=WHERE + condition))


def deep(project: Project, spark: SparkSession) -> list[str]:
    """What check --deep says, without the folder; the quick check finds nothing, and no file changes."""
    assert problems(project) == []
    before = {file: file.read_bytes() for file in project.root.rglob("*") if file.is_file()}
    suites, _ = readable_suites(project, project.contracts)
    found = list(refused_plans(project, spark, suites))
    assert {file: file.read_bytes() for file in project.root.rglob("*") if file.is_file()} == before
    return [line.replace(f"{project.root}/", "") for line in found]


def test_all_that_engines_refuse_is_named_by_its_place(spark: SparkSession, tmp_path: Path) -> None:
    expectations = [
        PRESENT,
        named("braced", rule(REGEX, column="note", regex="^{x}$")),
        sql("unknown_function", "nosuch(note) > 1"),
        sql("number_of_text", "note > 5"),
        sql("divided", "amount / seq > 1"),
        sql("guarded", "seq <> 0 AND amount / seq > 1 OR try_cast(note AS INT) > 5"),
        named("liked", rule("expect_column_values_to_match_like_pattern", column="note", like_pattern="a%")),
        named("spread", rule("expect_column_stdev_to_be_between", "warn", column="note", min_value=1)),
    ]
    braced = spoiled(
        "description: Money.", "description: Money., logicalType: number, logicalTypeOptions: {minimum: 0}"
    )
    braced = spoiled(
        "description: Note.", "description: Note., logicalType: string, logicalTypeOptions: {pattern: '^{y}'}", braced
    )
    project = write_project(tmp_path, braced, expectations)
    (tmp_path / "dbt/athena_views/cost.sql").write_text(VIEW.format("date_add('day', 1, amount)"), encoding="utf-8")
    (tmp_path / "dbt/athena_views/fine.sql").write_text(VIEW.format("sum(amount)"), encoding="utf-8")
    lines = deep(project, spark)
    suite = "great_expectations/expectations/visits.json:"
    assert [line.split(": ")[1] for line in lines if line.startswith(suite)] == [
        "expectation 2 (braced)", "expectation 3 (unknown_function)", "expectation 4 (number_of_text)",
        "expectation 5 (divided)", "expectation 7 (liked)", "expectation 8 (spread)",
    ]  # fmt: skip
    for words in ("PATTERN", "UNRESOLVED_ROUTINE", "CAST_INVALID_INPUT", "DIVIDE_BY_ZERO"):
        assert [line for line in lines if words in line], words
    others = [line for line in lines if not line.startswith(suite)]
    assert len(others) == 2
    assert others[0].startswith("contracts/shop.yaml:14: visits: its rule note_pattern on note cannot be evaluated on")
    assert others[1].startswith("dbt/athena_views/cost.sql:1: cannot be queried: ")


def test_what_passes_is_said_to_pass(spark: SparkSession, tmp_path: Path) -> None:
    scd2 = CONTRACT.replace("value: upsert", "value: scd2").replace("clusterBy, value: [dt]", "clusterBy, value: [id]")
    scd2 = scd2.replace("partitionBy, value: [month]", "partitionBy, value: []")
    scd2 = scd2.replace("sequenceBy, value: seq", "sequenceBy, value: at")
    scd2 = scd2.replace("      - {property: deleteFlag, value: gone}\n", "")
    inner = "physicalType: struct, properties: [{name: x, physicalType: int, description: X.}]"
    assert deep(write_project(tmp_path, spoiled("physicalType: string", inner, scd2)), spark) == []


def test_a_table_that_cannot_be_made_names_its_dataset(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(spark: SparkSession, *_: object) -> object:
        return spark.sql("SELECT secret")

    monkeypatch.setattr(dry_run, "planned_tables", fails)
    (line,) = deep(write_project(tmp_path), spark)
    assert line.startswith("contracts/shop.yaml:14: visits: its tables cannot be made: AnalysisException [UNRESOLVED_")
    assert "secret" not in line


def test_what_a_model_does_with_changes_is_tried_too(spark: SparkSession, tmp_path: Path) -> None:
    """The first build of a mart is none of changes: a typo in that branch would wait for the second delivery."""
    assert deep(write_models(tmp_path / "right"), spark) == []
    wrong = write_models(tmp_path / "wrong", mart=MART.replace("in_changed()", "within_changed('nota', 'dt')"))
    (line,) = deep(wrong, spark)
    assert line.startswith("dbt/models/marts/fct_notes.sql: fct_notes: ")
    assert "`nota`" in line


def test_what_spark_says_of_a_model_is_said_whole(spark: SparkSession, tmp_path: Path) -> None:
    """No row is there that it could quote."""
    mart = MART.replace("count(*)", "count(nota)")
    (line,) = deep(write_models(tmp_path, mart=mart), spark)
    assert line.startswith("dbt/models/marts/fct_notes.sql: fct_notes: [UNRESOLVED_COLUMN.WITH_SUGGESTION] ")
    assert "with name `nota` cannot be resolved. Did you mean one of the following? [" in line
    assert "SQLSTATE" not in line
    assert "line " not in line


def test_what_only_a_macro_reads_is_refused_as_a_build_refuses_it(spark: SparkSession, tmp_path: Path) -> None:
    project = write_models(
        tmp_path, mart=MART.replace("{{ ref('stg_visits') }}", "{{ ref('stg_visits') }} {{ more() }}")
    )
    table = "{{ config(materialized='table', file_format='delta', meta={'reach': {'visits': 'whole'}}) }}\n"
    (project.dbt / "models/marts/fct_other.sql").write_text(f"{table}select id from {{{{ ref('stg_visits') }}}}\n")
    (project.dbt / "models/marts/fct_other.yml").write_text("models: [{name: fct_other, columns: [{name: id}]}]\n")
    (project.dbt / "macros/more.sql").write_text(
        "{% macro more() %} join {{ ref('fct_other') }} as other using (id) {% endmacro %}\n"
    )
    (line,) = deep(project, spark)
    assert "fct_notes.sql: cannot be kept exact: reads marts.fct_other, and does not say how a changed row" in line
