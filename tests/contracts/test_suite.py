"""Suites: the project's own load, here and in Great Expectations; every mistake has its own clear error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import OnFailure, Rule, load_suite
from lakehouse.contracts.suite_errors import SuiteError
from lakehouse.contracts.suite_types import KNOWN_KWARGS, is_row_level, known_types
from lakehouse.validate.conditions import is_compiled
from lakehouse.validate.gx import import_gx

IN_SET, REGEX = "expect_column_values_to_be_in_set", "expect_column_values_to_match_regex"
NOT_NULL, BETWEEN = "expect_column_values_to_not_be_null", "expect_column_values_to_be_between"
GREATER, ROWS = "expect_column_pair_values_a_to_be_greater_than_b", "unexpected_rows_expectation"
DATASETS = ("crm_leads", "erp_orders", "products", "web_events")
COLUMNS = {
    "order_id": "string", "quantity": "int", "unit_price": "decimal(12,2)", "ordered_at": "timestamp",
    "updated_at": "timestamp", "device": "struct", "device.os": "string",
}  # fmt: skip


NO_ROWS = (
    "does not name failing rows, so it cannot quarantine them; set meta.on_failure to fail or warn, "
    "or write the query as SELECT * FROM {batch} WHERE condition."
)


def expectation(**changes: Any) -> dict[str, Any]:
    meta = {
        "rule": "quantity_at_least_1",
        "sentence": "At least one unit is sold.",
        "on_failure": "quarantine",
    }
    plain: dict[str, Any] = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "quantity", "min_value": 1},
        "meta": {**meta, **changes.pop("meta", {})},
        "severity": "warning",
    }
    return {**plain, **changes}


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a suite with these expectations, or this text, and return the project folder."""

    def written(*expectations: dict[str, Any], text: str | None = None, name: str = "orders") -> Path:
        (tmp_path / "expectations").mkdir(exist_ok=True)
        content = json.dumps({"name": name, "expectations": expectations}) if text is None else text
        (tmp_path / "expectations" / "orders.json").write_text(content, encoding="utf-8")
        return tmp_path

    return written


def message(folder: Path, dataset: str = "orders") -> str:
    with pytest.raises(SuiteError) as raised:
        load_suite(folder, dataset, COLUMNS)
    text = str(raised.value)
    assert "\n" not in text
    return text.removeprefix(f"{folder}/expectations/")


@pytest.mark.parametrize("name", DATASETS)
def test_the_suites_of_the_project_load_and_every_rule_reads_as_a_sentence(project: Project, name: str) -> None:
    dataset = project.contracts.dataset(name)
    suite = load_suite(project.suites, name, dataset.known_columns)
    for rule in suite.expectations:
        assert rule.sentence[0].isupper(), rule.name
        assert rule.sentence.endswith("."), rule.name
        assert is_compiled(rule) or rule.on_failure is OnFailure.FAIL
    required = {column.name for column in dataset.columns if column.required}
    not_null = {rule.columns[0] for rule in suite.expectations if rule.type == "expect_column_values_to_not_be_null"}
    assert required <= not_null
    (columns,) = (rule for rule in suite.expectations if rule.name == "expected_columns_present")
    assert set(columns.kwargs["column_set"]) == required


def test_great_expectations_opens_the_project_and_leaves_it_as_it_was(project: Project, tmp_path: Path) -> None:
    copy = tmp_path / "great_expectations"
    shutil.copytree(project.suites, copy)
    before = {file: file.read_bytes() for file in copy.rglob("*") if file.is_file()}
    environment = {"LAKEHOUSE_DATA_DOCS_DIR": str(tmp_path / "docs")}
    context = import_gx().get_context(context_root_dir=copy, runtime_environment=environment)
    for name in DATASETS:
        content = json.loads((copy / "expectations" / f"{name}.json").read_text(encoding="utf-8"))
        opened = context.suites.get(name).expectations
        assert [item.expectation_type for item in opened] == [item["type"] for item in content["expectations"]]
        assert [item.meta for item in opened] == [item["meta"] for item in content["expectations"]]
        assert [item.severity.value for item in opened] == [item["severity"] for item in content["expectations"]]
    assert {file: file.read_bytes() for file in copy.rglob("*") if file.is_file()} == before


def test_the_project_folder_holds_data_only(project: Project) -> None:
    assert not list(project.suites.rglob("*.py"))


def test_what_we_know_of_the_types_is_what_great_expectations_says() -> None:
    import_gx()
    from great_expectations.expectations import expectation as gx
    from great_expectations.expectations.registry import (
        get_expectation_impl,
        list_registered_expectation_implementations,
    )

    kinds = (gx.ColumnMapExpectation, gx.ColumnPairMapExpectation, gx.MulticolumnMapExpectation)
    on_schema = {"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"}
    registered = set(list_registered_expectation_implementations())
    assert registered <= known_types()
    for name in registered - on_schema - {"unexpected_rows_expectation"}:
        assert is_row_level(name) == issubclass(get_expectation_impl(name), kinds), name
    common = {*gx.Expectation.__fields__, "batch_id"}
    for name, known in KNOWN_KWARGS.items():
        assert set(known) == set(get_expectation_impl(name).__fields__) - common, name


def test_a_rule_knows_its_columns_and_condition() -> None:
    query = "select *\nfrom {batch} where discount > quantity * `unit_price` and note rlike 'a{{2}}';"
    rule = Rule(
        "r",
        "S.",
        OnFailure.QUARANTINE,
        "unexpected_rows_expectation",
        {"unexpected_rows_query": query},
        "warning",
    )
    assert rule.rows_condition == "discount > quantity * `unit_price` and note rlike 'a{2}'"
    assert rule.columns == ("discount", "quantity", "unit_price", "note")
    assert rule.is_row_level


def test_no_suite(write: Write) -> None:
    folder = write(expectation())
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
def test_not_a_suite(write: Write, text: str, problem: str) -> None:
    assert message(write(text=text)) == f"orders.json:1: cannot be read as a suite: {problem}."


def test_name_of_another_suite(write: Write) -> None:
    folder = write(expectation(), name="leads")
    assert message(folder) == "orders.json:1: name is 'leads', wanted 'orders', as the file and the dataset."


@pytest.mark.parametrize("field", ["rule", "sentence", "on_failure"])
@pytest.mark.parametrize("value", [None, "", " ", 3])
def test_a_word_of_meta_is_missing(write: Write, field: str, value: object) -> None:
    folder = write(expectation(), expectation(meta={field: value}))
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
def test_a_mistake_in_an_expectation(write: Write, changes: dict[str, Any], wanted: str) -> None:
    assert message(write(expectation(**changes))) == f"orders.json:1: expectation 1 {wanted}"


def test_a_name_twice(write: Write) -> None:
    folder = write(expectation(), expectation(kwargs={"column": "quantity", "max_value": 9}))
    assert message(folder) == (
        "orders.json:1: expectation 2 (quantity_at_least_1): meta.rule is already used by expectation 1; "
        "each rule needs a name of its own."
    )


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
def test_an_argument_that_no_run_could_use(write: Write, type_: str, kwargs: dict[str, Any], wanted: str) -> None:
    warning = {"meta": {"on_failure": "warn"}, "severity": "info"}
    found = message(write(expectation(type=type_, kwargs=kwargs, **warning)))
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
def test_an_argument_that_a_run_can_use(write: Write, type_: str, kwargs: dict[str, Any]) -> None:
    (rule,) = load_suite(write(expectation(type=type_, kwargs=kwargs)), "orders", COLUMNS).expectations
    assert dict(rule.kwargs) == kwargs


def test_every_mistake_of_a_suite_is_named(write: Write) -> None:
    wrong = [{"column": "quantitty", "min_value": 1}, {"column": "quantity"}, {"column": "quantity", "min_value": "a"}]
    rules = [expectation(kwargs=kwargs, meta={"rule": f"r{n}"}) for n, kwargs in enumerate(wrong)]
    with pytest.raises(SuiteError) as caught:
        load_suite(write(*rules), "orders", COLUMNS)
    lines = [str(caught.value), *map(str, caught.value.others)]
    assert [line.split("expectation ")[1][:6] for line in lines] == ["1 (r0)", "2 (r1)", "3 (r2)"]
