"""A heat map of a layout: for every day and store, how many files may contain it; one file everywhere is best."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from lakehouse.lake.table_files import TableFile
from lakehouse.layout.measure import may_hold, points_of

WIDTH, HEIGHT = 970, 520
LEFT, TOP, ACROSS, DOWN = 90, 70, 850, 380
MOST_COLUMNS, MOST_LINES, MOST_OUTLINES = 120, 60, 400
STEPS = ((0, "none"), (1, "1"), (2, "2"), (4, "3 to 4"), (8, "5 to 8"), (16, "9 to 16"), (None, "more"))
STYLE = """
text { fill: #16202b; font: 14px system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
.name { font-size: 16px; font-weight: 650; }
.soft { fill: #53616f; font-size: 13px; }
.paper { fill: #ffffff; }
.file { fill: none; stroke: #16202b; stroke-width: 0.6; opacity: 0.55; }
.s0 { fill: #f2f4f7; } .s1 { fill: #cfe3f5; } .s2 { fill: #94bfe6; } .s3 { fill: #f4cf8b; }
.s4 { fill: #e89a4c; } .s5 { fill: #cc5a3a; } .s6 { fill: #8c1f3c; }
@media (prefers-color-scheme: dark) {
  text { fill: #e9eef3; } .soft { fill: #a3b0bd; } .paper { fill: #10161d; } .file { stroke: #e9eef3; }
  .s0 { fill: #1a222b; } .s1 { fill: #1f4468; } .s2 { fill: #2f6ea6; } .s3 { fill: #8a6a2a; }
  .s4 { fill: #b9722c; } .s5 { fill: #d0583a; } .s6 { fill: #ef4d72; }
}
"""


def draw_layout(title: str, files: Sequence[TableFile], across: str = "dt", down: str = "store_id") -> str | None:
    """An SVG of days by stores, coloured by the number of files; None where no file has statistics of both."""
    columns, lines = _some(points_of(files, across), MOST_COLUMNS), _some(points_of(files, down), MOST_LINES)
    if not columns or not lines:
        return None
    by_column, by_line = may_hold(files, across, columns), may_hold(files, down, lines)
    held = by_line.astype(int).T @ by_column.astype(int)
    width, height = ACROSS / len(columns), DOWN / len(lines)
    cells = [
        f'<rect class="s{_step(int(number))}" x="{LEFT + x * width:.2f}" y="{TOP + y * height:.2f}" '
        f'width="{width + 0.3:.2f}" height="{height + 0.3:.2f}"/>'
        for y, row in enumerate(held)
        for x, number in enumerate(row)
    ]
    outlines = _outlines(by_column, by_line, width, height) if len(files) <= MOST_OUTLINES else []
    mean, most = float(held.mean()), int(held.max())
    about = f"{len(files)} files; of a day and a store {mean:.1f} on average, {most} at most"
    return "\n".join([*_frame(title, about, columns, lines), *cells, *outlines, *_legend(), "</svg>", ""])


def _some(values: list[Any], most: int) -> list[Any]:
    return values[:: -(-len(values) // most)] if values else values


def _step(number: int) -> int:
    return next(at for at, (limit, _) in enumerate(STEPS) if limit is None or number <= limit)


def _outlines(by_column: Any, by_line: Any, width: float, height: float) -> list[str]:
    """The ranges of the files."""
    outlines = []
    for x, y in zip(by_column, by_line, strict=True):
        over, under = np.flatnonzero(x), np.flatnonzero(y)
        if len(over) and len(under):
            outlines.append(
                f'<rect class="file" x="{LEFT + over[0] * width:.2f}" y="{TOP + under[0] * height:.2f}" '
                f'width="{(over[-1] - over[0] + 1) * width:.2f}" height="{(under[-1] - under[0] + 1) * height:.2f}"/>'
            )
    return outlines


def _frame(title: str, about: str, columns: Sequence[Any], lines: Sequence[Any]) -> list[str]:
    words = f"{title}: {about}"
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(words)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="name" x="{LEFT}" y="28">{escape(title)}</text>',
        f'<text class="soft" x="{LEFT}" y="50">{escape(about)}</text>',
        _soft(LEFT, TOP + DOWN + 18, columns[0], "start"),
        _soft(LEFT + ACROSS, TOP + DOWN + 18, columns[-1], "end"),
        _soft(LEFT - 8, TOP + 12, lines[0], "end"),
        _soft(LEFT - 8, TOP + DOWN, lines[-1], "end"),
    ]


def _soft(x: int, y: int, value: Any, anchor: str) -> str:
    return f'<text class="soft" x="{x}" y="{y}" text-anchor="{anchor}">{escape(str(value)[:10])}</text>'


def _legend() -> list[str]:
    marks = [f'<text class="soft" x="{LEFT}" y="{TOP + DOWN + 50}">files that may hold a day and store:</text>']
    for at, (_, words) in enumerate(STEPS):
        x, y = LEFT + 235 + at * 88, TOP + DOWN + 39
        marks.append(f'<rect class="s{at}" x="{x}" y="{y}" width="14" height="14"/>')
        marks.append(f'<text class="soft" x="{x + 20}" y="{y + 11}">{words}</text>')
    return marks
