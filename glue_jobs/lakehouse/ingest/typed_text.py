"""Values of formats that have types of their own, as text by which nothing of them is lost, and what can never fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lakehouse.contracts.columns import Column
from lakehouse.contracts.profile import Declared


class Kind(StrEnum):
    """What a column of such a format holds, in words."""

    TEXT = "text"
    INTEGER = "integers"
    NUMBER = "numbers"
    FLAG = "true and false"
    DAY = "dates"
    INSTANT = "instants"
    CLOCK = "times without an offset"
    OBJECT = "objects"
    LIST = "lists"
    MAP = "maps"
    BYTES = "bytes"
    OTHER = "values of another kind"


_FITS = {
    "string": (Kind.TEXT, Kind.BYTES),
    "int": (Kind.INTEGER, Kind.NUMBER, Kind.TEXT),
    "bigint": (Kind.INTEGER, Kind.NUMBER, Kind.TEXT),
    "double": (Kind.INTEGER, Kind.NUMBER, Kind.TEXT),
    "decimal": (Kind.INTEGER, Kind.NUMBER, Kind.TEXT),
    "boolean": (Kind.FLAG, Kind.TEXT),
    "date": (Kind.DAY, Kind.TEXT),
    "timestamp": (Kind.INSTANT, Kind.TEXT),
    "struct": (Kind.OBJECT, Kind.MAP, Kind.TEXT),
    "array": (Kind.LIST, Kind.TEXT),
    "map": (Kind.MAP, Kind.OBJECT, Kind.TEXT),
}


_OWN = {
    Kind.TEXT: "string", Kind.BYTES: "string", Kind.INTEGER: "bigint", Kind.NUMBER: "decimal(38,10)",
    Kind.FLAG: "boolean", Kind.DAY: "date", Kind.INSTANT: "timestamp", Kind.CLOCK: "timestamp",
}  # fmt: skip


def declared(kind: Kind) -> Declared:
    """What a column of a kind can be in a contract, whatever its values are; a clock's zone is the contract's."""
    own = _OWN.get(kind)
    fits = frozenset(name for name, kinds in _FITS.items() if kind in kinds)
    return Declared(own, fits | {own} if own else fits)


class BrokenFileError(ValueError):
    """A file of typed columns that cannot be read, or not as its contract says: the reason for which it is refused."""


def kind_problem(column: Column, kind: Kind) -> str | None:
    """Why no value of a kind can be one of a column; None where each decides for itself."""
    wanted = _FITS[column.type.split("(")[0]]
    values = column.values
    if column.type == "timestamp" and values.time_zone:
        wanted = (*wanted, Kind.CLOCK, Kind.DAY)
    if values.epoch_unit:
        wanted = (Kind.INTEGER, Kind.NUMBER, Kind.TEXT)
    if column.type == "boolean" and values.true_words != ("true",):
        wanted = (*wanted, Kind.INTEGER)
    if column.type == "date" and not values.format:
        wanted = (*wanted, Kind.CLOCK)
    if kind in wanted:
        return None
    cure = "; name its clock by logicalTypeOptions.defaultTimezone" if kind == Kind.CLOCK else ""
    return f"column {column.name} holds {kind}, while its contract says {column.type}{cure}"


class Pairs(dict[str, Any]):
    """The entries of a map, also two of one name: as JSON they are refused, where a dict would keep the last."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Any:
        """Every entry."""
        return self._pairs


def may_lose_bytes(kind: Kind) -> bool:
    """Whether values are bytes, or may have some in them, which as text can have lost what is no UTF-8."""
    return kind in (Kind.BYTES, Kind.OBJECT, Kind.LIST, Kind.MAP)


def plain_text(value: Any) -> str | None:
    """A value as text: null for none, numbers with a point, times as ISO 8601, lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is float:  # by far the most of what comes here
        return _number(value)
    writer = next((write for kind, write in _WRITERS if isinstance(value, kind)), None)
    return str(value) if writer is None else writer(value)


def json_text(value: Any) -> str:
    """A list or an object as JSON, whose numbers that JSON has not are texts."""
    return json.dumps(value, ensure_ascii=False, default=plain_text)


def _number(value: float) -> str:
    """The shortest digits that are this number, without an exponent."""
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


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
