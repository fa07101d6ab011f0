"""How long obsolete files stay: the declared days, as Delta's property says them and as maintenance counts them."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.layout import layout_for
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.layout.declared import DeclaredTable
from lakehouse.layout.maintain import _vacuum
from lakehouse.runtime.context import Context

DAY_MS = 86_400_000


@pytest.mark.parametrize(("days", "kept"), [(1, "interval 30 days"), (7, "interval 30 days"), (60, "interval 60 days")])
def test_a_new_silver_table_says_how_long_it_keeps_files_and_log(project: Project, days: int, kept: str) -> None:
    properties = replace(project.contracts.dataset("products"), retention_days=days).table_properties
    assert properties["delta.deletedFileRetentionDuration"] == f"interval {days} days"
    assert properties["delta.logRetentionDuration"] == kept


def test_without_a_word_in_the_contract_it_is_a_week(project: Project) -> None:
    for dataset in project.contracts.datasets:
        assert dataset.table_properties["delta.deletedFileRetentionDuration"] == "interval 7 days"


def removed_days_ago(path: Path, days: float) -> None:
    """A table of which one file was replaced some days ago."""
    for number in range(2):
        write_deltalake(str(path), pa.table({"a": [number]}), mode="overwrite")
    commit = path / "_delta_log" / f"{1:020}.json"
    actions = [json.loads(line) for line in commit.read_text().splitlines()]
    for action in actions:
        if "remove" in action:
            action["remove"]["deletionTimestamp"] = int(time.time() * 1000 - days * DAY_MS)
    commit.write_text("".join(f"{json.dumps(action)}\n" for action in actions))


@pytest.mark.parametrize(("retention", "days", "obsolete"), [(7, 6.9, 0), (7, 7.1, 1), (2, 1.9, 0), (2, 2.1, 1)])
def test_a_file_goes_once_its_days_are_over(
    project: Project, lake: Lake, tmp_path: Path, retention: int, days: float, obsolete: int
) -> None:
    statements: list[str] = []
    spark = SimpleNamespace(sql=lambda text: SimpleNamespace(collect=lambda: statements.append(text)))
    path = tmp_path / "t"
    removed_days_ago(path, days)
    table = DeclaredTable("silver", "t", "erp", str(path), layout_for([], ["a"]), retention)
    assert _vacuum(Context(project, lake, lambda: spark), table) == obsolete  # type: ignore[arg-type,return-value]
    assert statements == [f"VACUUM delta.`{path}`"] * obsolete
    assert DeltaTable(str(path)).version() == 1
