"""Every mistake in a suite has its own clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.suite import load_suite
from lakehouse.contracts.suite_errors import SuiteError
from tests.contracts.suite_files import COLUMNS, expectation, message, write_suite

NO_ROWS = (
    "does not name failing rows, so it cannot quarantine them; set meta.on_failure to fail or warn, "
    "or write the query as SELECT * FROM {batch} WHERE condition."
)


def test_no_suite(tmp_path: Path) -> None:
    folder = write_suite(tmp_path, expectation())
    assert message(folder, "order") == (
        "order.json: not found, but the dataset 'order' needs a suite. Did you mean 'orders'?"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"name": "orders"', "Expecting ',' delimiter, in column 18"),
        ('{"name": "orders"}', "it holds no list 'expectations' of objects"),
        ('["orders"]', "it holds no list 'expectations' of objects"),
        ('{"name": "orders", "expectations": ["x"]}', "it holds no list 'expectations' of objects"),
        (
            '{"name": "orders", "expectations": []}',
            "its list 'expectations' is empty, so that every batch would pass",
        ),
    ],
)
def test_not_a_suite(tmp_path: Path, text: str, problem: str) -> None:
    assert message(write_suite(tmp_path, text=text)) == f"orders.json:1: cannot be read as a suite: {problem}."


def test_name_of_another_suite(tmp_path: Path) -> None:
    folder = write_suite(tmp_path, expectation(), name="leads")
    assert message(folder) == "orders.json:1: name is 'leads', wanted 'orders', as the file and the dataset."


@pytest.mark.parametrize("field", ["rule", "sentence", "on_failure"])
@pytest.mark.parametrize("value", [None, "", " ", 3])
def test_a_word_of_meta_is_missing(tmp_path: Path, field: str, value: object) -> None:
    folder = write_suite(tmp_path, expectation(), expectation(meta={field: value}))
    assert message(folder) == (f"orders.json:1: expectation 2: meta.{field} is missing; expected a non-empty string.")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"meta": {"on_failure": "quarantin"}},
            "(quantity_at_least_1): meta.on_failure has the unknown value 'quarantin'. Did you mean 'quarantine'?",
        ),
        (
            {"meta": {"on_failure": "explode"}},
            "(quantity_at_least_1): meta.on_failure has the unknown value 'explode'. Known: fail, quarantine, warn.",
        ),
        (
            {"meta": {"rule": "At least, 1"}},
            "(At least, 1): meta.rule has the unknown value 'At least, 1'. "
            "Wanted: a name in snake_case such as quantity_at_least_1.",
        ),
        (
            {"type": "expect_column_values_to_be_betwen"},
            "(quantity_at_least_1): type has the unknown value 'expect_column_values_to_be_betwen'. "
            "Did you mean 'expect_column_values_to_be_between'?",
        ),
        (
            {"kwargs": {"column": "quantity", "min_vlaue": 1}},
            "(quantity_at_least_1): kwargs has the unknown value 'min_vlaue'. Did you mean 'min_value'?",
        ),
        (
            {"kwargs": {"column": "quantity", "min_value": "one"}},
            "(quantity_at_least_1): kwargs.min_value is 'one'; write numbers without quotes.",
        ),
        (
            {"severity": "critical"},
            "(quantity_at_least_1): severity is 'critical', but meta.on_failure 'quarantine' requires 'warning'.",
        ),
        (
            {"severity": None},
            "(quantity_at_least_1): severity is missing, but meta.on_failure 'quarantine' requires 'warning'.",
        ),
        (
            {"kwargs": {"column": "quantitty", "min_value": 1}},
            "(quantity_at_least_1): the contract has no column 'quantitty'. Did you mean 'quantity'?",
        ),
        (
            {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "device.so"}},
            "(quantity_at_least_1): the contract has no column 'device.so'. Did you mean 'device.os'?",
        ),
        (
            {
                "type": "unexpected_rows_expectation",
                "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE unit_prize < 0"},
            },
            "(quantity_at_least_1): the contract has no column 'unit_prize'. Did you mean 'unit_price'?",
        ),
        (
            {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}},
            f"(quantity_at_least_1): expect_table_row_count_to_be_between {NO_ROWS}",
        ),
        (
            {
                "type": "unexpected_rows_expectation",
                "kwargs": {"unexpected_rows_query": "SELECT count(*) FROM {batch} GROUP BY quantity"},
            },
            f"(quantity_at_least_1): unexpected_rows_expectation {NO_ROWS}",
        ),
    ],
)
def test_a_mistake_in_an_expectation(tmp_path: Path, changes: dict[str, Any], wanted: str) -> None:
    assert message(write_suite(tmp_path, expectation(**changes))) == f"orders.json:1: expectation 1 {wanted}"


def test_a_name_twice(tmp_path: Path) -> None:
    folder = write_suite(tmp_path, expectation(), expectation(kwargs={"column": "quantity", "max_value": 9}))
    assert message(folder) == (
        "orders.json:1: expectation 2 (quantity_at_least_1): meta.rule is already used by expectation 1; "
        "each rule needs a name of its own."
    )


def test_every_mistake_of_a_suite_is_named(tmp_path: Path) -> None:
    wrong = [{"column": "quantitty", "min_value": 1}, {"column": "quantity"}, {"column": "quantity", "min_value": "a"}]
    rules = [expectation(kwargs=kwargs, meta={"rule": f"r{n}"}) for n, kwargs in enumerate(wrong)]
    with pytest.raises(SuiteError) as caught:
        load_suite(write_suite(tmp_path, *rules), "orders", COLUMNS)
    lines = [str(caught.value), *map(str, caught.value.others)]
    assert [line.split("expectation ")[1][:6] for line in lines] == ["1 (r0)", "2 (r1)", "3 (r2)"]
