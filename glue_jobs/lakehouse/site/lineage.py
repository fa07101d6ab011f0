"""The lineage from landing to view: which table is made from which, as a graph and as a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.layers import ANALYTICS, BRONZE, MARTS, OPS, SILVER
from lakehouse.contracts.mart_graph import Mart
from lakehouse.publish.views import View
from lakehouse.site.drawing import Drawing, Path, Rect, Shape, Words, curve, shorten

LANDING = "landing"
COLUMNS = {
    LANDING: "new", BRONZE: "bronze", SILVER: "silver", OPS: "ignored", MARTS: "gold", ANALYTICS: "merged",
}  # fmt: skip
"""The layers in their order, each with its colour; records of runs lie between silver and the marts."""
_STACKED = {OPS: SILVER}
"""A layer that stands below another one."""
_WIDE, _ROW, _TOP, _BOX = 1180, 34, 46, 178

Edge = tuple[str, str]


@dataclass(frozen=True)
class Lineage:
    """Tables and views as layer.name, and which is read to make which."""

    nodes: tuple[str, ...]
    edges: tuple[Edge, ...]

    def reads(self, name: str) -> list[str]:
        """What one is made from."""
        return [start for start, end in self.edges if end == name]

    def read_by(self, name: str) -> list[str]:
        """What is made from one."""
        return [end for start, end in self.edges if start == name]

    def reached(self, name: str) -> list[str]:
        """All that is made from one, directly or not."""
        found: dict[str, None] = {}
        todo = self.read_by(name)
        while todo:
            one = todo.pop(0)
            if one not in found:
                found[one] = None
                todo += self.read_by(one)
        return list(found)


def lineage_of(contracts: Contracts, marts: Sequence[Mart], views: Sequence[View]) -> Lineage:
    """The lineage as contracts, models and views declare it."""
    edges: list[Edge] = []
    for dataset in contracts.datasets:
        name = dataset.name
        edges += [(f"{LANDING}.{name}", f"{BRONZE}.{name}"), (f"{BRONZE}.{name}", f"{SILVER}.{name}")]
    edges += [(read, mart.full_name) for mart in marts for read in mart.reads]
    edges += [(read, f"{ANALYTICS}.{view.name}") for view in views for read in view.reads]
    nodes = dict.fromkeys(name for edge in edges for name in edge)
    return Lineage(tuple(nodes), tuple(dict.fromkeys(edges)))


def layer_of(name: str) -> str:
    """The layer of a table or view."""
    return name.partition(".")[0]


def draw(lineage: Lineage, links: Mapping[str, str], titles: Mapping[str, str]) -> Drawing:
    """A column for each layer, a line for each reading; links: the page of a table, where it has one."""
    places = _places(lineage)
    bottom = max((y for _, y in places.values()), default=0) + _ROW
    shapes: list[Shape] = []
    for layer, column in _columns().items():
        if layer not in _STACKED:
            x = _across(column)
            shapes += [Rect(x, 6, 7, 13, f"f-{COLUMNS[layer]}", radius=2)]
            shapes += [Words(x + 14, 17, titles.get(layer, layer), "soft")]
    for start, end in lineage.edges:
        (x1, y1), (x2, y2) = places[start], places[end]
        shapes.append(_line(x1, y1, x2, y2))
    for name, (x, y) in places.items():
        own = name.partition(".")[2]
        shapes.append(Rect(x, y - 13, _BOX, 26, f"node n-{COLUMNS[layer_of(name)]}", name, 5))
        shapes.append(Words(x + 10, y + 4.5, shorten(own, 23), "", title=name, link=links.get(name, "")))
    said = f"{len(lineage.nodes)} tables and views, from landing to the views that analysts query"
    return Drawing(_WIDE, bottom, said, tuple(shapes))


def _line(x1: float, y1: float, x2: float, y2: float) -> Shape:
    """From the right side of one to the left of the other; within a column, round its left side."""
    if x1 == x2:
        return Path(f"M{x1:.1f} {y1:.1f}C{x1 - 40:.1f} {y1:.1f} {x2 - 40:.1f} {y2:.1f} {x2:.1f} {y2:.1f}", "edge")
    return curve(x1 + _BOX, y1, x2, y2, "edge")


def _columns() -> dict[str, int]:
    shown = [layer for layer in COLUMNS if layer not in _STACKED]
    return {layer: shown.index(_STACKED.get(layer, layer)) for layer in COLUMNS}


def _across(column: int) -> float:
    return 1 + column * (_WIDE - _BOX - 2) / (len(COLUMNS) - len(_STACKED) - 1)


def _places(lineage: Lineage) -> dict[str, tuple[float, float]]:
    """Where each stands: as high as what it is made from on average, no two in one place."""
    places: dict[str, tuple[float, float]] = {}
    columns = _columns()
    for layer in (LANDING, BRONZE, SILVER, OPS, MARTS, ANALYTICS):
        own = [name for name in lineage.nodes if layer_of(name) == layer]
        taken = max((y for x, y in places.values() if x == _across(columns[layer])), default=None)
        y = _TOP if taken is None else taken + 2 * _ROW
        for is_above in (False, True):  # what reads another of its own layer stands below it
            part = [one for one in own if is_above == any(layer_of(read) == layer for read in lineage.reads(one))]
            for name in sorted(part, key=lambda one: (_height(lineage.reads(one), places), one)):
                places[name] = (_across(columns[layer]), y)
                y += _ROW
    return _centred(places)


def _height(reads: Iterable[str], places: Mapping[str, tuple[float, float]]) -> float:
    found = [places[name][1] for name in reads if name in places]
    return sum(found) / len(found) if found else 0.0


def _centred(places: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Each column spread over the height of the longest."""
    longest = max((y for _, y in places.values()), default=0.0)
    last: dict[float, float] = {}
    for x, y in places.values():
        last[x] = max(y, last.get(x, 0.0))
    stretch = {x: (longest - _TOP) / (y - _TOP) if y > _TOP else 1.0 for x, y in last.items()}
    return {name: (x, _TOP + (y - _TOP) * min(stretch[x], 2.2)) for name, (x, y) in places.items()}
