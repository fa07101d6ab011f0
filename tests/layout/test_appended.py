"""Bronze and quarantine, to which rows are added, and tables of `ops` are compacted and vacuumed; no row changes."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lakehouse.contracts.columns import BATCH_ID, ROW_ID
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import INGEST
from lakehouse.lake.delta_log import Commit, append_once, recorded
from lakehouse.lake.milestones import MILESTONES, record_milestone
from lakehouse.lake.paths import Lake
from lakehouse.lake.table_files import TableFile, table_files
from lakehouse.layout.declared import BY_BATCH, appended_tables
from lakehouse.layout.maintain import MaintenanceResult, maintain_ledger, maintain_table
from lakehouse.layout.plan import plan_appended
from lakehouse.runtime.context import Context

MB, DAY_MS = 1 << 20, 86_400_000


def files_of(*sizes: int) -> list[TableFile]:
    """Files of one batch each, the youngest first."""
    last = len(sizes) - 1
    return [TableFile(f"{at}", size, 1, (), {BATCH_ID: (last - at, last - at)}) for at, size in enumerate(sizes)]


@pytest.mark.parametrize(
    ("sizes", "max_bytes", "chosen", "cells"),
    [
        ([1 * MB] * 6, 1 << 40, "", 0),  # too few
        ([1 * MB] * 7, 1 << 40, "6543210", 1),
        ([16 * MB, *[1 * MB] * 7, 200 * MB], 1 << 40, "7654321", 1),  # the large ones stay
        ([15 * MB] * 18, 1 << 40, None, 2),
        ([1 * MB] * 9, 3 * MB, "876", 1),  # the oldest, as many as fit; the next run goes on
        ([2 * MB] * 9, 3 * MB, "", 0),
        ([], 1, "", 0),
    ],
)
def test_small_files_are_compacted_in_the_order_of_their_batches(
    sizes: list[int], max_bytes: int, chosen: str | None, cells: int
) -> None:
    tasks = plan_appended(files_of(*sizes), BY_BATCH, max_bytes).tasks
    if chosen is not None:
        assert "".join(file.path for task in tasks for file in task.files) == chosen
    assert sum(task.cells for task in tasks) == cells


def delivered(path: str, batch_id: int, rows: int = 3) -> None:
    """A batch of bronze, by a writer that is not Spark, with its progress."""
    values = {"sku": [f"P{n}" for n in range(rows)], BATCH_ID: [batch_id] * rows, ROW_ID: list(range(rows))}
    done = CommitProperties(app_transactions=[Transaction(INGEST, batch_id)])
    write_deltalake(path, pa.table(values), mode="append", commit_properties=done)


def rows_of(path: str, version: int | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = DeltaTable(path, version=version).to_pyarrow_table().to_pylist()
    return sorted(found, key=lambda row: (row[BATCH_ID], row[ROW_ID]))


def removed_days_ago(path: str, days: float) -> None:
    """Let the newest commit have removed its files some days ago."""
    commit = max(Path(path, "_delta_log").glob("[0-9]*.json"))
    actions = [json.loads(line) for line in commit.read_text().splitlines()]
    for action in actions:
        if "remove" in action:
            action["remove"]["deletionTimestamp"] = int(time.time() * 1000 - days * DAY_MS)
    commit.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    commit.with_name(f".{commit.name}.crc").unlink(missing_ok=True)


def test_bronze_is_compacted_and_vacuumed_and_keeps_rows_progress_and_time_travel(context: Context) -> None:
    path = context.lake.bronze("products")
    for batch in range(1, 10):
        delivered(path, batch)
    (table,) = appended_tables(context)
    before, version = rows_of(path), DeltaTable(path).version()
    result = maintain_table(context, table)
    assert (result.files_removed, result.files_added, result.vacuumed) == (9, 1, 0)
    (file,) = table_files(DeltaTable(path), [BATCH_ID])
    assert (file.rows, file.statistics[BATCH_ID]) == (27, (1, 9)), "a step that reads a batch still skips files"
    assert rows_of(path) == rows_of(path, version) == before
    assert recorded(path, INGEST) == 9
    assert maintain_table(context, table) == MaintenanceResult("bronze.products")
    for batch in range(10, 17):
        delivered(path, batch)
    removed_days_ago_of_compaction(path, version + 1)
    second = maintain_table(context, table)
    assert (second.files_removed, second.files_added, second.vacuumed) == (8, 1, 9)
    assert [row[BATCH_ID] for row in rows_of(path)] == [batch for batch in range(1, 17) for _ in range(3)]


def removed_days_ago_of_compaction(path: str, version: int) -> None:
    """Let the files that a compaction replaced be eight days obsolete."""
    commit = Path(path, "_delta_log", f"{version:020}.json")
    old = int(time.time() * 1000 - 8 * DAY_MS)
    actions = [json.loads(line) for line in commit.read_text().splitlines()]
    for action in actions:
        if "remove" in action:
            action["remove"]["deletionTimestamp"] = old
    commit.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
    commit.with_name(f".{commit.name}.crc").unlink(missing_ok=True)


@pytest.mark.parametrize(("days", "kept"), [(2, 7), (7, 7), (30, 30)])
def test_obsolete_files_stay_as_long_as_silver_keeps_its_own(
    project: Project, lake: Lake, days: int, kept: int
) -> None:
    contracts = replace_retention(project, days)
    delivered(lake.bronze("products"), 1)
    (table,) = appended_tables(Context(contracts, lake, lambda: None))  # type: ignore[arg-type,return-value]
    assert table.retention_days == kept
    assert table.properties.get("delta.deletedFileRetentionDuration") == (f"interval {kept} days" if days > 7 else None)


def replace_retention(project: Project, days: int) -> Project:
    """The project with another retention in every contract."""
    changed = Project(project.root)
    contracts = [
        replace(contract, datasets=tuple(replace(dataset, retention_days=days) for dataset in contract.datasets))
        for contract in project.contracts
    ]
    changed.__dict__["contracts"] = type(project.contracts)(tuple(contracts))
    return changed


def test_a_ledger_is_vacuumed_once_nobody_needs_what_its_compaction_left(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.lake.delta_log.MOST_FILES", 4)
    for version in range(1, 6):
        record_milestone(lake, "transform_erp", version)
    path = lake.ops("milestones")
    assert maintain_ledger(lake, "milestones") == MaintenanceResult("ops.milestones"), "readers have seven days"
    removed_days_ago(path, 7.1)
    assert maintain_ledger(lake, "milestones").vacuumed == 5
    assert recorded(path, "transform_erp") == 5
    assert sorted(DeltaTable(path).to_pyarrow_table()["version"].to_pylist()) == [1, 2, 3, 4, 5]
    assert maintain_ledger(lake, "milestones") == MaintenanceResult("ops.milestones")
    assert maintain_ledger(lake, "ties") == MaintenanceResult("ops.ties"), "there is none"


def test_a_ledger_of_an_earlier_release_gets_its_checkpoints(lake: Lake) -> None:
    path = lake.ops("milestones")
    write_deltalake(path, pa.Table.from_pylist([], schema=MILESTONES))
    assert maintain_ledger(lake, "milestones").described
    row = {"step": "a", "version": 1, "run_id": "r", "recorded_at": datetime.now(UTC)}
    for version in range(1, 11):
        append_once(path, [row], MILESTONES, Commit("a", version))
    assert list(Path(path, "_delta_log").glob("*.checkpoint.parquet"))
    assert not maintain_ledger(lake, "milestones").described
