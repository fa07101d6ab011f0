"""What is said of values of a key that are likely to be meant otherwise: they make keys of their own, silently."""

from __future__ import annotations

from lakehouse.say import format_count


def said_blanks_around(count: int) -> str:
    """Values with blanks around them, which make another key of the same word."""
    what = f"blanks stand around {format_count(count, 'value')}, and are part of the key"
    return f"{what}; customProperties trim: true removes them"


def said_null_words(count: int) -> str:
    """Values that are a word for null."""
    what = f"it has a word for null in {format_count(count, 'row')}"
    return f"{what}, which is a key like any other unless the contract has it in nullWords"
