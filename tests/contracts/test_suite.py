"""Suites: the project's own load, here and in Great Expectations; every mistake has its own clear error."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.contract import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import OnFailure, Rule, load_suite
from lakehouse.contracts.suite_errors import SuiteError
from lakehouse.contracts.suite_types import KNOWN_KWARGS, is_row_level, known_types
from lakehouse.validate.conditions import is_compiled
from lakehouse.validate.gx import import_gx

DATASETS = ("crm_leads", "erp_orders", "products", "web_events")
COLUMNS = ("order_id", "quantity", "unit_price", "ordered_at", "updated_at", "device", "device.os")


NO_ROWS = (
    "does not name failing rows, so it cannot quarantine them; set meta.on_failure to fail or warn, "
    "or write the query as SELECT * FROM {batch} WHERE condition."
)


def dotted_columns(dataset: Dataset) -> set[str]:
    fields = {f"{column.name}.{field.name}" for column in dataset.columns for field in column.fields}
    return fields | set(dataset.column_names)


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
    suite = load_suite(project.suites, name, dotted_columns(dataset))
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
        ('{"name": "orders"', "Expecting ',' delimiter: line 1 column 18 (char 17)"),
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
    assert message(write(text=text)) == f"orders.json: cannot be read as a suite: {problem}."


def test_name_of_another_suite(write: Write) -> None:
    folder = write(expectation(), name="leads")
    assert message(folder) == "orders.json: name is 'leads', wanted 'orders', as the file and the dataset."


@pytest.mark.parametrize("field", ["rule", "sentence", "on_failure"])
@pytest.mark.parametrize("value", [None, "", " ", 3])
def test_a_word_of_meta_is_missing(write: Write, field: str, value: object) -> None:
    folder = write(expectation(), expectation(meta={field: value}))
    assert message(folder) == (f"orders.json: expectation 2: meta.{field} is missing; expected a non-empty string.")


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
            "(quantity_at_least_1): kwargs.min_value has the unknown value 'one'. "
            "Wanted: a number, or a date or time as in ISO 8601.",
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
    assert message(write(expectation(**changes))) == f"orders.json: expectation 1 {wanted}"


def test_a_name_twice(write: Write) -> None:
    folder = write(expectation(), expectation(kwargs={"column": "quantity", "max_value": 9}))
    assert message(folder) == (
        "orders.json: expectation 2 (quantity_at_least_1): meta.rule is already used by expectation 1; "
        "each rule needs a name of its own."
    )
