"""Two small deliveries of any generated contract, and how many rows silver has of them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from tests.contracts.generated import Contract

FIRST, SECOND = (0, 1, 2), (1, 3)
"""The keys of each delivery: the second brings a later version of one, and a new one."""


def property_of(contract: Contract, name: str) -> Any:
    """A custom property of the only dataset."""
    listed = contract["schema"][0]["customProperties"]
    return next((item["value"] for item in listed if item["property"] == name), None)


def delivered(contract: Contract, keys: tuple[int, ...], version: int) -> str:
    """The text of a file with a row per key, by the contract's format."""
    columns = contract["schema"][0]["properties"]
    rows = [{column["name"]: _value(column, key, version) for column in columns} for key in keys]
    if property_of(contract, "fileFormat") == "json_lines":
        return "".join(json.dumps(row) + "\n" for row in rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, [column["name"] for column in columns], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _in_csv(value) for name, value in row.items()})
    return text.getvalue()


def _in_csv(value: Any) -> Any:
    """A struct stands as JSON in its field, a boolean as a word."""
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else value


def rows_in_silver(contract: Contract) -> int:
    """How many rows silver has after both: one per key; of a history one per version, without a key each of them."""
    versions = len(FIRST) + len(SECOND)
    return versions if property_of(contract, "mergeStrategy") in ("scd2", "append") else len({*FIRST, *SECOND})


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
    number = {"seq": version, "at": key}.get(name, key if "primaryKey" in column else 0)
    texts = {"string": f"v{number}", "date": f"2024-01-0{number + 1}", "timestamp": f"2024-01-0{number + 1}T10:00:00Z"}
    return texts.get(kind, number % 2 == 1 if kind == "boolean" else number)
