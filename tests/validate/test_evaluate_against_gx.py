"""Great Expectations is the judge: our conditions fail exactly the rows of its COMPLETE results."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.suite import OnFailure, Rule, Suite
from lakehouse.validate.conditions import is_compiled
from lakehouse.validate.evaluate import evaluate_batch, with_broken_rules
from lakehouse.validate.gx import import_gx
from lakehouse.validate.gx_expectations import RuleNotJudgedError, failing_row_ids

SCHEMA = (
    "_row_id bigint, code string, email string, quantity int, ordered int, price decimal(12,2), "
    "discount decimal(12,2), ratio double, active boolean, day date, began timestamp, ended timestamp, "
    "device struct<type: string, os: string>"
)
WORDS = ["S001", "S12", "xS001", "s001", "S001\n", "", " ", "a@b.co", "a b@c.de", "Ünïcode", "O'Neil", "NaN"]
UTC = dt.UTC


def _value(chance: random.Random, values: list[Any]) -> Any:
    return None if chance.random() < 0.25 else chance.choice(values)


def _rows(number: int = 120) -> list[tuple[Any, ...]]:
    chance = random.Random(20240229)
    cents = [Decimal("-0.01"), Decimal("0.00"), Decimal("0.10"), Decimal("1.00"), Decimal("9999999999.99")]
    times = [dt.datetime(2024, 2, 29, 12, 0, second, 500, tzinfo=UTC) for second in range(4)]
    days = [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1)]
    ratios = [float("nan"), float("inf"), float("-inf"), -0.0, 0.1, 1.0]
    rows = []
    for row in range(number):
        words = [_value(chance, WORDS), _value(chance, WORDS)]
        numbers = [_value(chance, [-1, 0, 1, 2, 2**31 - 1]), _value(chance, [0, 1, 2])]
        money = [_value(chance, cents), _value(chance, cents)]
        moments = [_value(chance, days), _value(chance, times), _value(chance, times)]
        device = _value(chance, [("phone", "ios"), ("phone", None), (None, None)])
        ratio, active = _value(chance, ratios), _value(chance, [True, False])
        rows.append((row, *words, *numbers, *money, ratio, active, *moments, device))
    return [*rows, (number, *[None] * 12)]


ON_ONE_COLUMN: list[tuple[str, dict[str, Any]]] = [
    *(("expect_column_values_to_not_be_null", {"column": c}) for c in ("code", "ratio", "device", "device.os")),
    *(("expect_column_values_to_be_null", {"column": c}) for c in ("code", "device.type")),
    ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["S001", "O'Neil", ""]}),
    ("expect_column_values_to_be_in_set", {"column": "code", "value_set": ["S001", None]}),
    ("expect_column_values_to_be_in_set", {"column": "quantity", "value_set": [1, 2]}),
    ("expect_column_values_to_be_in_set", {"column": "active", "value_set": [True]}),
    ("expect_column_values_to_be_in_set", {"column": "price", "value_set": [0.1, 1]}),
    ("expect_column_values_to_be_in_set", {"column": "code", "value_set": []}),
    ("expect_column_values_to_not_be_in_set", {"column": "code", "value_set": ["S001", "NaN"]}),
    ("expect_column_values_to_not_be_in_set", {"column": "code", "value_set": ["S001", None]}),
    ("expect_column_values_to_match_regex", {"column": "code", "regex": r"^S\d{3}\z"}),
    ("expect_column_values_to_match_regex", {"column": "code", "regex": r"^S\d{3}$"}),
    ("expect_column_values_to_match_regex", {"column": "code", "regex": "S0"}),
    ("expect_column_values_to_match_regex", {"column": "email", "regex": r"^[^@\s]+@[^@\s]+\.[^@\s]+\z"}),
    ("expect_column_values_to_not_match_regex", {"column": "code", "regex": "^S"}),
    ("expect_column_values_to_be_between", {"column": "quantity", "min_value": 1}),
    ("expect_column_values_to_be_between", {"column": "quantity", "max_value": 1}),
    ("expect_column_values_to_be_between", {"column": "quantity", "min_value": 0, "max_value": 2}),
    (
        "expect_column_values_to_be_between",
        {"column": "quantity", "min_value": 0, "max_value": 2, "strict_min": True},
    ),
    (
        "expect_column_values_to_be_between",
        {"column": "quantity", "min_value": 0, "max_value": 2, "strict_max": True},
    ),
    ("expect_column_values_to_be_between", {"column": "price", "min_value": 0, "strict_min": True}),
    ("expect_column_values_to_be_between", {"column": "price", "min_value": 0.1, "max_value": 1}),
    ("expect_column_values_to_be_between", {"column": "price", "max_value": 9999999999.98}),
    ("expect_column_values_to_be_between", {"column": "ratio", "min_value": 0, "max_value": 1}),
    ("expect_column_values_to_be_between", {"column": "ratio", "min_value": 0}),
    ("expect_column_values_to_be_between", {"column": "day", "min_value": "2024-02-29"}),
    ("expect_column_values_to_be_between", {"column": "began", "max_value": "2024-02-29T12:00:01.000500Z"}),
    ("expect_column_values_to_be_between", {"column": "began", "min_value": "2024-02-29T13:00:02+01:00"}),
    ("expect_column_value_lengths_to_be_between", {"column": "code", "min_value": 1}),
    (
        "expect_column_value_lengths_to_be_between",
        {"column": "code", "min_value": 1, "max_value": 4, "strict_max": True},
    ),
    ("expect_column_value_lengths_to_be_between", {"column": "email", "max_value": 4, "strict_min": True}),
    ("expect_column_value_lengths_to_equal", {"column": "code", "value": 4}),
]
ON_TWO_COLUMNS: list[tuple[str, dict[str, Any]]] = [
    (type_, {"column_A": first, "column_B": second, **extra, **ignoring})
    for type_, extra in (
        ("expect_column_pair_values_a_to_be_greater_than_b", {}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {"or_equal": True}),
        ("expect_column_pair_values_to_be_equal", {}),
    )
    for first, second in (("ended", "began"), ("quantity", "ordered"))
    for ignoring in (
        {},
        {"ignore_row_if": "both_values_are_missing"},
        {"ignore_row_if": "either_value_is_missing"},
        {"ignore_row_if": "neither"},
    )
]
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("unexpected_rows_expectation", {"unexpected_rows_query": f"SELECT * FROM {{batch}} WHERE {condition}"})
    for condition in (
        "discount > quantity * price",
        "code = 'S001' OR price IS NULL",
        "code RLIKE '^S[0-9]{{3}}'",
    )
] + [
    (
        "expect_column_values_to_be_in_set",
        {
            "column": "code",
            "value_set": ["S001"],
            "row_condition": "quantity > 0",
            "condition_parser": "spark",
        },
    ),
    (
        "expect_column_values_to_not_be_null",
        {"column": "price", "row_condition": "active", "condition_parser": "spark"},
    ),
]
LEFT_TO_GX: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_be_unique", {"column": "code"}),
    (
        "expect_column_values_to_match_regex_list",
        {"column": "code", "regex_list": ["^S", "@"], "match_on": "any"},
    ),
    (
        "expect_column_pair_values_to_be_in_set",
        {"column_A": "quantity", "column_B": "ordered", "value_pairs_set": [[1, 1]]},
    ),
    ("expect_compound_columns_to_be_unique", {"column_list": ["code", "quantity"]}),
    ("expect_select_column_values_to_be_unique_within_record", {"column_list": ["quantity", "ordered"]}),
    (
        "expect_column_values_to_be_in_set",
        {
            "column": "code",
            "value_set": ["S001"],
            "row_condition": 'col("quantity") > 0',
            "condition_parser": "great_expectations",
        },
    ),
]


def _rules(cases: list[tuple[str, dict[str, Any]]]) -> list[Rule]:
    return [
        Rule(f"rule_{number}", "A sentence.", OnFailure.QUARANTINE, type_, kwargs, "warning")
        for number, (type_, kwargs) in enumerate(cases)
    ]


@pytest.fixture(scope="module")
def batch(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(_rows(), SCHEMA).coalesce(1).cache()


def found_by_us(batch: DataFrame, rules: list[Rule]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {rule.name: set() for rule in rules}
    for row in with_broken_rules(batch, rules).select("_row_id", "_broken_rules").collect():
        for name in row["_broken_rules"]:
            found[name].add(row["_row_id"])
    return found


def gx_results(batch: DataFrame, rules: list[Rule]) -> dict[str, Any]:
    gx = import_gx()
    source = gx.get_context(mode="ephemeral").data_sources.add_spark("seeded", persist=False)
    definition = source.add_dataframe_asset("batch").add_batch_definition_whole_dataframe("whole")
    expectations = [
        {"type": rule.type, "kwargs": dict(rule.kwargs), "meta": {"rule": rule.name}, "severity": "warning"}
        for rule in rules
    ]
    suite = gx.ExpectationSuite("seeded", expectations=expectations)
    assert len(suite.expectations) == len(rules), "Great Expectations dropped an expectation"
    complete = {"result_format": "COMPLETE", "unexpected_index_column_names": ["_row_id"]}
    result = definition.get_batch({"dataframe": batch}).validate(suite, result_format=complete)
    return {item.expectation_config.meta["rule"]: item for item in result.results}


def _row_ids(item: Any) -> set[int]:
    result = item.result
    assert result, f"no result: {item.exception_info}"
    if "details" in result:
        return {row["_row_id"] for row in result["details"]["unexpected_rows"]}
    return {row["_row_id"] for row in result["unexpected_index_list"] or ()}


def assert_same_rows(batch: DataFrame, rules: list[Rule]) -> None:
    ours, theirs = found_by_us(batch, rules), gx_results(batch, rules)
    evaluation = evaluate_batch(batch, Suite("seeded", tuple(rules)), limit_percent=100)
    for result in evaluation.results:
        rule, item = result.rule, theirs[result.rule.name]
        assert ours[rule.name] == _row_ids(item), f"{rule.type} {rule.kwargs}"
        assert result.success == item.success, f"{rule.type} {rule.kwargs}"
        assert result.failed == len(ours[rule.name]), f"{rule.type} {rule.kwargs}"
        if "element_count" in item.result and is_compiled(rule):
            assert result.seen == item.result["element_count"], f"{rule.type} {rule.kwargs}"
            assert result.missing == item.result.get("missing_count", 0), f"{rule.type} {rule.kwargs}"
    everyone = set().union(*ours.values())
    assert evaluation.quarantined == len(everyone)


def test_rules_on_one_column_fail_the_rows_that_great_expectations_finds(batch: DataFrame) -> None:
    rules = _rules(ON_ONE_COLUMN)
    assert all(is_compiled(rule) for rule in rules)
    assert_same_rows(batch, rules)


def test_rules_on_two_columns_fail_the_rows_that_great_expectations_finds(batch: DataFrame) -> None:
    rules = _rules(ON_TWO_COLUMNS)
    assert all(is_compiled(rule) for rule in rules)
    assert_same_rows(batch, rules)


def test_queries_and_row_conditions_fail_the_rows_that_great_expectations_finds(batch: DataFrame) -> None:
    rules = _rules(OTHERS)
    assert all(is_compiled(rule) for rule in rules)
    assert_same_rows(batch, rules)


def test_types_that_we_do_not_compile_flag_the_rows_that_great_expectations_finds(batch: DataFrame) -> None:
    rules = _rules(LEFT_TO_GX)
    assert not any(is_compiled(rule) for rule in rules)
    assert_same_rows(batch, rules)


def test_a_rule_that_spark_cannot_judge_is_named(batch: DataFrame) -> None:
    type_ = "expect_column_values_to_match_like_pattern"
    (rule,) = _rules([(type_, {"column": "code", "like_pattern": "S%"})])
    with pytest.raises(RuleNotJudgedError, match=rf"Rule 'rule_0' \({type_}\) cannot be evaluated on Spark: "):
        failing_row_ids(batch, rule)
