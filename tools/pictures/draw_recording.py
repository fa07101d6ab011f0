"""Draws `docs/recording.svg`, a terminal whose lines come one by one: `python -m tools.pictures.draw_recording`.

It shows console blocks of the tutorial, whose commands a test runs and whose output it compares; another test keeps the
file equal to the drawing.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
FILE = DOCS / "recording.svg"
SCENES = (("tutorial/1-first-run.md", 0), ("tutorial/2-late-and-corrected.md", 1))
"""Page, and number of its console block."""
WIDTH, LINE, LEFT, TOP = 860, 19, 22, 54
PAUSE, STEP = 1.4, 0.12
"""Seconds before the output of a command, and between two lines."""
STYLE = """
svg { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.window { fill: #10161d; stroke: #2c3844; } .bar { fill: #1a222b; } .dot { fill: #3a4856; }
text { fill: #d7dee6; white-space: pre; } .command { fill: #7cb5f5; } .sum { fill: #45bda4; }
@media (prefers-reduced-motion: no-preference) {
  .line { opacity: 0; animation: come 0.01s linear forwards; }
  @keyframes come { to { opacity: 1; } }
}
"""


def blocks(page: str) -> list[str]:
    """The console blocks of a page of docs/."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```console\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def shown() -> list[str]:
    """The lines of all scenes; what stands for any output is left out."""
    lines: list[str] = []
    for page, number in SCENES:
        lines += [""] if lines else []
        lines += [line.rstrip() for line in blocks(page)[number].splitlines() if line.strip() != "…"]
    return lines


def draw() -> str:
    """The picture."""
    lines, at, parts = shown(), 0.3, list[str]()
    for place, line in enumerate(lines):
        kind = "command" if line.startswith("$") else "sum" if "fct_daily" in line and "rows" in line else "out"
        at += PAUSE if place and lines[place - 1].startswith("$") else STEP
        y = TOP + LINE * place
        style = f"animation-delay:{at:.2f}s"
        parts.append(f'<text class="line {kind}" style="{style}" x="{LEFT}" y="{y}">{escape(line, quote=False)}</text>')
    height = TOP + LINE * len(lines) + 6
    dots = "".join(f'<circle class="dot" cx="{x}" cy="17" r="5.5"/>' for x in (22, 42, 62))
    said = "A first run, a second delivery and a query of the mart, with what they print"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="t">',
        f'<title id="t">{said}</title><style>{STYLE}</style>',
        f'<rect class="window" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>',
        f'<path class="bar" d="M1 34V11a10 10 0 0 1 10-10h{WIDTH - 22}a10 10 0 0 1 10 10v23z"/>{dots}',
    )
    return "\n".join([*head, *parts, "</svg>", ""])


if __name__ == "__main__":
    FILE.write_text(draw(), encoding="utf-8")
