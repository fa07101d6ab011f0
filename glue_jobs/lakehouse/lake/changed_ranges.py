"""In which ranges of a column the files lie that came between two versions of a table, by their logs' statistics."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from lakehouse.lake.changed_rows import FileChanges
from lakehouse.lake.paths import sql_text

MOST_RANGES = 20
"""Of more ranges than these, the one that holds all of them is looked at."""

Ranges = list[list[str]]
"""Pairs of SQL literals, both ends included."""


def _date(day: str) -> str:
    return f"DATE'{day}'"


_LITERALS: dict[str, Callable[[Any], str]] = {"string": sql_text, "int": str, "bigint": str, "date": _date}


def ranges_of(files: FileChanges, column: str, type_: str) -> Ranges | None:
    """The ranges that hold every value of a column in the files that came; None where the logs do not say it.

    Other files may lie in them too. Of no file there is no range.
    """
    found = [_range(stats, column) for stats in files.stats]
    if type_ not in _LITERALS or any(one is None for one in found):
        return None
    return [[_LITERALS[type_](low), _LITERALS[type_](high)] for low, high in _joined([one for one in found if one])]


def months_of(files: FileChanges, column: str) -> Ranges | None:
    """The whole months of the dates that the files that came have in a column."""
    found = [_range(stats, column) for stats in files.stats]
    if any(one is None for one in found):
        return None
    months = [(_month(low), _last_day(high)) for low, high in (one for one in found if one)]
    return [[_date(low), _date(high)] for low, high in _joined(months)]


def _range(stats: str | None, column: str) -> tuple[Any, Any] | None:
    """The least and the greatest value in a file; None where its statistics lack them, or where a value is null."""
    said = json.loads(stats or "{}")
    ends = tuple(said.get(kind, {}).get(column) for kind in ("minValues", "maxValues"))
    if None in ends or said.get("nullCount", {}).get(column) != 0:
        return None
    return ends[0], ends[1]


def _joined(ranges: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The same with those that overlap as one."""
    joined: list[tuple[Any, Any]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined if len(joined) <= MOST_RANGES else [(joined[0][0], max(high for _, high in joined))]


def _month(day: str) -> str:
    return f"{day[:7]}-01"


def _last_day(day: str) -> str:
    first = date.fromisoformat(_month(day))
    return str((first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
