"""What is delivered stays text in a page, and does nothing to the page or to who copies it."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from lakehouse.site.render import render_text


@pytest.mark.parametrize(
    ("delivered", "shown"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&#34;&#39;"),
        ("a\x1b[31mb\x07", "a\\x1b[31mb\\x07"),
        ("gross\u202eten", "gross\\u202eten"),
        ("two\nlines", "two\\nlines"),
        ("Žluťoučký 例", "Žluťoučký 例"),
        ("{{ 7 * 7 }}{% x %}", "{{ 7 * 7 }}{% x %}"),
        (None, "None"),
    ],
)
def test_delivered_text_is_shown_and_never_read(delivered: object, shown: str) -> None:
    page = render_text('<td title="{{ value }}">{{ value }}</td>', {"value": delivered})
    assert page == f'<td title="{shown}">{shown}</td>'


def test_markup_stays_markup() -> None:
    assert render_text("<p>{{ a }}{{ b }}</p>", {"a": Markup("<b>1</b>"), "b": "<"}) == "<p><b>1</b>&lt;</p>"


def test_a_name_that_nobody_gives_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render_text("{{ nothing }}", {})
