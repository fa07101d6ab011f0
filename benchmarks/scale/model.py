"""The model: each figure is a line over what it grows with, drawn through two sizes and checked at a third."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

STORES, YEARS, TB_A_DAY = 10_000, 5, 1.0
"""What the model is read at; a store delivers one file a day."""
FILES = STORES * 365 * YEARS
DRIVER_MEMORY = 16 << 30
"""Of a Glue worker G.1X, by its documentation; the driver has one."""
LISTED = 1000
"""Keys that S3 lists in one request, by its documentation."""
CORES_PER_DPU = 4


@dataclass(frozen=True)
class Line:
    """fixed + slope * x."""

    fixed: float
    slope: float

    def at(self, x: float) -> float:
        """The figure at x; a fixed part below zero is noise."""
        return max(self.fixed, 0.0) + self.slope * x


@dataclass(frozen=True)
class Checked:
    """A line through the first two points, and how far it lies from the third: 0.1 is a tenth above the measured."""

    line: Line
    measured: float
    error: float
    until: float


def checked(points: Sequence[tuple[float, float]]) -> Checked:
    """The model of three points, the third of which it has not seen."""
    (x1, y1), (x2, y2), (x3, y3) = sorted(points)
    slope = max((y2 - y1) / (x2 - x1), 0.0)  # a figure that is smaller at more is noise
    line = Line(y1 - slope * x1, slope)
    return Checked(line, y3, line.at(x3) / y3 - 1, x3)


def files_until(memory: Line, limit: float = DRIVER_MEMORY) -> float:
    """So many known files fill the driver's memory."""
    return (limit - max(memory.fixed, 0.0)) / memory.slope
