"""Reads what a column says of the text of its values, or reports line, field and what was wanted."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Mapping
from typing import Any

from lakehouse.contracts.time_patterns import has_offset, pattern_problem
from lakehouse.contracts.values import EPOCHS, YEAR_1, YEAR_10000, Ambiguous, Case, UnicodeForm, Values
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

_NUMBERS = ("int", "bigint", "double", "decimal")
_TIMES = ("date", "timestamp")
_ALL = (*_NUMBERS, *_TIMES, "string", "boolean")
VALUE_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "ambiguous": ("timestamp",),
    "decimalSeparator": ("double", "decimal"),
    "groupSeparator": _NUMBERS,
    "trailingMinus": _NUMBERS,
    "nullWords": _ALL,
    "trueWords": ("boolean",),
    "falseWords": ("boolean",),
    "trim": _ALL,
    "unicodeForm": ("string",),
    "case": ("string",),
}
"""The custom properties of a column that say how its text is read, with the types that have use for each."""
FORMAT, ZONE = "format", "defaultTimezone"


def is_of_time(option: str, type_: str) -> bool:
    """Whether one of the logicalTypeOptions says how a time is read; what other options say becomes a rule."""
    return (option == FORMAT and type_ in _TIMES) or (option == ZONE and type_ == "timestamp")


def read_values(node: Place, type_: str) -> Values:
    """What a column's node says of its text; raises ContractError."""
    given = {name: value for name, value in _given(node).items() if _is_for(name, value, type_)}
    options = node.find("logicalTypeOptions")
    times = {name: value for name, value in (options.entries() if options else ()) if is_of_time(name, type_)}
    written = _format(times.get(FORMAT), type_)
    found: dict[str, Any] = {
        "format": written,
        "time_zone": _zone(times.get(ZONE), written),
        "ambiguous": _choice(given.get("ambiguous"), Ambiguous),
        "group_separator": _separator(given.get("groupSeparator")),
        "trailing_minus": "trailingMinus" in given and _flag(given["trailingMinus"]),
        "null_words": _words(given.get("nullWords")),
        "trim": "trim" in given and _flag(given["trim"]),
        "unicode_form": _choice(given.get("unicodeForm"), UnicodeForm),
        "case": _choice(given.get("case"), Case),
    }
    if decimal := _separator(given.get("decimalSeparator")):
        found["decimal_separator"] = decimal
    found |= {f"{word}_words": _words(given[f"{word}Words"]) for word in ("true", "false") if f"{word}Words" in given}
    if written in EPOCHS:
        found |= _epoch_bounds({name for name, _ in options.entries()} if options else set())
    values = Values(**found)
    _refuse_contradictions(values, given, node)
    if type_ == "timestamp" and written and not (values.time_zone or has_offset(written) or written in EPOCHS):
        raise times[FORMAT].error("times without an offset need a clock; add logicalTypeOptions.defaultTimezone.")
    return values


def _epoch_bounds(options: set[str]) -> dict[str, int]:
    """How far numbers since 1970 may count; a limit that the contract has itself is a rule, and takes the place."""
    found = {"earliest": YEAR_1} if options & {"minimum", "exclusiveMinimum"} else {}
    return found | ({"before": YEAR_10000} if options & {"maximum", "exclusiveMaximum"} else {})


def _given(node: Place) -> dict[str, Place]:
    """The custom properties of a column that are about its text."""
    return {name: value for name, value in node.properties().items() if name in VALUE_PROPERTIES}


def _is_for(name: str, value: Place, type_: str) -> bool:
    kind = type_.split("(")[0]
    if kind not in VALUE_PROPERTIES[name]:
        wanted = ", ".join(VALUE_PROPERTIES[name])
        raise value.error(f"has no effect on a column of type {type_}, only on {wanted}; remove it.")
    return True


def _refuse_contradictions(values: Values, given: Mapping[str, Place], node: Place) -> None:
    if values.group_separator == values.decimal_separator:
        place = given["groupSeparator"]
        raise place.error(f"'{values.group_separator}' separates the decimals; take another for one of them.")
    if values.ambiguous and not values.time_zone:
        wanted = "needs the clock that shows a time twice; add logicalTypeOptions.defaultTimezone."
        raise given["ambiguous"].error(wanted)
    true, false = ({word.lower() for word in words} for words in (values.true_words, values.false_words))
    both = (true & false) | ((true | false) & {word.lower() for word in values.null_words})
    if both:
        place = given.get("falseWords") or given.get("trueWords") or node
        raise place.error(f"'{min(both)}' stands for two of true, false and null; keep it in one list.")


def _format(value: Place | None, type_: str) -> str | None:
    if value is None or value.value in EPOCHS:
        if value is not None and type_ == "date":
            raise value.error(f"{value.value} is an instant; make the column a timestamp.")
        return None if value is None else str(value.value)
    if not isinstance(value.value, str) or not value.value:
        raise value.error(f"must be a pattern such as dd.MM.yyyy HH:mm, found {value.value!r}.")
    if value.value.startswith("epoch"):
        raise value.error(f"unknown value '{value.value}'.{nearest(value.value, EPOCHS)}")
    if problem := pattern_problem(value.value, type_):
        raise value.error(f"{problem}, found '{value.value}'.")
    return value.value


def _zone(value: Place | None, written: str | None) -> str | None:
    if value is None:
        return None
    zone = known_zone(value)
    if written and (written in EPOCHS or has_offset(written)):
        raise value.error(f"'{written}' has its offset from UTC already; remove one of the two.")
    return zone


def known_zone(value: Place, others: tuple[str, ...] = ()) -> str:
    """The name of a time zone, or one of the other words that may stand in its place; raises ContractError."""
    word = str(value.value)
    if word not in others and (problem := zone_problem(word, others)):
        raise value.error(problem)
    return word


def zone_problem(word: str, others: tuple[str, ...] = ()) -> str | None:
    """What to say of a word that is no time zone; None for one."""
    return None if word in _zones() else f"unknown time zone '{word}'.{nearest(word, [*others, *_near(word)])}"


@functools.cache
def _zones() -> frozenset[str]:
    """The names of the IANA time zone database."""
    return frozenset(zoneinfo.available_timezones())


def _near(word: str) -> list[str]:
    """The zones that a word may mean: those whose city begins alike, else a few that show the form."""
    city = word.lower().rpartition("/")[2][:4]
    near = [zone for zone in _zones() if zone.lower().rpartition("/")[2].startswith(city)]
    return near or ["Europe/Berlin", "America/New_York", "UTC"]


def _separator(value: Place | None) -> str | None:
    if value is None:
        return None
    text = value.value
    if not isinstance(text, str) or len(text) != 1 or text.isalnum() or text in "+-":
        raise value.error(f"must be one character that is no digit, letter or sign, found {text!r}.")
    return text


def _words(value: Place | None) -> tuple[str, ...]:
    if value is None:
        return ()
    words = tuple(item.text_as_written for item in value.items("word"))
    if "" in words:
        raise value.error("has an empty word; an empty value is none already.")
    return words


def _flag(value: Place) -> bool:
    if not isinstance(value.value, bool):
        raise value.error(f"must be true or false, found {value.value!r}.")
    return value.value


def _choice(value: Place | None, known: Any) -> Any:
    if value is None:
        return None
    if value.value not in list(known):
        raise value.error(f"unknown value '{value.value}'.{nearest(str(value.value), known)}")
    return known(value.value)
