"""Text by a column's own words: patterns, clocks, separators, null and boolean words, blanks and letters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import FileFormat, MergeStrategy
from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.values import EPOCHS, YEAR_1, YEAR_10000, Ambiguous, Case, UnicodeForm, Values
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.json_rows import WRONG_KIND

CLOCK_CHANGES = {
    "Europe/Berlin": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),  # by half an hour
}
"""The days on which clocks are set forward and back."""


def typed(spark: SparkSession, kind: str, values: Values, texts: list[str]) -> dict[str, tuple[Any, list[str]]]:
    """Each text with its value and the rules that it broke."""
    column = Column("value", kind, False, "", values=values)
    columns = (Column("id", "string", True, ""), column)
    upsert, csv = MergeStrategy.UPSERT, FileFormat.CSV
    of = Dataset("orders", "erp", "", upsert, "orders*", csv, columns, ("id",), ("id",), None, None, (), (), 20)
    given = [(f"#{text}", text, None) for text in texts]
    rows = spark.createDataFrame(given, "id string, value string, _unreadable string")
    shown = "cast(unix_micros(value) as bigint)" if kind == "timestamp" else "value"
    found = with_types(rows, of).selectExpr("coalesce(id, _text.id)", shown, "_broken_rules", "_text.value").collect()
    assert all(id_ == f"#{delivered}" for id_, _, broken, delivered in found if broken), (
        "quarantine has the text as it came"
    )
    return {id_[1:]: (value, list(broken)) for id_, value, broken, _ in found}


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def at(*parts: int) -> int:
    return micros(datetime(*parts, tzinfo=UTC))  # type: ignore[misc,arg-type]


TIMES: list[tuple[str, Values, Mapping[str, int | None]]] = [
    ("timestamp", Values("dd.MM.yyyy HH:mm", "Europe/Berlin"), {
        "12.10.2026 10:00": at(2026, 10, 12, 8), "12.01.2026 10:00": at(2026, 1, 12, 9), "29.02.2027 10:00": None,
        "2026-10-12T10:00:00Z": None, "12.10.2026 10:00 ": None, "12.10.12026 10:00": None, "1.10.2026 10:00": None,
    }),
    ("timestamp", Values("M/d/yy h:mm a", "America/New_York"), {"10/2/26 3:05 PM": at(2026, 10, 2, 19, 5)}),
    ("timestamp", Values("yyyy-MM-dd HH:mm:ss[.SSS]XXX"), {
        "2026-10-12 10:00:00.5+02:00": at(2026, 10, 12, 8, 0, 0, 500000), "2026-10-12 10:00:00Z": at(2026, 10, 12, 10),
        "2026-10-12 10:00:00.1234Z": None, "0000-10-12 10:00:00Z": None,
    }),
    ("timestamp", Values(time_zone="Europe/Berlin"), {
        "2026-10-12T10:00:00": at(2026, 10, 12, 8), "2026-10-12 10:00": at(2026, 10, 12, 8),
        "2026-10-12T10:00:00Z": at(2026, 10, 12, 10), "2026-10-12": None,
    }),
    ("timestamp", Values("epoch_seconds"), {
        "1791799200": 1791799200000000, "1791799200.25": 1791799200250000, "1791799200.1234567": None, "1e3": None,
    }),
    ("timestamp", Values("epoch_millis"), {"1791799200123": 1791799200123000, "1791799200123.0005": None}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "wanted"), TIMES, ids=lambda part: str(getattr(part, "format", ""))[:20])
def test_times_by_a_format(spark: SparkSession, kind: str, values: Values, wanted: Mapping[str, int | None]) -> None:
    expected = {text: (value, [] if value is not None else ["value_is_timestamp"]) for text, value in wanted.items()}
    assert typed(spark, kind, values, [*wanted]) == expected


# A number of the years 2000 to 2099 in each unit, and in the two others.
NOW = datetime(2026, 10, 12, 10, tzinfo=UTC)
COUNTS = {word: f"{micros(NOW) // unit}" for word, unit in EPOCHS.items()}


@pytest.mark.parametrize("word", EPOCHS)
def test_a_number_of_another_unit_breaks_a_rule_of_its_own(spark: SparkSession, word: str) -> None:
    unit, rule = EPOCHS[word], f"value_is_{word}"
    edges = [at(2000, 1, 1), at(2100, 1, 1) - unit, at(2000, 1, 1) - unit, at(2100, 1, 1)]
    inside, outside = ({str(edge // unit): edge for edge in found} for found in (edges[:2], edges[2:]))
    wrong = {COUNTS[other]: (None, [rule]) for other in EPOCHS if other != word}
    wanted = {COUNTS[word]: (micros(NOW), []), **{text: (edge, []) for text, edge in inside.items()}, **wrong}
    wanted |= dict.fromkeys((*outside, "-1", "0", "99999999999999999"), (None, [rule]))
    wanted |= dict.fromkeys(("1e3", "x", "2026-10-12T10:00:00Z"), (None, ["value_is_timestamp"]))
    assert typed(spark, "timestamp", Values(word), [*wanted]) == wanted


def test_a_limit_of_the_contract_stands_in_the_place_of_the_year_2000(spark: SparkSession) -> None:
    born = Values("epoch_seconds", earliest=YEAR_1)
    wanted: dict[str, tuple[int | None, list[str]]] = {
        "-1000000000": (at(1938, 4, 24, 22, 13, 20), []), "0": (0, []),
        "4102444800": (None, ["value_is_epoch_seconds"]),
        COUNTS["epoch_millis"]: (None, ["value_is_epoch_seconds"]),
        "-62135596800": (YEAR_1, []), "-62135596801": (None, ["value_is_epoch_seconds"]),
    }  # fmt: skip
    assert typed(spark, "timestamp", born, [*wanted]) == wanted
    far = Values("epoch_seconds", before=YEAR_10000)
    wanted = {"253402300799": (at(9999, 12, 31, 23, 59, 59), []), "253402300800": (None, ["value_is_epoch_seconds"])}
    assert typed(spark, "timestamp", far, [*wanted]) == wanted


OTHERS: list[tuple[str, Values, Mapping[str, Any]]] = [
    ("date", Values("dd.MM.yyyy"), {"12.10.2026": date(2026, 10, 12), "30.02.2026": None, "2026-10-12": None}),
    ("date", Values("dd-MMM-yyyy"), {"12-Oct-2026": date(2026, 10, 12), "12-Okt-2026": None}),
    ("decimal(12,2)", Values(decimal_separator=",", group_separator=".", trailing_minus=True), {
        "1.234,50": Decimal("1234.50"), "1234,5": Decimal("1234.50"), "-1.234.567,00": Decimal("-1234567.00"),
        "12,50-": Decimal("-12.50"), "-12,50-": None, "1.23,50": None, "1,234.50": None, "1.234": Decimal("1234.00"),
        "12.345,678": None, ",5": Decimal("0.50"),
    }),
    ("decimal(12,2)", Values(decimal_separator=",", group_separator=" "), {
        "1 234,50": Decimal("1234.50"), "1\u202f234,50": Decimal("1234.50"), " 234,50": None,
    }),
    ("int", Values(group_separator="'"), {"1'234": 1234, "1234": 1234, "1'23": None, "'123": None}),
    ("double", Values(decimal_separator=","), {"1,5": 1.5, "1,5e3": 1500.0, "1.5": None}),
    ("boolean", Values(true_words=("J", "1"), false_words=("N",)), {"j": True, "1": True, "N": False, "true": None}),
    ("string", Values(trim=True, case=Case.LOWER), {" A b\u00a0": "a b", "\tÉ": "é"}),
    ("string", Values(unicode_form=UnicodeForm.NFC), {"e\u0301": "é", "é": "é"}),
    ("string", Values(trim=True, case=Case.UPPER), {f"{WRONG_KIND}5": None}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "wanted"), OTHERS)
def test_values_by_the_contracts_words(
    spark: SparkSession, kind: str, values: Values, wanted: Mapping[str, Any]
) -> None:
    rule = Column("value", kind, False, "").type_rule
    found = typed(spark, kind, values, [text for text in wanted if not text.startswith(WRONG_KIND)])
    expected = {text: (value, [] if value is not None else [rule]) for text, value in wanted.items()}
    assert found == {text: value for text, value in expected.items() if not text.startswith(WRONG_KIND)}


def test_words_for_null_and_blanks_are_no_value_and_break_nothing(spark: SparkSession) -> None:
    values = Values(null_words=("NULL", "n/a"), trim=True)
    found = typed(spark, "int", values, ["NULL", "n/a", " n/a ", "null", "  ", " 5 "])
    assert found == {
        "NULL": (None, []), "n/a": (None, []), " n/a ": (None, []), "null": (None, ["value_is_int"]),
        "  ": (None, []), " 5 ": (5, []),
    }  # fmt: skip


def by_zoneinfo(wall: datetime, zone: str, ambiguous: Ambiguous | None) -> tuple[int | None, list[str]]:
    """What Python's own database says of a time that a clock showed."""
    early, late = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != wall:
        return None, ["value_exists_in_its_time_zone"]
    if early != late and ambiguous is None:
        return None, ["value_is_one_instant"]
    return micros(late if ambiguous is Ambiguous.LATER else early), []


@pytest.mark.parametrize("ambiguous", [None, *Ambiguous])
@pytest.mark.parametrize("zone", CLOCK_CHANGES)
def test_every_quarter_hour_of_the_days_of_clock_change(
    spark: SparkSession, zone: str, ambiguous: Ambiguous | None
) -> None:
    begins = [datetime(day.year, day.month, day.day) for day in CLOCK_CHANGES[zone]]
    walls = [begin + timedelta(minutes=15 * number) for begin in begins for number in range(96)]
    wanted = {f"{wall:%d.%m.%Y %H:%M}": by_zoneinfo(wall, zone, ambiguous) for wall in walls}
    assert len([rule for _, rules in wanted.values() for rule in rules]) == (
        (2 if "Lord" in zone else 4) * (1 if ambiguous else 2)
    )
    assert typed(spark, "timestamp", Values("dd.MM.yyyy HH:mm", zone, ambiguous), [*wanted]) == wanted
