"""What a contract makes of its columns can be made of them; all that is wrong is named at once, in its own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.reader import load_contracts, read_contract, read_contracts
from lakehouse.contracts.yaml_places import ContractError

CONTRACT = """apiVersion: v3.1.0
domain: {domain}
name: Shop
description: {{purpose: Orders.}}
team: {{name: shop, members: {members}}}
slaProperties:
  - {{property: frequency, schedule: "{schedule}"}}
  - {{property: timeOfAvailability, value: "06:00"}}
schema:
  - name: {dataset}
    description: Orders.
    customProperties:
      - {{property: filePattern, value: "{pattern}"}}
      - {{property: fileFormat, value: json_lines}}
      - {{property: mergeStrategy, value: {strategy}}}
      - {{property: sequenceBy, value: {sequence}}}
      - {{property: dateColumn, value: {date}}}
      - {{property: deleteFlag, value: {flag}}}
      - {{property: partitionBy, value: {partitions}}}
      - {{property: clusterBy, value: [id]}}
      - {{property: quarantineLimitPercent, value: 20}}
    properties:
      - {{name: id, physicalType: {key}, required: true, primaryKey: true, primaryKeyPosition: 1, description: ID.}}
      - {{name: seq, physicalType: bigint, required: true, description: Number.}}
      - {{name: at, physicalType: timestamp, required: true, description: When.}}
      - {{name: gone, physicalType: boolean, required: true, description: Deleted.}}
      - {{name: note, physicalType: string, description: Note.}}
      - {{name: rate, physicalType: double, description: Rate.}}
      - name: spot
        physicalType: struct
        description: Place.
        properties: [{{name: x, physicalType: int, description: X.}}]
      - {{{extra}, description: Extra.}}
"""
RIGHT = {
    "domain": "shop", "dataset": "orders", "members": "[{username: shop@retail.example, role: owner}]",
    "schedule": "0 3 * * *",
    "pattern": "orders*.json", "strategy": "upsert", "sequence": "seq", "date": "at", "flag": "gone",
    "partitions": "[month]", "key": "string", "extra": "name: extra, physicalType: 'decimal(38,38)'",
}  # fmt: skip


def write(folder: Path, name: str = "shop.yaml", **changes: str) -> Path:
    """A contract that is right but for the changes."""
    path = folder / name
    path.write_text(CONTRACT.format(**{**RIGHT, **changes}), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sequence": "at", "strategy": "scd2", "date": "at", "partitions": "[]"},
        {"strategy": "scd2", "sequence": "at", "partitions": "[]", "extra": "name: dt, physicalType: date"},
        {"extra": "name: month, physicalType: string", "partitions": "[dt]"},
        {"extra": "name: day, physicalName: dt, physicalType: string"},
        {"key": "date"},
        {"key": "'decimal(10,0)'"},
        {"sequence": "extra"},
        {"schedule": "*/15 0-6,22 1,15 jan-jun MON-FRI"},
        {"schedule": "0 3 29 2 *"},
        {"schedule": "0 3 31 2 5"},
    ],
    ids=str,
)
def test_what_is_right(tmp_path: Path, changes: dict[str, str]) -> None:
    assert read_contract(write(tmp_path, **changes)).domain == "shop"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"key": "double"}, "orders.properties[0].physicalType: 'id' is a double, which cannot be a key"),
        ({"sequence": "note"}, "orders.sequenceBy: 'note' is a string, and versions are ordered by a number or a time"),
        ({"sequence": "gone"}, "orders.sequenceBy: 'gone' is a boolean"),
        ({"sequence": "rate"}, "orders.sequenceBy: 'rate' is a double"),
        ({"sequence": "spot"}, "orders.sequenceBy: 'spot' is a struct"),
        (
            {"strategy": "scd2", "partitions": "[]"},
            "orders.sequenceBy: 'seq' is a bigint, and with mergeStrategy scd2 valid_from is computed from it",
        ),
        ({"strategy": "scd2", "sequence": "at"}, "orders.partitionBy: unknown column 'month'."),
        ({"date": "seq"}, "orders.dateColumn: 'seq' is a bigint, and dt is computed from a date or timestamp"),
        ({"date": "note"}, "orders.dateColumn: 'note' is a string"),
        ({"flag": "note"}, "orders.deleteFlag: 'note' is a string, and a delete flag is a boolean"),
        ({"flag": "seq"}, "orders.deleteFlag: 'seq' is a bigint"),
        ({"strategy": "insert_only"}, "orders.deleteFlag: nothing is ever deleted with mergeStrategy insert_only"),
        ({"extra": "name: dt, physicalType: date"}, "properties[7].name: 'dt' is a column that silver adds"),
        ({"extra": "name: month, physicalType: string"}, "properties[7].name: 'month' is a column that silver adds"),
        (
            {
                "strategy": "scd2", "sequence": "at", "partitions": "[]",
                "extra": "name: valid_from, physicalType: string",
            },
            "properties[7].name: 'valid_from' is a column that silver adds; give it another name here, and say "
            "physicalName: valid_from.",
        ),
        ({"extra": "name: extra, physicalType: 'decimal(39,2)'"}, "extra: decimal(39,2) does not exist"),
        ({"extra": "name: extra, physicalType: 'decimal(5,7)'"}, "extra: decimal(5,7) does not exist"),
        ({"extra": "name: extra, physicalType: 'decimal(0,0)'"}, "extra: decimal(0,0) does not exist"),
        ({"extra": "name: extra, physicalType: struct"}, "the struct extra has no fields; describe them"),
        ({"extra": "name: extra, physicalType: struct, properties: []"}, "is empty; describe at least one column."),
        (
            {"extra": "name: extra, physicalType: int, properties: [{name: x, physicalType: int, description: X.}]"},
            "extra is a int, which has no fields",
        ),
        ({"extra": "name: extra, name: other, physicalType: int"}, "name: is there twice, first in line 33; remove"),
        ({"domain": "marts"}, "domain: 'marts' names jobs and folders of the lakehouse itself"),
        ({"domain": "lakehouse"}, "domain: 'lakehouse' names jobs"),
        ({"members": "[]"}, "team.members: is empty; describe at least one member."),
        ({"schedule": "0 25 * * *"}, "'25' is no hour of a cron line (0 to 23, *, lists, ranges and steps)"),
        ({"schedule": "0 3 30 2 *"}, "names a day that none of its months has, found '0 3 30 2 *'."),
        ({"schedule": "@daily"}, "must be a cron line of five fields, found '@daily'."),
        ({"extra": "name: extra, physicalType: !money x"}, "YAML: could not determine a constructor for the tag"),
        ({"extra": "name: extra, x: 2026-13-45, physicalType: int"}, "YAML: month must be in 1..12; fix it."),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong(tmp_path: Path, changes: dict[str, str], wanted: str) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(ContractError) as caught:
        load_contracts(tmp_path)
    assert wanted in str(caught.value)
    assert str(caught.value).startswith(f"{path}:")
    assert caught.value.others == ()
    assert "\n" not in str(caught.value)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, date="seq", sequence="note", schedule="0 3 * * 8")
    write(tmp_path, "other.yaml", domain="other", dataset="others", pattern="others*.json", key="double")
    write(tmp_path, "right.yaml", domain="right", dataset="rights", pattern="rights*.json")
    readable, errors = read_contracts(tmp_path)
    assert readable.domains == ("right",)
    lines = [str(part) for error in errors for part in (error, *error.others)]
    fields = [line.split(": ")[1] for line in lines]
    assert fields == ["others.properties[0].physicalType", "orders.sequenceBy", "orders.dateColumn",
                      "slaProperties[0].schedule"]  # fmt: skip
    with pytest.raises(ContractError) as caught:
        load_contracts(tmp_path)
    assert len(caught.value.others) == 3


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("same*.csv", "same*.csv", True),
        ("a*b.csv", "ac*.csv", True),
        ("erp_*.csv", "crm_*.csv", False),
        ("orders*.csv", "*.csv", False),  # the longer pattern is the more exact one and has the file
        ("o[0-9].csv", "o[5-9].csv", True),
        ("o[0-4].csv", "o[5-9].csv", False),
    ],
)
def test_no_file_belongs_to_two_datasets(tmp_path: Path, one: str, other: str, is_shared: bool) -> None:
    write(tmp_path, pattern=one)
    write(tmp_path, "b.yaml", domain="b", dataset="others", pattern=other)
    _, errors = read_contracts(tmp_path)
    assert [f"{one}' of orders" in str(error) or f"'{other}' of others" in str(error) for error in errors] == [
        True
    ] * is_shared


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"id: a\nname: caf\xe9\n")
    with pytest.raises(ContractError, match=r"a.yaml:2: YAML: invalid .* of UTF-8; save the file as UTF-8\."):
        load_contracts(tmp_path)
