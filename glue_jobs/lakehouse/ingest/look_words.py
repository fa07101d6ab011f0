"""Words for null, and dates and times as offices write them: told where all values of a column show them.

The table `delivered` gets them as programs have them: no value, and ISO 8601.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from lakehouse.contracts.profile import Path
from lakehouse.ingest.look_sql import FACTS, NULLS

_FORMS = ("booleans", "numbers", "dates", "instants", "local_times", "other_dates")
_COUNTED = ("filled", "null_words", "leading_zeros", "plus_signs", *_FORMS)
_TIMES = {"": "", "99:99": " HH:mm", "99:99:99": " HH:mm:ss"}
"""How a time behind a day is written, and the letters of its format."""
_OF_DUCKDB = {"dd": "%d", "d": "%d", "MM": "%m", "M": "%m", "yyyy": "%Y", " HH:mm": " %H:%M", ":ss": ":%S"}
_LAST_MONTH = 12


@dataclass(frozen=True)
class Words:
    """What a contract has to say of columns: words for null, formats of dates; clocks: those without an offset.

    flags: the words of columns for true and false.
    """

    nulls: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)
    formats: Mapping[Path, str] = field(default_factory=dict)
    clocks: frozenset[Path] = frozenset()
    flags: Mapping[Path, tuple[str, str]] = field(default_factory=dict)


def with_iso(connection: duckdb.DuckDBPyConnection, columns: Mapping[Path, str], has_zone: bool) -> Words:
    """Exchange in columns of text what is no value, and dates in another form than ISO 8601.

    has_zone: whether somebody said by whose clock times without an offset are; without that they stay text.
    """
    nulls: dict[Path, tuple[str, ...]] = {}
    formats: dict[Path, str] = {}
    clocks: set[Path] = set()
    for path, column in columns.items():
        form = _form(connection, column)
        written = _format(connection, column) if form == "other_dates" else ""
        is_clock = form == "local_times" or "HH" in (written or "")
        if form is None or written is None or (is_clock and not has_zone):
            continue
        if words := _nulls(connection, column):
            nulls[path] = words
        if written:
            formats[path] = written
            connection.execute(f"UPDATE delivered SET {column} = {_iso(column, written)}")
        if is_clock:
            clocks.add(path)
            connection.execute(f"UPDATE delivered SET {column} = {column} || 'Z'")
    return Words(nulls, formats, frozenset(clocks))


def _form(connection: duckdb.DuckDBPyConnection, column: str) -> str | None:
    """The form of all values that are no words for null; None for text, and numbers that are names."""
    counts = ", ".join(FACTS[name] for name in _COUNTED)
    row = connection.execute(f"SELECT {counts} FROM (SELECT {column} AS c FROM delivered)").fetchone() or ()
    found = {name: int(number or 0) for name, number in zip(_COUNTED, row, strict=True)}
    if found["leading_zeros"] or found["plus_signs"]:
        return None
    filled = found["filled"] - found["null_words"]
    return next((form for form in _FORMS if filled and found[form] == filled), None)


_MOST_MASKS = 32
"""Dates of one format have fewer: days and months of one or two digits, with and without a time."""


def _nulls(connection: duckdb.DuckDBPyConnection, column: str) -> tuple[str, ...]:
    """Take the words for null out of a column; which they are."""
    is_word = f"lower({column}) IN {NULLS}"
    found = connection.execute(f"SELECT DISTINCT {column} FROM delivered WHERE {is_word} ORDER BY 1").fetchall()
    if found:
        connection.execute(f"UPDATE delivered SET {column} = NULL WHERE {is_word}")
    return tuple(row[0] for row in found)


def _format(connection: duckdb.DuckDBPyConnection, column: str) -> str | None:
    """The one format of all dates of a column; None where there are several, or nobody can tell day from month."""
    values = f"(SELECT {column} AS c FROM delivered WHERE lower({column}) NOT IN {NULLS})"
    distinct = f"SELECT DISTINCT regexp_replace(c, '[0-9]', '9', 'g') FROM {values} LIMIT {_MOST_MASKS + 1}"
    found = connection.execute(distinct).fetchall()
    if len(found) > _MOST_MASKS:
        return None
    masks = [row[0].partition(" ") for row in found]
    times, signs = {mask[2] for mask in masks}, {mask[0].replace("9", "") for mask in masks}
    sign = min(signs)[:1]
    if len(times) > 1 or signs != {sign * 2} or not times <= {*_TIMES}:
        return None
    parts = [mask[0].split(sign) for mask in masks]
    is_short = any(len(part) == 1 for mask in parts for part in mask)
    order = _order(connection, values, sign, parts)
    if order is None:
        return None
    letters = {"d": "d" if is_short else "dd", "M": "M" if is_short else "MM", "y": "yyyy"}
    written = sign.join(letters[part] for part in order) + _TIMES[min(times)]
    wrong = connection.execute(f"SELECT count(*) FROM {values} WHERE {_parsed('c', written)} IS NULL").fetchone()
    return written if wrong == (0,) else None


def _order(connection: duckdb.DuckDBPyConnection, values: str, sign: str, parts: list[list[str]]) -> str | None:
    """Which of day, month and year stands where."""
    years = {tuple(len(part) == 4 for part in mask) for mask in parts}
    if years == {(True, False, False)}:
        return "yMd"
    if years != {(False, False, True)}:
        return None
    largest = ", ".join(f"max(TRY_CAST(split_part(c, '{sign}', {place}) AS INT))" for place in (1, 2))
    first, second = connection.execute(f"SELECT {largest} FROM {values}").fetchone() or (0, 0)
    if max(first, second) <= _LAST_MONTH:
        return "dMy" if sign == "." else None  # nobody writes the month first and points behind it
    return "dMy" if second <= _LAST_MONTH else "Mdy" if first <= _LAST_MONTH else None


def _of_duckdb(written: str) -> str:
    for letters, sign in _OF_DUCKDB.items():
        if sign not in written:
            written = written.replace(letters, sign)
    return written


def _parsed(column: str, written: str) -> str:
    return f"try_strptime({column}, '{_of_duckdb(written)}')"


def _iso(column: str, written: str) -> str:
    """Its dates in ISO 8601."""
    form = "%Y-%m-%dT%H:%M:%S" if "HH" in written else "%Y-%m-%d"
    return f"strftime({_parsed(column, written)}, '{form}')"


def as_written(column: str, written: str) -> str:
    """A date in ISO 8601 again as the files have it, in SQL."""
    return f"strftime(TRY_CAST(rtrim({column}, 'Z') AS TIMESTAMP), '{_of_duckdb(written)}')"
