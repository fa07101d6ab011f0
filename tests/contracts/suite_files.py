"""A suite that a test writes, and the one error that reading it gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.suite import load_suite
from lakehouse.contracts.suite_errors import SuiteError

COLUMNS = {
    "order_id": "string", "quantity": "int", "unit_price": "decimal(12,2)", "ordered_at": "timestamp",
    "updated_at": "timestamp", "device": "struct", "device.os": "string",
}  # fmt: skip


def expectation(**changes: Any) -> dict[str, Any]:
    """A rule of a suite with some words changed."""
    meta = {
        "rule": "quantity_at_least_1",
        "sentence": "At least one unit is sold.",
        "on_failure": "quarantine",
    }
    plain: dict[str, Any] = {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "quantity", "min_value": 1},
        "meta": {**meta, **changes.pop("meta", {})},
        "severity": "warning",
    }
    return {**plain, **changes}


def write_suite(folder: Path, *expectations: dict[str, Any], text: str | None = None, name: str = "orders") -> Path:
    """Write a suite with these expectations, or this text, and return the project folder."""
    (folder / "expectations").mkdir(exist_ok=True)
    content = json.dumps({"name": name, "expectations": expectations}) if text is None else text
    (folder / "expectations" / "orders.json").write_text(content, encoding="utf-8")
    return folder


def message(folder: Path, dataset: str = "orders") -> str:
    """The one line that a suite is refused with."""
    with pytest.raises(SuiteError) as raised:
        load_suite(folder, dataset, COLUMNS)
    text = str(raised.value)
    assert "\n" not in text
    return text.removeprefix(f"{folder}/expectations/")
