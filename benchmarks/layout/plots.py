"""Bars of the layout page, as SVG that follows the reader's light or dark theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.shared.svg import WIDTH, framed

NAMES, LINE = 290, 28
STYLE = """
text { fill: #16202b; font: 14px system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
.name { font-size: 16px; font-weight: 650; }
.soft { fill: #53616f; font-size: 13px; }
.paper { fill: #ffffff; stroke: #d9e0e7; }
.other { fill: #9fb2c6; } .ours { fill: #1f5fa8; }
.aim { stroke: #b4580a; stroke-width: 1.5; stroke-dasharray: 5 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e9eef3; } .soft { fill: #a3b0bd; } .paper { fill: #10161d; stroke: #2c3844; }
  .other { fill: #4d6074; } .ours { fill: #7cb5f5; } .aim { stroke: #eb9e52; }
}
"""


@dataclass(frozen=True)
class Bars:
    """One group of bars: a title, a figure by name, and the figure that is aimed at."""

    title: str
    figures: Sequence[tuple[str, float]]
    aim: float


def picture(said: str, groups: Sequence[Bars]) -> str:
    """Groups of bars below each other. said: what is read aloud in its place."""
    y, parts = 20, list[str]()
    for group in groups:
        parts.append(_group(group, y))
        y += 62 + LINE * len(group.figures)
    return framed(said, y, STYLE, parts)


def _group(group: Bars, y: int) -> str:
    room = WIDTH - NAMES - 90
    most = max([*(figure for _, figure in group.figures), group.aim])
    parts = [f'<text class="name" x="24" y="{y + 12}">{escape(group.title)}</text>']
    for place, (name, figure) in enumerate(group.figures):
        top = y + 30 + LINE * place
        kind, wide = "ours" if name.startswith("ours") else "other", figure / most * room
        parts.append(f'<text x="{NAMES - 10}" y="{top + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect class="{kind}" x="{NAMES}" y="{top}" width="{wide:.1f}" height="18" rx="2"/>')
        parts.append(f'<text class="soft" x="{WIDTH - 24}" y="{top + 14}" text-anchor="end">{figure:.2f}</text>')
    aim, bottom = NAMES + group.aim / most * room, y + 30 + LINE * len(group.figures)
    parts.append(f'<path class="aim" d="M{aim:.1f} {y + 24}V{bottom}"/>')
    parts.append(f'<text class="soft" x="{aim + 6:.1f}" y="{bottom + 4}">aim {group.aim:g}</text>')
    return "\n".join(parts)
