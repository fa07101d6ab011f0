"""Contracts that are right by construction, and the same with one fault whose field is known; for hypothesis."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

Contract = dict[str, Any]

_PLAIN = ("string", "int", "bigint", "double", "date", "timestamp", "boolean")
STRATEGIES = ("upsert", "insert_only", "scd2", "append")
_NAMES = ("note", "amount", "colour", "select", "order", "x1", "day_of", "group", "value")


@st.composite
def contracts(draw: st.DrawFn, strategies: tuple[str, ...] = STRATEGIES) -> Contract:
    """A contract of one dataset: some key, sequence, date, strategy, columns and layout."""
    strategy = draw(st.sampled_from(strategies))
    keys = draw(st.lists(st.sampled_from(["string", "int", "bigint", "date", "decimal(9,0)"]), min_size=1, max_size=6))
    marks = [
        {} if strategy == "append" else {"primaryKey": True, "primaryKeyPosition": n + 1} for n in range(len(keys))
    ]
    columns = [_column(f"k{n}", kind, **mark) for n, (kind, mark) in enumerate(zip(keys, marks, strict=True), start=1)]
    times = ["date", "timestamp"] if strategy == "scd2" else ["date", "timestamp", "int", "bigint", "decimal(18,6)"]
    columns += [_column("seq", draw(st.sampled_from(times))), _column("at", draw(st.sampled_from(times[:2])))]
    names = draw(st.lists(st.sampled_from(_NAMES), max_size=4, unique=True))
    columns += [_column(name, draw(_types()), required=draw(st.booleans())) for name in names]
    if draw(st.booleans()):
        fields = [_column("x", draw(_types()), required=False), _column("y", "string", required=False)]
        columns.append(_column("s", "struct", required=False, properties=fields))
    words = {"mergeStrategy": strategy, "partitionBy": [], "clusterBy": ["seq"]}
    if strategy != "append":
        orders = ["seq", ["seq", "at"], ["seq", "arrival"], *([] if strategy == "scd2" else ["arrival", ["at", "seq"]])]
        words["sequenceBy"] = draw(st.sampled_from(orders))
    if strategy != "scd2":
        words |= {"dateColumn": "at", "partitionBy": [draw(st.sampled_from(["dt", "month"]))]}
    if strategy not in ("insert_only", "append") and draw(st.booleans()):
        if draw(st.booleans()):
            columns.append(_column("gone", "boolean"))
            words["deleteFlag"] = "gone"
        else:
            columns.append(_column("op", "string"))
            words["operations"] = {"column": "op", "insert": ["I"], "delete": ["D"], "ignore": ["B"]}
    words |= {"filePattern": "items*", "fileFormat": draw(st.sampled_from(["csv", "json_lines"]))}
    words |= {"quarantineLimitPercent": draw(st.integers(0, 100)), "drift": draw(st.sampled_from(["rescue", "ignore"]))}
    return _whole(columns, words, draw(st.sampled_from(["0 3 * * *", "*/15 1-5 * * mon", "5 4 1,15 jan *"])))


@st.composite
def _types(draw: st.DrawFn) -> str:
    digits = draw(st.integers(1, 38))
    return draw(st.sampled_from([*_PLAIN, f"decimal({digits},{draw(st.integers(0, digits))})"]))


def _column(name: str, kind: str, required: bool = True, **more: Any) -> Contract:
    return {"name": name, "physicalType": kind, "required": required, "description": "It.", **more}


def _whole(columns: list[Contract], words: Mapping[str, Any], schedule: str) -> Contract:
    properties = [{"property": name, "value": value} for name, value in words.items()]
    dataset = {"name": "items", "description": "Items.", "customProperties": properties, "properties": columns}
    return {
        "apiVersion": "v3.1.0", "kind": "DataContract", "id": "shop", "name": "Shop", "version": "1.0.0",
        "status": "active", "domain": "shop", "description": {"purpose": "Items."},
        "team": {"name": "shops", "members": [{"username": "shops@retail.example", "role": "owner"}]},
        "slaProperties": [{"property": "frequency", "value": 1, "unit": "d", "schedule": schedule},
                          {"property": "timeOfAvailability", "value": "06:00"}],
        "schema": [dataset],
    }  # fmt: skip


def _set(name: str, value: Any) -> Callable[[Contract], None]:
    """Give a custom property of the dataset another value."""

    def plant(contract: Contract) -> None:
        dataset = contract["schema"][0]
        others = [item for item in dataset["customProperties"] if item["property"] != name]
        dataset["customProperties"] = [*others, {"property": name, "value": value}]

    return plant


def _add(name: str, kind: str, **more: Any) -> Callable[[Contract], None]:
    return lambda contract: contract["schema"][0]["properties"].append(_column(name, kind, **more))


def _type_of(name: str, kind: str) -> Callable[[Contract], None]:
    def plant(contract: Contract) -> None:
        (column,) = (item for item in contract["schema"][0]["properties"] if item["name"] == name)
        column["physicalType"] = kind

    return plant


def _in_schedule(schedule: str) -> Callable[[Contract], None]:
    return lambda contract: contract["slaProperties"][0].update(schedule=schedule)


FAULTS: Mapping[str, tuple[str, Callable[[Contract], None]]] = {
    "a sequence of text": ("items.sequenceBy", _type_of("seq", "string")),
    "a sequence of doubles": ("items.sequenceBy", _type_of("seq", "double")),
    "an unknown sequence": ("items.sequenceBy", _set("sequenceBy", "sequel")),
    "a key of doubles": (".physicalType", _type_of("k1", "double")),
    "a date that is a number": ("items.dateColumn", _set("dateColumn", "k1")),
    "an unknown strategy": ("items.mergeStrategy", _set("mergeStrategy", "upsrt")),
    "an unknown property": ("customProperties", _set("sequencBy", "seq")),
    "an unknown partition": ("items.partitionBy", _set("partitionBy", ["mnth"])),
    "a limit above 100": ("items.quarantineLimitPercent", _set("quarantineLimitPercent", 101)),
    "a wide decimal": (".physicalType", _add("wide", "decimal(39,0)")),
    "a deep decimal": (".physicalType", _add("deep", "decimal(3,4)")),
    "an unknown type": (".physicalType", _add("odd", "varchar")),
    "an empty struct": (".properties", _add("empty", "struct")),
    "a column twice": ("items.properties", _add("at", "string")),
    "an upper-case name": (".name", _add("Odd", "string")),
    "a range without a number": ("minimum", _add("n", "int", logicalTypeOptions={"minimum": 2, "maximum": 1})),
    "a pattern that is none": ("pattern", _add("n", "string", logicalTypeOptions={"pattern": "("})),
    "a reserved domain": ("domain", lambda contract: contract.update(domain="marts")),
    "an hour that there is not": ("schedule", _in_schedule("0 24 * * *")),
    "a day that never comes": ("schedule", _in_schedule("0 3 31 4 *")),
    "an empty schema": ("schema", lambda contract: contract.update(schema=[])),
    "no team": ("team", lambda contract: contract.pop("team")),
}
"""Each fault with what the refused field ends with."""


@st.composite
def faulty(draw: st.DrawFn) -> tuple[str, str, Contract]:
    """The name of a fault, the field that must be named, and a contract that has it and no other."""
    name = draw(st.sampled_from(sorted(FAULTS)))
    field, plant = FAULTS[name]
    contract = copy.deepcopy(draw(contracts(STRATEGIES[:3])))
    _set("sequenceBy", "seq")(contract)
    kinds = {item["name"]: item["physicalType"] for item in contract["schema"][0]["properties"]}
    if name == "a date that is a number" and kinds["k1"] == "date":
        _type_of("k1", "int")(contract)
    plant(contract)
    return name, field, contract
