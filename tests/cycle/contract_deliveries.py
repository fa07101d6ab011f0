"""Two small deliveries of any generated contract, and what silver has of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.contracts.generated import Contract
from tests.cycle.written_files import utc, written

FIRST, SECOND = (0, 1, 2), (1, 3)
"""The keys of each delivery: the second brings a later version of one, and a new one."""
_VERSIONS = [*((key, 0) for key in FIRST), *((key, 1) for key in SECOND)]


def property_of(contract: Contract, name: str) -> Any:
    """A custom property of the only dataset."""
    listed = contract["schema"][0]["customProperties"]
    return next((item["value"] for item in listed if item["property"] == name), None)


def delivered(contract: Contract, keys: tuple[int, ...], version: int) -> bytes:
    """A file with a row per key, as the contract says that it is written."""
    columns = contract["schema"][0]["properties"]
    rows = [_row(columns, key, version) for key in keys]
    return written(columns, rows, property_of(contract, "fileFormat"), property_of(contract, "fileOptions") or {})


def rows_in_silver(contract: Contract) -> list[dict[str, Any]]:
    """What silver has of the delivered columns after both, in any order; a change log deletes with its key alone.

    One row per key, the first or the last version; of a history one per version, without a key each of them.
    """
    columns, strategy = contract["schema"][0]["properties"], property_of(contract, "mergeStrategy")
    kept = dict(reversed(_VERSIONS)) if strategy == "insert_only" else dict(_VERSIONS)
    versions = _VERSIONS if strategy in ("scd2", "append") else list(kept.items())
    return [
        {column["name"]: _kept(column, _value(column, key, version)) for column in columns} for key, version in versions
    ]


def _kept(column: dict[str, Any], value: Any) -> Any:
    """A value as tables have it: a map is the list of its entries, by their keys."""
    if value is None:
        return None
    if column["physicalType"] == "struct":
        return {field["name"]: _kept(field, value[field["name"]]) for field in column["properties"]}
    if column["physicalType"] == "array":
        return [_kept(column["items"], one) for one in value]
    if column["physicalType"] == "map":
        return [{"key": name, "value": _kept(column["items"], one)} for name, one in sorted(value.items())]
    return value


def _row(columns: list[dict[str, Any]], key: int, version: int) -> dict[str, Any]:
    return {column["name"]: _value(column, key, version) for column in columns}


def _value(column: dict[str, Any], key: int, version: int) -> Any:
    name, kind = column["name"], column["physicalType"].split("(")[0]
    if name == "gone":
        return key == 1 and version == 1  # the later version of a key deletes it, and its row stays
    if name == "op":
        return "D" if key == 1 and version == 1 else "I"
    if not column["required"] and key == 0:
        return None
    if kind == "struct":
        return {field["name"]: _value(field, key, version) for field in column["properties"]}
    if kind in ("array", "map"):
        items = {"name": "element", **column["items"], "required": True}
        inside = [_value(items, key, 0), *([] if column["items"].get("required") else [None])]
        return inside[version:] if kind == "array" else dict(zip(("b", "a"), inside, strict=False))
    number = {"seq": version, "at": key}.get(name, key if "primaryKey" in column else 0)
    values = {
        "string": f"V{number}", "date": date(2024, 1, number + 1), "timestamp": utc(number + 1),
        "double": float(number), "boolean": number % 2 == 1, "decimal": Decimal(number),
    }  # fmt: skip
    return values.get(kind, number)
