"""A ledger costs the same after a thousand runs: objects are counted, not seconds."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse.lake.conflicts import CHANGES_NO_ROW
from lakehouse.lake.delta_log import MOST_FILES, Commit, append_once, read_rows, recorded

LEDGER = pa.schema([("dataset", pa.string()), ("entry", pa.int64()), ("recorded_at", pa.timestamp("us", "UTC"))])
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def enter(path: str, entry: int) -> bool:
    """One run's entry, of one of two datasets."""
    dataset = ("erp_orders", "products")[entry % 2]
    row = {"dataset": dataset, "entry": entry, "recorded_at": NOON}
    return append_once(path, [row], LEDGER, Commit(f"batches:{dataset}", entry))


def objects_read(path: str) -> tuple[int, int]:
    """What a reader of the newest version opens: data files, and files of the log from the last checkpoint on."""
    log = Path(path, "_delta_log")
    newest = max((int(file.name.split(".")[0]) for file in log.glob("*.checkpoint.parquet")), default=-1)
    later = sum(int(file.stem) > newest for file in log.glob("[0-9]*.json"))
    return len(DeltaTable(path).file_uris()), later + (newest >= 0)


def enter_as_before(path: str, first: int, last: int) -> None:
    """The entries of many runs that never compacted: each a copy of the newest commit and of its file."""
    log = Path(path, "_delta_log")
    newest = max(log.glob("[0-9]*.json"))
    (name,) = re.findall(r'"path":"([^"]+)"', newest.read_text())
    for version in range(first, last + 1):
        copy = f"{version}-{name}"
        shutil.copy(Path(path, name), Path(path, copy))
        (log / f"{version:020}.json").write_text(newest.read_text().replace(name, copy))


def test_what_a_run_reads_of_a_ledger_is_bounded_whatever_its_number(tmp_path: Path) -> None:
    path = str(tmp_path)
    for entry in range(1, 11):
        enter(path, entry)
    assert objects_read(path) == (10, 10)
    enter_as_before(path, 10, 989)
    assert objects_read(path) == (990, 990)
    for entry in range(991, 1001):
        enter(path, entry)
    files, log = objects_read(path)
    assert files <= 10, "the first of the ten entries compacts what 990 runs left"
    assert log <= MOST_FILES + 1
    assert len(read_rows(path)) == 1000


def test_no_entry_and_no_progress_is_lost_when_a_ledger_is_compacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.lake.delta_log.MOST_FILES", 5)
    path = str(tmp_path)
    for entry in range(1, 21):
        assert enter(path, entry)
        assert not enter(path, entry)
    assert sorted(row["entry"] for row in read_rows(path)) == list(range(1, 21))
    assert sorted(row["entry"] for row in read_rows(path, dataset="products")) == list(range(1, 21, 2))
    assert (recorded(path, "batches:erp_orders"), recorded(path, "batches:products")) == (20, 19)
    assert len(DeltaTable(path).file_uris()) <= 6
    assert {commit["operation"] for commit in DeltaTable(path).history()} >= {"OPTIMIZE"} <= CHANGES_NO_ROW
