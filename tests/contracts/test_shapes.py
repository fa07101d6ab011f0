"""Arrays and maps in a contract: how they are read, and where they cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from lakehouse.contracts.column_changes import column_changes
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.warnings import contract_warnings
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.small_project import CONTRACT, spoiled, write_project

JSON = spoiled("fileFormat, value: csv", "fileFormat, value: json_lines")
TEXTS = "items: {physicalType: string}"
LINES = (
    "items: {physicalType: struct, required: true, properties: ["
    "{name: sku, physicalType: string, required: true, description: S.}, "
    "{name: at, physicalType: timestamp, logicalType: timestamp, description: A., "
    "logicalTypeOptions: {defaultTimezone: Europe/Berlin}}]}"
)
DEEP = "items: {physicalType: array, items: {physicalType: map, items: {physicalType: 'decimal(9,2)'}}}"


def with_note(kind: str, more: str, contract: str = JSON) -> str:
    """The contract whose column `note` is of another type."""
    return spoiled("note, physicalType: string", f"note, physicalType: {kind}, {more}", contract)


def read(tmp_path: Path, contract: str) -> Dataset:
    write_project(tmp_path, contract)
    (dataset,) = read_contract(tmp_path / "contracts" / "shop.yaml").datasets
    return dataset


@pytest.mark.parametrize(
    ("kind", "items", "spark_type", "rule"),
    [
        ("array", f"logicalType: array, {TEXTS}", "array<string>", "note_is_array"),
        ("map", f"logicalType: array, {TEXTS}", "array<struct<key: string, value: string>>", "note_is_map"),
        ("array", TEXTS, "array<string>", "note_is_array"),
        ("array", LINES, "array<struct<sku: string, at: timestamp>>", "note_is_array"),
        ("map", TEXTS, "array<struct<key: string, value: string>>", "note_is_map"),
        ("array", DEEP, "array<array<array<struct<key: string, value: decimal(9,2)>>>>", "note_is_array"),
    ],
)
def test_arrays_and_maps_are_read(tmp_path: Path, kind: str, items: str, spark_type: str, rule: str) -> None:
    contract = with_note(kind, items)
    column = next(column for column in read(tmp_path, contract).columns if column.name == "note")
    assert (column.spark_type, column.type_rule) == (spark_type, rule)
    assert list(contract_warnings(tmp_path / "contracts")) == []
    schema = json.loads(Path("contracts/contract.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(contract), schema)


def test_what_is_said_of_the_text_of_elements_is_read(tmp_path: Path) -> None:
    words = "items: {physicalType: double, customProperties: [{property: decimalSeparator, value: ','}]}"
    (note,) = [column for column in read(tmp_path, with_note("array", words)).columns if column.name == "note"]
    assert note.items is not None
    assert note.items.values.decimal_separator == ","


KEY = spoiled("id, physicalType: int", f"id, physicalType: array, {TEXTS}", JSON)


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (with_note("array", "logicalType: array"), "the array note does not say what its elements are"),
        (with_note("map", "logicalType: object"), "the map note does not say what its values are; describe them under"),
        (with_note("string", TEXTS), "note is a string, which has no items; make its physicalType array or map"),
        (with_note("array", "items: {physicalType: strin}"), "unknown type 'strin' of the items of note. Did you mean"),
        (with_note("array", "items: {physicalType: struct}"), "the struct the items of note has no fields"),
        (with_note("array", "items: {physicalType: array}"), "the array the items of note does not say what its"),
        (with_note("array", TEXTS, spoiled("fileFormat, value: csv", "fileFormat, value: xlsx")),
         "visits.note.physicalType: files in xlsx have no array; deliver JSON, Parquet or Avro"),
        (with_note("map", TEXTS, CONTRACT), "files in csv have no map"),
        (with_note("array", f"classification: pii, {TEXTS}"), "note.classification: personal data in an array"),
        (with_note("array", "items: {physicalType: string, classification: pii}"), "note.items.classification: "),
        (with_note("array", LINES.replace("S.}", "S., classification: pii}")), "note.items.sku.classification: "),
        (with_note("array", TEXTS.replace("string", "string, primaryKey: true")), "the items of note cannot be a key"),
        (with_note("array", LINES.replace("S.}", "S., primaryKey: true}")), "a field of a struct cannot be a key"),
        (with_note("array", TEXTS.replace("}", ", customProperties: [{property: unicodeForm, value: NFC}]}")),
         "the Unicode form of what is inside an array or a map is not changed; remove it"),
        (with_note("array", "items: {physicalType: int, customProperties: [{property: currency, value: EUR}]}"),
         "amounts inside an array or a map are not added up by column; remove it"),
        (with_note("array", f"{TEXTS}, customProperties: [{{property: trim, value: true}}]"),
         "has no effect on a column of type array"),
        (KEY, "'id' is an array, which cannot be a key"),
        (spoiled("sequenceBy, value: seq", "sequenceBy, value: note", with_note("array", TEXTS)), "'note' is an array"),
        (spoiled("dateColumn, value: at", "dateColumn, value: note", with_note("array", TEXTS)), "'note' is an array"),
        (spoiled("deleteFlag, value: gone", "deleteFlag, value: note", with_note("map", TEXTS)), "'note' is a map"),
        (spoiled("partitionBy, value: [month]", "partitionBy, value: [note]", with_note("array", TEXTS)),
         "'note' is an array, and partitions need one of"),
        (spoiled("clusterBy, value: [dt]", "clusterBy, value: [note]", with_note("map", TEXTS)), "note"),
    ],
)  # fmt: skip
def test_where_arrays_and_maps_cannot_be(tmp_path: Path, contract: str, words: str) -> None:
    with pytest.raises(ContractError) as refused:
        read(tmp_path, contract)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("items: {physicalType: string, unique: true}", "note.items.unique: has no effect inside"),
        (TEXTS.replace("}", ", logicalTypeOptions: {minLength: 2}}"), "'2' has no effect inside an array or a map"),
        (LINES.replace("S.}", "S., quality: [{metric: nullValues, mustBe: 0}]}"), "note.items.sku.quality: "),
        (
            TEXTS.replace("}", ", customProperties: [{property: onFailure, value: warn}]}"),
            "property 'onFailure' has no",
        ),
        (TEXTS.replace("}", ", logicalType: number}"), "contradicts physicalType string"),
    ],
)
def test_words_without_an_effect_inside_are_named(tmp_path: Path, items: str, words: str) -> None:
    read(tmp_path, with_note("array", items))
    (line,) = contract_warnings(tmp_path / "contracts")
    assert words in line


def test_a_new_field_of_the_elements_is_a_change(tmp_path: Path) -> None:
    old = read(tmp_path / "old", with_note("array", LINES))
    with_number = LINES.replace("{name: at", "{name: n, physicalType: int, description: N.}, {name: at")
    new = read(tmp_path / "new", with_note("array", with_number))
    assert [change.field for change in column_changes(old, new)] == ["note.element.n"]
