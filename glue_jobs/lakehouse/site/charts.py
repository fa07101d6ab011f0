"""Charts as static SVG by leather, which agate and with it dbt bring along; colours are those of the page's theme."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import leather
from leather import theme
from markupsafe import Markup, escape

from lakehouse.say import visible

WIDTH, HEIGHT = 480, 190
MOST_LABELS = 5
LEAST_PLACES = 8

_LONG = re.compile(r"-?\d+\.\d+(?:E-?\d+)?")

Label = Callable[[float], str]

# One theme for all charts: leather reads it from its module when it draws.
theme.margin = 0.02
theme.background_color = "none"
theme.label_color = "var(--soft)"
theme.tick_color, theme.zero_color = "var(--line)", "var(--soft)"
theme.tick_font_family = "inherit"
theme.tick_font_size, theme.tick_font_char_height, theme.tick_font_char_width = 12, 12, 7
theme.tick_size = 3
theme.legend_font_char_height = theme.legend_gap = 0  # the page writes the legend


@dataclass(frozen=True)
class Layer:
    """Columns of one colour, which stand on those of the layers after it. mark: a colour of the style sheet."""

    mark: str
    values: Sequence[float]
    name: str = ""


class _Titled(leather.Columns):  # type: ignore[misc]
    """Columns that say on hover what they are."""

    def __init__(self, colour: Callable[[Any], str], titles: Sequence[str]) -> None:
        super().__init__(colour)
        self._titles = titles

    def to_svg(self, *args: Any) -> Any:
        group = super().to_svg(*args)
        for column, title in zip(group, self._titles, strict=True):
            ET.SubElement(column, "title").text = title
        return group


def columns(said: str, names: Sequence[str], layers: Sequence[Layer], label: Label) -> Markup:
    """A column for each name, its layers one on the other, the last at the bottom; round values on the axis.

    label: how a value is written on the axis and on hover. said: what is read aloud in place of the picture.
    """
    chart = leather.Chart()
    totals = [[sum(layer.values[place] for layer in layers[first:]) for place in range(len(names))]
              for first in range(len(layers))]  # fmt: skip
    ticks = round_values([value for total in totals for value in total])
    # A place more than there are names keeps a single column from being as wide as the page.
    places = [f"{place:05d}" for place in range(max(len(names), LEAST_PLACES))]
    for layer, total in zip(layers, totals, strict=True):
        shape = _Titled(_colour(layer.mark), [_title(layer, name, value, label)
                                              for name, value in zip(names, layer.values, strict=True)])  # fmt: skip
        chart.add_series(leather.Series(list(itertools.zip_longest(places, total))), shape)
    every = -(-len(names) // MOST_LABELS)
    shown = places[: len(names) : every]
    chart.add_x_axis(ticks=shown, tick_formatter=lambda place, *_: visible(names[int(place)]))
    chart.add_y_scale(ticks[0], ticks[-1])
    chart.add_y_axis(ticks=ticks, tick_formatter=lambda value, *_: label(value))
    return _svg(said, chart)


def _title(layer: Layer, name: str, value: float, label: Label) -> str:
    return visible(f"{name}: {label(value)}" + (f" {layer.name}" if layer.name else ""))


def _colour(mark: str) -> Callable[[Any], str]:
    return lambda datum: "var(--held)" if datum.y < 0 else f"var(--{mark})"


def _svg(said: str, chart: leather.Chart) -> Markup:
    """The chart as wide as its place on the page."""
    group = chart.to_svg_group(WIDTH, HEIGHT)
    group.find("g/g").clear()  # title and legend
    for element in group.iter():
        for name, value in element.attrib.items():
            element.set(name, _LONG.sub(lambda found: f"{float(found[0]):.1f}", value))
    drawn = ET.tostring(group, encoding="unicode")
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{escape(visible(said))}</title>'
    return Markup(f"{head}{drawn}</svg>")


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
