"""Diagrams as shapes, which one template turns into SVG: the row flow of a run and the lineage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rect:
    """A rectangle. mark: its CSS classes. title: what shows on hover."""

    x: float
    y: float
    width: float
    height: float
    mark: str
    title: str = ""
    radius: float = 0
    kind: str = "rect"


@dataclass(frozen=True)
class Path:
    """A line or a band; d as SVG has it."""

    d: str
    mark: str
    kind: str = "path"


@dataclass(frozen=True)
class Words:
    """A line of text at a point. title: the whole of a text that was cut."""

    x: float
    y: float
    content: str
    mark: str = ""
    anchor: str = "start"
    title: str = ""
    link: str = ""
    kind: str = "words"


Shape = Rect | Path | Words


@dataclass(frozen=True)
class Drawing:
    """Shapes on a sheet. said: what is read aloud in place of the picture."""

    width: float
    height: float
    said: str
    shapes: tuple[Shape, ...]


def shorten(content: str, most: int) -> str:
    """The text, cut to `most` characters."""
    return content if len(content) <= most else content[: most - 1] + "…"


def curve(x1: float, y1: float, x2: float, y2: float, mark: str) -> Path:
    """A line that leaves and arrives level."""
    middle = (x1 + x2) / 2
    return Path(f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", mark)


def ribbon(x1: float, y1: float, x2: float, y2: float, thick: float, mark: str) -> Path:
    """A curved band from x1 to x2; y1 and y2 are its upper edges."""
    upper, lower = curve(x1, y1, x2, y2, ""), curve(x2, y2 + thick, x1, y1 + thick, "")
    return Path(f"{upper.d}V{y2 + thick:.1f}{lower.d[lower.d.index('C') :]}Z", f"ribbon {mark}")
