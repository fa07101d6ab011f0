"""Lines of any making become the values that an independent reader in Python finds, or break the rule that it names."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import Column
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.header import Header
from lakehouse.ingest.json_rows import DEEPEST, json_rows
from lakehouse.ingest.lines import Lines
from tests.ingest.test_casting_properties import READERS
from tests.ingest.test_reading import NO_OBJECT, NOT_UTF8, dataset

LONE = "row_is_valid_unicode"
DEVICE = Column(
    "device", "struct", False, "",
    fields=(Column("os", "string", True, ""), Column("cores", "bigint", False, "")),
)  # fmt: skip
LINES = dataset(
    FileFormat.JSON_LINES,
    Column("id", "string", True, ""),
    Column("count", "bigint", False, ""),
    Column("amount", "decimal(12,2)", False, ""),
    Column("ratio", "double", False, ""),
    Column("is_new", "boolean", False, ""),
    Column("note", "string", False, "", physical_name="the.note"),
    DEVICE,
)


class Number(str):
    """A number as it is written."""


def no_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, none of whose names comes twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name comes twice")
    return dict(pairs)


def parsed(line: str) -> Any:
    """The value of a line; None for what is no JSON."""
    try:
        return json.loads(
            line, object_pairs_hook=once, parse_constant=no_constant, parse_int=Number, parse_float=Number
        )
    except (ValueError, RecursionError):
        return None


ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\.?|[^\\]", re.DOTALL)


def has_lone_surrogate(line: str) -> bool:
    """Whether an escape stands for half a character: the other half does not follow, or did not come before."""
    is_open = False
    for unit in (int(found[1] or "0", 16) for found in ESCAPE.finditer(line)):
        if is_open != (0xDC00 <= unit < 0xE000):
            return True
        is_open = 0xD800 <= unit < 0xDC00
    return is_open


def text_of(value: Any) -> str:
    """A scalar as text; a number as it is written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def typed(column: Column, value: Any) -> tuple[Any, bool]:
    """The value as the column's type, and whether it fits."""
    if value is None or value == "":
        return None, True
    if column.fields:
        if not isinstance(value, dict):
            return None, False
        fields = {field.name: typed(field, value.get(field.name)) for field in column.fields}
        found = {name: one for name, (one, _) in fields.items()}
        lacking = any(found[field.name] is None for field in column.fields if field.required)
        return found, not lacking and all(fits for _, fits in fields.values())
    is_string = isinstance(value, str) and not isinstance(value, Number)
    if isinstance(value, dict | list) or (column.type == "string" and not is_string):
        return None, False
    read = READERS[column.type](text_of(value))
    return read, read is not None


def beside(found: Mapping[str, Any]) -> dict[str, Any]:
    """The members that the contract does not know, in the order of their names; those of the struct behind them."""
    known = {name for column in LINES.columns for name in (column.name, column.delivered_name)}
    known -= {"note"} if "the.note" in found else set()  # a column has one name in a line
    unknown = {name: found[name] for name in sorted(found) if name not in known}
    device = found.get("device")
    members = device if isinstance(device, dict) else {}
    fields = {name: members[name] for name in sorted(members) if name not in ("os", "cores")}
    named = {f"device.{name}": value for name, value in fields.items()}
    return unknown | ({"device": fields} if named.keys() & unknown.keys() else named)


def expected(line: str) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """The rules that a line breaks, its values, and what is kept beside them."""
    text = line.removeprefix("\ufeff")
    found = None if has_lone_surrogate(text) else parsed(text)
    members = found if isinstance(found, dict) else {}
    values = {c.name: typed(c, members.get(c.delivered_name, members.get(c.name))) for c in LINES.columns}
    broken = [column.type_rule for column in LINES.columns if not values[column.name][1]]
    if not isinstance(found, dict):
        broken = [NO_OBJECT]
    if has_lone_surrogate(text):
        broken = [LONE]
    if "\ufffd" in text:
        broken = [NOT_UTF8]
    return broken, {name: value for name, (value, _) in values.items()}, beside(members)


NUMBERS = ("0", "-0", "1.50", "1.000", "100.00", "1e5", "1E-3", "5e-1", "1e400", "0.0", "9" * 38, "9" * 39, "4.9e-324")
STRINGS = (
    "", "x", "true", "12", "10.50", "1e3", "é", "\u2028", "\x7f", r"\u00e9", r"\n", r"\"", r"\\", r"\/",
    r"\ud83d\ude00", r"\\ud83d", r"\u0000", "\U0001f600",
)  # fmt: skip
OTHERS = (
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[1,2]",
    "[null]",
    '{"a":1.50}',
    '{"z":1,"b":[1.5,{"y":null}]}',
    "[[[1]]]",
)
DEVICES = (
    '{"os":"x"}',
    '{"os":"x","cores":4}',
    '{"os":5,"cores":"4","more":1.0}',
    '{"os":null}',
    '{"cores":4.5,"os":""}',
)
NO_JSON = (
    "nul", "TRUE", "undefined", "01", "+1", "1.", ".5", "NaN", "-Infinity", "0x10", "٣", "'x'", "{id:1}", "{'id':1}",
    "[1,]", '{"id":"1",}', '{"a":1,"a":2}', '[{"b":1,"b":2}]', "\u00a0", "/**/1", r'"\q"', r'"\u12"', r'"\ud83d"',
    r'"\ude00\ud83d"', '"\t"', '"\x00"', '"\ufffd"', '"x',
)  # fmt: skip
OTHER_NAMES = (r"\u0069d", "ID", "extra", "", "a b", "os", "device.os", "device.more", "é", r"\ud83d\ude00")
BEHIND = ("] x", "]", "}", ",", ",{}", ",{}]", '{"id":"2"}', "//", "\\", " x", "],[")


def number(made: random.Random) -> str:
    whole = made.randrange(10 ** made.choice((1, 3, 9, 19, 25, 45))) - made.randrange(9)
    return made.choice(
        (str(whole), f"{whole}.{made.randrange(1000)}", f"{whole}e{made.randrange(-330, 330)}", *NUMBERS)
    )


def value(made: random.Random) -> str:
    kind = made.randrange(40)
    if kind == 0:
        return made.choice(NO_JSON)
    return f'"{made.choice(STRINGS)}"' if kind < 16 else made.choice((number(made), made.choice(OTHERS + DEVICES)))


def a_line(made: random.Random) -> str:
    """A line, most often an object with members that the contract knows."""
    every = (*LINES.column_names, "the.note", *OTHER_NAMES)
    named = made.sample(every, made.randrange(7))
    named += named[:1] if made.randrange(25) == 0 else []
    blank = made.choice(("", "", "", " ", "\t"))
    device = made.choice(DEVICES)
    members = [f'{blank}"{n}"{blank}:{device if n == "device" else value(made)}{blank}' for n in named]
    text = value(made) if made.randrange(20) == 0 else f"{{{','.join(members)}}}"
    before = made.choice((*[""] * 30, "\ufeff", " ", "[", "x", "\ufeff\ufeff"))
    return before + text + (made.choice(BEHIND) if made.randrange(10) == 0 else made.choice(("", "", " ", "\t")))


# A smaller seed makes no simpler lines.
@settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**64))
def test_any_line_is_read_as_an_independent_reader_does(spark: SparkSession, seed: int) -> None:
    made = random.Random(seed)
    found = [line for line in (a_line(made) for _ in range(800)) if line.removeprefix("\ufeff").strip(" ")]
    frame = spark.createDataFrame(
        [(line, number, "orders.json") for number, line in enumerate(found)],
        "_line string, _row_id bigint, _source_file string",
    )
    rows = with_types(json_rows(Lines(frame, 1, 0), Header(LINES.column_names), LINES), LINES).collect()
    assert len(rows) == len(found)
    for row in rows:
        line, got = found[row._row_id], row.asDict(recursive=True)
        broken, wanted, kept = expected(line)
        assert row._broken_rules == broken, repr(line)
        assert {name: got[name] for name in wanted} == wanted, repr(line)
        rescued = json.loads(row._rescued or "{}", parse_int=Decimal, parse_float=Decimal)
        assert list(rescued.items()) == list(as_decimals(kept).items()), repr(line)


def as_decimals(value: Any) -> Any:
    """A value whose numbers are exact: 1.50 is 1.5."""
    if isinstance(value, dict):
        return {name: as_decimals(member) for name, member in value.items()}
    if isinstance(value, list):
        return [as_decimals(item) for item in value]
    return Decimal(value) if isinstance(value, Number) else value


def test_a_line_may_be_a_hundred_levels_deep(spark: SparkSession) -> None:
    """Of deeper ones Spark's functions overflow their stack, which would end each run of the dataset."""
    found = ['{"extra":' + "[" * depth + "]" * depth + "}" for depth in (DEEPEST - 1, DEEPEST, 999, 1_000, 20_000)]
    frame = spark.createDataFrame(
        [(line, number, "orders.json") for number, line in enumerate(found)],
        "_line string, _row_id bigint, _source_file string",
    )
    rows = with_types(json_rows(Lines(frame, 1, 0), Header(LINES.column_names), LINES), LINES).collect()
    assert [row._broken_rules for row in rows] == [[], *[[NO_OBJECT]] * 4]
