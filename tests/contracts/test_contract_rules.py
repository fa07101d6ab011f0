"""What a contract promises of its values becomes rules: one of a kind, under stable names, next to the suite's."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.allowed import Allowed
from lakehouse.contracts.project import Project
from lakehouse.contracts.rule_words import java_regex
from lakehouse.contracts.suite import OnFailure, Rule, load_suite
from lakehouse.contracts.yaml_places import ContractError
from tests.contracts.shop import ALWAYS, dataset, only, rules
from tests.helpers.samples import sample_datasets

NOT_NULL = "expect_column_values_to_not_be_null"


def test_what_a_merge_needs_is_never_null_whatever_the_contract_says_of_it(tmp_path: Path) -> None:
    found = rules(dataset(tmp_path))
    assert found.keys() == ALWAYS
    for name in ("id", "updated_at", "ordered_at", "is_deleted"):
        rule = found[f"{name}_required"]
        assert (rule.type, rule.columns, rule.on_failure) == (NOT_NULL, (name,), OnFailure.QUARANTINE)
        assert rule.sentence == f"Every row has a value in {name}."


@pytest.mark.parametrize(
    ("amount", "note", "name", "type_", "kwargs"),
    [
        ("required: true", "", "amount_required", NOT_NULL, {"column": "amount"}),
        ("logicalTypeOptions: {minimum: 0.01}", "", "amount_minimum", "expect_column_values_to_be_between",
         {"column": "amount", "min_value": 0.01}),
        ("logicalTypeOptions: {exclusiveMinimum: 0}", "", "amount_exclusive_minimum",
         "expect_column_values_to_be_between", {"column": "amount", "min_value": 0, "strict_min": True}),
        ("logicalTypeOptions: {maximum: 9}", "", "amount_maximum", "expect_column_values_to_be_between",
         {"column": "amount", "max_value": 9}),
        ("logicalTypeOptions: {exclusiveMaximum: 9}", "", "amount_exclusive_maximum",
         "expect_column_values_to_be_between", {"column": "amount", "max_value": 9, "strict_max": True}),
        ("logicalTypeOptions: {multipleOf: 0.05}", "", "amount_multiple_of", "unexpected_rows_expectation",
         {"unexpected_rows_query": "SELECT * FROM {batch} WHERE `amount` % 0.05 <> 0"}),
        ("", "logicalTypeOptions: {minLength: 2}", "note_min_length", "expect_column_value_lengths_to_be_between",
         {"column": "note", "min_value": 2}),
        ("", "logicalTypeOptions: {maxLength: 9}", "note_max_length", "expect_column_value_lengths_to_be_between",
         {"column": "note", "max_value": 9}),
        ("", "logicalTypeOptions: {pattern: '^P[0-9]{4}$'}", "note_pattern", "expect_column_values_to_match_regex",
         {"column": "note", "regex": r"^P[0-9]{4}\z"}),
        ("", "logicalTypeOptions: {format: email}", "note_format", "expect_column_values_to_match_regex",
         {"column": "note", "regex": r"^[^@\s]+@[^@\s]+\.[^@\s]+\z"}),
        ("", "quality: [{metric: nullValues, mustBe: 0}]", "note_null_values", NOT_NULL, {"column": "note"}),
        ("", "quality: [{type: library, metric: nullValues, mustBeLessThan: 1}]", "note_null_values", NOT_NULL,
         {"column": "note"}),
        ("", "quality: [{metric: missingValues, arguments: {missingValues: [null, N/A, \"it's\"]}, mustBe: 0}]",
         "note_missing_values", "unexpected_rows_expectation", {"unexpected_rows_query":
         "SELECT * FROM {batch} WHERE `note` IS NULL OR CAST(`note` AS STRING) IN ('N/A', 'it\\'s')"}),
        ("", "quality: [{metric: invalidValues, arguments: {validValues: [a, b]}, mustBe: 0}]", "note_invalid_values",
         "expect_column_values_to_be_in_set", {"column": "note", "value_set": ["a", "b"]}),
        ("", "quality: [{metric: invalidValues, arguments: {pattern: '^a$'}, mustBe: 0}]", "note_invalid_values",
         "expect_column_values_to_match_regex", {"column": "note", "regex": r"^a\z"}),
    ],
)  # fmt: skip
def test_each_word_is_one_rule_that_quarantines(
    tmp_path: Path, amount: str, note: str, name: str, type_: str, kwargs: dict[str, object]
) -> None:
    rule = only(dataset(tmp_path, amount, note))
    assert (rule.name, rule.type, dict(rule.kwargs)) == (name, type_, kwargs)
    assert (rule.on_failure, rule.severity, rule.is_row_level) == (OnFailure.QUARANTINE, "warning", True)
    assert rule.sentence.endswith(".")
    assert only(dataset(tmp_path, amount, note)) == rule


@pytest.mark.parametrize(
    "words", ["unique: true", "quality: [{metric: duplicateValues, mustBe: 0}]", "unique: true, quality: [{metric: "
              "duplicateValues, mustBe: 0}]"]
)  # fmt: skip
def test_unique_is_about_rows_and_not_their_versions(tmp_path: Path, words: str) -> None:
    rule = only(dataset(tmp_path, note=words))
    assert (rule.type, rule.columns, rule.key) == ("expect_column_values_to_be_unique", ("note",), ("id",))
    assert rule.name == ("note_unique" if words.startswith("unique") else "note_duplicate_values")


def test_the_whole_key_is_unique_by_itself(project: Project) -> None:
    text = (project.root / "contracts/products.yaml").read_text()
    assert "unique" not in text
    products = project.contracts.dataset("products")
    assert [rule.name for rule in products.rules if "unique" in rule.name] == []


def test_entries_of_the_whole_dataset(tmp_path: Path) -> None:
    whole = "quality: [{metric: rowCount, mustBeBetween: [1, 9]}, {metric: duplicateValues, mustBe: 0, arguments: "
    found = rules(dataset(tmp_path, whole=whole + "{properties: [amount, note]}}]"))
    assert found["row_count"].on_failure is OnFailure.FAIL
    assert found["row_count"].allowed == Allowed("mustBeBetween", (1, 9))
    assert found["row_count"].sentence == "A delivery has 1 to 9 rows."
    assert found["duplicate_values"].columns == ("amount", "note")
    assert found["duplicate_values"].key == ("id",)


def test_a_number_of_rows_that_may_fail_names_none_and_so_stops_the_batch(tmp_path: Path) -> None:
    rule = only(dataset(tmp_path, note="quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent}]"))
    assert (rule.on_failure, rule.allowed) == (OnFailure.FAIL, Allowed("mustBeLessThan", (5,), percent=True))
    assert rule.sentence == "Every row has a value in note; fewer than 5 % of the rows may break that."
    with pytest.raises(ContractError, match=r"shop.yaml:\d+: orders.note.quality.onFailure: a number of rows names no"):
        dataset(
            tmp_path,
            note="quality: [{metric: nullValues, mustBe: 5, customProperties: "
            "[{property: onFailure, value: quarantine}]}]",
        )


@pytest.mark.parametrize(
    ("words", "on_failure"),
    [
        ("", OnFailure.QUARANTINE),
        (", severity: info", OnFailure.WARN),
        (", severity: warning", OnFailure.WARN),
        (", severity: error", OnFailure.QUARANTINE),
        (", severity: critical", OnFailure.FAIL),
        (", severity: info, customProperties: [{property: onFailure, value: fail}]", OnFailure.FAIL),
    ],
)
def test_an_entry_says_what_a_failure_leads_to(tmp_path: Path, words: str, on_failure: OnFailure) -> None:
    rule = only(dataset(tmp_path, note=f"quality: [{{metric: nullValues, mustBe: 0{words}}}]"))
    assert (rule.on_failure, rule.severity) == (on_failure, on_failure.severity)


def test_a_column_says_what_a_failure_leads_to(tmp_path: Path) -> None:
    warn = "customProperties: [{property: onFailure, value: warn}]"
    assert only(dataset(tmp_path, amount=f"required: true, {warn}")).on_failure is OnFailure.WARN
    with pytest.raises(ContractError, match=r"orders.amount.onFailure: unknown value 'wran'. Did you mean 'warn'\?"):
        dataset(tmp_path, amount=f"required: true, {warn.replace('warn}', 'wran}')}")


def test_name_and_description_of_an_entry_are_taken(tmp_path: Path) -> None:
    entry = "{metric: nullValues, mustBe: 0, name: note_given, description: Every order says why.}"
    rule = only(dataset(tmp_path, note=f"quality: [{entry}]"))
    assert (rule.name, rule.sentence) == ("note_given", "Every order says why.")
    free = only(dataset(tmp_path, note=f"quality: [{entry.replace('note_given', 'Note is given')}]"))
    assert free.name == "note_null_values"


def test_what_the_suite_says_already_is_not_said_again(tmp_path: Path, project: Project) -> None:
    found = dataset(tmp_path, amount="required: true, logicalTypeOptions: {minimum: 0}")
    quarantine, warn = OnFailure.QUARANTINE, OnFailure.WARN
    between = Rule("r", "S.", quarantine, "expect_column_values_to_be_between", {"column": "amount", "min_value": 0,
                   "mostly": 1.0, "strict_min": False}, "warning")  # fmt: skip
    not_null = Rule("amount_required", "S.", quarantine, NOT_NULL, {"column": "amount"}, "warning")
    assert rules(found, between, not_null).keys() == ALWAYS
    only_warned = Rule("amount_required", "S.", warn, NOT_NULL, {"column": "amount"}, "info")
    some = Rule("r", "S.", quarantine, NOT_NULL, {"column": "amount", "mostly": 0.9}, "warning")
    assert "amount_required_2" in rules(found, only_warned)
    assert "amount_required" in rules(found, some)
    for sample in sample_datasets(project.contracts):
        suite = load_suite(project.suites, sample.name, sample.known_columns)
        times = {name for name in (*sample.sequence_by, sample.date_column) if name}
        assert rules(sample, *suite.expectations).keys() == {f"{name}_not_after_delivery" for name in times}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"custom": "notAfterDelivery, value: 1 day"}, "orders.notAfterDelivery: must be a duration such as 2h or 1d"),
        ({"custom": "notAfterDelivery, value: true"}, "orders.notAfterDelivery: must be a duration such as 2h or 1d"),
        ({"note": "logicalTypeOptions: {pattern: '[a'}"}, "must be a regular expression, found '[a'"),
        ({"amount": "logicalTypeOptions: {minimum: true}"}, "must be a number, found True"),
        ({"amount": "logicalTypeOptions: {multipleOf: x}"}, "must be a number, found 'x'"),
        ({"note": "quality: [{metric: nullValues}]"}, "needs one of mustBe, "),
        ({"note": "quality: [{metric: nullValues, mustBe: none}]"}, "must be a number, found 'none'"),
        ({"whole": "quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [nite]}}]"},
         "unknown column 'nite'. Did you mean 'note'?"),
    ],
)  # fmt: skip
def test_a_mistake_has_file_line_and_word(tmp_path: Path, words: dict[str, str], problem: str) -> None:
    with pytest.raises(ContractError) as caught:
        dataset(tmp_path, **words)
    assert problem in str(caught.value)
    assert caught.value.line > 1


def test_a_dollar_of_ecma_script_is_the_end_of_the_text() -> None:
    assert java_regex(r"^a$|b\$[$]\\$") == r"^a\z|b\$[$]\\\z"
