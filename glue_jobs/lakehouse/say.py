"""Counts, bytes, durations and amounts as people read them."""

from __future__ import annotations

from decimal import Decimal


def say_count(number: int, noun: str = "") -> str:
    """A count with thousands separators and, where given, its noun: `1 row`, `1,234 rows`."""
    return f"{number:,}" + (f" {noun}{'' if number == 1 else 's'}" if noun else "")


def say_seconds(seconds: float) -> str:
    """A duration as people say it: `0.4 s`, `62 s`, `3 min 5 s`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if seconds >= 119.5 else f"{round(seconds)} s"


def say_money(amount: Decimal) -> str:
    """An amount in euro to the cent: `€1,234.50`, `−€3.00`."""
    return f"{'−' if amount < 0 else ''}€{abs(amount):,.2f}"


def said_bytes(size: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TB"
