"""Elements of a JSON document: each by its own text, whatever the parts it arrives in; what is broken is one line."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lakehouse.ingest import json_document
from lakehouse.ingest.json_document import DocumentError, elements

WHOLE: dict[str, tuple[str, tuple[str, ...], list[str]]] = {
    "an array": ('[{"a":1.10},\r\n {"a":\n2}]', (), ['{"a":1.10}', '{"a": 2}']),
    "an empty one": (" [ ] ", (), []),
    "of any values": ('[1, -2.50e3, "x,]", null, [1,2]]', (), ["1", "-2.50e3", '"x,]"', "null", "[1,2]"]),
    "under a path": (
        '{"n": {"rows": 5}, "data": {"rows": [{"a":"]"}, {"b":2}], "x": [1]}, "end": {}}', ("data", "rows"),
        ['{"a":"]"}', '{"b":2}'],
    ),
    "an escaped name": ('{"d\\u0061ta": [1]}', ("data",), ["1"]),
}  # fmt: skip


def parts(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_elements_of_an_array(monkeypatch: pytest.MonkeyPatch, name: str, size: int) -> None:
    monkeypatch.setattr(json_document, "LEAST", 1)
    text, path, wanted = WHOLE[name]
    assert list(elements(parts(text, size), path)) == wanted


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ('{"a":1}', (), "there is no array in it, found an object"),
        ("", (), "there is no array in it, found nothing"),
        ('{"data": {}}', ("data",), "there is no array under data, found an object"),
        ('{"date": []}', ("data",), "there is no member data in it"),
        ("[1]", ("data",), "there is no member data, found an array"),
        ('[{"a":1},', (), "it breaks off"),
        ('[{"a":1}', (), "the array in it breaks off"),
        ('[{"a":1},{"b":', (), "it breaks off"),
        ('{"data":[1]', ("data",), "it breaks off behind the array"),
        ("[1] [2]", (), "something follows the document"),
        ('{"data":[1]}}', ("data",), "something follows the document"),
        ('{"data":[1], "n": 1, "d\\u0061ta":[2]}', ("data",), "member data comes twice"),
        ('{"data":{"rows":[1]},"data":{"rows":[2]}}', ("data", "rows"), "member data comes twice"),
        ('{"data":{"rows":[],"rows":[2]}}', ("data", "rows"), "member rows comes twice"),
    ],
)
def test_a_document_that_is_not_whole(text: str, path: tuple[str, ...], words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        list(elements(parts(text, 3), path))


def test_an_element_is_no_longer_than_what_a_task_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_document, "LONGEST_ELEMENT", 1000)
    monkeypatch.setattr(json_document, "LEAST", 1)
    with pytest.raises(DocumentError, match="broken or longer"):
        list(elements(parts(json.dumps(["x" * 5000]), 100), ()))


def test_only_the_element_at_hand_is_in_memory() -> None:
    """Of 200 MB that arrive in parts, no more than a few are held."""
    import tracemalloc

    row = json.dumps({"a": "x" * 1000}) + ","
    chunks = (text for texts in (["["], (row * 100 for _ in range(2000)), ["{}]"]) for text in texts)
    tracemalloc.start()
    assert sum(1 for _ in elements(chunks, ())) == 200_001
    assert tracemalloc.get_traced_memory()[1] < 5 << 20
    tracemalloc.stop()
