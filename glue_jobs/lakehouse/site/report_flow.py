"""The row flow: how many rows went from each layer to the next, as a drawing for wide screens."""

from __future__ import annotations

from lakehouse.contracts.marts import FACT, FACT_SOURCES
from lakehouse.cycle.summary import DatasetCount, RunSummary
from lakehouse.say import format_count
from lakehouse.site.charts import brief
from lakehouse.site.drawing import Drawing, Path, Rect, Shape, Words, ribbon, shorten

OUTCOMES = ("merged", "quarantined", "ignored", "held")
"""Where a landed row can end, in the order of the report; each is also a colour."""


def writes(count: DatasetCount) -> list[str]:
    """What the merges wrote, such as `570 inserted`."""
    return [f"{_rows(rows)} {what}" for what in ("inserted", "updated", "deleted") if (rows := getattr(count, what))]


def _rows(rows: int) -> str:
    """A count, shortened to the space in the drawing; the table under it is exact."""
    return f"{rows:,}" if rows < 1_000_000 else brief(rows)


def flow(summary: RunSummary) -> Drawing:
    """A lane for each dataset, from landing to silver, and lines from there to the mart that reads it."""
    most = max((count.landed for count in summary.datasets), default=0) or 1
    shapes, ends, y = _stages(), list[tuple[float, str]](), 34.0
    for count in summary.datasets:
        thick = 10 + 22 * (count.landed / most) ** 0.5
        lane, height = _lane(count, y, thick)
        shapes += lane
        merged = max(thick * count.merged / max(count.accounted, 1), 2) if count.landed else thick
        if count.dataset in FACT_SOURCES and (count.merged or not count.landed):
            ends.append((y + 24 + merged / 2, "way" if count.merged else "line dash"))
        y += height
    bottom = max(y, 250)
    mart = 34 + (bottom - 34) / 2 - 45
    for start, mark in ends:
        shapes.append(Path(f"M712 {start:.1f}C800 {start:.1f} 790 {mart:.1f} 868 {mart:.1f}", mark))
    total = summary.total
    outcomes = ", ".join(f"{getattr(total, outcome):,} {outcome}" for outcome in OUTCOMES)
    said = f"{total.landed:,} rows landed: {outcomes}"
    return Drawing(1080, bottom, said, (*shapes, *_mart(mart, summary.fact_rows)))


def _stages() -> list[Shape]:
    """The headings of the layers."""
    stages = ((168, "landing", "new"), (330, "bronze", "bronze"), (430, "validated", "merged"))
    last = ((700, "silver", "silver"), (868, "mart and views", "gold"))
    return [
        shape
        for x, stage, mark in (*stages, *last)
        for shape in (Rect(x, 4, 7, 13, f"f-{mark}", radius=2), Words(x + 14, 15, stage, "soft"))
    ]


def _lane(count: DatasetCount, y: float, thick: float) -> tuple[list[Shape], float]:
    """The flow of one dataset from landing to silver, and the height that it needs."""
    edge, whole, middle = y + 24, max(count.accounted, 1), y + 24 + thick / 2
    name = Words(0, middle - 2, shorten(count.dataset, 19), "b", title=count.dataset)
    shapes: list[Shape] = [name, Words(0, middle + 15, shorten(count.domain, 22), "soft small")]
    if not count.landed:
        line = Path(f"M168 {middle:.1f}H714", "line dash")
        return [*shapes, line, Words(176, middle - 9, "nothing new", "soft small")], 64
    shapes += [
        Rect(168, edge, 7, thick, "f-new", radius=2),
        ribbon(175, edge, 330, edge, thick, "f-bronze"),
        Words(182, edge - 8, f"{_rows(count.landed)} landed"),
        Rect(330, edge, 7, thick, "f-bronze", radius=2),
    ]
    merged = max(thick * count.merged / whole, 2) if count.merged else 0
    if merged:
        shapes += [
            ribbon(337, edge, 700, edge, merged, "f-merged"),
            Words(444, edge - 8, f"{_rows(count.merged)} merged", "b"),
            Rect(700, edge, 7, merged, "f-silver", radius=2),
        ]
    written = edge + merged + 18
    for written_rows in writes(count):
        shapes.append(Words(707, written, written_rows, "soft small", "end"))
        written += 16
    leaving, end = _leaving(count, edge + merged, edge + thick, thick / whole)
    return shapes + leaving, max(end, written - 12, edge + thick) + 18 - y


def _leaving(count: DatasetCount, edge: float, floor: float, scale: float) -> tuple[list[Shape], float]:
    """The bands of the rows that do not reach silver, below those that do, and where the last band ends."""
    shapes: list[Shape] = []
    low = floor + 8
    for outcome in OUTCOMES[1:]:
        if rows := getattr(count, outcome):
            part = max(rows * scale, 2)
            high = max(part, 8)
            shapes.append(ribbon(337, edge, 430, low + (high - part) / 2, part, f"f-{outcome}"))
            shapes.append(Rect(430, low, 7, high, f"f-{outcome}", radius=2))
            shapes.append(Words(444, low + high / 2 + 4.5, f"{_rows(rows)} {outcome}"))
            edge, low = edge + part, low + high + 11
    return shapes, low - 11


def _mart(y: float, rows: int) -> list[Shape]:
    """The mart, and the views that analysts query."""
    return [
        Rect(868, y - 37, 211, 74, "box", radius=8),
        Words(884, y - 5, FACT, "b"),
        Words(884, y + 17, format_count(rows, "row")),
        Path(f"M973 {y + 37:.1f}v40m-6 -8l6 8l6 -8", "way"),
        Rect(868, y + 83, 211, 60, "box", radius=8),
        Words(884, y + 109, "Athena views", "b"),
        Words(884, y + 129, "what analysts query", "soft small"),
    ]
