"""The project's own suites load, here and in Great Expectations, and its types are as we know them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.contracts.suite import OnFailure, Rule, load_suite
from lakehouse.contracts.suite_types import KNOWN_KWARGS, is_row_level, known_types
from lakehouse.validate.conditions import is_compiled
from lakehouse.validate.gx import import_gx

DATASETS = ("crm_leads", "erp_orders", "products", "web_events")


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
