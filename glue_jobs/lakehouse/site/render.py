"""Renders templates: whatever a value holds, it becomes text; only templates write markup."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lakehouse.say import format_bytes, format_count, format_money, format_seconds, visible

FILTERS = {
    "count": format_count,
    "seconds": lambda seconds: "–" if seconds is None else format_seconds(seconds),
    "money": format_money,
    "bytes": format_bytes,
    "grouped": lambda number: f"{number:,}",
    "moment": lambda moment: "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}",
    "day": lambda moment: f"{moment.day} {moment:%b}",
    "dollars": lambda amount: f"{amount:.4f}" if 0 < amount < 0.01 else f"{amount:,.2f}",
}


def render(template: str, **values: Any) -> str:
    """A page from a template; a name that the template needs and nobody gives is an error."""
    return _environment().get_template(template).render(values)


def render_text(source: str, values: Mapping[str, Any]) -> str:
    """The same of a template that is given itself."""
    return _environment().from_string(source).render(values)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("lakehouse.site"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= FILTERS
    return found


def _shown(value: Any) -> Any:
    """Control characters and bidi overrides are shown and do nothing, in the page and to who copies from it."""
    return value if isinstance(value, Markup) else visible(str(value))
