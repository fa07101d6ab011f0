"""Values of formats that have types of their own, as text by which nothing of them is lost, and what can never fit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from lakehouse.contracts.columns import Column

TEXT, INTEGER, NUMBER, FLAG, DAY, INSTANT, CLOCK, OBJECT, LIST, BYTES, OTHER = KINDS = (
    "text", "integers", "numbers", "true and false", "dates", "instants", "times without an offset", "objects", "lists",
    "bytes", "values of another kind",
)  # fmt: skip
_FITS = {
    "string": (TEXT, BYTES),
    "int": (INTEGER, NUMBER, TEXT),
    "bigint": (INTEGER, NUMBER, TEXT),
    "double": (INTEGER, NUMBER, TEXT),
    "decimal": (INTEGER, NUMBER, TEXT),
    "boolean": (FLAG, TEXT),
    "date": (DAY, TEXT),
    "timestamp": (INSTANT, TEXT),
    "struct": (OBJECT, TEXT),
}


class BrokenFileError(ValueError):
    """A file of typed columns that cannot be read, or not as its contract says: the reason for which it is refused."""


def kind_problem(column: Column, kind: str) -> str | None:
    """Why no value of a kind can be one of a column; None where each decides for itself."""
    wanted = _FITS[column.type.split("(")[0]]
    values = column.values
    if column.type == "timestamp" and values.time_zone:
        wanted = (*wanted, CLOCK, DAY)
    if values.epoch_unit:
        wanted = (INTEGER, NUMBER, TEXT)
    if column.type == "boolean" and values.true_words != ("true",):
        wanted = (*wanted, INTEGER)
    if column.type == "date" and not values.format:
        wanted = (*wanted, CLOCK)
    if kind in wanted:
        return None
    cure = "; name its clock by logicalTypeOptions.defaultTimezone" if kind == CLOCK else ""
    return f"column {column.name} holds {kind}, while its contract says {column.type}{cure}"


def plain_text(value: Any) -> str | None:
    """A value as text: null for none, numbers with a point, times as ISO 8601, lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    writer = next((write for kind, write in _WRITERS if isinstance(value, kind)), None)
    return str(value) if writer is None else writer(value)


def json_text(value: Any) -> str:
    """A list or an object as JSON, whose numbers that JSON has not are texts."""
    return json.dumps(value, ensure_ascii=False, default=plain_text)


def _number(value: float) -> str:
    """The shortest digits that are this number, without an exponent."""
    return format(Decimal(repr(value)), "f") if math.isfinite(value) else str(value)


def _instant(value: datetime) -> str:
    if value.tzinfo is None and value.time() == time():
        return value.date().isoformat() + "T00:00:00"
    return value.isoformat()


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, lambda value: str(value).lower()),
    (int, str),
    (float, _number),
    (Decimal, lambda value: format(value, "f")),
    (datetime, _instant),
    (date, date.isoformat),
    (bytes, lambda value: value.decode("utf-8", errors="replace")),
    (dict, json_text),
    (list, json_text),
)
