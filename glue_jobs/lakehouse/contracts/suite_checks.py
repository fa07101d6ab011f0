"""What an expectation's arguments must be for the columns that they speak of, so that no run finds it out first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lakehouse.contracts.suite_errors import ArgumentError, Where
from lakehouse.contracts.suite_types import NEEDED_KWARGS, UNEXPECTED_ROWS

_NUMBERS = ("int", "bigint", "double", "decimal")
_TIMES = ("date", "timestamp")
_PARSERS = ("spark", "great_expectations")
_IGNORED = ("both_values_are_missing", "either_value_is_missing", "neither")
_OF_BOUNDS = "expect_column_values_to_be_between"
# What Python's regular expressions have and Java's, which Spark runs, have not.
_NOT_JAVA = re.compile(r"(?<!\\)(?:\\\\)*(?P<part>\(\?P[<=>]|\(\?\(|\(\?#|\\N\{)")


def argument_errors(
    where: Where, type_: str, kwargs: Mapping[str, Any], types: Mapping[str, str]
) -> Iterator[ArgumentError]:
    """Each argument that the expectation cannot be evaluated with; types: those of the contract's columns."""
    for name in sorted(NEEDED_KWARGS.get(type_, frozenset())):
        if kwargs.get(name) is None:
            yield ArgumentError(where, name, "is missing", "add it")
    kind = types.get(str(kwargs.get("column")), "").split("(")[0]
    yield from _flags(where, kwargs)
    yield from _condition(where, kwargs)
    yield from _value_set(where, kwargs, kind)
    yield from _regex(where, kwargs)
    yield from _bounds(where, type_, kwargs, kind)
    yield from _lengths(where, type_, kwargs)
    yield from _pair(where, kwargs, types)
    yield from _query(where, type_, kwargs)


def _flags(where: Where, kwargs: Mapping[str, Any]) -> Iterator[ArgumentError]:
    mostly = kwargs.get("mostly", 1)
    if not _is_number(mostly) or not 0 <= mostly <= 1:
        yield ArgumentError(where, "mostly", f"is {mostly!r}", "write a share of the rows from 0 to 1")
    for name in ("strict_min", "strict_max", "or_equal", "exact_match"):
        if not isinstance(kwargs.get(name, False), bool):
            yield ArgumentError(where, name, f"is {kwargs[name]!r}", "write true or false")
    ignored = kwargs.get("ignore_row_if", _IGNORED[0])
    if "column_A" in kwargs and ignored not in _IGNORED:
        yield ArgumentError(where, "ignore_row_if", f"is {ignored!r}", f"write one of {', '.join(_IGNORED)}")


def _condition(where: Where, kwargs: Mapping[str, Any]) -> Iterator[ArgumentError]:
    condition, parser = kwargs.get("row_condition"), kwargs.get("condition_parser", "spark")
    if condition is None:
        return
    if not isinstance(condition, str) or not condition.strip():
        wanted = "write it as SQL in a text, such as \"status = 'paid'\", with condition_parser spark"
        yield ArgumentError(where, "row_condition", "is no text", wanted)
    elif parser not in _PARSERS:
        yield ArgumentError(where, "condition_parser", f"is {parser!r}", f"write one of {', '.join(_PARSERS)}")
    elif parser == "spark" and (problem := sql_problem(condition)):
        yield ArgumentError(where, "row_condition", f"is no SQL ({problem})", "correct it")


def _value_set(where: Where, kwargs: Mapping[str, Any], kind: str) -> Iterator[ArgumentError]:
    values = kwargs.get("value_set")
    if values is None:
        return
    if not isinstance(values, list):
        yield ArgumentError(where, "value_set", "is no list", "write the values in a list")
        return
    for value in values:
        if wanted := value_problem(value, kind):
            found = "holds null" if value is None else f"holds {value!r}"
            yield ArgumentError(where, "value_set", f"{found}, and '{kwargs['column']}' is a {kind}", wanted)
            return


def value_problem(value: object, kind: str) -> str | None:
    """What to write instead of a value that a column of this kind cannot be compared with; None where it can."""
    if value is None:
        return "leave it out, for a null passes every rule but the one that asks for a value"
    fits = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        **dict.fromkeys(_NUMBERS, _is_number(value)),
        **dict.fromkeys(_TIMES, isinstance(value, str) and is_time(value)),
    }
    wanted = {"string": "write texts in quotes", "boolean": "write true or false"}
    wanted |= dict.fromkeys(_NUMBERS, "write numbers without quotes")
    wanted |= dict.fromkeys(_TIMES, "write dates or times as in ISO 8601, in quotes")
    return None if fits.get(kind, True) else wanted[kind]


def _regex(where: Where, kwargs: Mapping[str, Any]) -> Iterator[ArgumentError]:
    if "regex" not in kwargs or kwargs["regex"] is None:
        return
    problem = regex_problem(kwargs["regex"])
    if problem:
        yield ArgumentError(where, "regex", f"is no regular expression of Java ({problem})", "correct it")


def regex_problem(pattern: object) -> str | None:
    """What makes a value no regular expression of Java, as far as can be known without one; None where it is one."""
    if not isinstance(pattern, str):
        return "not a text"
    if found := _NOT_JAVA.search(pattern):
        instead = "; write (?<name>…) for a named group" if found["part"] == "(?P<" else ""
        return f"Java has no {found['part']}{instead}"
    # Java's own: \p{Lu} and the like, named groups, \z.
    plain = re.sub(r"\\[pP](\{\^?\w+\}|\w)", ".", pattern).replace("(?<", "(?P<").replace(r"\z", r"\Z")
    plain = plain.replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")
    try:
        re.compile(plain)
    except re.error as error:
        return str(error)
    return None


def _bounds(where: Where, type_: str, kwargs: Mapping[str, Any], kind: str) -> Iterator[ArgumentError]:
    given = {name: kwargs[name] for name in ("min_value", "max_value") if kwargs.get(name) is not None}
    if type_ == _OF_BOUNDS and not given:
        yield ArgumentError(where, "min_value", "is missing, and so is max_value", "add one of them")
    if type_ == _OF_BOUNDS and kind not in ("", *_NUMBERS, *_TIMES):
        wanted = "name its values in expect_column_values_to_be_in_set, or its form in a regex"
        yield ArgumentError(where, "column", f"is a {kind}, which has no bounds", wanted)
        return
    for name, value in given.items():
        of = kind if type_ == _OF_BOUNDS and kind else ("date" if isinstance(value, str) else "double")
        if instead := value_problem(value, of):
            yield ArgumentError(where, name, f"is {value!r}", instead)
            return
    if len(given) == 2 and is_after(given["min_value"], given["max_value"]):
        found = f"is {given['min_value']!r}, above max_value {given['max_value']!r}, so that no row can pass"
        yield ArgumentError(where, "min_value", found, "exchange them")


def _lengths(where: Where, type_: str, kwargs: Mapping[str, Any]) -> Iterator[ArgumentError]:
    if type_ in ("expect_column_value_lengths_to_equal", "expect_table_row_count_to_equal"):
        value = kwargs.get("value")
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            yield ArgumentError(where, "value", f"is {value!r}", "write a whole number")


def _pair(where: Where, kwargs: Mapping[str, Any], types: Mapping[str, str]) -> Iterator[ArgumentError]:
    kinds = [types.get(str(kwargs.get(name)), "").split("(")[0] for name in ("column_A", "column_B")]
    groups = [next((group for group in (_NUMBERS, _TIMES) if kind in group), (kind,)) for kind in kinds]
    if all(kinds) and groups[0] != groups[1]:
        found = f"is a {kinds[1]}, and column_A is a {kinds[0]}"
        yield ArgumentError(where, "column_B", found, "compare columns of one kind")


def _query(where: Where, type_: str, kwargs: Mapping[str, Any]) -> Iterator[ArgumentError]:
    query = kwargs.get("unexpected_rows_query")
    if type_ != UNEXPECTED_ROWS or query is None:
        return
    if not isinstance(query, str) or "{batch}" not in query:
        wanted = "write SELECT * FROM {batch} WHERE condition"
        yield ArgumentError(where, "unexpected_rows_query", "does not read {batch}", wanted)
    elif problem := sql_problem(re.sub(r"\{batch\}", "batch", query).replace("{{", "{").replace("}}", "}"), whole=True):
        yield ArgumentError(where, "unexpected_rows_query", f"is no SQL ({problem})", "correct it")


def sql_problem(text: str, whole: bool = False) -> str | None:
    """What makes a text no condition, or no whole query, of Spark SQL; None where nothing does."""
    # Imported late: only suites with SQL pay for the parser.
    import sqlglot
    from sqlglot import errors, expressions

    try:
        found = sqlglot.parse_one(text if whole else f"SELECT * FROM batch WHERE {text}", read="spark")
    except errors.SqlglotError as error:
        return " ".join(re.sub(r"\x1b\[\d+m", "", str(error)).split())[:120]
    return None if isinstance(found, expressions.Query) else "no SELECT"


def is_time(text: str) -> bool:
    """Whether a text is a date or time as in ISO 8601."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_after(one: Any, other: Any) -> bool:
    """Whether of two numbers, or of two times as ISO 8601, the first is the greater one."""
    if isinstance(one, str) and isinstance(other, str):
        # One of them may have an offset and the other none; days tell enough then.
        first, second = datetime.fromisoformat(one), datetime.fromisoformat(other)
        same = (first.tzinfo is None) == (second.tzinfo is None)
        return first > second if same else first.date() > second.date()
    return bool(_is_number(one) and _is_number(other) and one > other)
