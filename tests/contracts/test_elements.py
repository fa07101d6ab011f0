"""`explode` in a contract: how it is read, the rule of a key, and each thing that cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from lakehouse.contracts.changes import Effect
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.element_rows import own_columns, parent_columns
from lakehouse.contracts.elements import Elements
from lakehouse.contracts.reader import load_contracts, read_contract
from lakehouse.contracts.readers import element_readers, reached
from lakehouse.contracts.yaml_places import ContractError
from tests.helpers.small_project import spoiled, write_project

DATE = "      - {property: dateColumn"
BASKET = (
    "note, physicalType: struct, properties: ["
    "{name: tags, physicalType: array, description: T., items: {physicalType: string}}, "
    "{name: traits, physicalType: map, description: M., items: {physicalType: int}}, "
    "{name: lines, physicalType: array, description: L., items: {physicalType: struct, properties: ["
    "{name: id, physicalType: int, description: I.}, {name: weight, physicalType: double, description: W.}, "
    "{name: parts, physicalType: array, description: P., items: {physicalType: string}}]}}]"
)
JSON = spoiled("note, physicalType: string", BASKET, spoiled("fileFormat, value: csv", "fileFormat, value: json_lines"))
LINES = "path: note.lines, prefix: line_"


def exploding(value: str, contract: str = JSON) -> str:
    return spoiled(DATE, f"      - {{property: explode, value: {value}}}\n{DATE}", contract)


def read(folder: Path, value: str, contract: str = JSON) -> Dataset:
    write_project(folder, exploding(value, contract))
    (dataset,) = load_contracts(folder / "contracts").datasets
    return dataset


def columns(dataset: Dataset, elements: Elements) -> list[str]:
    return [column.name for column in (*parent_columns(dataset, elements), *own_columns(elements))]


@pytest.mark.parametrize(
    ("value", "names", "wanted"),
    [
        ("note.tags", ["visits_note_tags"], ["id", "dt", "position", "element"]),
        ("[note.traits]", ["visits_note_traits"], ["id", "dt", "position", "key", "value"]),
        (f"{{{LINES}, name: visit_lines, with: [seq, month], key: [id]}}", ["visit_lines"],
         ["id", "dt", "seq", "month", "line_position", "line_id", "line_weight", "line_parts"]),
        (f"[{{{LINES}, position: line}}, note.tags]", ["visits_note_lines", "visits_note_tags"],
         ["id", "dt", "line", "line_id", "line_weight", "line_parts"]),
    ],
)  # fmt: skip
def test_lists_are_read(tmp_path: Path, value: str, names: list[str], wanted: list[str]) -> None:
    dataset = read(tmp_path, value)
    assert [elements.name for elements in dataset.elements] == names
    assert columns(dataset, dataset.elements[0]) == wanted
    schema = json.loads(Path("contracts/contract.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(yaml.safe_load(exploding(value)), schema)


@pytest.mark.parametrize(
    ("strategy", "more", "wanted"),
    [
        ("scd2", [("sequenceBy, value: seq", "sequenceBy, value: at")],
         ["id", "at", "valid_from", "valid_to", "is_current"]),
        ("append", [("- {property: sequenceBy, value: seq}\n      ", ""), (", primaryKey: true", ""),
                    (", primaryKeyPosition: 1", ""), ("- {property: deleteFlag, value: gone}\n      ", "")],
         ["_batch_id", "_row_id", "dt"]),
    ],
)  # fmt: skip
def test_elements_have_what_tells_their_row(
    tmp_path: Path, strategy: str, more: list[tuple[str, str]], wanted: list[str]
) -> None:
    contract = spoiled("mergeStrategy, value: upsert", f"mergeStrategy, value: {strategy}", JSON)
    for before, after in more:
        contract = spoiled(before, after, contract)
    if strategy == "scd2":
        contract = contract.replace("value: [month]", "value: []").replace("value: [dt]", "value: []")
    dataset = read(tmp_path, "note.tags", contract)
    assert columns(dataset, dataset.elements[0]) == [*wanted, "position", "element"]


def test_a_key_is_a_rule(tmp_path: Path) -> None:
    (rule,) = [r for r in read(tmp_path, f"{{{LINES}, key: [id]}}").rules if r.name == "note_lines_key_unique"]
    assert (rule.sentence, rule.on_failure) == ("Each element of note.lines has its own id.", "quarantine")
    assert (rule.is_row_level, rule.columns) == (True, ("note.lines",))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("note.line", "visits.explode: unknown column 'note.line'. Did you mean 'lines'?"),
        ("nots", "unknown column 'nots'. Did you mean 'note'?"),
        ("amount", "'amount' is a decimal(9,2), which has no elements; name an array or a map."),
        ("note", "'note' is a struct, which has no elements"),
        ("note.lines.parts", "'note.lines.parts' lies inside the array 'lines'; explode that one."),
        ("3", "must be the name of an array or a map, in structs as basket.lines, found 3."),
        ("[]", "visits.explode: is empty; describe at least one list."),
        ("{name: x}", "visits.explode.path: is missing; add it."),
        ("{path: note.tags, nam: x}", "unknown field 'nam'. Did you mean 'name'?"),
        ("{path: note.tags, name: Tags}", "visits.explode.name: must be lower_case letters"),
        ("{path: note.tags, prefix: 1}", "visits.explode.prefix: must begin names"),
        ("{path: note.tags, with: [sec]}", "visits.explode.with: unknown column 'sec'. Did you mean 'seq'?"),
        ("{path: note.tags, with: [note]}", "'note' holds the list itself; each row would repeat it."),
        ("{path: note.tags, with: [seq, seq]}", "'seq' is there twice; remove one."),
        ("{path: note.tags, with: [position]}", "unknown column 'position'"),
        ("{path: note.tags, position: id}", "'id' would be a column of the parent and of the element"),
        ("{path: note.lines}", "'id' would be a column of the parent and of the element; add a prefix such as line_"),
        ("{path: note.lines, prefix: l_, position: l_id}", "'l_id' would be a column of the position and of"),
        (f"{{{LINES}, key: [ix]}}", "visits.explode.key: unknown field 'ix' of note.lines. Did you mean 'id'?"),
        (f"{{{LINES}, key: [weight]}}", "'weight' is a double, which cannot be a key; take string"),
        ("{path: note.traits, key: [key]}", "'note.traits' is a map, whose keys are each there once; remove it."),
        ("[note.tags, {path: note.lines, prefix: l_, name: visits_note_tags}]", "_note_tags' is described twice"),
        ("{path: note.tags, name: visits}", "visits.explode: 'visits' is also the name of visits; give the elements"),
    ],
)  # fmt: skip
def test_what_cannot_be_exploded(tmp_path: Path, value: str, words: str) -> None:
    with pytest.raises(ContractError) as refused:
        read(tmp_path, value)
    assert words in str(refused.value)
    line = exploding(value).splitlines().index(f"      - {{property: explode, value: {value}}}") + 1
    assert f"shop.yaml:{line}: " in str(refused.value) or "is also the name" in words
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after", "value", "words"),
    [
        ("description: Visit.", "description: Visit., classification: pii", "note.tags",
         "each element has its parent's key, and 'id' is personal data, which views do not show"),
        ("description: Money.", "description: Money., classification: pii", "{path: note.tags, with: [amount]}",
         "visits.explode.with: 'amount' is personal data, which views do not show; leave it out."),
        ("properties: [{name: tags", "properties: [{name: who, physicalType: string, description: W., "
         "classification: pii}, {name: tags", "note.tags", "'note' holds personal data, which views do not show"),
    ],
)  # fmt: skip
def test_personal_data_is_not_taken_along(tmp_path: Path, before: str, after: str, value: str, words: str) -> None:
    with pytest.raises(ContractError) as refused:
        read(tmp_path, value, spoiled(before, after, JSON))
    assert words in str(refused.value)


def test_a_change_of_a_list_reaches_those_who_read_it(tmp_path: Path) -> None:
    before, after = read(tmp_path / "a", "note.tags"), read(tmp_path / "b", "[note.tags, note.traits]")
    renamed = read(tmp_path / "c", "{path: note.tags, prefix: tag_}")
    (new,), (gone, *_) = dataset_changes([before], [after]), dataset_changes([before], [renamed])
    assert (new.field, new.what, {*new.effects.values()}) == (
        "explode", "(none) → visits_note_traits of note.traits", {Effect.FREE},
    )  # fmt: skip
    assert {*gone.effects.values()} == {Effect.BREAKING}
    assert reached(gone, element_readers([before])) == {"views": ("visits_note_tags",)}


def test_the_name_of_a_list_in_another_domain_is_taken(tmp_path: Path) -> None:
    write_project(tmp_path, exploding("{path: note.tags, name: tags}"))
    other = (
        exploding("{path: note.tags, name: tags}")
        .replace("domain: shop", "domain: web")
        .replace("name: visits", "name: other")
    )
    (tmp_path / "contracts/web.yaml").write_text(other.replace("visits*", "other*"), encoding="utf-8")
    assert read_contract(tmp_path / "contracts/web.yaml").datasets[0].elements[0].name == "tags"
    with pytest.raises(ContractError, match=r"other\.explode: 'tags' is also the name of the elements of visits\.note"):
        load_contracts(tmp_path / "contracts")
