"""Evaluations and rows are exact at every share of faults; what stops a batch says so in one line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.columns import BROKEN_RULES
from lakehouse.contracts.suite import OnFailure, Rule, Suite
from lakehouse.validate.conditions import RuleTypeError
from lakehouse.validate.evaluate import evaluate_batch, is_quarantined, with_broken_rules
from lakehouse.validate.result import Evaluation, Example, RuleResult, ValidationStatus

SCHEMA = "_row_id bigint, store_id string, email string, quantity int, unit_price decimal(12,2), _batch_id bigint"


def rule(name: str, type_: str, on_failure: OnFailure = OnFailure.QUARANTINE, **kwargs: Any) -> Rule:
    sentence = name.replace("_", " ").capitalize() + "."
    return Rule(name, sentence, on_failure, type_, kwargs, on_failure.severity)


QUANTITY = rule("quantity_at_least_1", "expect_column_values_to_be_between", column="quantity", min_value=1)
STORE = rule("store_present", "expect_column_values_to_not_be_null", column="store_id")
EMAIL = rule("email_well_formed", "expect_column_values_to_match_regex", column="email", regex="@")
PRICED = rule("price_present", "expect_column_values_to_not_be_null", on_failure=OnFailure.WARN, column="unit_price")
NOT_EMPTY = rule("batch_not_empty", "expect_table_row_count_to_be_between", OnFailure.FAIL, min_value=1)
COLUMNS = rule(
    "columns_present",
    "expect_table_columns_to_match_set",
    OnFailure.FAIL,
    column_set=["store_id", "quantity"],
    exact_match=False,
)
SUITE = Suite("orders", (NOT_EMPTY, COLUMNS, STORE, QUANTITY, EMAIL, PRICED))


def rows(spark: SparkSession, number: int, broken: int = 0, **changes: Any) -> DataFrame:
    """Return a batch whose first `broken` rows have a quantity of 0, or what `changes` says."""
    good = {"store_id": "S001", "email": "a@b.co", "quantity": 1, "unit_price": None}
    bad = {**good, **(changes or {"quantity": 0})}
    content = [(row, *(bad if row < broken else good).values(), 7) for row in range(number)]
    return spark.createDataFrame(content, SCHEMA)


def result(evaluation: Evaluation, name: str) -> RuleResult:
    (found,) = (item for item in evaluation.results if item.rule.name == name)
    return found


@pytest.mark.parametrize(("broken", "status"), [(0, "passed"), (1, "passed"), (20, "passed"), (100, "stopped")])
def test_faults_are_counted_exactly(spark: SparkSession, broken: int, status: str) -> None:
    batch = rows(spark, 100, broken)
    evaluation = evaluate_batch(batch, SUITE, limit_percent=20)
    assert (evaluation.rows, evaluation.quarantined, evaluation.passed) == (100, broken, 100 - broken)
    assert evaluation.status == status
    assert result(evaluation, "quantity_at_least_1").failed == broken
    assert result(evaluation, "quantity_at_least_1").success == (broken == 0)
    assert result(evaluation, "store_present").failed == 0
    flagged = with_broken_rules(batch, SUITE.row_rules)
    assert flagged.columns == [*batch.columns, BROKEN_RULES]
    bad = flagged.where(is_quarantined(SUITE)).select("_row_id", BROKEN_RULES).collect()
    assert {row["_row_id"] for row in bad} == set(range(broken))
    assert all(row[BROKEN_RULES] == ["quantity_at_least_1", "price_present"] for row in bad)


def test_the_limit_itself_passes_and_one_row_more_stops(spark: SparkSession) -> None:
    assert evaluate_batch(rows(spark, 10, 2), SUITE, limit_percent=20).status is ValidationStatus.PASSED
    evaluation = evaluate_batch(rows(spark, 10, 3), SUITE, limit_percent=20)
    assert evaluation.is_stopped
    assert evaluation.reason == "3 of 10 rows failed validation (30 %), above the limit of 20 %"


def test_rows_that_could_not_be_read_count_for_the_limit(spark: SparkSession) -> None:
    assert not evaluate_batch(rows(spark, 10, 1), SUITE, limit_percent=20, unreadable=1).is_stopped
    evaluation = evaluate_batch(rows(spark, 10, 1), SUITE, limit_percent=20, unreadable=2)
    assert evaluation.reason == "3 of 12 rows failed validation (25 %), above the limit of 20 %"
    assert (evaluation.rows, evaluation.quarantined) == (10, 1)


def test_no_rows_stop_the_batch(spark: SparkSession) -> None:
    evaluation = evaluate_batch(rows(spark, 0), SUITE, limit_percent=20)
    assert evaluation.is_stopped
    assert evaluation.reason == "batch_not_empty: Batch not empty (0 rows)"
    assert all(item.success for item in evaluation.results if item.rule.name != "batch_not_empty")
    assert with_broken_rules(rows(spark, 0), SUITE.row_rules).collect() == []


def test_a_missing_column_stops_the_batch_and_is_named(spark: SparkSession) -> None:
    evaluation = evaluate_batch(rows(spark, 5, 2).drop("quantity", "email"), SUITE, limit_percent=20)
    assert evaluation.is_stopped
    assert evaluation.reason == (
        "columns_present: Columns present (missing quantity); "
        "quantity_at_least_1: cannot be evaluated, the batch lacks quantity; "
        "email_well_formed: cannot be evaluated, the batch lacks email"
    )


def test_a_row_may_break_many_rules_and_counts_once(spark: SparkSession) -> None:
    batch = rows(spark, 4, 1, store_id=None, email="nobody", quantity=-3)
    (broken,) = with_broken_rules(batch, SUITE.row_rules).where("_row_id = 0").collect()
    assert broken[BROKEN_RULES] == [
        "store_present",
        "quantity_at_least_1",
        "email_well_formed",
        "price_present",
    ]
    assert evaluate_batch(batch, SUITE, limit_percent=100).quarantined == 1


def test_a_warning_keeps_no_row_back(spark: SparkSession) -> None:
    evaluation = evaluate_batch(rows(spark, 3), SUITE, limit_percent=0)
    assert (evaluation.status, evaluation.quarantined) == (ValidationStatus.PASSED, 0)
    assert result(evaluation, "price_present").failed == 3
    assert not result(evaluation, "price_present").success


def test_a_broken_fail_rule_on_rows_stops_the_batch(spark: SparkSession) -> None:
    known = rule(
        "store_known",
        "expect_column_values_to_be_in_set",
        OnFailure.FAIL,
        column="store_id",
        value_set=["S1"],
    )
    evaluation = evaluate_batch(rows(spark, 3), Suite("orders", (known,)), limit_percent=100)
    assert evaluation.reason == "store_known: Store known (3 of 3 rows break it)"
    mostly = rule("mostly_known", known.type, OnFailure.FAIL, column="quantity", value_set=[0], mostly=0.5)
    suite = Suite("orders", (mostly,))
    assert evaluate_batch(rows(spark, 4, 2), suite, limit_percent=100).status is ValidationStatus.PASSED
    assert evaluate_batch(rows(spark, 4, 1), suite, limit_percent=100).is_stopped


def test_rules_on_one_column_count_the_nulls_of_their_own_rows(spark: SparkSession) -> None:
    """Of four rows two have no quantity, and those are of S1; one of the others breaks the rule."""
    batch = spark.createDataFrame(
        [(n, store, None, quantity, None, 7) for n, (store, quantity) in enumerate(
            [("S1", None), ("S1", None), ("S2", 0), ("S2", 1)]
        )], SCHEMA,
    )  # fmt: skip
    everywhere = {"column": "quantity", "min_value": 1, "mostly": 0.6}
    of_s2 = {**everywhere, "row_condition": "store_id = 'S2'", "condition_parser": "spark", "mostly": 0.5}
    rules = [rule(name, QUANTITY.type, **kwargs) for name, kwargs in (("all_rows", everywhere), ("rows_of_s2", of_s2))]
    for ordered in (rules, rules[::-1]):
        evaluation = evaluate_batch(batch, Suite("orders", tuple(ordered)), limit_percent=100)
        found = [result(evaluation, name) for name in ("all_rows", "rows_of_s2")]
        assert [(each.seen, each.missing, each.failed, each.success) for each in found] == [
            (4, 2, 1, False), (2, 0, 1, True),
        ]  # fmt: skip


def test_examples_show_the_first_and_the_last_row_that_broke_a_rule(spark: SparkSession) -> None:
    batch = rows(spark, 6, 4)
    evaluation = evaluate_batch(batch, SUITE, limit_percent=100)
    assert result(evaluation, "quantity_at_least_1").examples == (Example(0, "0"), Example(3, "0"))
    assert result(evaluation, "store_present").examples == ()
    assert result(evaluation, "price_present").examples == ()
    assert result(evaluate_batch(rows(spark, 6, 1), SUITE, limit_percent=100), QUANTITY.name).examples == (
        Example(0, "0"),
    )
    without = evaluate_batch(batch, SUITE, limit_percent=100, examples=False)
    assert result(without, "quantity_at_least_1").examples == ()


def test_personal_data_is_masked(spark: SparkSession) -> None:
    both = rule(
        "email_names_store",
        "unexpected_rows_expectation",
        unexpected_rows_query="SELECT * FROM {batch} WHERE email NOT LIKE concat('%', store_id)",
    )
    often = rule(
        "often",
        "expect_column_most_common_value_to_be_in_set",
        OnFailure.WARN,
        column="email",
        value_set=["x"],
    )
    suite = Suite("leads", (EMAIL, both, often))
    evaluation = evaluate_batch(rows(spark, 5, 2, email="secret"), suite, limit_percent=100, pii={"email"})
    assert result(evaluation, "email_well_formed").examples == (Example(0, "***"), Example(1, "***"))
    assert result(evaluation, "email_names_store").examples == (Example(0, "***"), Example(4, "***"))
    assert "secret" not in repr(evaluation)
    assert "a@b.co" not in repr(evaluation)


def test_long_values_are_cut(spark: SparkSession) -> None:
    evaluation = evaluate_batch(rows(spark, 1, 1, email="x" * 1_000_000), SUITE, limit_percent=100)
    assert result(evaluation, "email_well_formed").examples == (Example(0, "x" * 80),)


def test_dataset_rules_that_we_do_not_judge_ourselves_run_through_great_expectations(
    spark: SparkSession,
) -> None:
    total = rule("total", "expect_column_sum_to_be_between", OnFailure.FAIL, column="quantity", max_value=9)
    query = "SELECT store_id FROM {batch} GROUP BY store_id HAVING count(*) > 9"
    few = rule("few_rows", "unexpected_rows_expectation", OnFailure.WARN, unexpected_rows_query=query)
    suite = Suite("orders", (total, few))
    assert evaluate_batch(rows(spark, 9), suite, limit_percent=0).status is ValidationStatus.PASSED
    evaluation = evaluate_batch(rows(spark, 10), suite, limit_percent=0)
    assert evaluation.reason == "total: Total (10.0)"
    assert [item.success for item in evaluation.results] == [False, False]


def test_a_text_compared_with_numbers_is_refused(spark: SparkSession) -> None:
    wrong = rule("email_positive", "expect_column_values_to_be_between", column="email", min_value=0)
    with pytest.raises(RuleTypeError, match="Rule 'email_positive' compares column 'email' of type string"):
        evaluate_batch(rows(spark, 1), Suite("orders", (wrong,)), limit_percent=0)


def jobs_of(spark: SparkSession, action: Callable[[], object]) -> int:
    name = f"counted-{uuid.uuid4()}"
    spark.sparkContext.setJobGroup(name, "counted by a test")
    try:
        action()
    finally:
        spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(name))


@pytest.mark.parametrize("broken", [0, 10, 50])
def test_a_verdict_costs_one_spark_job_and_its_examples_another(spark: SparkSession, broken: int) -> None:
    suite = Suite("orders", tuple(rule for rule in SUITE.expectations if rule is not PRICED))
    batch = rows(spark, 50, broken)
    assert jobs_of(spark, lambda: evaluate_batch(batch, suite, limit_percent=20, examples=False)) == 1
    assert jobs_of(spark, lambda: evaluate_batch(batch, suite, limit_percent=20)) == (2 if broken else 1)
