"""Numbers of JSON with the text that they have in the file, where a Variant would keep something else.

A Variant makes a double of a number with an exponent or more than 38 digits, and a whole number of 5.0. A line that has
one is parsed a second time, with its numbers as strings that begin with a mark.
"""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import functions as F

MARK = "\u0000number: "
_MARK_IN_JSON = "\\u0000number: "
_NUMBER = r"-?[0-9][0-9.eE+-]*"
# In a member or a list, for ids such as 3e5f are common: more than 38 digits, a point with zeros alone, an exponent.
_CHANGED = r"[:,\[]\s*+-?+(?:[0-9.]{39}|[0-9]++(?:\.0++(?=[\s,}\]])|(?:\.[0-9]++)?+[eE][+-]?[0-9]))"
# Signs that no valid line has: JSON writes them as escapes.
_BACKSLASH, _QUOTE = "\u0001", "\u0002"


def may_lose_text(line: SparkColumn) -> SparkColumn:
    """Whether a line of JSON has what may be a number that a Variant would change; never null for a line."""
    return line.rlike(_CHANGED)


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
