"""JSON Lines as rows of text: values keep their JSON type's mark, and what is no object, or no Unicode, is no row."""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse.ingest.json_rows import WRONG_KIND
from tests.ingest.test_reading import EVENTS, NO_OBJECT, NOT_UTF8, assert_rows, read

JSON_LINES: dict[str, tuple[tuple[str | None, ...], str | None]] = {
    '{"id":"1","amount":10.50,"device":{"os":"x"}}': (("1", "10.5", '{"os":"x"}'), None),
    '{"id":null,"device":null}': ((None, None, None), None),
    "{}": ((None, None, None), None),
    '{"id":"","amount":"","extra":1}': ((None, None, None), None),
    '{"ID":"1","amount":"10.50"}': ((None, "10.50", None), None),
    '{"id":"\\u00e9\\n","device":{}}': (("é\n", None, "{}"), None),
    '{"id":5,"amount":[1],"device":"x"}': ((f"{WRONG_KIND}5", f"{WRONG_KIND}[1]", f'{WRONG_KIND}"x"'), None),
    '{"id":{"a":1},"amount":{},"device":[1]}': (
        (f'{WRONG_KIND}{{"a":1}}', f"{WRONG_KIND}{{}}", f"{WRONG_KIND}[1]"),
        None,
    ),
    '{"id":"1"': ((None, None, None), NO_OBJECT),
    '{"id":"1","amount":007}': ((None, None, None), NO_OBJECT),
    '{"id":"1","id":"2"}': ((None, None, None), NO_OBJECT),
    '[{"id":"1"}]': ((None, None, None), NO_OBJECT),
    '"id"': ((None, None, None), NO_OBJECT),
    "null": ((None, None, None), NO_OBJECT),
}


def test_json_lines(spark: SparkSession, tmp_path: Path) -> None:
    content = "\n   \n" + "\n\n".join(JSON_LINES) + "\n\n"
    files = {"unix.json": content.encode(), "dos.json": content.replace("\n", "\r\n").encode()}
    rows = [(*values, line, unreadable, name) for line, (values, unreadable) in JSON_LINES.items() for name in files]
    assert_rows(read(spark, tmp_path, files, EVENTS), EVENTS, *rows)
    assert_rows(read(spark, tmp_path, {}, EVENTS), EVENTS, *rows)


def test_json_lines_without_lines(spark: SparkSession, tmp_path: Path) -> None:
    files = {"empty.json": b"", "blank.json": b"\n \n", "bom.json": b'\xef\xbb\xbf{"id":"1"}'}
    found = read(spark, tmp_path, files, EVENTS)
    assert_rows(found, EVENTS, ("1", None, None, '{"id":"1"}', None, "bom.json"))


BEHIND = (
    '{"id":"2"}',
    "]",
    "] x",
    "]]",
    ",",
    ',{"id":"2"}',
    ", 5",
    ",5] x",
    " x",
    "}",
    "} x",
    "\\",
    '"',
    " //",
    " #",
    " /* */",
)


def test_whatever_follows_the_object_makes_the_line_no_row(spark: SparkSession, tmp_path: Path) -> None:
    lines = [f'{{"id":"1"}}{text}' for text in BEHIND]
    found = read(spark, tmp_path, {"orders.json": "\n".join(lines).encode()}, EVENTS)
    assert_rows(found, EVENTS, *((None, None, None, line, NO_OBJECT, "orders.json") for line in lines))


def test_a_json_line_that_is_not_utf8(spark: SparkSession, tmp_path: Path) -> None:
    found = read(spark, tmp_path, {"orders.json": b'{"id":"caf\xe9"}'}, EVENTS)
    assert [row._unreadable for row in found.select("_unreadable").collect()] == [NOT_UTF8]


LONE = "row_is_valid_unicode"
ESCAPES: dict[str, tuple[str | None, str | None]] = {
    r"\ud83d\ude00": ("\U0001f600", None),
    r"\\ud83d": (r"\ud83d", None),
    r"\\\\ud83d": (r"\\ud83d", None),
    r"\u00e9\ud7ff\ue000": ("\u00e9\ud7ff\ue000", None),
    r"\ud83d": (None, LONE),
    r"\uDE00": (None, LONE),
    r"\ude00\ud83d": (None, LONE),
    r"\ud83dx\ude00": (None, LONE),
    r"\ud83d\\\ude00": (None, LONE),
    r"\\\ud83d": (None, LONE),
    r"\ud83d\ud83d\ude00\ude00": (None, LONE),
}


def test_escapes_that_are_half_a_character(spark: SparkSession, tmp_path: Path) -> None:
    """The parser makes a question mark of them, so such a line is no row; nor is one whose names have them."""
    lines = {f'{{"id":"{text}"}}': outcome for text, outcome in ESCAPES.items()}
    lines |= {r'{"\ud83d":"1","id":"1"}': (None, LONE), r'{"id":"1","\ud83d\ude00":"1"}': ("1", None)}
    found = read(spark, tmp_path, {"orders.json": "\n".join(lines).encode()}, EVENTS)
    assert_rows(
        found, EVENTS, *[(value, None, None, line, rule, "orders.json") for line, (value, rule) in lines.items()]
    )


def test_surrogates_written_as_bytes_are_not_utf8(spark: SparkSession, tmp_path: Path) -> None:
    files = {"orders.json": b'{"id":"\xed\xa0\xbd"}', "orders2.json": b'{"id":"\xed\xa0\xbd\xed\xb8\x80"}'}
    found = read(spark, tmp_path, files, EVENTS)
    assert [row._unreadable for row in found.select("_unreadable").collect()] == [NOT_UTF8] * 2
