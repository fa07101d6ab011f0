"""Durations and times of day as contracts write them: 30m, 4h, 1d; 06:00."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration_in(text: str, digits: str) -> timedelta | None:
    """The duration that a text is, None for another text; digits: the pattern of its number."""
    found = re.fullmatch(f"({digits})([mhd])", text)
    return None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})


def is_time_of_day(text: str) -> bool:
    """Whether a text is a time of day, HH:MM."""
    return re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is not None
