"""Median and range of figures that were measured several times."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

NOT_REPORTED = "not reported"


@dataclass(frozen=True)
class Spread:
    """The median of some values, the smallest and the greatest."""

    median: float
    low: float
    high: float


def spread(values: Iterable[float | None]) -> Spread | None:
    """Median, smallest and greatest; None when there is no value, or one that was not reported."""
    found = list(values)
    known = [value for value in found if value is not None]
    if not known or len(known) < len(found):
        return None
    return Spread(statistics.median(known), min(known), max(known))


def format_seconds(found: Spread | None) -> str:
    """Median and range: `2.41 (2.30–2.55)`."""
    return NOT_REPORTED if found is None else f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"
