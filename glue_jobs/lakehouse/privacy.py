"""Personal data (PII) in output and logs: the mask, and error texts without the values that they quote."""

from __future__ import annotations

import re
import traceback

MASK = "***"

# Engines put values into quotes, and names into backticks.
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def trace_of(error: BaseException) -> str:
    """The stack trace of an error, and the first line of its message with quoted values masked."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__name__}: {without_values(error)}"


def without_values(error: BaseException) -> str:
    """The first line of a third-party error with everything quoted masked, because engines quote the row."""
    return masked((str(error).strip().splitlines() or [""])[0])[:300]


def masked(text: str) -> str:
    """An engine's text with everything quoted masked."""
    return _QUOTED.sub(MASK, text)
