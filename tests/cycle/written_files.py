"""Files as a source would write them: rows of plain values, by what a contract says of its files and their text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import fastavro
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

Column = Mapping[str, Any]
Row = dict[str, Any]

_CODECS = {"Latin-1": "latin-1", "UTF-16": "utf-16", "Windows-1252": "cp1252"}
_SIGNS = {"semicolon": ";", "tab": "\t", "pipe": "|"}


def written(columns: Sequence[Column], rows: Sequence[Row], format_: str, options: Mapping[str, Any]) -> bytes:
    """The content of a file. rows: of values as Python has them, None for no value."""
    if format_ in ("parquet", "avro"):
        return (_parquet if format_ == "parquet" else _avro)(columns, rows)
    texts = [{column["name"]: as_text(column, row[column["name"]], format_) for column in columns} for row in rows]
    if format_ == "xlsx":
        return _workbook(columns, texts, options)
    made = {"csv": _csv, "json_lines": _json_lines, "json": _json}[format_](columns, texts, options)
    return made.encode(_CODECS.get(options.get("encoding", ""), "utf-8"))


def _words(column: Column) -> dict[str, Any]:
    return {item["property"]: item["value"] for item in column.get("customProperties", ())}


def as_text(column: Column, value: Any, format_: str) -> Any:
    """A value by what its column says of its text; a plain one of JSON or Excel where it says nothing."""
    words, kind = _words(column), column["physicalType"].split("(")[0]
    if value is None:
        return words["nullWords"][-1] if "nullWords" in words else None
    if kind == "struct":
        plain = {f["name"]: as_text(f, value[f["name"]], "json") for f in column["properties"]}
        return plain if format_.startswith("json") else json.dumps(plain)
    if kind == "array":
        return [as_text(column["items"], one, "json") for one in value]
    if kind == "map":
        return {name: as_text(column["items"], one, "json") for name, one in value.items()}
    if kind in ("date", "timestamp"):
        return _time(column.get("logicalTypeOptions", {}), value)
    if kind == "boolean":
        word = words[f"{str(value).lower()}Words"][-1] if "trueWords" in words else str(value).lower()
        return word if "trueWords" in words or format_ == "csv" else value
    text = _number(words, value) if isinstance(value, int | float | Decimal) else str(value)
    text = f"  {text} " if words.get("trim") else text
    is_plain = text == str(value) and isinstance(value, int | float) and format_ != "csv"
    return value if is_plain else text


def _number(words: Mapping[str, Any], value: int | float | Decimal) -> str:
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    group, point = words.get("groupSeparator", ""), words.get("decimalSeparator", ".")
    return text.replace(",", "#").replace(".", point).replace("#", group)


def _time(options: Mapping[str, str], value: date) -> Any:
    """A date, or an instant, in one of the formats of `generated_words`."""
    form, is_instant = options.get("format"), isinstance(value, datetime)
    if form is None:
        return value.isoformat()
    if form == "epoch_millis" and isinstance(value, datetime):
        return int(value.timestamp() * 1000)
    if not is_instant:
        return f"{value.day}/{value.month}/{value.year}"
    if "XXX" in form:
        return f"{value:%Y-%m-%dT%H:%M:%S}Z"
    return f"{value.astimezone(ZoneInfo(options['defaultTimezone'])):%d.%m.%Y %H:%M:%S}"  # type: ignore[attr-defined]


def _csv(columns: Sequence[Column], rows: Sequence[Row], options: Mapping[str, Any]) -> str:
    text, names = io.StringIO(), [column["name"] for column in columns]
    text.write("A report\n" * options.get("skipLines", 0))
    quote, escape = options.get("quote", '"'), options.get("escape")
    writer = csv.writer(
        text, delimiter=_SIGNS.get(options.get("delimiter", ""), ","), quotechar=quote, escapechar=escape,
        doublequote=escape is None, lineterminator="\n",
    )  # fmt: skip
    writer.writerows([names] if options.get("header", True) else [])
    text.write("# a remark\n" if "comment" in options else "")
    writer.writerows([row[name] for name in names] for row in rows)
    return text.getvalue()


def _json_lines(columns: Sequence[Column], rows: Sequence[Row], options: Mapping[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def _json(columns: Sequence[Column], rows: Sequence[Row], options: Mapping[str, Any]) -> str:
    whole: Any = list(rows)
    for member in reversed(options.get("path", "").split(".") if "path" in options else ()):
        whole = {"before": {"x": 1}, member: whole}
    return json.dumps(whole)


def _workbook(columns: Sequence[Column], rows: Sequence[Row], options: Mapping[str, Any]) -> bytes:
    book, held = openpyxl.Workbook(), io.BytesIO()
    sheet = book.create_sheet(options["sheet"]) if "sheet" in options else book.active
    lines = [["A report"]] * (options.get("headerRow", 1) - 1)
    for line in [*lines, [column["name"] for column in columns], *([*row.values()] for row in rows)]:
        sheet.append(line)
    book.save(held)
    return held.getvalue()


def _digits(kind: str) -> tuple[int, int]:
    digits, decimals = kind.removeprefix("decimal(").rstrip(")").split(",")
    return int(digits), int(decimals)


_ARROW: Mapping[str, Callable[[], pa.DataType]] = {
    "string": pa.string, "int": pa.int32, "bigint": pa.int64, "double": pa.float64, "date": pa.date32,
    "timestamp": lambda: pa.timestamp("us", "UTC"), "boolean": pa.bool_,
}  # fmt: skip
_AVRO: Mapping[str, Any] = {
    "string": "string", "int": "int", "bigint": "long", "double": "double", "boolean": "boolean",
    "date": {"type": "int", "logicalType": "date"}, "timestamp": {"type": "long", "logicalType": "timestamp-micros"},
}  # fmt: skip


def _arrow(column: Column) -> pa.DataType:
    kind = column["physicalType"]
    if kind == "struct":
        return pa.struct([(field["name"], _arrow(field)) for field in column["properties"]])
    if kind == "array":
        return pa.list_(_arrow(column["items"]))
    if kind == "map":
        return pa.map_(pa.string(), _arrow(column["items"]))
    return pa.decimal128(*_digits(kind)) if kind.startswith("decimal") else _ARROW[kind]()


def _parquet(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    held = io.BytesIO()
    schema = pa.schema([(column["name"], _arrow(column)) for column in columns])
    pq.write_table(pa.Table.from_pylist(list(rows), schema), held)
    return held.getvalue()


def _avro_type(column: Column) -> Any:
    kind, name = column["physicalType"], column["name"]
    if kind == "array":
        return {"type": "array", "items": ["null", _avro_type({"name": f"{name}_items", **column["items"]})]}
    if kind == "map":
        return {"type": "map", "values": ["null", _avro_type({"name": f"{name}_items", **column["items"]})]}
    if kind == "struct":
        return {"type": "record", "name": f"r_{name}", "fields": [_avro_field(field) for field in column["properties"]]}
    if kind.startswith("decimal"):
        digits, decimals = _digits(kind)
        return {"type": "bytes", "logicalType": "decimal", "precision": digits, "scale": decimals}
    return _AVRO[kind]


def _avro_field(column: Column) -> dict[str, Any]:
    return {"name": column["name"], "type": ["null", _avro_type(column)]}


def _avro(columns: Sequence[Column], rows: Sequence[Row]) -> bytes:
    held = io.BytesIO()
    schema = fastavro.parse_schema({"type": "record", "name": "r", "fields": [_avro_field(c) for c in columns]})
    fastavro.writer(held, schema, list(rows))
    return held.getvalue()


def utc(day: int) -> datetime:
    """Ten o'clock on a day of January 2024, in UTC."""
    return datetime(2024, 1, day, 10, tzinfo=UTC)
