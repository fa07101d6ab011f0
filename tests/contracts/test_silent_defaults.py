"""What a contract leaves out, doubles or misplaces is refused where it would be read as something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse.cli.check import problems
from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.team_reader import read_contact
from lakehouse.contracts.warnings import contract_warnings
from lakehouse.contracts.yaml_places import Place, read_yaml
from tests.helpers.small_project import CONTRACT, PRESENT, spoiled, write_project

OWNER = "members: [{username: shops@retail.example, role: owner}]"
KEY = "primaryKey: true, primaryKeyPosition: 1"
NOTE = "{name: note, physicalType: string, required: false, description: Note.}"
FREQUENCY = '- {property: frequency, value: 1, unit: d, schedule: "0 3 * * *"}'
AVAILABLE = '- {property: timeOfAvailability, value: "06:00"}'
SEQUENCE = "- {property: sequenceBy, value: seq}"
PARTITION = "- {property: partitionBy, value: [month]}"


def amount(words: str) -> str:
    """The contract with more words for its decimal column."""
    return spoiled("required: false, description: Money.", f"required: false, description: Money., {words}")


def note(words: str) -> str:
    return spoiled(NOTE, NOTE.replace("Note.}", f"Note., {words}}}"))


MISTAKES: dict[str, tuple[str, str, str]] = {
    "nobody owns it": (spoiled(", role: owner", ""), "team.members", "give one of them role: owner"),
    "an owner of another name": (spoiled("role: owner", "role: ownr"), "team.members", "Did you mean 'owner'?"),
    "an owner who left": (
        spoiled("role: owner", "role: owner, dateOut: '2026-01-01'"), "dateOut", "the only owner has left the team",
    ),
    "a key from 2": (spoiled(KEY, "primaryKey: true, primaryKeyPosition: 2"), "primaryKeyPosition", "from 1, without"),
    "a key from 0": (spoiled(KEY, "primaryKey: true, primaryKeyPosition: 0"), "primaryKeyPosition", "from 1, found 0"),
    "a position that is true": (
        spoiled(KEY, "primaryKey: true, primaryKeyPosition: true"), "primaryKeyPosition", "found True",
    ),
    "a gap in the key": (
        spoiled(NOTE, NOTE.replace("required: false", "required: true, primaryKey: true, primaryKeyPosition: 3")),
        "primaryKeyPosition", "positions 1, 3",
    ),
    "a position without a key": (note("primaryKeyPosition: 2"), "primaryKeyPosition", "add primaryKey: true"),
    "a key inside a struct": (
        spoiled(NOTE, "{name: note, physicalType: struct, description: S., properties: "
                      "[{name: x, physicalType: int, required: true, primaryKey: true, description: X.}]}"),
        "primaryKey", "a field of a struct cannot be a key",
    ),
    "two schedules": (spoiled(FREQUENCY, f"{FREQUENCY}\n  {FREQUENCY}"), "slaProperties[1]", "first in line 11"),
    "two deadlines": (spoiled(AVAILABLE, f"{AVAILABLE}\n  {AVAILABLE}"), "slaProperties[2]", "is given twice"),
    "another scheduler": (spoiled("unit: d,", "unit: d, scheduler: quartz,"), "scheduler", "must be cron"),
    "a deadline of a place": (spoiled('"06:00"', '"06:00", unit: Europe/Berlin'), "unit", "the time of day is in UTC"),
    "a deadline that YAML reads as minutes": (spoiled('"06:00"', "16:00"), "value", 'write it in quotes: "16:00"'),
    "a property of a column twice": (
        note("customProperties: [{property: nullWords, value: [x]}, {property: nullWords, value: [y]}]"),
        "customProperties[1]", "'nullWords' is given twice",
    ),
    "a multiple of nothing": (amount("logicalTypeOptions: {multipleOf: 0}"), "multipleOf", "above 0, found 0"),
    "a limit that is no number": (amount("logicalTypeOptions: {minimum: .nan}"), "minimum", "must be a number"),
    "half a character": (note("logicalTypeOptions: {maxLength: 1.5}"), "maxLength", "of characters, found 1.5"),
    "a negative length": (note("logicalTypeOptions: {minLength: -1}"), "minLength", "found -1"),
    "a range that nothing meets": (
        note("quality: [{metric: duplicateValues, mustBeBetween: [5, 1]}]"), "mustBeBetween", "the smaller one first",
    ),
    "a delete flag in the key": (
        spoiled("boolean, required: true,", "boolean, required: true, primaryKey: true, primaryKeyPosition: 2,"),
        "deleteFlag", "no deletion would meet the row",
    ),
    "a partition that moves and does not": (
        spoiled(PARTITION, "- {property: partitionBy, value: [gone]}\n"
                           "      - {property: partitionIsStable, value: true}"),
        "partitionIsStable", "'gone' differs between the versions of a row",
    ),
    "a date that is the sequence and stays": (
        spoiled(SEQUENCE, "- {property: sequenceBy, value: at}\n      - {property: partitionIsStable, value: true}"),
        "partitionIsStable", "month is computed from 'at', which differs",
    ),
    "hidden files": (spoiled('"visits*.csv"', '"_visits*.csv"'), "filePattern", "begin with neither . nor _"),
    "a folder in a pattern": (spoiled('"visits*.csv"', '"in/visits*.csv"'), "filePattern", "hold no /"),
    "a name that Hadoop cannot open": (spoiled('"visits*.csv"', '"visits:*.csv"'), "filePattern", "and no :"),
    "no value at all": (
        note("quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: []}}]"), "validValues", "is empty",
    ),
    "no value but null": (
        note("quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [null]}}]"), "validValues",
        "no row could pass",
    ),
    "a long domain": (spoiled("domain: shop", f"domain: {'s' * 33}"), "domain", "at most 32 fit"),
    "a long dataset": (spoiled("name: visits", f"name: {'v' * 201}"), "name", "at most 200 fit"),
    "a long column": (spoiled("name: note", f"name: {'n' * 256}"), "name", "at most 255 fit"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_by_its_field(tmp_path: Path, mistake: str) -> None:
    contract, field, words = MISTAKES[mistake]
    (line,) = problems(write_project(tmp_path, contract))
    file, number, place, said = line.split(":", 3)
    assert file == f"{tmp_path}/contracts/shop.yaml"
    assert int(number) > 1
    assert place.strip().endswith(field), line
    assert words in said, line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"mostly": 0.9}, "unknown field 'mostly'. Known: description, id, kwargs, meta, notes, severity, type. An "
                          "argument belongs into kwargs."),
        ({"note": "why"}, "unknown field 'note'. Did you mean 'notes'?"),
    ],
)  # fmt: skip
def test_a_word_beside_the_arguments_is_refused(tmp_path: Path, words: dict[str, Any], said: str) -> None:
    (line,) = problems(write_project(tmp_path, CONTRACT, [{**PRESENT, **words}]))
    assert line == f"{tmp_path}/great_expectations/expectations/visits.json:4: expectation 1: {said}"


def test_an_argument_that_is_there_twice(tmp_path: Path) -> None:
    project = write_project(tmp_path)
    suite = tmp_path / "great_expectations/expectations/visits.json"
    suite.write_text(suite.read_text().replace('"column": "id"', '"column": "note", "column": "id"'))
    (line,) = problems(project)
    assert line == f"{suite}:1: cannot be read as a suite: an object has the key 'column' twice; remove one."


@pytest.mark.parametrize("strategy", [MergeStrategy.UPSERT, MergeStrategy.INSERT_ONLY])
def test_a_sequence_in_the_key_is_a_warning_where_versions_are_ordered(tmp_path: Path, strategy: MergeStrategy) -> None:
    contract = spoiled(SEQUENCE, SEQUENCE.replace("seq}", "id}")).replace("value: upsert", f"value: {strategy}")
    contract = contract.replace("      - {property: deleteFlag, value: gone}\n", "")
    project = write_project(tmp_path, contract)
    assert problems(project) == []
    said = [line.split(": ", 1)[1] for line in contract_warnings(tmp_path / "contracts")]
    wanted = "visits.sequenceBy: 'id' is in the key, so it orders no two versions of a row; the last to arrive stays."
    assert said == ([wanted] if strategy is MergeStrategy.UPSERT else [])


@pytest.mark.parametrize(
    ("members", "contact"),
    [
        ("[{username: steward, role: data steward}, {username: ann, role: Data Owner}]", "ann"),
        ("[{username: bob, role: owner, dateOut: '2026-01-01'}, {username: ann, role: owner}]", "ann"),
    ],
)
def test_the_contact_is_the_owner_who_is_there(tmp_path: Path, members: str, contact: str) -> None:
    file = tmp_path / "team.yaml"
    file.write_text(f"team: {{name: shops, members: {members}}}")
    assert read_contact(read_yaml(file).need("team")) == contact


def test_a_value_of_an_anchor_counts(tmp_path: Path) -> None:
    keyed = (
        "{name: id, physicalType: int, required: true, primaryKey: true, primaryKeyPosition: 1, description: Visit.}"
    )
    anchored = spoiled(keyed, "{<<: *key, name: id, physicalType: int, description: Visit.}")
    anchored = anchored.replace("schema:", f"x: &key {{required: true, {KEY}}}\nschema:", 1)
    file = write_project(tmp_path, anchored).root / "contracts/shop.yaml"
    (dataset,) = read_contract(file).datasets
    assert dataset.key == ("id",)
    assert isinstance(read_yaml(file), Place)
