"""`operations` of a change log: its words, the rules that follow from them, and each thing that cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.operations import Operations
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.rules import with_contract_rules
from lakehouse.contracts.suite import Rule, Suite
from lakehouse.contracts.yaml_places import ContractError
from lakehouse.lake.built_with import built_with, changed_facts
from tests.contracts.test_roles import write

NOW = datetime(2026, 11, 20, tzinfo=UTC)
FLAG = "gone}\n      - {property: partitionIsStable, value: true"
DMS = "{column: note, insert: [I], update: [U], delete: [D]}"
NO_FLAG = "      - {property: deleteFlag, value: gone}\n"


def written(folder: Path, operations: str, flag: bool = False, **changes: str) -> Path:
    """A contract with operations in place of its delete flag."""
    path = write(folder, **changes)
    text = path.read_text(encoding="utf-8")
    line = f"      - {{property: operations, value: {operations}}}\n"
    path.write_text(text.replace(NO_FLAG, line + (NO_FLAG if flag else "")), encoding="utf-8")
    return path


def dataset(folder: Path, operations: str = DMS, **changes: str) -> Dataset:
    return Contracts((read_contract(written(folder, operations, **changes)),)).dataset("orders")


def rules_of(found: Dataset) -> dict[str, Rule]:
    return {rule.name: rule for rule in with_contract_rules(Suite("orders", ()), found, NOW).expectations}


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        (DMS, Operations("note", ("I",), ("U",), ("D",), ())),
        (
            "{column: note, insert: [c, r], update: [u], delete: [d], ignore: [b, m]}",
            Operations("note", ("c", "r"), ("u",), ("d",), ("b", "m")),
        ),
        ("{column: seq, insert: [2], update: [4], delete: [1], ignore: [3]}",
         Operations("seq", ("2",), ("4",), ("1",), ("3",))),
        ("{column: note, update: [upsert], delete: ['null', no]}", Operations("note", (), ("upsert",),
         ("null", "no"), ())),
    ],
)  # fmt: skip
def test_the_words_of_sources(tmp_path: Path, operations: str, wanted: Operations) -> None:
    found = dataset(tmp_path, operations, sequence="at")
    assert (found.operations, found.delete_flag) == (wanted, "is_deleted")
    assert found.silver_column_names[-3:] == ("month", "is_deleted", "_batch_id")


def test_an_unknown_word_and_none_are_rules(tmp_path: Path) -> None:
    rule = rules_of(dataset(tmp_path))["note_is_an_operation"]
    assert (rule.kwargs, rule.on_failure) == ({"column": "note", "value_set": ["I", "U", "D"]}, "quarantine")
    assert rule.sentence == "note is one of I, U, D."
    numbers = dataset(tmp_path, "{column: seq, insert: [2], delete: [1]}", sequence="at")
    assert rules_of(numbers)["seq_is_an_operation"].kwargs["value_set"] == [2, 1]
    assert {"note_required", "seq_is_an_operation"} & {*rules_of(dataset(tmp_path))} == {"note_required"}


@pytest.mark.parametrize(
    ("partitions", "cluster", "asked_of_all"),
    [("[month]", "", {"id", "seq", "note", "at"}), ("[]", "", {"id", "seq", "note"})],
)
def test_a_delete_needs_no_more_than_its_place(
    tmp_path: Path, partitions: str, cluster: str, asked_of_all: set[str]
) -> None:
    found = dataset(tmp_path, "{column: note, insert: [I], delete: [D], ignore: ['B''']}", partitions=partitions)
    rules = {name.removesuffix("_required"): rule for name, rule in rules_of(found).items() if "_required" in name}
    assert {name for name, rule in rules.items() if "row_condition" not in rule.kwargs} == asked_of_all
    conditions = {rule.kwargs.get("row_condition") for rule in rules.values()} - {None}
    assert conditions == {r"CAST(`note` AS STRING) NOT IN ('D', 'B\'')"}
    assert set(found.needed_columns) == asked_of_all - {"note"}


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        ("{column: note, insert: [I], delet: [D]}", "orders.operations.delet: unknown field 'delet'. Did you mean"),
        ("{insert: [I], delete: [D]}", "orders.operations.column: is missing; add it."),
        ("{column: nota, delete: [D]}", "orders.operations.column: unknown value 'nota'. Did you mean 'note'?"),
        ("{column: gone, delete: [D]}", "orders.operations.column: 'gone' is a boolean, and an operation is a word or"),
        ("{column: note, insert: [I]}", "orders.operations: no word deletes; name it under delete"),
        ("{column: note, delete: [D]}", "orders.operations: no word brings a row; name those of inserts and updates."),
        ("{column: note, insert: [I], delete: [I]}", "orders.operations.delete: 'I' stands under insert already"),
        ("{column: note, insert: [I], delete: []}", "orders.operations.delete: is empty; describe at least one word."),
        ("{column: note, insert: [I], delete: D}", "orders.operations.delete: must be a list."),
        ("{column: note, insert: [I], delete: [[D]]}", "orders.operations.delete: must be a word, found ['D']."),
        ("{column: seq, insert: [I], delete: [1]}", "orders.operations.insert: must be a whole number, found 'I'."),
        ("I", "orders.operations: must be a mapping."),
    ],
)
def test_what_is_no_change_log(tmp_path: Path, operations: str, wanted: str) -> None:
    path = written(tmp_path, operations)
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert wanted in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")
    assert caught.value.others == ()


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"flag": True}, "orders.deleteFlag: operations say which rows are deleted; remove one of the two."),
        ({"strategy": "insert_only"}, "orders.operations: nothing is ever deleted with mergeStrategy insert_only"),
        (
            {"extra": "name: is_deleted, physicalType: boolean"},
            "properties[7].name: 'is_deleted' is a column that silver adds; give it another name here",
        ),
    ],
)
def test_what_does_not_go_with_it(tmp_path: Path, changes: dict[str, str], wanted: str) -> None:
    with pytest.raises(ContractError) as caught:
        read_contract(written(tmp_path, DMS, **changes))  # type: ignore[arg-type]
    assert wanted in str(caught.value)


def test_other_words_need_a_rebuild(tmp_path: Path) -> None:
    old, new = dataset(tmp_path), dataset(tmp_path, DMS.replace("[D]", "[D, X]"))
    (fact,) = changed_facts(built_with(old), new)
    assert str(fact) == (
        "operations note, insert I, update U, delete D and its contract says note, insert I, update U, delete D X"
    )
    assert next(change.field for change in dataset_changes([old], [new])) == "operations"
