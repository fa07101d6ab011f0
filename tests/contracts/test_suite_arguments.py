"""What a rule may be given: what no run could use is refused before one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.suite import load_suite
from tests.contracts.suite_files import COLUMNS, expectation, message, write_suite

IN_SET, REGEX = "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex"
NOT_NULL, BETWEEN = "expect_column_values_to_not_be_null", "expect_column_values_to_be_between"
GREATER, ROWS = "expect_column_pair_values_a_to_be_greater_than_b", "unexpected_rows_expectation"


@pytest.mark.parametrize(
    ("type_", "kwargs", "wanted"),
    [
        (IN_SET, {"column": "order_id", "value_set": [1, 2]}, "holds 1, and 'order_id' is a string; write texts"),
        (IN_SET, {"column": "quantity", "value_set": ["1"]}, "holds '1', and 'quantity' is a int; write numbers"),
        (IN_SET, {"column": "quantity", "value_set": [1, None]}, "holds null, and 'quantity' is a int; leave it"),
        (IN_SET, {"column": "ordered_at", "value_set": ["soon"]}, "'ordered_at' is a timestamp; write dates or times"),
        (IN_SET, {"column": "quantity", "value_set": "1"}, "kwargs.value_set is no list; write the values in a list."),
        (IN_SET, {"column": "quantity"}, "kwargs.value_set is missing; add it."),
        (REGEX, {"column": "order_id", "regex": "^(?P<n>S)"}, "(Java has no (?P<; write (?<name>…) for a named group)"),
        (REGEX, {"column": "order_id", "regex": "["}, "is no regular expression of Java (unterminated character set"),
        (REGEX, {"column": "order_id", "regex": 7}, "is no regular expression of Java (not a text)"),
        (REGEX, {"column": "order_id"}, "kwargs.regex is missing; add it."),
        (NOT_NULL, {}, "kwargs.column is missing; add it."),
        (NOT_NULL, {"column": "quantity", "mostly": 95}, "mostly is 95; write a share of the rows from 0 to 1."),
        (
            NOT_NULL,
            {"column": "quantity", "row_condition": {"type": "comparison"}},
            "row_condition is no text; write it as SQL in a text",
        ),
        (NOT_NULL, {"column": "quantity", "row_condition": "quantity >"}, "kwargs.row_condition is no SQL ("),
        (
            NOT_NULL,
            {"column": "quantity", "row_condition": "quantity > 1", "condition_parser": "pandas"},
            "condition_parser is 'pandas'; write one of spark, great_expectations.",
        ),
        (BETWEEN, {"column": "quantity"}, "min_value is missing, and so is max_value; add one of them."),
        (BETWEEN, {"column": "quantity", "min_value": 9, "max_value": 1}, "min_value is 9, above max_value 1"),
        (
            BETWEEN,
            {"column": "ordered_at", "min_value": "2026-02-01", "max_value": "2026-01-31T00:00:00Z"},
            "min_value is '2026-02-01', above max_value",
        ),
        (BETWEEN, {"column": "ordered_at", "min_value": 1}, "min_value is 1; write dates or times"),
        (BETWEEN, {"column": "order_id", "min_value": 1}, "kwargs.column is a string, which has no bounds"),
        (BETWEEN, {"column": "quantity", "min_value": 1, "strict_min": "yes"}, "strict_min is 'yes'; write true or"),
        (
            GREATER,
            {"column_A": "ordered_at", "column_B": "quantity"},
            "kwargs.column_B is a int, and column_A is a timestamp; compare columns of one kind.",
        ),
        (
            GREATER,
            {"column_A": "updated_at", "column_B": "ordered_at", "ignore_row_if": "never"},
            "ignore_row_if is 'never'; write one of both_values_are_missing",
        ),
        (ROWS, {"unexpected_rows_query": "SELECT * FROM {batch} WHERE quantity < 1 AND"}, "is no SQL ("),
        (ROWS, {"unexpected_rows_query": "DELETE FROM {batch}"}, "is no SQL (no SELECT); correct it."),
        (ROWS, {"unexpected_rows_query": "SELECT 1"}, "does not read {batch}; write SELECT * FROM {batch} WHERE"),
    ],
    ids=str,
)  # fmt: skip
def test_an_argument_that_no_run_could_use(tmp_path: Path, type_: str, kwargs: dict[str, Any], wanted: str) -> None:
    warning = {"meta": {"on_failure": "warn"}, "severity": "info"}
    found = message(write_suite(tmp_path, expectation(type=type_, kwargs=kwargs, **warning)))
    assert found.startswith("orders.json:1: expectation 1 (quantity_at_least_1): kwargs.")
    assert wanted in found


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        (IN_SET, {"column": "unit_price", "value_set": [1, 2.5]}),
        (IN_SET, {"column": "device.os", "value_set": []}),
        (IN_SET, {"column": "ordered_at", "value_set": ["2026-01-01T00:00:00Z"]}),
        (REGEX, {"column": "order_id", "regex": r"^(?<store>\p{Lu}\d{3})(?<!x)(?=-)\z"}),
        (NOT_NULL, {"column": "quantity", "row_condition": "device.os = 'x' AND quantity IN (1, 2)", "mostly": 1}),
        (NOT_NULL, {"column": "quantity", "row_condition": 'col("quantity") > 1',
                    "condition_parser": "great_expectations"}),
        (BETWEEN, {"column": "ordered_at", "min_value": "2026-01-31", "max_value": "2026-01-31T00:00:00Z"}),
        (BETWEEN, {"column": "unit_price", "min_value": 1, "max_value": 1.0, "strict_min": False}),
        (GREATER, {"column_A": "quantity", "column_B": "unit_price", "ignore_row_if": "neither"}),
        (ROWS, {"unexpected_rows_query": "SELECT * FROM {batch} WHERE order_id RLIKE '^A{{2}}'"}),
    ],
    ids=str,
)  # fmt: skip
def test_an_argument_that_a_run_can_use(tmp_path: Path, type_: str, kwargs: dict[str, Any]) -> None:
    (rule,) = load_suite(write_suite(tmp_path, expectation(type=type_, kwargs=kwargs)), "orders", COLUMNS).expectations
    assert dict(rule.kwargs) == kwargs
