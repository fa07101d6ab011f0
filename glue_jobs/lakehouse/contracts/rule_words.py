"""Parts of the rules that contracts hold: what a failure leads to, SQL and regular expressions, names and sentences."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lakehouse.contracts.columns import Column
from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.contracts.suite_checks import regex_problem
from lakehouse.contracts.suite_types import UNEXPECTED_ROWS
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

NOT_NULL = "expect_column_values_to_not_be_null"
IN_SET = "expect_column_values_to_be_in_set"
REGEX = "expect_column_values_to_match_regex"
BETWEEN = "expect_column_values_to_be_between"
LENGTHS = "expect_column_value_lengths_to_be_between"
UNIQUE = "expect_column_values_to_be_unique"
COMPOUND_UNIQUE = "expect_compound_columns_to_be_unique"
ROW_COUNT = "expect_table_row_count_to_be_between"

ON_FAILURE = "onFailure"
"""The custom property of a column or a quality entry that says what a failure leads to."""

SEVERITIES: Mapping[str, OnFailure | None] = {
    "info": OnFailure.WARN,
    "warning": OnFailure.WARN,
    "error": None,
    "critical": OnFailure.FAIL,
}
"""What a quality entry's severity leads to; None is what the rule leads to without one."""

_OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
FORMATS = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+\z",
    "uuid": r"^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\z",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+\z",
    "hostname": rf"^(?=.{{1,253}}\z){_LABEL}(\.{_LABEL})*\z",
    "ipv4": rf"^({_OCTET}\.){{3}}{_OCTET}\z",
}
"""The formats of a string that are checked, as regular expressions of Java."""


def rule(name: str, sentence: str, on_failure: OnFailure, type_: str, **kwargs: Any) -> Rule:
    """A rule of a contract."""
    return Rule(name, sentence, on_failure, type_, kwargs, on_failure.severity)


def rows_where(name: str, sentence: str, on_failure: OnFailure, condition: str) -> Rule:
    """A rule that the rows break for which an SQL condition holds."""
    query = "SELECT * FROM {batch} WHERE " + condition.replace("{", "{{").replace("}", "}}")
    return rule(name, sentence, on_failure, UNEXPECTED_ROWS, unexpected_rows_query=query)


def on_failure_of(node: Place) -> OnFailure | None:
    """What `customProperties` of a column or an entry say of a failure; raises ContractError for an unknown word."""
    value = node.properties().get(ON_FAILURE)
    if value is None:
        return None
    if value.value not in list(OnFailure):
        raise value.error(f"unknown value '{value.value}'.{nearest(str(value.value), OnFailure)}")
    return OnFailure(value.value)


def in_name(column: str) -> str:
    """A column, or a field of a struct, in the name of a rule: `device.os` → device_os."""
    return column.replace(".", "_")


def quoted(column: str) -> str:
    """A column, or a field of a struct, in SQL."""
    return ".".join(f"`{part}`" for part in column.split("."))


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def kind_of(column: Column) -> str:
    """What can be asked of a column's values: number, time, string or nothing."""
    if column.type in ("int", "bigint", "double") or column.type.startswith("decimal"):
        return "number"
    return {"date": "time", "timestamp": "time", "string": "string"}.get(column.type, "nothing")


def java_regex(pattern: str) -> str:
    """A regular expression of ECMA-262 for Java, whose $ also stands before a line break at the end."""
    found, in_class, position = [], False, 0
    while position < len(pattern):
        part = pattern[position : position + 2] if pattern[position] == "\\" else pattern[position]
        in_class = (in_class or part == "[") and part != "]"
        found.append(r"\z" if part == "$" and not in_class else part)
        position += len(part)
    return "".join(found)


def regex_of(node: Place) -> str:
    """A regular expression of a contract as Java's; raises ContractError where it is none."""
    if not isinstance(node.value, str) or (problem := regex_problem(node.value)):
        raise node.error(f"must be a regular expression, found {node.value!r} ({problem or 'not a text'}).")
    return java_regex(node.value)


def number_of(node: Place) -> int | float:
    """A number of a contract; raises ContractError."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not math.isfinite(node.value):
        raise node.error(f"must be a number, found {node.value!r}.")
    return node.value if isinstance(node.value, int) else float(node.value)


def length_of(node: Place) -> int:
    """A number of characters; raises ContractError."""
    if isinstance(node.value, bool) or not isinstance(node.value, int) or node.value < 0:
        raise node.error(f"must be a number of characters, found {node.value!r}.")
    return int(node.value)


def step_of(node: Place) -> Decimal:
    """What values are multiples of; raises ContractError."""
    if (number := number_of(node)) <= 0:
        raise node.error(f"must be a number above 0, found {number!r}.")
    return Decimal(str(number))


def limit_of(node: Place, column: Column) -> int | float | str:
    """A limit of a column's values: a number, or a time as ISO 8601; raises ContractError."""
    if kind_of(column) == "number":
        return number_of(node)
    text = node.value.isoformat() if isinstance(node.value, date) else str(node.value)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise node.error(f"must be a date or time as in ISO 8601, found {node.value!r}.") from None
    return text


def named_apart(rules: Iterable[Rule], taken: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """The rules that say something new, each under a name of its own: a second `x_unique` is x_unique_2.

    taken: rules that are there already; what they say, at least as firmly, is not said again.
    """
    known = list(taken)
    found: list[Rule] = []
    for new in rules:
        if any(_covers(old, new) for old in known):
            continue
        names = {old.name for old in known}
        numbered = (f"{new.name}_{number}" for number in itertools.count(2))
        name = new.name if new.name not in names else next(free for free in numbered if free not in names)
        found.append(replace(new, name=name))
        known.append(found[-1])
    return tuple(found)


def _covers(old: Rule, new: Rule) -> bool:
    """Whether the one says what the other says, and a failure leads to at least as much."""
    firmness = [OnFailure.WARN, OnFailure.QUARANTINE, OnFailure.FAIL]
    same = (old.type, _arguments(old), old.key, old.allowed) == (new.type, _arguments(new), new.key, new.allowed)
    return same and firmness.index(old.on_failure) >= firmness.index(new.on_failure)


def _arguments(rule: Rule) -> dict[str, Any]:
    """A rule's arguments without those that are as if left out."""
    left_out = {"mostly": (1, 1.0), "condition_parser": (), "strict_min": (False,), "strict_max": (False,)}
    plain = {name: value for name, value in rule.kwargs.items() if value is not None}
    return {name: value for name, value in plain.items() if value not in left_out.get(name, ())}
