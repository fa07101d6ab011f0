"""The report's markup: what is delivered stays text, and does nothing to the page or to who copies it."""

from __future__ import annotations

import pytest

from lakehouse.cycle.report_markup import Html, el


@pytest.mark.parametrize(
    ("delivered", "shown"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        ("a\x1b[31mb\x07", "a\\x1b[31mb\\x07"),
        ("gross\u202eten", "gross\\u202eten"),
        ("two\nlines", "two\\nlines"),
        ("Žluťoučký 例", "Žluťoučký 例"),
        (None, "None"),
    ],
)
def test_delivered_text_is_shown_and_never_read(delivered: object, shown: str) -> None:
    assert el("td", delivered) == f"<td>{shown}</td>"
    assert delivered is None or el("td", title=delivered) == f'<td title="{shown}"></td>'


def test_markup_stays_markup() -> None:
    assert el("p", Html("<b>1</b>"), "<") == "<p><b>1</b>&lt;</p>"
