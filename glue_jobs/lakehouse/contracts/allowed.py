"""How many rows may break a rule, or a delivery may have, in the operators of the Open Data Contract Standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

OPERATORS: Mapping[str, tuple[str, Callable[[float, tuple[float, ...]], bool]]] = {
    "mustBe": ("exactly {}", lambda found, limits: found == limits[0]),
    "mustNotBe": ("any number but {}", lambda found, limits: found != limits[0]),
    "mustBeGreaterThan": ("more than {}", lambda found, limits: found > limits[0]),
    "mustBeGreaterOrEqualTo": ("at least {}", lambda found, limits: found >= limits[0]),
    "mustBeLessThan": ("fewer than {}", lambda found, limits: found < limits[0]),
    "mustBeLessOrEqualTo": ("at most {}", lambda found, limits: found <= limits[0]),
    "mustBeBetween": ("{} to {}", lambda found, limits: limits[0] <= found <= limits[1]),
    "mustNotBeBetween": ("fewer than {} or more than {}", lambda found, limits: not limits[0] <= found <= limits[1]),
}
"""Each operator in words, and whether a number meets its limits."""


@dataclass(frozen=True)
class Allowed:
    """A number of rows, or with `percent` a share of the rows that a rule applies to."""

    operator: str
    limits: tuple[float, ...]
    percent: bool = False

    def holds(self, found: int, rows: int) -> bool:
        """Whether so many of the rows are allowed."""
        number = 100 * found / max(rows, 1) if self.percent else found
        return OPERATORS[self.operator][1](number, self.limits)

    @property
    def is_none(self) -> bool:
        """Whether not a single row is allowed, so that each one that breaks the rule is known to be wrong."""
        below = self.operator == "mustBeLessThan" and not self.percent and 0 < self.limits[0] <= 1
        return below or (self.operator in ("mustBe", "mustBeLessOrEqualTo") and self.limits[0] == 0)

    def __str__(self) -> str:
        words = OPERATORS[self.operator][0].format(*(f"{limit:g}" for limit in self.limits))
        return f"{words} %" if self.percent else words
