"""An exported row starts no formula in a spreadsheet, and comes back as it was delivered."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.edits import export_rows, read_edits
from lakehouse.quarantine.rows import Selection

FORMULAS = (
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "-", "+49 555 1",
    "--1", "'=1", "''@x",
)  # fmt: skip
OTHERS = (
    "-5",
    "-5.25",
    "+7",
    "1e3",
    "-1E+3",
    "'quoted'",
    "it's",
    "a=b",
    " =1",
    "'",
    "2026-01-01",
    "jane@doe.example",
    None,
)


def quarantined(
    lake: Lake,
    dataset: Dataset,
    texts: tuple[str | None, ...],
    columns_with_it: tuple[str, ...] = ("order_id", "status"),
) -> None:
    """Rows of which two columns hold each of these texts."""
    about = {
        "_raw_text": None, "_rescued": None, "_broken_rules": ["=rule"], "_source_file": "f.csv", "_batch_id": 1,
        "_step": "validate", "_quarantined_at": datetime(2026, 11, 1, tzinfo=UTC), "_state": "open",
    }  # fmt: skip
    empty = dict.fromkeys(dataset.column_names)
    rows = [{**empty, **dict.fromkeys(columns_with_it, text), **about, "_row_id": n} for n, text in enumerate(texts)]
    columns = [(name, pa.string()) for name in (*dataset.column_names, "_raw_text", "_rescued", "_source_file", "_step",
                                                "_state")]  # fmt: skip
    others = [("_broken_rules", pa.list_(pa.string())), ("_batch_id", pa.int64()), ("_row_id", pa.int64()),
              ("_quarantined_at", pa.timestamp("us", "UTC"))]  # fmt: skip
    write_deltalake(lake.quarantine(dataset.name), pa.Table.from_pylist(rows, schema=pa.schema([*columns, *others])))


@pytest.fixture
def orders(project: Project, lake: Lake) -> Dataset:
    dataset = project.contracts.dataset("erp_orders")
    quarantined(lake, dataset, (*FORMULAS, *OTHERS))
    return dataset


def cells(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_an_export_starts_no_formula(lake: Lake, orders: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    assert export_rows(lake, orders, Selection(), file, reveal=True) == len(FORMULAS) + len(OTHERS)
    written = cells(file)
    assert [row["status"] for row in written] == [f"'{text}" for text in FORMULAS] + [text or "" for text in OTHERS]
    assert {row["_broken_rules"] for row in written} == {"'=rule"}


def test_an_export_is_its_owners_and_masks_what_is_there(lake: Lake, project: Project, tmp_path: Path) -> None:
    leads, file = project.contracts.dataset("crm_leads"), tmp_path / "rows.csv"
    quarantined(lake, leads, ("jane@doe.example", None), ("lead_id", "email"))
    export_rows(lake, leads, Selection(), file, reveal=False)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [(row["lead_id"], row["email"], row["phone"]) for row in cells(file)] == [
        ("jane@doe.example", "***", ""), ("", "", "")
    ]  # fmt: skip
    assert read_edits(lake, leads, file) == ([], 2), "a mask keeps what was delivered"


def test_what_was_exported_comes_back_as_it_was(lake: Lake, orders: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    for _ in range(2):
        export_rows(lake, orders, Selection(), file, reveal=True)
        assert read_edits(lake, orders, file) == ([], len(FORMULAS) + len(OTHERS))
    lines = cells(file)
    for line in lines:
        line["order_id"] = "O-1"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    edits, _ = read_edits(lake, orders, file)
    assert [edit.values["status"] for edit in edits] == [*FORMULAS, *OTHERS]
    assert {edit.values["order_id"] for edit in edits} == {"O-1"}
