"""Draws `docs/reference/states.svg`, the states of file, batch and row: `python -m tools.pictures.draw_states`.

A test keeps the file equal to the drawing.
"""

from __future__ import annotations

from pathlib import Path

from tools.pictures.draw_flow import STYLE, arrow, box, words

WIDTH, HEIGHT = 860, 470
FILE = Path(__file__).parents[2] / "docs" / "reference" / "states.svg"
_HEIGHT_OF_STATE = 34


def state(x: float, y: float, name: str, width: float = 104, kind: str = "card") -> str:
    """A state as a box around its name, centred on x and y."""
    return box(x - width / 2, y - _HEIGHT_OF_STATE / 2, width, _HEIGHT_OF_STATE, kind, 17) + words(x, y + 5, name)


def head(y: float, name: str, text: str) -> str:
    """The name of what has the states of a row of the picture."""
    return words(24, y, name, "name", "start") + words(24, y + 19, text, "soft", "start")


def line(y: float) -> str:
    """A line between two rows of the picture."""
    return f'<path class="hint" d="M20 {y:g}H{WIDTH - 20}"/>'


def files() -> str:
    """A file is known already, skipped, refused, or part of a batch."""
    ways = (
        arrow(264, 60, 326, 60) + arrow(434, 60, 516, 60) + arrow(210, 79, 210, 102) + arrow(380, 79, 380, 102, "bad")
    )
    notes = words(475, 50, "else", "soft") + words(218, 96, "no pattern", "soft", "start")
    states = state(210, 60, "delivered") + state(380, 60, "looked at") + state(570, 60, "in a batch")
    ends = state(210, 119, "skipped") + state(380, 119, "refused") + state(760, 60, "known", 90)
    lacks = words(388, 96, "lacks a required column", "soft", "start")
    again = arrow(622, 60, 713, 60) + words(668, 50, "again", "soft")
    return ways + notes + states + ends + lacks + again


def batches() -> str:
    """A batch passes, or is stopped until somebody decides."""
    top, low = 190, 260
    ways = arrow(262, top, 326, top) + arrow(432, top, 706, top) + arrow(210, top + 18, 210, low - 19, "bad")
    states = state(210, top, "planned") + state(380, top, "passed") + state(760, top, "merged")
    waits = state(210, low, "stopped") + state(380, low, "accepted") + state(570, low, "rejected", 104)
    back = f'<path class="way" d="M380 {low - 18}V{top + 26}"/><path class="head" d="M380 {top + 18}l-6 9h12z"/>'
    person = words(488, low + 26, "a person decides", "soft")
    none = words(630, low + 5, "none of its rows is merged", "soft", "start")
    decided = (
        arrow(262, low, 326, low)
        + f'<path class="way bad" d="M210 {low + 18}V{low + 34}H570V{low + 26}"/>'
        + f'<path class="head bad" d="M570 {low + 18}l-6 9h12z"/>'
    )
    return ways + decided + states + waits + back + person + none


def rows() -> str:
    """A row is merged, ignored, quarantined or held."""
    y, low = 350, 430
    ends = state(380, y, "merged") + state(510, y, "ignored") + state(640, y, "held")
    landed = state(210, y, "landed") + arrow(262, y, 326, y)
    keeps = arrow(210, y + 18, 210, low - 19, "bad") + state(210, low, "open")
    fixed = arrow(262, low, 326, low) + state(380, low, "repaired") + words(294, low - 9, "repair", "soft")
    gone = state(510, low, "discarded") + words(580, low + 5, "of a row in quarantine", "soft", "start")
    note = (
        words(218, y + 42, "quarantined", "soft", "start")
        + words(445, y + 5, "or", "soft")
        + words(575, y + 5, "or", "soft")
    )
    gone += words(445, low + 5, "or", "soft")
    return ends + landed + keeps + fixed + gone + note


def draw() -> str:
    """The whole picture."""
    description = (
        "A file is delivered, then skipped, refused or put into a batch. A batch is planned, then passes or is "
        "stopped; a stopped one is accepted or rejected by a person; a passed or accepted one is merged. A row "
        "is merged, ignored, held with its stopped batch, or quarantined: open, then repaired or discarded."
    )
    root = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    parts = (
        f'{root} aria-labelledby="t d"><title id="t">States of file, batch and row</title>',
        f'<desc id="d">{description}</desc><style>{STYLE}</style>',
        box(0.5, 0.5, WIDTH - 1, HEIGHT - 1, "paper", 14),
        head(64, "file", "ingest"), head(194, "batch", "validate, merge"), head(354, "row", "counts"),
        line(150), line(312), files(), batches(), rows(), "</svg>",
    )  # fmt: skip
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    FILE.write_text(draw(), encoding="utf-8")
