"""Numbers of JSON with the text that they have in the file, where a Variant would keep something else.

A Variant makes a double of a number with an exponent or more than 38 digits, and drops the zeros behind a point. A line
that has one where it matters is parsed a second time, with its numbers as strings that begin with a mark.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

from lakehouse.contracts.columns import ARRAY, Column

MARK = "\u0000number: "
_MARK_IN_JSON = "\\u0000number: "
_NUMBER = r"-?[0-9][0-9.eE+-]*"
_WHOLE = ("int", "bigint")
# Signs that no valid line has: JSON writes them as escapes.
_BACKSLASH, _QUOTE = "\u0001", "\u0002"


def is_inexact(column: Column, kind: SparkColumn) -> SparkColumn:
    """Whether a value of a column, by the kind that Spark says of its Variant, has lost some of its text."""
    if column.is_nested:
        signs = ("DOUBLE", "VARIANT", *_whole_with_point(column))
        return F.coalesce(reduce(or_, [kind.contains(sign) for sign in signs]), F.lit(False))
    is_double = kind == "DOUBLE"
    keeps_point = column.type == "double" or column.type.startswith("decimal")
    return F.coalesce(is_double if keeps_point else is_double | kind.startswith("DECIMAL"), F.lit(False))


def _whole_with_point(column: Column) -> list[str]:
    """What is in the kind of a list or an object where a whole number in it has a point: 5.0 is none."""
    found = [f"{field.name}: DECIMAL" for field in column.fields if field.type in _WHOLE]
    if column.items and column.items.type in _WHOLE:
        found.append("<DECIMAL" if column.type == ARRAY else ": DECIMAL")
    inside = (*column.fields, *([column.items] if column.items else []))
    return found + [sign for one in inside if one.is_nested for sign in _whole_with_point(one)]


def with_marked_numbers(line: SparkColumn) -> SparkColumn:
    """A valid line of JSON whose numbers are strings with a mark before their text."""
    # Outside of strings a digit is part of a number, and what stands between quotes is every second part.
    plain = F.replace(F.replace(line, F.lit("\\\\"), F.lit(_BACKSLASH)), F.lit('\\"'), F.lit(_QUOTE))
    marked = f'"{_MARK_IN_JSON}$0"'.replace("\\", "\\\\")
    parts = F.transform(
        F.split(plain, '"', -1),
        lambda part, place: F.when(place % 2 == 1, part).otherwise(F.regexp_replace(part, _NUMBER, marked)),
    )
    joined = F.array_join(parts, '"')
    return F.replace(F.replace(joined, F.lit(_BACKSLASH), F.lit("\\\\")), F.lit(_QUOTE), F.lit('\\"'))


def is_marked(text: SparkColumn) -> SparkColumn:
    """Whether the text of a string is that of a number."""
    return text.startswith(MARK)


def without_mark(text: SparkColumn) -> SparkColumn:
    """The text of a single value without its mark."""
    return F.when(is_marked(text), F.substring(text, len(MARK) + 1, 2**31 - 1)).otherwise(text)


def without_marks(json: SparkColumn) -> SparkColumn:
    """The text of JSON whose marked strings are numbers again."""
    pattern = f'"{_MARK_IN_JSON}({_NUMBER})"'.replace("\\u0000", "\\\\u0000")
    return F.regexp_replace(json, pattern, "$1")
