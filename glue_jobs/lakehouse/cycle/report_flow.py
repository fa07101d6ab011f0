"""The row flow: how many rows went from each layer to the next, as a drawing, a list and a table."""

from __future__ import annotations

from lakehouse.contracts.marts import FACT, FACT_SOURCES
from lakehouse.cycle.report_charts import OUTCOMES, brief, rect, shorten, stack, svg, text
from lakehouse.cycle.report_markup import Html, el, folded, heads, join, name_cell, number, table
from lakehouse.cycle.summary import DatasetCount, RunSummary
from lakehouse.say import format_count


def flow(summary: RunSummary) -> Html:
    """The flow as a drawing for wide screens, as a list for narrow ones, and as a table."""
    return join([_flow_wide(summary), _flow_narrow(summary), _counts_table(summary)])


def _rows(rows: int) -> str:
    """A count, shortened to the space in the drawing; the table under it is exact."""
    return f"{rows:,}" if rows < 1_000_000 else brief(rows)


def _writes(count: DatasetCount) -> list[str]:
    """What the merges wrote, such as `570 inserted`."""
    return [f"{_rows(rows)} {what}" for what in ("inserted", "updated", "deleted") if (rows := getattr(count, what))]


def _ribbon(x1: float, y1: float, x2: float, y2: float, thick: float, mark: str) -> Html:
    """A curved band from x1 to x2; y1 and y2 are its upper edges."""
    middle = (x1 + x2) / 2
    upper = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
    low1, low2 = y1 + thick, y2 + thick
    back = f"V{low2:.1f}C{middle:.1f} {low2:.1f} {middle:.1f} {low1:.1f} {x1:.1f} {low1:.1f}Z"
    return el("path", d=upper + back, class_=f"ribbon {mark}")


def _lane(count: DatasetCount, y: float, thick: float) -> tuple[list[Html], float]:
    """The flow of one dataset from landing to silver, and the height that it needs."""
    edge, whole, middle = y + 24, max(count.accounted, 1), y + 24 + thick / 2
    name = el("text", el("title", count.dataset), shorten(count.dataset, 19), x=0, y=f"{middle - 2:.1f}", class_="b")
    shapes = [name, text(0, middle + 15, shorten(count.domain, 22), "soft small")]
    if not count.landed:
        line = el("path", d=f"M168 {middle:.1f}H714", class_="line dash")
        return [*shapes, line, text(176, middle - 9, "nothing new", "soft small")], 64
    shapes += [rect(168, edge, 7, thick, "f-new", radius=2), _ribbon(175, edge, 330, edge, thick, "f-bronze")]
    shapes += [
        text(182, edge - 8, f"{_rows(count.landed)} landed"),
        rect(330, edge, 7, thick, "f-bronze", radius=2),
    ]
    merged = max(thick * count.merged / whole, 2) if count.merged else 0
    if merged:
        shapes += [
            _ribbon(337, edge, 700, edge, merged, "f-merged"),
            text(444, edge - 8, f"{_rows(count.merged)} merged", "b"),
        ]
        shapes.append(rect(700, edge, 7, merged, "f-silver", radius=2))
    written = edge + merged + 18
    for written_rows in _writes(count):
        shapes.append(text(707, written, written_rows, "soft small", "end"))
        written += 16
    leaving, end = _leaving(count, edge + merged, edge + thick, thick / whole)
    return shapes + leaving, max(end, written - 12, edge + thick) + 18 - y


def _leaving(count: DatasetCount, edge: float, floor: float, scale: float) -> tuple[list[Html], float]:
    """The bands of the rows that do not reach silver, below those that do, and where the last band ends."""
    shapes: list[Html] = []
    low = floor + 8
    for outcome in OUTCOMES[1:]:
        if rows := getattr(count, outcome):
            part = max(rows * scale, 2)
            high = max(part, 8)
            shapes.append(_ribbon(337, edge, 430, low + (high - part) / 2, part, f"f-{outcome}"))
            shapes.append(rect(430, low, 7, high, f"f-{outcome}", radius=2))
            shapes.append(text(444, low + high / 2 + 4.5, f"{_rows(rows)} {outcome}"))
            edge, low = edge + part, low + high + 11
    return shapes, low - 11


def _flow_wide(summary: RunSummary) -> Html:
    most = max((count.landed for count in summary.datasets), default=0) or 1
    shapes, ends, y = _stages(), [], 34.0
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
        shapes.append(el("path", d=f"M712 {start:.1f}C800 {start:.1f} 790 {mart:.1f} 868 {mart:.1f}", class_=mark))
    total = summary.total
    description = f"{total.landed:,} rows landed: " + ", ".join(
        f"{getattr(total, outcome):,} {outcome}" for outcome in OUTCOMES
    )
    return svg(1080, bottom, description, *shapes, *_mart(mart, summary.fact_rows), class_="flow-wide")


def _stages() -> list[Html]:
    """The headings of the layers."""
    stages = ((168, "landing", "f-new"), (330, "bronze", "f-bronze"), (430, "validated", "f-merged"))
    last = ((700, "silver", "f-silver"), (868, "mart and views", "f-gold"))
    return [
        shape
        for x, stage, mark in (*stages, *last)
        for shape in (rect(x, 4, 7, 13, mark, radius=2), text(x + 14, 15, stage, "soft"))
    ]


def _mart(y: float, rows: int) -> list[Html]:
    """The mart, and the views that analysts query."""
    return [
        rect(868, y - 37, 211, 74, "box", radius=8),
        text(884, y - 5, FACT, "b"),
        text(884, y + 17, format_count(rows, "row")),
        el("path", d=f"M973 {y + 37:.1f}v40m-6 -8l6 8l6 -8", class_="way"),
        rect(868, y + 83, 211, 60, "box", radius=8),
        text(884, y + 109, "Athena views", "b"),
        text(884, y + 129, "what analysts query", "soft small"),
    ]


def _flow_narrow(summary: RunSummary) -> Html:
    lanes = []
    for count in summary.datasets:
        landed = f"{count.landed:,} landed" if count.landed else "nothing new"
        key = join(
            el("span", f"{rows:,} {outcome}", class_=outcome)
            for outcome in OUTCOMES
            if (rows := getattr(count, outcome))
        )
        writes = ", ".join(_writes(count))
        end = el("p", f"→ silver: {writes}", class_="soft") if writes else Html()
        top = el("div", el("h3", count.dataset), el("span", landed), class_="row")
        lanes.append(el("li", top, stack(count) if key else Html(), el("div", key, class_="key"), end))
    mart = el(
        "div",
        el("h3", FACT),
        el("span", format_count(summary.fact_rows, "row")),
        class_="row",
    )
    return el(
        "ol",
        *lanes,
        el("li", mart, el("p", "→ Athena views", class_="soft"), class_="end"),
        class_="flow-narrow",
    )


def _counts_table(summary: RunSummary) -> Html:
    names = ("landed", *OUTCOMES, "inserted", "updated", "deleted")

    def cells(count: DatasetCount) -> list[Html]:
        values = [number(f"{getattr(count, name):,}") for name in names]
        return [name_cell(count.dataset), *values, number("yes" if count.balanced else "no")]

    rows = [cells(count) for count in summary.datasets]
    return folded("The same as a table", table(heads("dataset", *names, "balanced"), rows, cells(summary.total)))
