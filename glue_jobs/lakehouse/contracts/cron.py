"""Says what is wrong with a schedule of cron's five fields, without Airflow, which refuses all DAGs for one of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_PART = re.compile(r"(?P<low>\*|\w+)(-(?P<high>\w+))?(/(?P<step>[1-9]\d{0,2}))?")


def cron_problem(schedule: str) -> str | None:
    """What makes a text no schedule that ever comes round; None where nothing does."""
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return "must be a cron line of five fields"
    values: list[set[int]] = []
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        found = _values(text.lower(), low, high, words)
        if found is None:
            return f"'{text}' is no {name} of a cron line ({low} to {high}, *, lists, ranges and steps)"
        values.append(found)
    days, months = values[2], values[3]
    if fields[4] == "*" and not any(day <= _LONGEST[month - 1] for day in days for month in months):
        return "names a day that none of its months has"
    return None


def _values(text: str, low: int, high: int, words: Mapping[str, int]) -> set[int] | None:
    """The numbers that a field stands for; None where it is not one."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return None
        if match["low"] == "*":
            first, last = low, high
            if match["high"]:
                return None
        else:
            ends = [_number(word, words) for word in (match["low"], match["high"] or match["low"])]
            first, last = ends[0], high if match["step"] and not match["high"] else ends[1]
        if not low <= first <= last <= high:
            return None
        found |= set(range(first, last + 1, int(match["step"] or 1)))
    return found


def _number(word: str, words: Mapping[str, int]) -> int:
    return int(word) if word.isdecimal() and word.isascii() else words.get(word, -1)


def last_time(schedule: str, before: datetime) -> datetime | None:
    """The last moment before another at which a valid schedule came round; None where it did not for two years."""
    minutes, hours, *_ = _fields(schedule)
    times = [(hour, minute) for hour in sorted(hours, reverse=True) for minute in sorted(minutes, reverse=True)]
    midnight = before.replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(2 * 366):
        day = midnight - timedelta(days=back)
        if comes_round(schedule, day.date()):
            moments = (day.replace(hour=hour, minute=minute) for hour, minute in times)
            if found := next((moment for moment in moments if moment < before), None):
                return found
    return None


def comes_round(schedule: str, day: date) -> bool:
    """Whether a valid schedule comes round on a day."""
    _, _, days, months, weekdays = _fields(schedule)
    in_month, in_week = day.day in days, day.isoweekday() % 7 in {number % 7 for number in weekdays}
    if "*" in (schedule.split()[2], schedule.split()[4]):
        return day.month in months and in_month and in_week
    return day.month in months and (in_month or in_week)  # cron's own rule: where both are named, one is enough


def runs_a_day(schedule: str) -> float:
    """How often a valid schedule comes round on a day, on average over a year."""
    minutes, hours, *_ = _fields(schedule)
    year = [date(2027, 1, 1) + timedelta(days=number) for number in range(365)]
    return len(minutes) * len(hours) * sum(comes_round(schedule, day) for day in year) / len(year)


@functools.cache
def _fields(schedule: str) -> tuple[frozenset[int], ...]:
    fields = zip(schedule.split(), _FIELDS, strict=True)
    return tuple(frozenset(_values(text.lower(), low, high, words) or ()) for text, (_, low, high, words) in fields)
