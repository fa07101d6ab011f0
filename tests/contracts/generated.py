"""Contracts that are right by construction, and the same with one fault whose field is known; for hypothesis."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from tests.contracts.generated_words import files, is_text, texts

Contract = dict[str, Any]

_PLAIN = ("string", "int", "bigint", "double", "date", "timestamp", "boolean")
_KEYS = ("string", "int", "bigint", "date", "timestamp", "decimal(9,0)")
STRATEGIES = ("upsert", "insert_only", "scd2", "append")
_NAMES = ("note", "amount", "colour", "select", "order", "x1", "day_of", "group", "value")


@st.composite
def contracts(draw: st.DrawFn, strategies: tuple[str, ...] = STRATEGIES) -> Contract:
    """A contract of one dataset: some files, key, sequence, date, strategy, columns and layout."""
    strategy, files_of = draw(st.sampled_from(strategies)), draw(files())
    keys = [draw(st.sampled_from(_KEYS)), *draw(st.lists(st.sampled_from([*_KEYS, "boolean"]), max_size=5))]
    marks = [
        {} if strategy == "append" else {"primaryKey": True, "primaryKeyPosition": n + 1} for n in range(len(keys))
    ]
    columns = [_column(f"k{n}", kind, **mark) for n, (kind, mark) in enumerate(zip(keys, marks, strict=True), start=1)]
    times = ["date", "timestamp"] if strategy == "scd2" else ["date", "timestamp", "int", "bigint", "decimal(18,6)"]
    columns += [_column("seq", draw(st.sampled_from(times))), _column("at", draw(st.sampled_from(times[:2])))]
    names = draw(st.lists(st.sampled_from(_NAMES), max_size=4, unique=True))
    columns += [_column(name, draw(_types()), required=draw(st.booleans())) for name in names]
    if draw(st.booleans()) and files_of["fileFormat"] != "xlsx":
        fields = [_column("x", draw(_types()), required=False), _column("y", "string", required=False)]
        columns.append(_column("s", "struct", required=False, properties=fields))
    if files_of["fileFormat"] not in ("csv", "xlsx"):
        columns += draw(st.lists(_collection(), max_size=2, unique_by=lambda column: column["name"]))
    words = {"mergeStrategy": strategy, "partitionBy": [], "clusterBy": ["seq"]}
    if strategy != "append":
        orders = ["seq", ["seq", "at"], ["seq", "arrival"], *([] if strategy == "scd2" else ["arrival", ["at", "seq"]])]
        words["sequenceBy"] = draw(st.sampled_from(orders))
    if strategy != "scd2" and draw(st.integers(0, 3)):  # one of four tables has no day
        words |= {"dateColumn": "at", "partitionBy": [draw(st.sampled_from(["dt", "month"]))]}
    if strategy not in ("insert_only", "append") and draw(st.booleans()):
        if draw(st.booleans()):
            columns.append(_column("gone", "boolean"))
            words["deleteFlag"] = "gone"
        else:
            columns.append(_column("op", "string"))
            words["operations"] = {"column": "op", "insert": ["I"], "delete": ["D"], "ignore": ["B"]}
    if is_text(files_of["fileFormat"]):
        for column in columns:
            column |= draw(texts(column["physicalType"])) if column["name"] != "op" else {}
    lists = [column["name"] for column in columns if "items" in column]
    if lists and draw(st.booleans()):
        words["explode"] = [{"path": name, "prefix": f"{name}_", "with": ["seq"]} for name in lists]
    words |= {"filePattern": "items*", **files_of}
    words |= {"quarantineLimitPercent": draw(st.integers(0, 100)), "drift": draw(st.sampled_from(["rescue", "ignore"]))}
    return _whole(columns, words, draw(st.sampled_from(["0 3 * * *", "*/15 1-5 * * mon", "5 4 1,15 jan *"])))


@st.composite
def _collection(draw: st.DrawFn) -> Contract:
    """An array or a map of single values, of structs, or of arrays."""
    kind, of = draw(st.sampled_from(["array", "map"])), draw(st.sampled_from(["value", "struct", "array"]))
    items = {"physicalType": draw(_types())}
    if of == "struct":
        fields = [_column("x", draw(_types()), required=draw(st.booleans())), _column("y", "string", required=False)]
        items = {"physicalType": "struct", "properties": fields}
    elif of == "array":
        items = {"physicalType": "array", "items": items}
    return _column(kind[0], kind, required=draw(st.booleans()), items={"required": draw(st.booleans()), **items})


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
        for word in ("logicalType", "logicalTypeOptions", "customProperties"):
            column.pop(word, None)
        column["physicalType"] = kind

    return plant


def _in_schedule(schedule: str) -> Callable[[Contract], None]:
    return lambda contract: contract["slaProperties"][0].update(schedule=schedule)


def _mark(name: str, **marks: Any) -> Callable[[Contract], None]:
    """Give a column other words."""

    def plant(contract: Contract) -> None:
        (column,) = (item for item in contract["schema"][0]["properties"] if item["name"] == name)
        column.update(marks)

    return plant


def _file(format_: str, **options: Any) -> Callable[[Contract], None]:
    """Make the files such; columns that they cannot have go."""
    left_out = {"csv": ("items",), "xlsx": ("items", "properties")}.get(format_, ())

    def plant(contract: Contract) -> None:
        dataset = contract["schema"][0]
        dataset["properties"] = [c for c in dataset["properties"] if not any(word in c for word in left_out)]
        if left_out:
            dataset["customProperties"] = [p for p in dataset["customProperties"] if p["property"] != "explode"]
        _set("fileFormat", format_)(contract)
        _set("fileOptions", options)(contract)

    return plant


def _text(kind: str, *said: tuple[str, Any], **options: Any) -> Callable[[Contract], None]:
    """Add a column that says something of its text."""
    properties = [{"property": name, "value": value} for name, value in said]
    logical = {"logicalType": kind, "logicalTypeOptions": options} if options else {}
    return _add("odd", kind, **logical, **({"customProperties": properties} if said else {}))


def _log(**words: Any) -> Callable[[Contract], None]:
    """Make it a change log with these words."""

    def plant(contract: Contract) -> None:
        dataset = contract["schema"][0]
        flags = ("deleteFlag", "operations")
        dataset["customProperties"] = [item for item in dataset["customProperties"] if item["property"] not in flags]
        dataset["properties"] = [item for item in dataset["properties"] if item["name"] not in ("op", "gone")]
        _set("mergeStrategy", "upsert")(contract)
        _set("dateColumn", "at")(contract)
        _add("op", "string")(contract)
        _set("operations", {"column": "op", **words})(contract)

    return plant


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
    "an exploded text": ("items.explode", _set("explode", "k1")),
    "an unknown list": ("items.explode.path", _set("explode", [{"path": "nosuch"}])),
    "an array of nothing": (".items", _add("empty", "array")),
    "items of a text": (".items", _add("text", "string", items={"physicalType": "string"})),
    "a key in a list": (".primaryKey", _add("l", "array", items={"physicalType": "int", "primaryKey": True})),
    "a person in a list": (".classification", _add("l", "map", items={"physicalType": "int", "classification": "pii"})),
    "a column twice": ("items.properties", _add("at", "string")),
    "an upper-case name": (".name", _add("Odd", "string")),
    "a range without a number": ("minimum", _add("n", "int", logicalTypeOptions={"minimum": 2, "maximum": 1})),
    "a pattern that is none": ("pattern", _add("n", "string", logicalTypeOptions={"pattern": "("})),
    "a reserved domain": ("domain", lambda contract: contract.update(domain="marts")),
    "an hour that there is not": ("schedule", _in_schedule("0 24 * * *")),
    "a day that never comes": ("schedule", _in_schedule("0 3 31 4 *")),
    "an empty schema": ("schema", lambda contract: contract.update(schema=[])),
    "no team": ("team", lambda contract: contract.pop("team")),
    "no owner": ("team.members", lambda contract: contract["team"]["members"][0].pop("role")),
    "two deadlines": ("slaProperties", lambda contract: contract["slaProperties"].append(contract["slaProperties"][1])),
    "a gap in the key": ("primaryKeyPosition", _mark("k1", primaryKeyPosition=9)),
    "a position of no key": ("primaryKeyPosition", _mark("at", primaryKeyPosition=9)),
    "a key in a struct": (".primaryKey", _add("st", "struct", properties=[_column("x", "int", primaryKey=True)])),
    "a sequence twice": ("items.sequenceBy", _set("sequenceBy", ["seq", "seq"])),
    "something after arrival": ("items.sequenceBy", _set("sequenceBy", ["arrival", "seq"])),
    "ties of what arrives": ("items.ties", _set("ties", "sometimes")),
    "a format that is none": ("items.fileFormat", _set("fileFormat", "cvs")),
    "a sheet of text": ("fileOptions.sheet", _file("csv", sheet="Items")),
    "a delimiter of documents": ("fileOptions.delimiter", _file("json", delimiter=";")),
    "a long delimiter": ("fileOptions.delimiter", _file("csv", delimiter="||")),
    "a quote that delimits": ("fileOptions.delimiter", _file("csv", delimiter="'", quote="'")),
    "an unknown encoding": ("fileOptions.encoding", _file("csv", encoding="EBCDIC")),
    "columns beside a header": ("fileOptions.columns", _file("csv", columns=["k1"])),
    "an empty path": ("fileOptions.path", _file("json", path="data..items")),
    "row 0": ("fileOptions.headerRow", _file("xlsx", headerRow=0)),
    "a log that never deletes": ("items.operations", _log(insert=["I"])),
    "a log that never inserts": ("items.operations", _log(delete=["D"])),
    "a word for two operations": ("items.operations.delete", _log(insert=["I"], delete=["I"])),
    "an operation of its own": ("items.operations.erase", _log(insert=["I"], delete=["D"], erase=["E"])),
    "a pattern of strftime": (".format", _text("date", format="%d.%m.%Y")),
    "a month that is a minute": (".format", _text("date", format="dd.mm.yyyy")),
    "a time without a clock": (".format", _text("timestamp", format="dd.MM.yyyy HH:mm")),
    "a clock that is nowhere": (".defaultTimezone", _text("timestamp", defaultTimezone="Europe/Berln")),
    "two offsets": (".defaultTimezone", _text("timestamp", format="yyyy-MM-dd HH:mmXXX", defaultTimezone="UTC")),
    "a sign for two things": (".groupSeparator", _text("int", ("groupSeparator", "."))),
    "a sign of two characters": (".decimalSeparator", _text("double", ("decimalSeparator", ",,"))),
    "a sign in text": (".decimalSeparator", _text("string", ("decimalSeparator", ","))),
    "a word that is true and false": ("Words", _text("boolean", ("trueWords", ["J"]), ("falseWords", ["j"]))),
    "an empty word": (".nullWords", _text("string", ("nullWords", [""]))),
    "trimmed by a word": (".trim", _text("string", ("trim", "both"))),
    "a case that is none": (".case", _text("string", ("case", "Title"))),
    "nothing to be later": (".ambiguous", _text("timestamp", ("ambiguous", "later"))),
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
