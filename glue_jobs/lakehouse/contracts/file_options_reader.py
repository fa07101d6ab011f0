"""Reads `fileOptions` of a dataset, or reports line, field and what was wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.columns import Column
from lakehouse.contracts.file_options import AS_STANDARD, Encoding, FileOptions
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

OF_FORMATS: Mapping[str, tuple[FileFormat, ...]] = {
    "delimiter": (FileFormat.CSV,),
    "quote": (FileFormat.CSV,),
    "escape": (FileFormat.CSV,),
    "encoding": (FileFormat.CSV, FileFormat.JSON_LINES, FileFormat.JSON),
    "header": (FileFormat.CSV,),
    "columns": (FileFormat.CSV,),
    "skipLines": (FileFormat.CSV,),
    "comment": (FileFormat.CSV,),
    "path": (FileFormat.JSON,),
    "sheet": (FileFormat.XLSX,),
    "headerRow": (FileFormat.XLSX,),
}
"""Every option with the formats that have use for it."""
_NAMED = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_MOST_LINES = 10_000


def read_file_options(node: Place | None, file_format: FileFormat, columns: Sequence[Column]) -> FileOptions:
    """The options of a dataset's files; raises ContractError."""
    if node is None:
        return AS_STANDARD
    given = dict(node.entries())
    for name, value in given.items():
        if name not in OF_FORMATS:
            raise value.error(f"unknown option.{nearest(name, OF_FORMATS)}")
        if file_format not in OF_FORMATS[name]:
            known = ", ".join(OF_FORMATS[name])
            raise value.error(f"has no effect on files in {file_format}, only in {known}; remove it.")
    found: dict[str, Any] = {}
    for name, read in _READERS.items():
        if name in given:
            found[_field(name)] = read(given[name])
    options = FileOptions(**found)
    _refuse_contradictions(options, given, columns)
    return options


def _field(name: str) -> str:
    """skipLines → skip_lines."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _refuse_contradictions(options: FileOptions, given: Mapping[str, Place], columns: Sequence[Column]) -> None:
    signs = {name: getattr(options, name) for name in ("delimiter", "quote", "escape", "comment")}
    for name, place in given.items():
        others = [other for other, sign in signs.items() if other != name and sign == signs.get(name, "")]
        if name in signs and signs[name] is not None and others and {name, others[0]} != {"quote", "escape"}:
            raise place.error(f"'{signs[name]}' is the {others[0]} too; take another for one of them.")
    if "columns" in given:
        _refuse_columns(options, given["columns"], columns)


def _refuse_columns(options: FileOptions, place: Place, columns: Sequence[Column]) -> None:
    if options.header:
        raise place.error("a file with a header names its columns itself; remove it, or add header: false.")
    names = {name for column in columns for name in (column.name, column.delivered_name)}
    doubled = next((name for name in options.columns if options.columns.count(name) > 1), None)
    if doubled is not None:
        raise place.error(f"names '{doubled}' twice.")
    lacking = [c for c in columns if c.required and not {c.name, c.delivered_name} & set(options.columns)]
    if lacking:
        raise place.error(f"lacks the required column {lacking[0].name}.{nearest(lacking[0].name, options.columns)}")
    if not names & set(options.columns):
        raise place.error("names no column of the contract.")


def _sign(value: Place) -> str:
    text = _NAMED.get(str(value.value), value.value)
    if not isinstance(text, str) or len(text) != 1 or text.isalnum() or text in "\r\n\ufeff" or ord(text) > 0x7F:
        close = nearest(str(value.value), _NAMED) if isinstance(text, str) and len(text) > 1 else ""
        raise value.error(f"must be one character that is no letter and no digit, or tab, found {text!r}.{close}")
    return text


def _quote(value: Place) -> str | None:
    return None if value.value in (None, "none") else _sign(value)


def _encoding(value: Place) -> Encoding:
    known = {str(encoding).lower(): encoding for encoding in Encoding}
    if str(value.value).lower() not in known:
        raise value.error(f"unknown value '{value.value}'.{nearest(str(value.value), Encoding)}")
    return known[str(value.value).lower()]


def _flag(value: Place) -> bool:
    if not isinstance(value.value, bool):
        raise value.error(f"must be true or false, found {value.value!r}.")
    return value.value


def _names(value: Place) -> tuple[str, ...]:
    return tuple(_text(item) for item in value.items("column"))


def _number(least: int) -> Callable[[Place], int]:
    def number(value: Place) -> int:
        if isinstance(value.value, bool) or not isinstance(value.value, int) or not least <= value.value <= _MOST_LINES:
            raise value.error(f"must be a number from {least} to {_MOST_LINES}, found {value.value!r}.")
        return int(value.value)

    return number


def _text(value: Place) -> str:
    if not isinstance(value.value, str) or not value.value.strip():
        raise value.error(f"must be a text, found {value.value!r}.")
    return value.value


def _path(value: Place) -> tuple[str, ...]:
    parts = tuple(_text(value).split("."))
    if "" in parts:
        raise value.error(f"must be names with points between, such as data.orders, found '{value.value}'.")
    return parts


_READERS: Mapping[str, Any] = {
    "delimiter": _sign,
    "quote": _quote,
    "escape": _sign,
    "encoding": _encoding,
    "header": _flag,
    "columns": _names,
    "skipLines": _number(0),
    "comment": _sign,
    "path": _path,
    "sheet": _text,
    "headerRow": _number(1),
}
