"""`sequenceBy`: one column, several in their order, arrival alone or last; anything else is named in its own line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dataset_changes import dataset_changes
from lakehouse.contracts.reader import read_contract
from lakehouse.contracts.rules import with_contract_rules
from lakehouse.contracts.suite import Suite
from lakehouse.contracts.yaml_places import ContractError
from lakehouse.lake.built_with import built_with, changed_facts
from tests.contracts.test_roles import write

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def dataset(folder: Path, **changes: str) -> Dataset:
    return Contracts((read_contract(write(folder, **changes)),)).dataset("orders")


@pytest.mark.parametrize(
    ("written", "columns", "by_arrival", "text"),
    [
        ("seq", ("seq",), False, "seq"),
        ("[at, seq]", ("at", "seq"), False, "at, seq"),
        ("[seq, at]", ("seq", "at"), False, "seq, at"),
        ("arrival", (), True, "arrival"),
        ("[arrival]", (), True, "arrival"),
        ("[at, seq, arrival]", ("at", "seq"), True, "at, seq, arrival"),
    ],
)
def test_what_orders_versions(
    tmp_path: Path, written: str, columns: tuple[str, ...], by_arrival: bool, text: str
) -> None:
    found = dataset(tmp_path, sequence=written)
    assert (found.sequence_by, found.by_arrival, found.sequence) == (columns, by_arrival, text)
    assert built_with(found)["lakehouse.sequenceBy"] == text
    required = {rule.name for rule in found.rules}
    assert {f"{name}_required" for name in columns} <= required


def test_a_column_that_is_named_arrival_is_that_column(tmp_path: Path) -> None:
    found = dataset(tmp_path, sequence="arrival", extra="name: arrival, physicalType: timestamp")
    assert (found.sequence_by, found.by_arrival) == (("arrival",), False)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"sequence": "arival"}, "orders.sequenceBy: unknown value 'arival'. Did you mean 'arrival'?"),
        ({"sequence": "[at, sek]"}, "orders.sequenceBy: unknown value 'sek'. Did you mean 'seq'?"),
        ({"sequence": "[at, at]"}, "orders.sequenceBy: 'at' is named twice; remove one."),
        ({"sequence": "[arrival, at]"}, "orders.sequenceBy: nothing is undecided after arrival; name it last."),
        ({"sequence": "[]"}, "orders.sequenceBy: is empty; describe at least one column."),
        ({"sequence": "{a: b}"}, "orders.sequenceBy: unknown value"),
        ({"sequence": "[at, note]"}, "orders.sequenceBy: 'note' is a string, and versions are ordered by a number"),
        (
            {"sequence": "arrival", "strategy": "scd2", "partitions": "[]"},
            "orders.sequenceBy: with mergeStrategy scd2 valid_from is computed from a column, and arrival is none;",
        ),
        (
            {"sequence": "[seq, at]", "strategy": "scd2", "partitions": "[]"},
            "orders.sequenceBy: 'seq' is a bigint, and with mergeStrategy scd2 valid_from is computed from it",
        ),
        (
            {"sequence": "arrival}\n      - {property: ties, value: first"},
            "orders.ties: no rows tie where arrival decides; remove it, or arrival from sequenceBy.",
        ),
    ],
    ids=str,
)
def test_what_cannot_order_versions(tmp_path: Path, changes: dict[str, str], wanted: str) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(ContractError) as caught:
        read_contract(path)
    assert wanted in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")
    assert caught.value.others == ()


def test_another_order_needs_a_rebuild(tmp_path: Path) -> None:
    old, new = dataset(tmp_path, sequence="at"), dataset(tmp_path, sequence="[at, seq]")
    (fact,) = changed_facts(built_with(old), new)
    assert str(fact) == "sequenceBy at and its contract says at, seq"
    (change,) = dataset_changes([old], [new])
    assert (change.field, change.what) == ("sequenceBy", "at → at, seq")


def test_each_time_of_a_sequence_is_held_against_the_delivery(tmp_path: Path) -> None:
    found = with_contract_rules(Suite("orders", ()), dataset(tmp_path, sequence="[at, seq]"), NOW)
    assert [rule.name for rule in found.expectations if "not_after" in rule.name] == ["at_not_after_delivery"]


def test_the_rule_of_ties_names_every_column(tmp_path: Path) -> None:
    found = dataset(tmp_path, sequence="[at, seq]}\n      - {property: ties, value: quarantine")
    names = [rule.name for rule in with_contract_rules(Suite("orders", ()), found, NOW).expectations]
    assert "one_content_per_at_seq" in names
