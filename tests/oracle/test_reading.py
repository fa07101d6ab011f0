"""The oracle's reader of CSV, by hand."""

from __future__ import annotations

import pytest

from tests.oracle.reading import parsed, records


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('a,b\n1,"x,2\n3,y\n', [["a", "b"], None, ["3", "y"]]),
        ('a,b\n1,"x,2\n3,y', [["a", "b"], None, None]),
        ('1,"x\n2,"y"\n3,z\n', [None, None, ["3", "z"]]),
        ('1,"x\r\ny"\r\n\r\n,\r\n', [["1", "x\r\ny"], ["", ""]]),
        ('1,x"y\n2,z\n', [None, ["2", "z"]]),
        ('1,"x"y\n2,z\n', [None, ["2", "z"]]),
        ('""\n\n"""a"""\n', [[""], ['"a"']]),
        ("", []),
    ],
)
def test_records(text: str, wanted: list[list[str] | None]) -> None:
    assert list(records(text, "\n")) == wanted


def test_half_a_character_is_no_json() -> None:
    assert parsed(r'{"a": "\ud83d"}') is None
    assert parsed(r'{"\ude00": 1}') is None
    assert parsed(r'{"a": "\ud83d\ude00 \\ud83d"}') == {"a": "\U0001f600 \\ud83d"}
