"""What a column says of its text is read whole; a mistake has file, line, field and the nearest known word."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli.check import problems
from lakehouse.contracts.column_changes import column_changes
from lakehouse.contracts.columns import Column
from lakehouse.contracts.json_schema import TEXT_SCHEMAS
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.values import YEAR_1, YEAR_10000, Ambiguous, Case, UnicodeForm, Values
from lakehouse.contracts.values_reader import VALUE_PROPERTIES
from lakehouse.contracts.warnings import contract_warnings
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.small_project import CONTRACT, spoiled, write_project

AT, AMOUNT = "required: true, description: When.", "required: false, description: Money."
NOTE, GONE = "required: false, description: Note.", "required: true, description: Deleted."
CLOCK = "logicalTypeOptions: {format: dd.MM.yyyy HH:mm, defaultTimezone: Europe/Berlin}"


def properties(**given: str) -> str:
    items = ", ".join(f"{{property: {name}, value: {value}}}" for name, value in given.items())
    return f"customProperties: [{items}]"


def columns(folder: Path, contract: str) -> dict[str, Column]:
    (folder / "shop.yaml").write_text(contract, encoding="utf-8")
    (dataset,) = read_contract(folder / "shop.yaml").datasets
    return {column.name: column for column in dataset.columns}


@pytest.mark.parametrize(
    ("column", "after", "said", "values"),
    [
        ("at", AT, CLOCK, Values("dd.MM.yyyy HH:mm", "Europe/Berlin")),
        ("at", AT, f"{CLOCK}, {properties(ambiguous='later')}",
         Values("dd.MM.yyyy HH:mm", "Europe/Berlin", Ambiguous.LATER)),
        ("at", AT, "logicalTypeOptions: {defaultTimezone: UTC}", Values(time_zone="UTC")),
        ("at", AT, "logicalTypeOptions: {format: epoch_millis}", Values("epoch_millis")),
        ("at", AT, "logicalTypeOptions: {format: epoch_millis, minimum: 1900-01-01}",
         Values("epoch_millis", earliest=YEAR_1)),
        ("at", AT, "logicalTypeOptions: {format: epoch_seconds, exclusiveMaximum: 2200-01-01}",
         Values("epoch_seconds", before=YEAR_10000)),
        ("at", AT, "logicalTypeOptions: {minimum: 1900-01-01}", Values()),
        ("at", AT, "logicalTypeOptions: {format: \"yyyy-MM-dd'T'HH:mm:ss[.SSS]X\"}",
         Values("yyyy-MM-dd'T'HH:mm:ss[.SSS]X")),
        ("amount", AMOUNT, properties(decimalSeparator="','", groupSeparator="'.'", trailingMinus="true"),
         Values(decimal_separator=",", group_separator=".", trailing_minus=True)),
        ("note", NOTE, properties(nullWords="[NULL, '007']", trim="true", unicodeForm="NFC", case="lower"),
         Values(null_words=("NULL", "007"), trim=True, unicode_form=UnicodeForm.NFC, case=Case.LOWER)),
        ("gone", GONE, properties(trueWords="[Y, 1]", falseWords="[N, 0]"),
         Values(true_words=("Y", "1"), false_words=("N", "0"))),
    ],
)  # fmt: skip
def test_what_a_column_says_of_its_text(tmp_path: Path, column: str, after: str, said: str, values: Values) -> None:
    found = columns(tmp_path, spoiled(after, f"{after}, {said}"))
    assert found[column].values == values
    assert all(other.values == Values() for name, other in found.items() if name != column)
    assert list(contract_warnings(tmp_path)) == []


@pytest.mark.parametrize(
    ("after", "said", "field", "words"),
    [
        (AT, "logicalTypeOptions: {format: DD.MM.YYYY}", "format", "'DD' cannot be read; d is the day of the month"),
        (AT, "logicalTypeOptions: {format: dd.MM.YYYY}", "format", "y is the year, Y that of a week"),
        (AT, "logicalTypeOptions: {format: '%d.%m.%Y'}", "format", "patterns are those of Java"),
        (AT, "logicalTypeOptions: {format: yyyy-MM-ddTHH:mm}", "format", "'T' is no part of a time"),
        (AT, "logicalTypeOptions: {format: yyyy-MM-dd HH:mm:ss.SSSSSSSSS}", "format", "'SSSSSSSSS' cannot be read"),
        (AT, "logicalTypeOptions: {format: HH:mm}", "format", "the day is not whole without y and M and d"),
        (AT, "logicalTypeOptions: {format: dd.MM.yyyy hh:mm}", "format", "h counts to 12 and needs a"),
        (AT, "logicalTypeOptions: {format: dd.MM.yyyy HH:mm}", "format", "add logicalTypeOptions.defaultTimezone"),
        (AT, "logicalTypeOptions: {format: epoch_milis}", "format", "Did you mean 'epoch_millis'?"),
        (AT, "logicalTypeOptions: {defaultTimezone: Europe/Berln}", "defaultTimezone", "Did you mean 'Europe/Berlin'?"),
        (AT, "logicalTypeOptions: {format: yyyy-MM-dd HH:mmX, defaultTimezone: UTC}", "defaultTimezone", "already"),
        (AT, properties(ambiguous="later"), "ambiguous", "needs the clock that shows a time twice"),
        (AT, f"{CLOCK}, {properties(ambiguous='latter')}", "ambiguous", "Did you mean 'later'?"),
        (AMOUNT, properties(decimalSeparator="';;'"), "decimalSeparator", "must be one character"),
        (AMOUNT, properties(groupSeparator="'.'"), "groupSeparator", "'.' separates the decimals"),
        (NOTE, properties(decimalSeparator="','"), "decimalSeparator", "no effect on a column of type string"),
        (NOTE, properties(trim="yes please"), "trim", "must be true or false"),
        (NOTE, properties(case="lowr"), "case", "Did you mean 'lower'?"),
        (NOTE, properties(unicodeForm="NFX"), "unicodeForm", "Did you mean 'NF"),
        (NOTE, properties(nullWords="NULL"), "nullWords", "must be a list"),
        (NOTE, properties(nullWords="['']"), "nullWords", "an empty value is none already"),
        (GONE, properties(trueWords="[Y]", falseWords="[y]"), "falseWords", "'y' stands for two of"),
    ],
)
def test_a_mistake_has_file_line_field_and_what_to_do(
    tmp_path: Path, after: str, said: str, field: str, words: str
) -> None:
    with pytest.raises(ContractError) as caught:
        columns(tmp_path, spoiled(after, f"{after}, {said}"))
    error = caught.value
    line = next(n for n, text in enumerate(CONTRACT.splitlines(), 1) if after in text)
    assert (error.file, error.line) == (str(tmp_path / "shop.yaml"), line)
    assert error.field.endswith(field)
    assert words in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("said", "hint"),
    [("trimm", "Did you mean 'trim'?"), ("timeZone", "Write logicalTypeOptions.defaultTimezone."), ("xyz", "Known: ")],
)
def test_a_word_that_nobody_knows_is_a_warning(tmp_path: Path, said: str, hint: str) -> None:
    columns(tmp_path, spoiled(NOTE, f"{NOTE}, {properties(**{said: 'true'})}"))
    (warning,) = contract_warnings(tmp_path)
    assert f"property '{said}' has no effect here. {hint}" in warning


def test_an_editor_knows_the_words_that_the_reader_knows() -> None:
    assert TEXT_SCHEMAS.keys() == VALUE_PROPERTIES.keys()


def test_another_word_breaks_the_deliveries(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(CONTRACT, encoding="utf-8")
    (before,) = read_contract(tmp_path / "shop.yaml").datasets
    (tmp_path / "shop.yaml").write_text(spoiled(AT, f"{AT}, {CLOCK}"), encoding="utf-8")
    (after,) = read_contract(tmp_path / "shop.yaml").datasets
    found = [(change.field, change.what, change.effect) for change in column_changes(before, after)]
    assert found == [
        ("at.format", "(none) → dd.MM.yyyy HH:mm", "breaking"),
        ("at.defaultTimezone", "(none) → Europe/Berlin", "breaking"),
    ]


def test_check_takes_every_word(tmp_path: Path) -> None:
    """The standard's own schema, too, which knows the options of times only beside their logicalType."""
    words = {
        AT: f"logicalType: timestamp, {CLOCK}, {properties(ambiguous='earlier')}",
        AMOUNT: properties(decimalSeparator="','", groupSeparator="'.'", trailingMinus="true"),
        NOTE: properties(nullWords="[NULL]", trim="true", unicodeForm="NFC", case="lower"),
        GONE: properties(trueWords="[Y, 1]", falseWords="[N, 0]"),
    }
    contract = CONTRACT
    for after, said in words.items():
        contract = spoiled(after, f"{after}, {said}", contract)
    options = "fileOptions, value: {delimiter: tab, quote: none, encoding: UTF-16, skipLines: 2, comment: '#'}"
    contract = spoiled("value: csv}", f"value: csv}}\n      - {{property: {options}}}", contract)
    assert list(problems(write_project(tmp_path, contract))) == []
