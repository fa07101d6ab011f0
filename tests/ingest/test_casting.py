"""Text to types without loss: what is accepted, what is refused, and the name of the rule that it broke."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from chispa import assert_df_equality
from pyspark.sql import DataFrame, SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.json_rows import WRONG_KIND


def dataset(*columns: Column) -> Dataset:
    csv = FileFormat.CSV
    upsert = MergeStrategy.UPSERT
    return Dataset("orders", "erp", "", upsert, "orders*", csv, columns, ("id",), ("id",), None, None, (), (), 20)


TYPES = {
    "a": "int", "b": "bigint", "c": "decimal(12,2)", "d": "decimal(5,3)", "e": "boolean", "f": "date", "g": "double",
    "h": "string", "i": "timestamp",
}  # fmt: skip
EVERY_TYPE = dataset(Column("id", "string", True, ""), *[Column(name, kind, False, "") for name, kind in TYPES.items()])
NUMBERS = dataset(Column("id", "string", True, ""), Column("value", "int", False, ""))
DEVICE = Column(
    "device", "struct", False, "Device.",
    fields=(Column("os", "string", True, "System."), Column("cores", "int", False, "Cores.")),
)  # fmt: skip


def delivered(spark: SparkSession, of: Dataset, *rows: tuple[str | None, ...]) -> DataFrame:
    """Rows of text; the last of each row's values is `_unreadable`."""
    return spark.createDataFrame(rows, ", ".join(f"{name} string" for name in (*of.column_names, "_unreadable")))


def assert_typed(found: DataFrame, of: Dataset, *rows: tuple[Any, ...]) -> None:
    """Compare the typed columns, `_text` and `_broken_rules`."""
    typed = ", ".join(f"{column.name} {column.spark_type}" for column in of.columns)
    text = ", ".join(f"{name}: string" for name in of.column_names)
    schema = f"{typed}, _text struct<{text}>, _broken_rules array<string>"
    expected = found.sparkSession.createDataFrame(rows, schema)
    assert_df_equality(found.drop("_unreadable"), expected, ignore_row_order=True, ignore_nullable=True)


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


ACCEPTED: dict[str, dict[str, Any]] = {
    "int": {"5": 5, "+5": 5, "-5": -5, "007": 7, "2147483647": 2147483647, "-2147483648": -2147483648},
    "bigint": {"2147483648": 2147483648, "9223372036854775807": 2**63 - 1, "-9223372036854775808": -(2**63)},
    "decimal(12,2)": {
        "10": Decimal("10.00"), "10.5": Decimal("10.50"), "10.50": Decimal("10.50"), "10.500": Decimal("10.50"),
        "-0.01": Decimal("-0.01"), ".5": Decimal("0.50"), "5.": Decimal("5.00"), "+1": Decimal("1.00"),
        "9999999999.99": Decimal("9999999999.99"), "0.10000000000000000000": Decimal("0.10"), "-0.00": Decimal("0.00"),
    },
    "decimal(5,3)": {"10.505": Decimal("10.505"), "99.999": Decimal("99.999")},
    "boolean": {"true": True, "TRUE": True, "False": False, "false": False},
    "date": {"2026-10-12": date(2026, 10, 12), "2028-02-29": date(2028, 2, 29)},
    "double": {"1e3": 1000.0, "-.5": -0.5, "10.505": 10.505, "7.": 7.0},
    "string": {"NaN": "NaN", " x ": " x ", "null": "null", "1e3": "1e3"},
    "timestamp": {
        "2026-10-12T10:00:00Z": moment(2026, 10, 12, 10),
        "2026-10-12t10:00:00z": moment(2026, 10, 12, 10),
        "2026-10-12 10:00:00+00:00": moment(2026, 10, 12, 10),
        "2026-10-12T00:30:00+02:00": moment(2026, 10, 11, 22, 30),
        "2026-10-12T22:30:00-0330": moment(2026, 10, 13, 2),
        "2026-10-12T10:00:00+02": moment(2026, 10, 12, 8),
        "2026-10-12T10:00Z": moment(2026, 10, 12, 10),
        "2026-10-12T10:00-05:00": moment(2026, 10, 12, 15),
        "2026-10-12T10:00:00.5Z": moment(2026, 10, 12, 10, 0, 0, 500000),
        "2026-10-12T10:00:00,123Z": moment(2026, 10, 12, 10, 0, 0, 123000),
        "2026-10-12T10:00:00.123456Z": moment(2026, 10, 12, 10, 0, 0, 123456),
        "2026-10-12T10:00:00.123456000Z": moment(2026, 10, 12, 10, 0, 0, 123456),
        "2028-02-29T23:59:59Z": moment(2028, 2, 29, 23, 59, 59),
    },
}  # fmt: skip
REFUSED: dict[str, tuple[str, ...]] = {
    "int": ("2147483648", "-2147483649", "5.0", "1e3", "0x10", "1_000", "1,000", " 5", "5\n", "--5", "+", "٥", "five"),
    "bigint": ("9223372036854775808", "-9223372036854775809", "5.", "99999999999999999999"),
    "decimal(12,2)": (
        "10.505", "0.001", "10000000000", "99999999999.99", "1e3", "NaN", "Infinity", ".", "-", "1,5", "1.000,00",
        "10 ", "€1",
    ),
    "decimal(5,3)": ("10.5055", "100", "100.000"),
    "boolean": ("t", "1", "0", "yes", "no", "true ", "wahr"),
    "date": ("2026-02-30", "2026-2-3", "12.10.2026", "20261012", "2026-10-12T10:00:00Z", "2026-13-01", "today"),
    "double": ("NaN", "Infinity", "1e", "e3", "0x1p3", "1d", "1 "),
    "timestamp": (
        "2026-10-12T10:00:00.1234567Z", "2026-10-12T10:00:00Z\n", "9999-12-31T23:59:59-10:00", "0000-01-01T00:00:00Z",
        "2026-10-12T10:00:00", "2026-10-12 10:00", "2026-10-12", "2026-02-30T10:00:00Z", "2026-10-12T24:00:00Z",
        "2026-10-12T23:59:60Z", "2026-10-12T10Z", "2026-10-12T10:00:00.Z", "2026-10-12T10:00:00.1234567890Z",
        "2026-10-12T10:00:00+19:00", "2026-10-12T10:00:00 UTC", "2026-10-12T10:00:00 Europe/Berlin", "1697104800",
        "12.10.2026 10:00:00Z", "2026-W42-1T10:00:00Z", "now",
    ),
}  # fmt: skip
RULES = {"decimal(12,2)": "c_is_decimal_12_2", "decimal(5,3)": "d_is_decimal_5_3"}


def alone(kind: str, value: Any) -> tuple[Any, ...]:
    """A row of EVERY_TYPE that has nothing but this value; its id says which."""
    return (f"{kind}: {value}", *(value if kind == of else None for of in TYPES.values()))


NULL_ROW = (None,) * (len(TYPES) + 1)


def test_a_text_that_fits_becomes_its_value(spark: SparkSession) -> None:
    texts = [(*alone(kind, text), None) for kind, values in ACCEPTED.items() for text in values]
    expected = [
        (f"{kind}: {text}", *alone(kind, value)[1:], None, [])
        for kind, values in ACCEPTED.items()
        for text, value in values.items()
    ]
    found = with_types(delivered(spark, EVERY_TYPE, *texts, (*NULL_ROW, None)), EVERY_TYPE)
    assert_typed(found, EVERY_TYPE, *expected, (*NULL_ROW, None, []))


def test_each_text_is_typed_once(spark: SparkSession) -> None:
    """In the plan that runs; a cast that stands in it twice is computed twice for each row."""
    found = with_types(delivered(spark, EVERY_TYPE, (*NULL_ROW, None)), EVERY_TYPE)
    plan = found._jdf.queryExecution().optimizedPlan().toString()
    casts = re.findall(r"try_cast\(\w+#\d+ as (int|bigint|decimal\(\d+,\d+\)|date)\)", plan)
    assert sorted(casts) == sorted(["int", "bigint", "decimal(12,2)", "decimal(5,3)", "date"])


def test_a_text_that_does_not_fit_is_named_and_kept(spark: SparkSession) -> None:
    refused = [(kind, text) for kind, texts in REFUSED.items() for text in texts]
    names = {kind: RULES.get(kind, f"{name}_is_{kind}") for name, kind in TYPES.items()}
    texts = [(*alone(kind, text), None) for kind, text in refused]
    expected = [(f"{kind}: {text}", *NULL_ROW[1:], alone(kind, text), [names[kind]]) for kind, text in refused]
    found = with_types(delivered(spark, EVERY_TYPE, *texts, (*NULL_ROW, None)), EVERY_TYPE)
    assert_typed(found, EVERY_TYPE, *expected, (*NULL_ROW, None, []))


@pytest.mark.parametrize(
    ("kind", "name"),
    [("int", "value_is_int"), ("decimal(12,2)", "value_is_decimal_12_2"), ("struct", "value_is_struct")],
)
def test_the_name_of_a_rule(kind: str, name: str) -> None:
    assert Column("value", kind, True, "Value.").type_rule == name


def test_a_row_names_every_rule_that_it_broke_and_keeps_all_its_text(spark: SparkSession) -> None:
    of = dataset(
        *[Column(name, kind, True, "") for name, kind in (("id", "string"), ("n", "int"), ("at", "timestamp"))]
    )
    rows = delivered(spark, of, ("1", "x", "y", None), ("2", "3", "y", None), ("3", "3", None, None), (None,) * 4)
    assert_typed(
        with_types(rows, of),
        of,
        ("1", None, None, ("1", "x", "y"), ["n_is_int", "at_is_timestamp"]),
        ("2", 3, None, ("2", "3", "y"), ["at_is_timestamp"]),
        ("3", 3, None, None, []),
        (None, None, None, None, []),
    )


def test_a_row_that_could_not_be_read_breaks_that_rule_alone(spark: SparkSession) -> None:
    rows = delivered(spark, NUMBERS, ("1", "x", "row_is_utf8"), (None, None, "row_is_a_json_object"))
    assert_typed(
        with_types(rows, NUMBERS),
        NUMBERS,
        ("1", None, ("1", "x"), ["row_is_utf8"]),
        (None, None, (None, None), ["row_is_a_json_object"]),
    )


def test_a_json_value_of_the_wrong_type_is_kept_without_its_mark(spark: SparkSession) -> None:
    rows = delivered(spark, NUMBERS, (f"{WRONG_KIND}5", f"{WRONG_KIND}[1]", None), ("2", "2", None))
    assert_typed(
        with_types(rows, NUMBERS),
        NUMBERS,
        (None, None, ("5", "[1]"), ["id_is_string", "value_is_int"]),
        ("2", 2, None, []),
    )


DEVICES: dict[str | None, tuple[tuple[Any, ...] | None, bool]] = {
    '{"os":"x","cores":4}': (("x", 4), True),
    '{"cores":"4","os":"x","more":1}': (("x", 4), True),
    '{"os":"x","cores":null}': (("x", None), True),
    '{"os":"x"}': (("x", None), True),
    None: (None, True),
    "{}": ((None, None), False),
    '{"os":null,"cores":4}': ((None, 4), False),
    '{"os":"","cores":4}': ((None, 4), False),
    '{"os":5}': ((None, None), False),
    '{"os":"x","cores":"four"}': (("x", None), False),
    '{"os":"x","cores":4.5}': (("x", None), False),
    '{"os":"x","cores":[4]}': (("x", None), False),
    '{"os":"x","cores":""}': (("x", None), True),
    f'{WRONG_KIND}"x"': (None, False),
    f"{WRONG_KIND}[1]": (None, False),
}


def test_a_struct_needs_its_required_fields(spark: SparkSession) -> None:
    of = dataset(Column("id", "string", True, ""), DEVICE)
    expected = [
        ("1", value, None, [])
        if fits
        else ("1", value, ("1", (text or "").removeprefix(WRONG_KIND)), ["device_is_struct"])
        for text, (value, fits) in DEVICES.items()
    ]
    assert_typed(with_types(delivered(spark, of, *[("1", text, None) for text in DEVICES]), of), of, *expected)


def test_blanks_alone_are_no_key_and_blanks_around_one_are_part_of_it(spark: SparkSession) -> None:
    texts = [" ", "\t", "\u00a0 ", "", " T8 ", "T8", None]
    rows = delivered(spark, NUMBERS, *[(text, "5", None) for text in texts])
    found = {row._text.id if row._text else row.id: row for row in with_types(rows, NUMBERS).collect()}
    blank = [text for text, row in found.items() if row._broken_rules == ["id_required"]]
    assert sorted(map(str, blank)) == sorted(["", " ", "\t", "\u00a0 "]), "null is left to validate"
    assert [(row.id, row._broken_rules) for text, row in found.items() if text not in blank] == [
        (" T8 ", []), ("T8", []), (None, [])
    ]  # fmt: skip
