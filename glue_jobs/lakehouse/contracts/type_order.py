"""Which types hold every value of another one."""

from __future__ import annotations

import re

_DECIMAL = re.compile(r"^decimal\((\d+),(\d+)\)$")
_INTEGERS = ("int", "integer"), ("bigint", "long")


def holds(wanted: str, found: str) -> bool:
    """Whether every value of the found type is one of the wanted type; in the words of contracts or of Delta."""
    new, old = _DECIMAL.match(wanted), _DECIMAL.match(found)
    if new and old:
        digits, places, digits_before, places_before = (int(n) for n in (*new.groups(), *old.groups()))
        return places >= places_before and digits - places >= digits_before - places_before
    return found in _INTEGERS[0] and wanted in _INTEGERS[1]
