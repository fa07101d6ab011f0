"""Draws `docs/flow.svg`, the data flow: `python -m tools.pictures.draw_flow`.

A test keeps the file equal to the drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, AXIS = 970, 480, 198
FILES = ("erp_orders.csv", "crm_leads.csv", "web_events.json", "products.csv")
STYLE = """
svg { --paper: #ffffff; --edge: #d9e0e7; --card: #f5f7f9; --ink: #16202b; --soft: #53616f;
  --way: #8693a1; --verb: #1f5fa8; --on-verb: #ffffff; --blue: #1f5fa8; --bronze: #a56a37; --silver: #748293;
  --gold: #a97c12; --green: #0b7a66; --bad: #b4580a; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #10161d; --edge: #2c3844; --card: #18212a; --ink: #e9eef3; --soft: #a3b0bd; --way: #75838f;
    --verb: #7cb5f5; --on-verb: #0d1620; --blue: #7cb5f5; --bronze: #d49b68; --silver: #b0bcc9; --gold: #dfb950;
    --green: #45bda4; --bad: #eb9e52; }
}
text { fill: var(--ink);
  font: 15px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
.name { font-size: 17px; font-weight: 650; }
.soft { fill: var(--soft); font-size: 14px; }
.mono { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.verb { fill: var(--on-verb); font-weight: 600; }
.paper { fill: var(--paper); stroke: var(--edge); }
.card { fill: var(--card); stroke: var(--edge); }
.pill { fill: var(--verb); }
.way { fill: none; stroke: var(--way); stroke-width: 2; }
.hint { fill: none; stroke: var(--way); stroke-width: 1.5; stroke-dasharray: 2 4; }
.head { fill: var(--way); }
.bad { stroke: var(--bad); } .head.bad { fill: var(--bad); stroke: none; }
.cap-blue { fill: var(--blue); } .cap-bronze { fill: var(--bronze); } .cap-silver { fill: var(--silver); }
.cap-gold { fill: var(--gold); } .cap-green { fill: var(--green); } .cap-bad { fill: var(--bad); }
"""


def box(x: float, y: float, width: float, height: float, kind: str = "card", radius: float = 9) -> str:
    """A rounded box."""
    return f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"/>'


def words(x: float, y: float, text: str, kind: str = "", anchor: str = "middle") -> str:
    """A line of text, by default centred on x."""
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def lines(x: float, y: float, texts: Sequence[str], kind: str = "soft") -> str:
    """Lines of text, one below the other."""
    return "".join(words(x, y + 19 * place, text, kind) for place, text in enumerate(texts))


def arrow(x1: float, y1: float, x2: float, y2: float, kind: str = "") -> str:
    """A horizontal or vertical arrow."""
    flat = y1 == y2
    sign = 1 if (x2 > x1 if flat else y2 > y1) else -1
    back = f"-{9} -6v12" if flat else f"-6 {-9 * sign}h12"
    stop = f"H{x2 - 8:g}" if flat else f"V{y2 - 8 * sign:g}"
    shaft = f'<path class="{f"way {kind}".strip()}" d="M{x1:g} {y1:g}{stop}"/>'
    return f'{shaft}<path class="{f"head {kind}".strip()}" d="M{x2:g} {y2:g}l{back}z"/>'


def station(x: float, width: float, name: str, medal: str, inside: Sequence[str], under: Sequence[str]) -> str:
    """A layer: its colour on top, its technique inside, its promise underneath."""
    top, middle, round_ = AXIS - 58, x + width / 2, "a9 9 0 0"
    cap = f"M{x + 9:g} {top}h{width - 18:g}{round_} 1 9 9h-{width:g}{round_} 1 9 -9z"
    coloured = f'<path class="cap-{medal}" d="{cap}"/>'
    title = words(middle, top + 36, name, "name")
    inner = lines(middle, top + 66, inside)
    return box(x, top, width, 116) + coloured + title + inner + lines(middle, top + 139, under)


def step(x: float, name: str, reach: float = AXIS) -> str:
    """A step, above its arrow between two layers and connected to Airflow."""
    width = 22 + 8.2 * len(name)
    hints = f'<path class="hint" d="M{x:g} 64V92M{x:g} 120V{reach - 4:g}"/>'
    return hints + box(x - width / 2, 92, width, 28, "pill", 14) + words(x, 111, name, "verb")


def band(y: float, title: str, text: str) -> str:
    """A band over the whole width: what controls all steps."""
    label = words(38, y + 27, title, "name", "start")
    return box(20, y, WIDTH - 40, 44) + label + words(WIDTH - 38, y + 27, text, "soft", "end")


def landing() -> str:
    """The landing folder with the four files."""
    first = AXIS - 1
    files = (words(33, first + 16 * place, name, "mono", "start") for place, name in enumerate(FILES))
    return station(20, 150, "landing", "blue", (), ("what the four", "systems deliver")) + "".join(files)


def layers() -> str:
    """The layers and the steps between them."""
    stretches = ((170, 236), (336, 384), (456, 504), (604, 668), (782, 846))
    arrows = (arrow(start + 4, AXIS, end - 4, AXIS) for start, end in stretches)
    steps = ((203, "ingest"), (362, "validate"), (478, "transform"), (636, "marts"), (814, "publish"))
    stations = (
        station(236, 100, "bronze", "bronze", ("append", "only"), ("every row,", "exactly once")),
        station(504, 100, "silver", "silver", ("MERGE", "on the key"), ("latest version", "per key")),
        station(668, 114, "mart", "gold", ("dbt on", "Spark"), ("", "equal to a full rebuild")),
        station(846, 104, "views", "green", ("Athena,", "DuckDB"), ("last valid", "version")),
    )
    mart = words(725, AXIS + 81, "fct_daily_store_metrics", "mono")
    hung = "".join(step(x, name) for x, name in steps)
    return "".join(arrows) + hung + landing() + "".join(stations) + mart


def validation() -> str:
    """The expectation suites, the check of every row, and the quarantine."""
    gate = box(384, AXIS - 20, 72, 40, "card", 20) + words(420, AXIS + 5, "valid?", "name")
    suites = box(170, 334, 160, 56) + words(250, 358, "suites", "name")
    makers = words(250, 377, "Great Expectations", "soft")
    asks = f'<path class="way" d="M330 362H353a9 9 0 0 0 9 -9V{AXIS + 16}"/>'
    head = f'<path class="head" d="M362 {AXIS + 8}l-6 9h12z"/>'
    leave = arrow(420, AXIS + 22, 420, 332, "bad") + words(430, 292, "no", "soft", "start")
    cap = '<path class="cap-bad" d="M388 334h-4a4 4 0 0 0 -4 4v48a4 4 0 0 0 4 4h4z"/>'
    waits = box(380, 334, 128, 56, "card", 4) + cap + words(447, 358, "quarantine", "name")
    return suites + makers + asks + head + gate + leave + waits + words(447, 377, "with the rules", "soft")


def maintenance() -> str:
    """The job that restores the file layout of silver and mart."""
    bracket = '<path class="hint" d="M526 322v8H788v-8M657 330v10"/>'
    pill = box(610, 340, 94, 28, "pill", 14) + words(657, 359, "maintain", "verb")
    return bracket + pill + words(657, 386, "reclusters files", "soft")


def draw() -> str:
    """The whole picture."""
    description = (
        "Files are ingested into bronze and validated with Great Expectations; valid rows are merged into silver, the "
        "others go to quarantine. dbt builds the mart from silver; publish makes it available as views. "
        "Airflow starts each step as a Glue job; the contracts describe the data."
    )
    root = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    parts = (
        f'{root} aria-labelledby="t d"><title id="t">Data flow</title>',
        f'<desc id="d">{description}</desc><style>{STYLE}</style>',
        box(0.5, 0.5, WIDTH - 1, HEIGHT - 1, "paper", 14),
        band(20, "Airflow", "a DAG per domain; each step is a Glue job, and the same script runs on a laptop"),
        layers(),
        validation(),
        maintenance(),
        band(416, "contracts", "a file per domain: columns, keys, layout, deadline; tables and DAGs follow from it"),
    )
    return "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    (Path(__file__).parents[2] / "docs" / "flow.svg").write_text(draw(), encoding="utf-8")
