"""Which rows are of a person, as conditions of Spark: by a value, and by the digest of one that was forgotten."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BROKEN_RULES, RAW_TEXT, TEXT, UNREADABLE
from lakehouse.lake.erasures import Subject


def of_typed(rows: DataFrame, subjects: Sequence[Subject]) -> SparkColumn:
    """Rows of bronze or silver that have one of the values; a column that they lack has none."""
    return _any([_typed(subject.column) == subject.canonical for subject in subjects if _has(rows, subject.column)])


def of_quarantined(rows: DataFrame, subjects: Sequence[Subject], unsplit: Collection[str]) -> SparkColumn:
    """Rows of a quarantine table, whose columns are text.

    unsplit: the rules of rows that could not be split into columns, of which the whole text is looked at.
    """
    is_unsplit = F.arrays_overlap(F.col(BROKEN_RULES), F.array(*map(F.lit, sorted(unsplit))))
    known = [subject for subject in subjects if _has(rows, subject.column.partition(".")[0])]
    split = [_text("", subject.column).isin(subject.value, subject.canonical) for subject in known]
    return _any([*split, is_unsplit & _in_text(subjects)])


def of_parsed(rows: DataFrame, subjects: Sequence[Subject]) -> SparkColumn:
    """Rows of a file while it is read: typed, or as text where they broke a rule."""
    split = [_text(f"{TEXT}.", subject.column).isin(subject.value, subject.canonical) for subject in subjects]
    return _any([of_typed(rows, subjects), *split, F.col(UNREADABLE).isNotNull() & _in_text(subjects)])


def of_words(rows: DataFrame, values: Sequence[str]) -> SparkColumn:
    """Rows of any table that have one of the values, or a text with it, in one of their columns."""
    names = [name for name, kind in rows.dtypes if kind == "string"]
    return _any([F.col(_quoted(name)).rlike(_word(value)) for name in names for value in values])


def of_digests(rows: DataFrame, digests: Mapping[tuple[str, str], Collection[str]]) -> SparkColumn:
    """Rows of a file while it is read whose values were forgotten. digests: those of each column and salt."""
    found = []
    for (column, salt), known in sorted(digests.items()):
        values = [_text(f"{TEXT}.", column), *([_typed(column)] if _has(rows, column) else [])]
        found += [F.sha2(F.concat(F.lit(salt), value), 256).isin(*sorted(known)) for value in values]
    return _any(found)


def _any(conditions: Sequence[SparkColumn]) -> SparkColumn:
    """Whether one of them is true; a null is not."""
    return reduce(lambda a, b: a | b, [F.coalesce(one, F.lit(False)) for one in conditions], F.lit(False))


def _has(rows: DataFrame, column: str) -> bool:
    """Whether rows have a column, or a field of a struct as `device.os`."""
    try:
        rows.select(F.col(_quoted(column)))
    except Exception:  # of no common kind in Spark's two APIs
        return False
    return True


def _quoted(column: str) -> str:
    return ".".join(f"`{part}`" for part in column.split("."))


def _typed(column: str) -> SparkColumn:
    return F.col(_quoted(column)).cast("string")


def _text(before: str, column: str) -> SparkColumn:
    """A column that is text; of a struct, which is JSON there, the field."""
    name, _, field = column.partition(".")
    text = F.col(f"{before}`{name}`")
    return F.get_json_object(text, f"$.{field}") if field else text


def _in_text(subjects: Sequence[Subject]) -> SparkColumn:
    """Whether the delivered text of a row has a value as a word of its own."""
    return _any([F.col(RAW_TEXT).rlike(_word(subject.value)) for subject in subjects])


def _word(value: str) -> str:
    return rf"(?<![\w.+-]){_literal(value)}(?!\w|[.-]\w)"


def _literal(value: str) -> str:
    """A value as a pattern that Java reads, too."""
    return re.sub(r"([^\w\s@])", r"\\\1", value, flags=re.ASCII) if value.isascii() else rf"\Q{value}\E"
