"""Draws `docs/lineage.svg` from the events that a lineage server received for two deliveries.

`make test-lineage` keeps the events; then `python -m tools.pictures.draw_lineage .cache/lineage/events.json`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools.pictures.draw_flow import STYLE, box, words

WIDTH, ROW, TOP = 1180, 44, 84
# Per layer: which dataset names belong to it, its heading, its colour, and its place in the picture.
COLUMNS = (
    (re.compile(r"raw/"), "landing", "blue", 20, 150),
    (re.compile(r"curated/bronze/"), "bronze", "bronze", 225, 130),
    (re.compile(r"curated/quarantine/"), "quarantine", "bad", 410, 130),
    (re.compile(r"curated/silver/"), "silver", "silver", 595, 130),
    (re.compile(r"curated/(marts|ops)/"), "marts and records", "gold", 780, 170),
    (re.compile(r"curated/analytics/"), "views", "green", 1000, 160),
)
Edge = tuple[str, str]


def edges_of(events: Iterable[Mapping[str, Any]]) -> set[Edge]:
    """Each pair of datasets that an event read and wrote; several deliveries of one file count as one."""
    found = set()
    for event in events:
        for read in event.get("inputs", ()):
            for written in event.get("outputs", ()):
                found.add((_name(read), _name(written)))
    return {(start, end) for start, end in found if start != end and _column(start) and _column(end)}


def _name(place: Mapping[str, str]) -> str:
    """The short name of a dataset; a view has two, one from Airflow for Athena and one from the local publish."""
    if place["namespace"].startswith("awsathena:"):
        return f"curated/analytics/{place['name'].rsplit('.', 1)[-1]}"
    return re.sub(r"^(raw/\w+)/\w+/", r"\1/", place["name"])


def _column(name: str) -> tuple[Any, ...] | None:
    return next((column for column in COLUMNS if column[0].match(name)), None)


def draw(edges: set[Edge]) -> str:
    """The picture: a column per layer, a line per edge."""
    places = {place for edge in edges for place in edge}
    spots: dict[str, tuple[float, float, float]] = {}
    boxes, deepest = [], 0
    for column in COLUMNS:
        pattern, title, medal, x, width = column
        own = sorted((place for place in places if pattern.match(place)), key=lambda name: name.rsplit("/", 1)[-1])
        deepest = max(deepest, len(own))
        # Quarantine is lower, so that the lines from bronze to silver stay visible.
        first = 4 if title == "quarantine" else 0
        boxes.append(words(x + width / 2, TOP - 28 + ROW * first + (24 if first else 0), title, "name"))
        for number, place in enumerate(own, first):
            y = TOP + ROW * number + (16 if first else 0)
            spots[place] = (x, y + 15, width)
            cap = f'<rect class="cap-{medal}" x="{x}" y="{y}" width="5" height="30" rx="2"/>'
            boxes.append(box(x, y, width, 30, "card", 4) + cap + words(x + 13, y + 19, _label(place), "mono", "start"))
    height = TOP + ROW * deepest + 36
    lines = [_line(spots[start], spots[end]) for start, end in sorted(edges)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
    title = 'aria-label="Lineage of two deliveries, from landing files to views">'
    style = STYLE.replace(".mono { font: 13px", ".mono { font: 11px")
    paper = box(0.5, 0.5, WIDTH - 1, height - 1, "paper", 14)
    caption = words(20, 26, "Drawn from the OpenLineage events of two deliveries", "soft", "start")
    return f"{head}{title}<style>{style}</style>{paper}{caption}{''.join(lines)}{''.join(boxes)}</svg>\n"


def _label(place: str) -> str:
    return place.rsplit("/", 1)[-1]


def _line(start: tuple[float, float, float], end: tuple[float, float, float]) -> str:
    x1, y1, width = start
    x2, y2, _ = end
    x1, middle = x1 + width, (x1 + width + x2) / 2
    bend = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    return f'<path class="way" style="stroke-width:1.2;opacity:.6" d="{bend}"/>'


def main(file: str) -> None:
    """Draw the events of a file."""
    events = json.loads(Path(file).read_text(encoding="utf-8"))
    (Path(__file__).parents[2] / "docs" / "lineage.svg").write_text(draw(edges_of(events)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
