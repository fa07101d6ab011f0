"""Small charts as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from lakehouse.cycle.report_markup import Html, el
from lakehouse.cycle.summary import DatasetCount
from lakehouse.say import format_count

OUTCOMES = ("merged", "quarantined", "ignored", "held")
"""Where a landed row can end, in the order of the report; each is also a CSS class."""


def svg(width: float, height: float, title: str, *children: object, **marks: object) -> Html:
    """A drawing with a title for screen readers."""
    return el("svg", el("title", title), *children, viewBox=f"0 0 {width:g} {height:g}", role="img", **marks)


def rect(x: float, y: float, width: float, height: float, mark: str, title: str = "", radius: float = 0) -> Html:
    """A filled rectangle; its title, if any, shows on hover."""
    inner = el("title", title) if title else ""
    rounded = f"{radius:g}" if radius else None
    size = {
        "x": f"{x:.2f}",
        "y": f"{y:.2f}",
        "width": f"{width:.2f}",
        "height": f"{height:.2f}",
        "rx": rounded,
    }
    return el("rect", inner, **size, class_=mark)


def text(x: float, y: float, content: str, mark: str = "", anchor: str | None = None) -> Html:
    """A line of text at a point."""
    return el("text", content, x=f"{x:.1f}", y=f"{y:.1f}", class_=mark or None, text_anchor=anchor)


def shorten(content: str, most: int) -> str:
    """The text, cut to `most` characters."""
    return content if len(content) <= most else content[: most - 1] + "…"


def stack(count: DatasetCount, mark: str = "stack") -> Html:
    """The outcomes of the landed rows as one stacked bar; a small share stays visible."""
    parts = [(name, getattr(count, name)) for name in OUTCOMES if getattr(count, name)]
    widths = [max(1000 * rows / count.accounted, 4) for _, rows in parts]
    x, shapes = 0.0, []
    for (outcome, rows), width in zip(parts, widths, strict=True):
        share = width * 1000 / sum(widths)
        title = f"{format_count(rows, 'row')} {outcome}"
        shapes.append(rect(x, 0, max(share - (2 if x + share < 999 else 0), 1), 12, f"f-{outcome}", title))
        x += share
    title = ", ".join(f"{rows:,} {outcome}" for outcome, rows in parts) or "no rows"
    return svg(1000, 12, title, *shapes, class_=mark, preserveAspectRatio="none")


def bar(value: float, values: Iterable[float], mark: str = "f-new") -> Html:
    """A horizontal bar on a scale that all values share; the cell next to it has the number."""
    scale = [0.0, *values]
    low, span = min(scale), (max(scale) - min(scale)) or 1
    start, end = sorted((1000 * (0 - low) / span, 1000 * (value - low) / span))
    shapes = [rect(start, 1, max(end - start, 3 if value else 0), 9, "f-held" if value < 0 else mark)]
    return el("svg", *shapes, viewBox="0 0 1000 11", class_="bar", preserveAspectRatio="none", aria_hidden="true")


def columns(
    title: str, total: str, points: Sequence[tuple[str, float]], label: Callable[[float], str], mark: str
) -> Html:
    """A column chart: one column per point, a zero line, and round values on the axis.

    label: how a value is written on the axis and in a tooltip.
    """
    width, height, left, top = 480.0, 190.0, 56.0, 10.0
    ticks = round_values([value for _, value in points])
    low, high, floor = ticks[0], ticks[-1], height - 24

    def y(value: float) -> float:
        return top + (high - value) / (high - low) * (floor - top)

    step = (width - left) / len(points)
    shapes = [
        el("path", d=f"M{left:g} {y(tick):.1f}H{width:g}", class_="line zero" if tick == 0 else "line")
        for tick in ticks
    ]
    shapes += [text(left - 8, y(tick) + 4, label(tick), "soft small", "end") for tick in ticks]
    for place, (name, value) in enumerate(points):
        gap = max(min(step * 0.22, 8), step - 72)
        body = min(y(value), y(0)), abs(y(value) - y(0))
        x = left + place * step + gap / 2
        shapes.append(rect(x, body[0], step - gap, body[1], "f-held" if value < 0 else mark, f"{name}: {label(value)}"))
    every = -(-len(points) // 5)
    shapes += [
        text(left + (place + 0.5) * step, height - 5, name, "soft small", "middle")
        for place, (name, _) in enumerate(points)
        if place % every == 0 and (len(points) == 1 or left + (place + 0.5) * step < width - 14)
    ]
    description = f"{title} by time, {points[0][0]} to {points[-1][0]}; the table below has the numbers"
    caption = el("figcaption", el("b", title), el("span", total, class_="soft"))
    return el("figure", caption, svg(width, height, description, *shapes, class_="chart"))


def round_values(values: Sequence[float]) -> list[float]:
    """Three to six round values, zero among them, that enclose all values."""
    low, high = min(0.0, *values), max(0.0, *values)
    rough = Decimal((high - low) / 4 or 0.25)
    unit = Decimal(10) ** rough.adjusted()
    step = float(next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough))
    return (
        [step * place for place in range(-int(-low // step), int(-(-high // step)) + 1)] if low < high else [0.0, 1.0]
    )


def brief(value: float) -> str:
    """A number for an axis or a cell: `950`, `1.2k`, `3.4M`."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return f"{value / size:.3g}{letter}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")
