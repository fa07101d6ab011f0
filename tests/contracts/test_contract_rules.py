"""What a contract promises of its values becomes rules: one of a kind, under stable names, next to the suite's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lakehouse.contracts.allowed import Allowed
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.rule_words import java_regex
from lakehouse.contracts.rules import in_words, with_contract_rules
from lakehouse.contracts.suite import OnFailure, Rule, Suite, load_suite
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.samples import sample_datasets

DELIVERED = datetime(2026, 11, 28, 1, 30, tzinfo=UTC)
CONTRACT = """apiVersion: v3.1.0
domain: shop
name: Shop
description: {purpose: Orders.}
team: {name: shop, members: [{username: shop@retail.example, role: owner}]}
slaProperties:
  - {property: frequency, schedule: "0 3 * * *"}
  - {property: timeOfAvailability, value: "06:00"}
schema:
  - name: orders
    description: Orders.
    customProperties:
      - {property: filePattern, value: '*'}
      - {property: fileFormat, value: csv}
      - {property: mergeStrategy, value: upsert}
      - {property: sequenceBy, value: updated_at}
      - {property: dateColumn, value: ordered_at}
      - {property: deleteFlag, value: is_deleted}
      - {property: partitionBy, value: []}
      - {property: clusterBy, value: [id]}
      - {property: quarantineLimitPercent, value: 20}
%s
    properties:
      - {name: id, physicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, description: ID.}
      - {name: updated_at, physicalType: timestamp, description: When.}
      - {name: ordered_at, physicalType: timestamp, description: When.}
      - {name: is_deleted, physicalType: boolean, description: Whether.}
      - {name: amount, physicalType: "decimal(12,2)", description: Amount.%s}
      - {name: note, physicalType: string, description: Note.%s}
"""
ALWAYS = {
    "id_required", "updated_at_required", "ordered_at_required", "is_deleted_required",
    "updated_at_not_after_delivery", "ordered_at_not_after_delivery",
}  # fmt: skip
NOT_NULL = "expect_column_values_to_not_be_null"


def dataset(folder: Path, amount: str = "", note: str = "", custom: str = "", whole: str = "") -> Dataset:
    """The dataset with these words for two of its columns, one custom property and words for all of it."""
    properties = f"      - {{property: {custom}}}" if custom else ""
    text = CONTRACT % (properties + (f"\n    {whole}" if whole else ""), _more(amount), _more(note))
    path = folder / "shop.yaml"
    path.write_text(text, encoding="utf-8")
    (found,) = read_contract(path).datasets
    return found


def _more(words: str) -> str:
    return f", {words}" if words else ""


def rules(found: Dataset, *suite: Rule) -> dict[str, Rule]:
    """What the contract adds to a suite of these rules, by name."""
    whole = with_contract_rules(Suite("orders", suite), found, DELIVERED)
    assert whole.expectations[: len(suite)] == suite
    return {rule.name: rule for rule in whole.expectations[len(suite) :]}


def only(found: Dataset) -> Rule:
    """The one rule beyond those that every such contract has."""
    (name,) = rules(found).keys() - ALWAYS
    return rules(found)[name]


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
    ("custom", "latest"),
    [
        ("", "2026-11-29T01:30:00+00:00"),
        ("notAfterDelivery, value: 1d", "2026-11-29T01:30:00+00:00"),
        ("notAfterDelivery, value: 2h", "2026-11-28T03:30:00+00:00"),
        ("notAfterDelivery, value: 0m", "2026-11-28T01:30:00+00:00"),
        ("notAfterDelivery, value: off", None),
        ("notAfterDelivery, value: 'off'", None),
    ],
)
def test_a_time_may_lie_so_far_after_its_batch(tmp_path: Path, custom: str, latest: str | None) -> None:
    found = rules(dataset(tmp_path, custom=custom))
    limits = {name: rule.kwargs["max_value"] for name, rule in found.items() if name.endswith("not_after_delivery")}
    times = ("updated_at", "ordered_at")
    assert limits == ({f"{name}_not_after_delivery": latest for name in times} if latest else {})


@pytest.mark.parametrize(
    ("custom", "ties"),
    [("", "newest"), ("ties, value: newest", "newest"), ("ties, value: first", "first"),
     ("ties, value: quarantine", "quarantine")],
)  # fmt: skip
def test_only_quarantined_ties_have_a_rule(tmp_path: Path, custom: str, ties: str) -> None:
    found = dataset(tmp_path, custom=custom)
    assert found.ties == ties
    more = rules(found).keys() - ALWAYS
    assert more == ({"one_content_per_updated_at"} if ties == "quarantine" else set())


def test_how_late_a_time_may_be_is_said_in_words(tmp_path: Path) -> None:
    found = rules(dataset(tmp_path, custom="notAfterDelivery, value: 2h"))
    assert found["updated_at_not_after_delivery"].sentence == "updated_at is at most 2 hours after the delivery."
    assert [in_words(timedelta(minutes=number)) for number in (0, 1, 90, 60, 1440, 2880)] == [
        "0 days", "1 minute", "90 minutes", "1 hour", "1 day", "2 days",
    ]  # fmt: skip


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


@pytest.mark.parametrize(
    ("operator", "limits", "allowed"),
    [
        ("mustBe", (2,), {2}),
        ("mustNotBe", (2,), {0, 1, 3, 4}),
        ("mustBeGreaterThan", (2,), {3, 4}),
        ("mustBeGreaterOrEqualTo", (2,), {2, 3, 4}),
        ("mustBeLessThan", (2,), {0, 1}),
        ("mustBeLessOrEqualTo", (2,), {0, 1, 2}),
        ("mustBeBetween", (1, 3), {1, 2, 3}),
        ("mustNotBeBetween", (1, 3), {0, 4}),
    ],
)
def test_operators(operator: str, limits: tuple[float, ...], allowed: set[int]) -> None:
    assert {number for number in range(5) if Allowed(operator, limits).holds(number, 100)} == allowed
    assert {number for number in range(5) if Allowed(operator, limits, percent=True).holds(number, 100)} == allowed


def test_none_allowed() -> None:
    none = [("mustBe", 0), ("mustBeLessThan", 1), ("mustBeLessThan", 0.5), ("mustBeLessOrEqualTo", 0)]
    assert all(Allowed(operator, (limit,)).is_none for operator, limit in none)
    assert not Allowed("mustBeLessThan", (1,), percent=True).is_none
    assert not any(Allowed(o, (n,)).is_none for o, n in [("mustBe", 1), ("mustBeGreaterThan", 0), ("mustNotBe", 0)])


def test_a_dollar_of_ecma_script_is_the_end_of_the_text() -> None:
    assert java_regex(r"^a$|b\$[$]\\$") == r"^a\z|b\$[$]\\\z"


def test_times_are_bounded_by_times(tmp_path: Path) -> None:
    found = dataset(tmp_path)
    assert [rule.name for rule in found.rules if "minimum" in rule.name] == []
    text = (
        (tmp_path / "shop.yaml")
        .read_text()
        .replace(
            "ordered_at, physicalType: timestamp",
            "ordered_at, physicalType: timestamp, logicalTypeOptions: {minimum: %s}",
        )
    )
    for written, limit in (("2020-01-01", "2020-01-01"), ("'2020-01-01T00:00:00Z'", "2020-01-01T00:00:00Z")):
        (tmp_path / "shop.yaml").write_text(text % written)
        (found,) = read_contract(tmp_path / "shop.yaml").datasets
        (rule,) = (rule for rule in found.rules if rule.name == "ordered_at_minimum")
        assert rule.kwargs["min_value"] == limit
    (tmp_path / "shop.yaml").write_text(text % "soon")
    with pytest.raises(ContractError, match="must be a date or time as in ISO 8601, found 'soon'"):
        read_contract(tmp_path / "shop.yaml")
