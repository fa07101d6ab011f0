"""The pictures of the page: seconds over size with the model's line, on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.scale.model import Checked
from benchmarks.shared.svg import WIDTH, framed

LEFT, RIGHT, TOP, HEIGHT = 90, 250, 60, 420
STYLE = """
text { fill: #16202b; font: 14px system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
.soft { fill: #53616f; font-size: 13px; } .name { font-size: 16px; font-weight: 650; }
.paper { fill: #ffffff; stroke: #d9e0e7; } .grid { stroke: #d9e0e7; } .line { stroke-width: 2; fill: none; }
.far { stroke-dasharray: 6 4; } .limit { stroke: #b4580a; stroke-width: 1.5; stroke-dasharray: 5 3; }
.c0 { stroke: #1f5fa8; fill: #1f5fa8; } .c1 { stroke: #2a7f62; fill: #2a7f62; }
.c2 { stroke: #8a4fa3; fill: #8a4fa3; } .c3 { stroke: #53616f; fill: #53616f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e9eef3; } .soft { fill: #a3b0bd; } .paper { fill: #10161d; stroke: #2c3844; } .grid { stroke: #2c3844; }
}
"""

Points = Sequence[tuple[float, float]]


def picture(
    said: str, title: str, lines: Mapping[str, tuple[Points, Checked]], until: float, limit: tuple[str, float]
) -> str:
    """Points that were measured, and each model's line to where it is read. limit: a name and the height of it."""
    xs = [x for points, _ in lines.values() for x, _ in points] + [until]
    ys = [y for points, model in lines.values() for y in (*(y for _, y in points), model.line.at(until))] + [limit[1]]
    across, up = _scale(xs, LEFT, WIDTH - RIGHT), _scale(ys, HEIGHT, TOP)
    parts = [f'<text class="name" x="24" y="34">{escape(title)}</text>']
    for x in _tens(xs):
        parts.append(f'<path class="grid" d="M{across(x):.1f} {TOP}V{HEIGHT}"/>')
        parts.append(f'<text class="soft" x="{across(x):.1f}" y="{HEIGHT + 20}" text-anchor="middle">{x:,.0f}</text>')
    for y in _tens(ys):
        parts.append(f'<path class="grid" d="M{LEFT} {up(y):.1f}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="soft" x="{LEFT - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{y:,g}</text>')
    parts.append(f'<path class="limit" d="M{LEFT} {up(limit[1]):.1f}H{WIDTH - RIGHT}"/>')
    parts.append(f'<text class="soft" x="{LEFT + 6}" y="{up(limit[1]) - 6:.1f}">{escape(limit[0])}</text>')
    for place, (name, (points, model)) in enumerate(lines.items()):
        colour, last = f"c{place % 4}", max(x for x, _ in points)
        dots = [f'<circle class="{colour}" cx="{across(x):.1f}" cy="{up(y):.1f}" r="4"/>' for x, y in points]
        parts += [*dots, _path(model, min(x for x, _ in points), last, across, up, f"line {colour}")]
        parts.append(_path(model, last, until, across, up, f"line far {colour}"))
        end = up(model.line.at(until))
        parts.append(f'<text x="{WIDTH - RIGHT + 8}" y="{end + 4:.1f}">{escape(name)}</text>')
    return framed(said, HEIGHT + 40, STYLE, parts)


def _path(model, first, last, across, up, kind) -> str:  # type: ignore[no-untyped-def]
    steps = [first * (last / first) ** (at / 40) for at in range(41)]
    d = "L".join(f"{across(x):.1f} {up(model.line.at(x)):.1f}" for x in steps)
    return f'<path class="{kind}" style="fill:none" d="M{d}"/>'


def _scale(values: Sequence[float], low: float, high: float):  # type: ignore[no-untyped-def]
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return lambda value: low + (math.log10(value) - first) / (last - first) * (high - low)


def _tens(values: Sequence[float]) -> list[float]:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return [10.0**power for power in range(first, last + 1)]
