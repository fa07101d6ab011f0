"""A contract's rules on rows: uniqueness, numbers of rows that may fail, times after the delivery; still one job."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.allowed import Allowed
from lakehouse.contracts.columns import BROKEN_RULES
from lakehouse.contracts.project import Project
from lakehouse.contracts.rule_words import FORMATS
from lakehouse.contracts.rules import with_contract_rules
from lakehouse.contracts.suite import OnFailure, Rule, Suite
from lakehouse.validate.evaluate import evaluate_batch, with_broken_rules

SCHEMA = "_row_id bigint, id string, line int, code string, note string, at timestamp, device struct<os: string>"
AT = datetime(2026, 11, 28, 1, 30, tzinfo=UTC)


def rule(type_: str, name: str = "r", on_failure: OnFailure = OnFailure.QUARANTINE, **kwargs: Any) -> Rule:
    return Rule(name, "A sentence.", on_failure, type_, kwargs, on_failure.severity)


def rows(spark: SparkSession, *found: tuple[Any, ...]) -> DataFrame:
    """Rows of these values from `id` on; those left out are null."""
    width = len(SCHEMA.split(", ")) - 1
    return spark.createDataFrame([(n, *row, *[None] * (width - len(row))) for n, row in enumerate(found)], SCHEMA)


def broken(batch: DataFrame, *rules: Rule) -> dict[int, list[str]]:
    """The rules that each row broke, where it broke any."""
    found = with_broken_rules(batch, rules).collect()
    return {row["_row_id"]: row[BROKEN_RULES] for row in found if row[BROKEN_RULES]}


UNIQUE = dataclasses.replace(rule("expect_column_values_to_be_unique", column="code"), key=("id", "line"))
BOTH = dataclasses.replace(
    rule("expect_compound_columns_to_be_unique", column_list=["code", "note"]), key=("id", "line")
)


def test_a_value_of_two_keys_breaks_uniqueness_and_versions_of_one_do_not(spark: SparkSession) -> None:
    batch = rows(
        spark,
        ("A", 1, "x"), ("A", 1, "x"), ("A", 1, "y"),  # versions of one row
        ("B", 1, "z"), ("B", 2, "z"), ("C", 1, "z"),  # one value of three rows
        ("D", 1, None), ("D", 2, None), (None, None, None),
        (None, 1, "w"), (None, 2, "w"),
    )  # fmt: skip
    assert broken(batch, UNIQUE).keys() == {3, 4, 5, 9, 10}
    assert evaluate_batch(batch, Suite("s", (UNIQUE,)), limit_percent=100).quarantined == 5
    assert broken(rows(spark), UNIQUE) == {}


def test_several_columns_are_unique_together(spark: SparkSession) -> None:
    batch = rows(spark, ("A", 1, "x", "1"), ("B", 1, "x", "2"), ("C", 1, "x", "1"), ("D", 1, "x"), ("E", 1, "x"))
    assert broken(batch, BOTH).keys() == {0, 2}


def test_so_many_rows_may_break_a_rule(spark: SparkSession) -> None:
    batch = rows(spark, *[("A", n, None if n < 3 else "x") for n in range(10)])
    for allowed, stopped in (
        (Allowed("mustBeLessThan", (4,)), False),
        (Allowed("mustBeLessThan", (3,)), True),
        (Allowed("mustBeLessOrEqualTo", (30,), percent=True), False),
        (Allowed("mustBeLessThan", (30,), percent=True), True),
    ):
        few = rule("expect_column_values_to_not_be_null", on_failure=OnFailure.FAIL, column="code")
        evaluation = evaluate_batch(batch, Suite("s", (dataclasses.replace(few, allowed=allowed),)), limit_percent=0)
        assert evaluation.is_stopped == stopped, allowed
        assert (evaluation.quarantined, evaluation.results[0].failed) == (0, 3)
    count = rule("expect_table_row_count_to_be_between", on_failure=OnFailure.FAIL)
    for limit, stopped in ((10, False), (9, True)):
        counted = dataclasses.replace(count, allowed=Allowed("mustBeLessOrEqualTo", (limit,)))
        assert evaluate_batch(batch, Suite("s", (counted,)), limit_percent=0).is_stopped == stopped


def test_times_are_held_against_the_batchs_own_time(spark: SparkSession, project: Project) -> None:
    leads = project.contracts.dataset("crm_leads")
    plain = dataclasses.replace(leads, rules=(), sequence_by=("updated_at",), date_column=None)
    for type_, values, late in (
        ("timestamp", ["'2026-11-29 01:30:00Z'", "'2026-11-29 01:30:00.000001Z'", "null", "'9999-12-31 23:59:59Z'"],
         [1, 3]),
        ("date", ["'2026-11-29'", "'2026-11-30'", "null", "'0001-01-01'"], [1]),
    ):  # fmt: skip
        columns = tuple(dataclasses.replace(c, type=type_) if c.name == "updated_at" else c for c in leads.columns)
        suite = with_contract_rules(Suite("s", ()), dataclasses.replace(plain, columns=columns), AT)
        listed = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
        batch = spark.sql(f"SELECT n AS _row_id, CAST(at AS {type_}) AS updated_at FROM VALUES {listed} AS t(n, at)")
        wanted = {row: ["updated_at_not_after_delivery"] for row in late}
        assert broken(batch, *suite.expectations) == wanted
        assert broken(batch, *suite.expectations) == wanted


def test_a_field_is_asked_for_only_in_a_struct_that_is_there(spark: SparkSession) -> None:
    condition = {"row_condition": "`device` IS NOT NULL", "condition_parser": "spark"}
    required = rule("expect_column_values_to_not_be_null", column="device.os", **condition)
    none: tuple[Any, ...] = ("A", 1, "x", "n", None)
    batch = rows(spark, (*none, ("ios",)), (*none, (None,)), (*none, None))
    assert broken(batch, required).keys() == {1}


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("email", ["a@b.co"], ["a@b", "a b@c.de", "a@b.co\n", ""]),
        ("uuid", ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "x"]),
        ("uri", ["https://a/b?c", "urn:isbn:1"], ["a/b", "https://a b", ":x"]),
        ("hostname", ["a", "a-b.example"], ["-a", "a..b", "a.", "ä.de", "a" * 64]),
        ("ipv4", ["0.0.0.0", "255.249.199.9"], ["256.1.1.1", "1.2.3", "1.2.3.4.", "1.2.3.4\n"]),
    ],
)
def test_formats(spark: SparkSession, name: str, good: list[str], bad: list[str]) -> None:
    written = rule("expect_column_values_to_match_regex", column="code", regex=FORMATS[name])
    batch = rows(spark, *[("A", 1, text) for text in (*good, *bad, None)])
    assert broken(batch, written).keys() == set(range(len(good), len(good) + len(bad)))


def jobs_of(spark: SparkSession, action: Callable[[], object]) -> int:
    name = f"counted-{uuid.uuid4()}"
    spark.sparkContext.setJobGroup(name, "counted by a test")
    try:
        action()
    finally:
        spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(name))


def test_a_contracts_rules_cost_no_job(spark: SparkSession) -> None:
    promised = (
        UNIQUE,
        BOTH,
        rule("expect_column_values_to_not_be_null", "a", column="code"),
        rule("expect_column_values_to_be_between", "b", column="at", max_value=AT.isoformat()),
        rule("unexpected_rows_expectation", "c", unexpected_rows_query="SELECT * FROM {batch} WHERE `line` % 5 <> 0"),
        dataclasses.replace(
            rule("expect_table_row_count_to_be_between", "d", OnFailure.FAIL), allowed=Allowed("mustBe", (50,))
        ),
    )
    batch = rows(spark, *[(str(n), 5, f"c{n}", "n", AT) for n in range(50)])
    suite = Suite("s", promised)
    assert jobs_of(spark, lambda: evaluate_batch(batch, suite, limit_percent=0, examples=False)) == 1
    assert jobs_of(spark, lambda: evaluate_batch(batch, suite, limit_percent=0)) == 1
    assert not evaluate_batch(batch, suite, limit_percent=0).is_stopped
