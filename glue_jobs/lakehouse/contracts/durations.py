"""Durations as contracts write them: 30m, 4h, 1d."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration_in(text: str, digits: str) -> timedelta | None:
    """The duration that a text is, None for another text; digits: the pattern of its number."""
    found = re.fullmatch(f"({digits})([mhd])", text)
    return None if found is None else timedelta(**{_UNITS[found[2]]: int(found[1])})
