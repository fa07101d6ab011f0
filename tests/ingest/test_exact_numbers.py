"""Numbers of JSON keep the text that they have in the file: exponents, many digits, zeros behind the point."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import ARRAY, MAP, Column
from lakehouse.contracts.values import Values
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.exact_numbers import may_lose_text
from lakehouse.ingest.header import Header
from lakehouse.ingest.json_rows import json_rows
from lakehouse.ingest.lines import Lines
from lakehouse.ingest.names_inside import with_names_inside
from tests.ingest.test_reading import dataset

FIELDS = (
    Column("qty", "bigint", False, ""),
    Column("price", "decimal(9,2)", False, ""),
    Column("sku", "string", False, ""),
)
LINES = dataset(
    FileFormat.JSON_LINES,
    Column("id", "string", True, ""),
    Column("n", "bigint", False, ""),
    Column("small", "int", False, ""),
    Column("amount", "decimal(18,2)", False, ""),
    Column("large", "decimal(38,0)", False, ""),
    Column("ratio", "double", False, ""),
    Column("at", "timestamp", False, "", values=Values("epoch_seconds")),
    Column("note", "string", False, "", physical_name="the.note"),
    Column("device", "struct", False, "", fields=FIELDS),
    Column("items", ARRAY, False, "", items=Column("element", "struct", False, "", fields=FIELDS)),
    Column("counts", ARRAY, False, "", items=Column("element", "int", False, "")),
    Column("sums", MAP, False, "", items=Column("value", "decimal(9,2)", False, "")),
)


def read(spark: SparkSession, *lines: str) -> list[Row]:
    rows = [(line, number, "orders.json") for number, line in enumerate(lines)]
    frame = spark.createDataFrame(rows, "_line string, _row_id bigint, _source_file string")
    found = json_rows(Lines(frame, 1, 0), Header(LINES.column_names), LINES)
    return sorted(with_types(with_names_inside(found, LINES), LINES).collect(), key=lambda row: int(row._row_id))


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "n",
            (
                "1e2",
                "5.0",
                "7.00",
                "1E+2",
                "-0.0",
                "123456789012345678901234567890123456789012",
                "12345678901234567890",
            ),
        ),
        ("small", ("5.0", "1e0", "2147483648")),
        ("amount", ("1.0000000000000000001e0", "1234567890123456.78e0", "1e2", "12E-1", "1e400", "0." + "1" * 40)),
        ("large", ("1e2", "1.5")),
        ("at", ("1.7917992e9", "1791799200.1234567")),
        ("the.note", ("5.0", "1e5", "12")),
    ],
)
def test_what_is_refused_is_shown_as_it_was_delivered(spark: SparkSession, name: str, texts: tuple[str, ...]) -> None:
    column = next(column for column in LINES.columns if column.delivered_name == name)
    rows = read(spark, *[f'{{"id": "e1e5 \\"7.0\\" \\\\", "{name}" : {text}, "ratio": 2.50}}' for text in texts])
    assert [(row._broken_rules, row._text[column.name]) for row in rows] == [
        ([column.type_rule], text) for text in texts
    ]
    assert {(row._text.id, row._text.ratio) for row in rows} <= {('e1e5 "7.0" \\', "2.5"), ('e1e5 "7.0" \\', "2.50")}


@pytest.mark.parametrize(
    ("line", "is_again"),
    [
        ('{"a":1e5}', True),
        ('{"a": [12, -3.5E-2]}', True),
        ('{"a" :\t5.0, "b": 1}', True),
        ('{"a":-0.000}', True),
        ('{"a":' + "1" * 39 + "}", True),
        ('{"a":0.' + "1" * 39 + "}", True),
        ('{"a":' + "1" * 38 + ', "b": 10.50, "c": 0.05, "d": -7, "e": 1.001}', False),
        ('{"id":"3e5f-5.0", "on": "2026-10-18T20:05:00.000Z", "list": ["1e5", "7.0"], "mac": "00:1e:5f"}', False),
        ('{"id":"a: 3e5"}', True),
        ("", False),
    ],
)
def test_a_line_without_such_a_number_is_parsed_once(spark: SparkSession, line: str, is_again: bool) -> None:
    frame = spark.createDataFrame([(line,)], "line string")
    assert [row.again for row in frame.select(may_lose_text(F.col("line")).alias("again")).collect()] == [is_again]


def test_what_fits_is_exact(spark: SparkSession) -> None:
    line = """{"id": "1e2", "n": 9007199254740993, "amount": 12.500, "ratio": 1e-3,
               "large": %s, "at": 1791799200.50,
               "device": {"qty": 5, "price": 7.00}, "sums": {"1e2": 5.00}, "counts": [1, -2],
               "the.note": "\\u0000number"}"""
    (row,) = read(spark, (line % ("9" * 38)).replace("\n", " "))
    assert row._broken_rules == []
    assert (row.id, row.n, row.amount, row.ratio) == ("1e2", 9007199254740993, Decimal("12.50"), 0.001)
    assert (row.large, row.counts, row.sums) == (Decimal("9" * 38), [1, -2], [("1e2", Decimal("5.00"))])
    assert (row.device.price, row.note) == (Decimal("7.00"), "\x00number")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("device", '{"price":1e2,"qty":1,"sku":"a \\\\ \\" 1e2"}'),
        ("device", '{"price":1.50,"qty":5.0,"sku":null}'),
        ("device", '{"price":1,"qty":5,"sku":12e0}'),
        ("items", '[{"price":1.50,"qty":1,"sku":"a"},{"price":2,"qty":7.00,"sku":"b"}]'),
        ("items", '[{"price":1.0000000000000000001e0,"qty":1,"sku":"1e5"}]'),
        ("counts", "[1,2.0]"),
        ("counts", "[1,[2e1]]"),
        ("sums", '{"a":1.00,"b":1e2}'),
    ],
)
def test_a_number_inside_is_as_strict_and_shown_so(spark: SparkSession, name: str, text: str) -> None:
    (row,) = read(spark, f'{{"id": "1", "{name}": {text}}}')
    column = LINES.column(name)
    assert row._broken_rules == [column.type_rule]
    assert row._text[name] == text


def test_what_the_contract_does_not_know_keeps_its_numbers(spark: SparkSession) -> None:
    known, inside, both = read(
        spark,
        '{"id": "1", "more": {"b": [1e2, "1e2"]}, "n": 5}',
        '{"id": "2", "items": [{"qty": 1, "weight": 1.5e-7}]}',
        '{"id": "3", "more": 2E5, "device": {"qty": 1, "size": 1e3}}',
    )
    assert known._rescued == '{"more":{"b":[1e2,"1e2"]}}'
    assert inside._rescued == '{"items.*":[{"qty":1,"weight":1.5e-7}]}'
    assert both._rescued == '{"more":2E5,"device.size":1e3}'
    assert [(row.n, row._broken_rules) for row in (known, inside, both)] == [(5, []), (None, []), (None, [])]


def test_a_long_line_of_strings_and_escapes_is_read(spark: SparkSession) -> None:
    note: Any = '\\"' * 20_000 + "1e5, [" * 20_000
    (row,) = read(spark, json.dumps({"id": "1", "the.note": note, "ratio": 1}).replace('"ratio": 1', '"n": 1e0'))
    assert (row._broken_rules, row._text.n, row._text.note) == (["n_is_bigint"], "1e0", note)
