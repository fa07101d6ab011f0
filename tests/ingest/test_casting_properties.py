"""Text of any making becomes the value that an independent reader in Python finds, or breaks its column's rule."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context as Digits
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.columns import Column
from lakehouse.ingest.casting import with_types
from tests.ingest.test_casting import dataset, delivered

INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,6})0*)?)?"
    r"(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)"
)


def whole(text: str, bits: int) -> int | None:
    """A whole number of at most 19 digits that so many bits hold."""
    found = int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
    return found if found is not None and -(2 ** (bits - 1)) <= found < 2 ** (bits - 1) else None


def exact(text: str, precision: int, scale: int) -> Decimal | None:
    """A number without exponent, all of whose digits the decimal holds."""
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", text):
        return None
    scaled = Decimal(text).scaleb(scale, Digits(prec=200))
    return Decimal(text) if scaled == int(scaled) and abs(scaled) < 10**precision else None


def finite(text: str) -> float | None:
    """A number with or without exponent, less than infinite."""
    number = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
    found = float(text) if re.fullmatch(number, text) else math.inf
    return found if abs(found) < math.inf else None


def day(text: str) -> str | None:
    """A day of the calendar."""
    try:
        return date.fromisoformat(text).isoformat() if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}", text) else None
    except ValueError:
        return None


def instant(text: str) -> int | None:
    """Microseconds since 1970 of a moment with an offset, within the years 1 to 9999 in UTC."""
    found = INSTANT.fullmatch(text)
    if not found:
        return None
    parts, fraction, (sign, hours, minutes) = found.groups()[:6], found[7] or "", found.groups()[7:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if int(minutes or 0) > 59 or offset > timedelta(hours=18):
        return None
    try:
        local = datetime(*[int(part or 0) for part in parts], int(fraction.ljust(6, "0")), UTC)  # type: ignore[misc,arg-type]
        moment = local - offset if sign != "-" else local + offset
    except (ValueError, OverflowError):
        return None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


READERS: Mapping[str, Callable[[str], Any]] = {
    "int": lambda text: whole(text, 32),
    "bigint": lambda text: whole(text, 64),
    "decimal(12,2)": lambda text: exact(text, 12, 2),
    "decimal(38,10)": lambda text: exact(text, 38, 10),
    "decimal(9,0)": lambda text: exact(text, 9, 0),
    "double": finite,
    "date": day,
    "timestamp": instant,
    "boolean": lambda text: {"true": True, "false": False}.get(text.lower()),
    "string": lambda text: text,
}
COLUMNS = {f"c{number}": kind for number, kind in enumerate(READERS)}
EVERY_TYPE = dataset(Column("id", "string", True, ""), *[Column(n, kind, False, "") for n, kind in COLUMNS.items()])
COMPARED = {"timestamp": "unix_micros({})", "date": "cast({} as string)"}

digits = st.text("0123456789", max_size=22)
signs = st.sampled_from(["", "", "+", "-", "--"])
offsets = st.sampled_from(
    ["Z", "z", "", " UTC", "+00", "-0330", "+02:00", "-05:00", "+18:00", "+18:01", "+0260", "+2:00"]
)
zeros = st.sampled_from(["", "0", "000", "0000000000"])
numbers = st.one_of(
    st.builds("{}{}{}".format, signs, zeros, st.integers(0, 2**66)),
    st.builds("{}{}.{}{}".format, signs, digits, digits, zeros),
    st.builds(
        "{}{}{}{}".format, signs, st.decimals(allow_nan=False, places=3), st.sampled_from(["e", "E", ""]), digits
    ),
    st.sampled_from([str(edge) for bits in (31, 63) for edge in (2**bits - 1, 2**bits, -(2**bits), -(2**bits) - 1)]),
)
days = st.one_of(
    st.dates().map(str),
    st.builds("{:04d}-{:02d}-{:02d}".format, st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32)),
    st.sampled_from(["0001-01-01", "9999-12-31", "1900-02-29", "2000-02-29", "26-1-1", "+12026-01-01"]),
)
fractions = st.builds("{}{}{}".format, st.sampled_from([".", ",", ""]), st.text("0123456789", max_size=7), zeros)
seconds = st.builds(":{}{}".format, st.sampled_from(["00", "07", "59", "60", "7"]), fractions)
clocks = st.builds(
    "{:02d}:{:02d}{}".format, st.integers(0, 25), st.integers(0, 61), st.one_of(st.just(""), seconds, seconds)
)
moments = st.builds("{}{}{}{}".format, days, st.sampled_from(["T", "T", "t", " ", "  ", ""]), clocks, offsets)
words = st.sampled_from(["true", "TRUE", "False", "t", "NaN", "Infinity", "null", "ｔｒｕｅ", "now", "epoch", "today"])
# Digits and blanks of other scripts, and what sources put around a value.
strange = st.sampled_from(
    [" ", "\t", "\n", "\r", "\u00a0", "\u2003", "\ufeff", "\x00", "٣", "५", "１", "²", "−", "d", "L"]
)
plain = st.one_of(numbers, days, moments, words, st.text(max_size=12))


@st.composite
def altered(draw: st.DrawFn) -> str:
    """A text with something strange put into it."""
    text, at = draw(plain), draw(st.integers(0, 30))
    return text[:at] + draw(strange) + text[at:]


texts = st.one_of(plain, plain, altered()).filter(
    lambda text: text.isprintable() or not re.search("[\ud800-\udfff]", text)
)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(texts, min_size=400, max_size=600, unique=True))
def test_any_text_is_typed_as_an_independent_reader_does(spark: SparkSession, found: list[str]) -> None:
    """Each text as every type: the value, or the one rule that it breaks."""
    rows = delivered(spark, EVERY_TYPE, *[(str(n), *([text] * len(COLUMNS)), None) for n, text in enumerate(found)])
    value = {name: COMPARED.get(kind, "{}").format(name) for name, kind in COLUMNS.items()}
    typed = with_types(rows, EVERY_TYPE).select("id", *[F.expr(v).alias(n) for n, v in value.items()], "_broken_rules")
    for row in typed.collect():
        text = found[int(row.id)]
        wanted = {name: READERS[kind](text) for name, kind in COLUMNS.items()}
        assert {name: row[name] for name in COLUMNS} == wanted, repr(text)
        rules = [f"{n}_is_{re.sub(r'[(,]', '_', k).rstrip(')')}" for n, k in COLUMNS.items() if wanted[n] is None]
        assert row._broken_rules == rules, repr(text)
