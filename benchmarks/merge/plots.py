"""The plots of the page: lines over logarithmic axes, as SVG that follows the reader's light or dark theme."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.merge.names import (
    COPY_ON_WRITE,
    DELETION_VECTORS,
    DELTA_RS,
    DUCKDB,
    LITERALS,
    ON_KEY,
    ON_KEY_AND_DAY,
    OURS,
)
from benchmarks.merge.results import Results, Run
from benchmarks.shared.spread import Spread, spread
from benchmarks.shared.svg import framed

HEIGHT = 440
TOP, BOTTOM, PANEL = 62, 330, 375
LEFTS = (70, 560)
MARKS = {
    OURS: "a",
    COPY_ON_WRITE: "a",
    ON_KEY: "b",
    DELETION_VECTORS: "b",
    ON_KEY_AND_DAY: "c",
    LITERALS: "d",
    DELTA_RS: "e",
    DUCKDB: "f",
}
STYLE = """
svg { --paper: #ffffff; --edge: #d9e0e7; --ink: #16202b; --soft: #53616f;
  --a: #1f5fa8; --b: #b4580a; --c: #8a4f9e; --d: #748293; --e: #0b7a66; --f: #a97c12; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #10161d; --edge: #2c3844; --ink: #e9eef3; --soft: #a3b0bd;
    --a: #7cb5f5; --b: #eb9e52; --c: #c99bdb; --d: #b0bcc9; --e: #45bda4; --f: #dfb950; }
}
text { fill: var(--ink);
  font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
.name { font-size: 16px; font-weight: 650; }
.soft { fill: var(--soft); font-size: 13px; }
.paper { fill: var(--paper); stroke: var(--edge); }
.grid { stroke: var(--edge); }
.line { fill: none; stroke-width: 2; }
.range { stroke-width: 1.5; }
.a { stroke: var(--a); } .b { stroke: var(--b); } .c { stroke: var(--c); }
.d { stroke: var(--d); } .e { stroke: var(--e); } .f { stroke: var(--f); }
.line.a { stroke-width: 6; } .line.b { stroke-dasharray: 9 3; } .line.c { stroke-dasharray: 2 3; }
.line.d { stroke-dasharray: 7 3 2 3; } .line.f { stroke-dasharray: 12 3 2 3 2 3; }
circle { fill: var(--paper); stroke-width: 2; }
"""

Points = Sequence[tuple[float, Spread]]


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis: values from low to high lie between two places."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value."""
        share = (math.log(value) - math.log(self.low)) / ((math.log(self.high) - math.log(self.low)) or 1)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values on the axis: 1, 2 and 5 of each power of ten, or the powers alone when it spans many."""
        parts = (1, 2, 5) if self.high / self.low < 300 else (1,)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        return [part * 10.0**power for power in powers for part in parts if self.low <= part * 10.0**power <= self.high]


@dataclass(frozen=True)
class Panel:
    """One diagram: what it shows, the unit after a size, and the lines by engine."""

    title: str
    unit: str
    lines: dict[str, Points]


def panel_of(results: Results, title: str, unit: str, figure: Callable[[Run], float | None]) -> Panel:
    """The medians of a figure by size, a line an engine; values that are not reported or nothing have no place."""
    lines: dict[str, Points] = {}
    for engine in results.engines:
        found = ((size, spread(figure(run) for run in results.of(engine, size))) for size in results.sizes)
        points = [(size, values) for size, values in found if values is not None and values.low > 0]
        if points:
            lines[engine] = points
    return Panel(title, unit, lines)


def picture(said: str, panels: Sequence[Panel]) -> str:
    """Two diagrams side by side over one legend. said: what is read aloud in its place."""
    engines = list(dict.fromkeys(engine for panel in panels for engine in panel.lines))
    parts = (
        *[_panel(panel, left) for panel, left in zip(panels, LEFTS, strict=True)],
        *[_legend(place, engine) for place, engine in enumerate(engines)],
    )
    return framed(said, HEIGHT, STYLE, parts)


def _panel(panel: Panel, left: float) -> str:
    points = [point for line in panel.lines.values() for point in line]
    if not points:
        return _text(left, TOP, f"{panel.title}: not measured yet", "name", "start")
    sizes = sorted({size for size, _ in points})
    low, high = min(values.low for _, values in points), max(values.high for _, values in points)
    across = Axis(sizes[0], sizes[-1], left + 20, left + PANEL - 20)
    up = Axis(low / 1.3, high * 1.3, BOTTOM, TOP)
    # Ours lies as a broad band under the others, the whole line of delta-rs under the broken ones: all stay visible.
    order = sorted(panel.lines, key=lambda engine: "aefdcb".index(MARKS[engine]))
    lines = (_line(panel.lines[engine], MARKS[engine], across, up) for engine in order)
    return "\n".join(
        [_text(left, TOP - 22, panel.title, "name", "start"), _grid(panel, left, sizes, across, up), *lines]
    )


def _grid(panel: Panel, left: float, sizes: Sequence[float], across: Axis, up: Axis) -> str:
    rows = "".join(
        f'<path class="grid" d="M{left} {up.at(tick):.1f}h{PANEL}"/>'
        + _text(left - 8, up.at(tick) + 4, f"{tick:,g}", "soft", "end")
        for tick in up.ticks()
    )
    labels = "".join(_text(across.at(size), BOTTOM + 20, f"{size:g}{panel.unit}", "soft") for size in sizes)
    return rows + labels


def _line(points: Points, mark: str, across: Axis, up: Axis) -> str:
    """A line through the medians; the bars go from the smallest to the greatest value."""
    places = [(across.at(size), values) for size, values in points]
    road = "L".join(f"{x:.1f} {up.at(values.median):.1f}" for x, values in places)
    bars = "".join(f"M{x:.1f} {up.at(values.low):.1f}V{up.at(values.high):.1f}" for x, values in places)
    dots = "".join(f'<circle class="{mark}" cx="{x:.1f}" cy="{up.at(v.median):.1f}" r="4"/>' for x, v in places)
    return f'<path class="range {mark}" d="{bars}"/><path class="line {mark}" d="M{road}"/>{dots}'


def _legend(place: int, engine: str) -> str:
    x, y = LEFTS[0] + 290 * (place % 3), BOTTOM + 58 + 26 * (place // 3)
    line = f'<path class="line {MARKS[engine]}" d="M{x} {y}h44"/>'
    return line + _text(x + 54, y + 5, engine, "", "start")


def _text(x: float, y: float, words: str, kind: str, anchor: str = "middle") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
