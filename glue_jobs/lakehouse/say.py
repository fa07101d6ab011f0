"""Counts, sizes, durations, amounts and delivered text in the form in which people read them."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

# Two joiners without a width, which names and emoji are written with.
_PART_OF_A_WORD = "\u200c\u200d"


def visible(text: str) -> str:
    """The text as one line that does nothing to a terminal: control characters and bidi overrides as `\\x1b`, `\\n`."""
    if text.isprintable():
        return text
    return "".join(_shown(c) for c in text)


def _shown(character: str) -> str:
    # Cc: C0, C1 and DEL; Cf: bidi overrides and what has no width; Zl, Zp: line ends; Cs: half a character.
    is_control = unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs")
    if not is_control or character in _PART_OF_A_WORD:
        return character
    return character.encode("unicode_escape").decode("ascii")


def format_count(number: int, noun: str = "") -> str:
    """A count with thousands separators and, where given, its noun: `1 row`, `1,234 rows`, `2 batches`."""
    plural = "es" if noun.endswith("ch") else "s"
    return f"{number:,}" + (f" {noun}{'' if number == 1 else plural}" if noun else "")


def with_article(noun: str) -> str:
    """A noun behind its article: `a struct`, `an array`."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def format_seconds(seconds: float) -> str:
    """A duration: `0.4 s`, `62 s`, `3 min 5 s`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if seconds >= 119.5 else f"{round(seconds)} s"


def format_money(amount: Decimal) -> str:
    """An amount in euro to the cent: `€1,234.50`, `−€3.00`."""
    return f"{'−' if amount < 0 else ''}€{abs(amount):,.2f}"


def format_bytes(size: float) -> str:
    """A size in units of 1024, as contracts write them: `512 B`, `1.5 KB`, `128 MB`."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 999.5:  # three digits, so that 1000 to 1023 are not printed as 1e+03
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:,.3g} TB"
