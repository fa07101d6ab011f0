"""Personal data in what people read: the mask, and what is left of an error that may quote a value."""

from __future__ import annotations

import re
import traceback

MASK = "***"

# Engines quote values so; names stand between backticks.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def trace_of(error: BaseException) -> str:
    """Where an error came from, in our files and theirs, and its first line without the values it quotes."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__name__}: {without_values(error)}"


def without_values(error: BaseException) -> str:
    """The first line of an error that is none of ours, with whatever it quotes masked: engines quote the row."""
    return masked((str(error).strip().splitlines() or [""])[0])[:300]


def masked(text: str) -> str:
    """A text of an engine with whatever it quotes masked."""
    return _QUOTED.sub(MASK, text)
