"""Patterns of dates and times in the letters of Java's DateTimeFormatter, as ODCS asks: what is taken of them."""

from __future__ import annotations

import re

from lakehouse.contracts.values import EPOCHS

_LETTERS = {
    "y": (2, 4), "M": (1, 2, 3), "d": (1, 2), "H": (1, 2), "h": (1, 2), "m": (1, 2), "s": (1, 2), "a": (1,),
    "S": (1, 2, 3, 4, 5, 6), "X": (1, 2, 3), "x": (1, 2, 3), "Z": (1,),
}  # fmt: skip
"""Each letter with the numbers of times that it may stand in a row."""
_TIME, _OFFSET = frozenset("HhmsSa"), frozenset("XxZ")
_HINTS = {
    "Y": "y is the year, Y that of a week",
    "D": "d is the day of the month, D that of the year",
    "%": "patterns are those of Java, such as dd.MM.yyyy HH:mm, not of strftime",
    "u": "write yyyy",
}
_TOKEN = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|.", re.DOTALL)


def letters_of(pattern: str) -> frozenset[str]:
    """The letters of a pattern that stand for a part of the time."""
    return frozenset(found[1] for found in _TOKEN.finditer(pattern) if found[1])


def has_time(pattern: str) -> bool:
    """Whether what is written so has a time of day; the words of epochs have one."""
    return pattern in EPOCHS or bool(letters_of(pattern) & _TIME)


def has_offset(pattern: str) -> bool:
    """Whether times written so have their offset from UTC."""
    return bool(letters_of(pattern) & _OFFSET)


def pattern_problem(pattern: str, kind: str) -> str | None:
    """Why a pattern cannot be that of a date or timestamp (kind); None for one that can."""
    for found in _TOKEN.finditer(pattern):
        if problem := _token_problem(found[0], found[1]):
            return problem
    return _parts_problem(letters_of(pattern), kind)


def _token_problem(token: str, letter: str | None) -> str | None:
    if token in _HINTS or letter in _HINTS:
        return f"'{token}' cannot be read; {_HINTS[letter or token]}"
    if token in ("'", "#", "{", "}"):
        return f"{token} cannot be read; a letter that is no part of the time stands between two quotes, as in 'T'"
    if letter is None:
        return None
    if letter not in _LETTERS:
        return f"'{token}' is no part of a time; known are {' '.join(_LETTERS)}, other letters stand between quotes"
    if len(token) not in _LETTERS[letter]:
        known = ", ".join(letter * times for times in _LETTERS[letter])
        return f"'{token}' cannot be read; write {known}"
    return None


def _parts_problem(letters: frozenset[str], kind: str) -> str | None:
    lacking = [letter for letter in "yMd" if letter not in letters]
    if lacking:
        return f"the day is not whole without {' and '.join(lacking)}"
    if kind == "date" and letters & (_TIME | _OFFSET):
        return "a date has no time of day; make the column a timestamp, or leave the time out"
    if "h" in letters and "a" not in letters:
        return "h counts to 12 and needs a (AM or PM); H counts to 23"
    if "H" in letters and letters & {"h", "a"}:
        return "H counts to 23 and stands without h and a"
    return None
