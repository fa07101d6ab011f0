"""`lakehouse history` says what each version brought, so that nobody has to guess by its time which one to restore."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, write_deltalake

from lakehouse.cli.main import main
from lakehouse.cli.publish import what_it_brought
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake

COUNTS = {"rows": 7, "inserted": 3, "updated": 0, "deleted": 1, "moved": 2}


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ({"dataset": "erp_orders", "batch_id": 2, "counts": COUNTS}, "batch 2: 3 inserted, 1 deleted, 2 moved"),
        ({"batch_id": 2, "counts": {**COUNTS, "inserted": 0, "deleted": 0, "moved": 0}}, "batch 2: no row changed"),
        ({"rollback": {"from_version": 5, "to_version": 3, "run": None}}, "rolled back to version 3"),
        ({"dataset_change": 4, "layout": {"partitions": []}}, "rebuilt from bronze, or a column changed"),
        ({"silver_versions": {"crm_leads": 1, "products": 0}}, "from crm_leads 1, products 0"),
        ({"layout": {"partitions": []}}, "files clustered"),
        ({}, ""),
    ],
)
def test_the_note_of_a_commit_in_words(note: dict[str, Any], said: str) -> None:
    assert what_it_brought(note) == said


def test_the_versions_of_a_table_the_newest_first(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    path, rows = lake.silver("products"), pa.table({"product_id": ["P1"]})
    for batch in (1, 2):
        said = CommitProperties({"userMetadata": json.dumps({"batch_id": batch, "counts": COUNTS})})
        write_deltalake(path, rows, mode="append", commit_properties=said)
    existing_table(path).alter.set_table_properties({"lakehouse.key": "product_id"}, raise_if_not_exists=False)
    assert main(["history", "silver.products", "--lake", lake.root]) == 0
    printed = [line.split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    found = [(int(number), what.strip()) for number, _, _, what in printed[1:]]
    changed = "3 inserted, 1 deleted, 2 moved"
    assert found == [(2, "no row"), (1, f"batch 2: {changed}"), (0, f"batch 1: {changed}")]


def test_a_table_that_nobody_has_written_has_no_history(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "silver.products", "--lake", lake.root]) == 3
    assert "run `make local-run` first" in capsys.readouterr().err
