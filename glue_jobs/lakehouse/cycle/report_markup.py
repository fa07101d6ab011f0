"""HTML that is safe by construction: only `el` turns text into markup; control characters are shown."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from lakehouse.say import visible


class Html(str):
    """Text that is already markup and is not escaped again."""


def el(name: str, *children: object, **attributes: object) -> Html:
    """An element, or only its children if the name is empty; attributes that are None are left out."""
    body = "".join(child if isinstance(child, Html) else html.escape(visible(str(child))) for child in children)
    if not name:
        return Html(body)
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    marks = "".join(f' {key}="{html.escape(visible(str(value)))}"' for key, value in pairs)
    return Html(f"<{name}{marks}>{body}</{name}>")


def join(parts: Iterable[Html]) -> Html:
    """The parts as one piece of markup."""
    return Html("".join(parts))


def table(head: Sequence[Html], rows: Iterable[Iterable[Html]], foot: Iterable[Html] = (), **marks: object) -> Html:
    """A table inside a box that scrolls sideways when the screen is narrow."""
    body = join(el("tr", *row) for row in rows)
    last = el("tfoot", el("tr", *foot)) if foot else ""
    return el("div", el("table", el("thead", el("tr", *head)), el("tbody", body), last, **marks), class_="scroll")


def heads(*names: str) -> list[Html]:
    """Column headings: the first for names, the others for numbers."""
    return [el("th", name, scope="col", class_="n" if place else None) for place, name in enumerate(names)]


def number(value: object, mark: str = "") -> Html:
    """A cell that holds a number."""
    return el("td", value, class_=f"n {mark}".strip())


def name_cell(name: str) -> Html:
    """The cell that names its row."""
    return el("th", name, scope="row", class_="name")


def folded(title: str, content: Html) -> Html:
    """Content that opens on a click, also without JavaScript."""
    return el("details", el("summary", title), content)
