"""A ledger costs the same after a thousand runs: objects are counted, not seconds."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from lakehouse.contracts.project import Project
from lakehouse.lake.conflicts import CHANGES_NO_ROW
from lakehouse.lake.delta_log import Commit, append_once, read_rows, recorded
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.changes import Change, ChangeKind, changes_of, record_changes
from lakehouse.quarantine.rows import RowRef

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
    assert objects_read(path) == (10, 1)
    enter_as_before(path, 10, 989)
    assert objects_read(path) == (990, 981)
    for entry in range(991, 1001):
        enter(path, entry)
    files, log = objects_read(path)
    assert files <= 10, "the first of the ten entries compacts what 990 runs left"
    assert log <= 11, "ten commits, and the checkpoint before them"
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


def test_compaction_rewrites_the_tail_of_a_ledger_and_not_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.lake.delta_log.MOST_FILES", 5)
    monkeypatch.setattr("lakehouse.lake.delta_log.FILE_BYTES", 12_000)
    path, written, random = str(tmp_path), [0], Random(1)
    for entry in range(1, 61):
        row = {"dataset": random.randbytes(500).hex(), "entry": entry, "recorded_at": NOON}
        append_once(path, [row], LEDGER, Commit("batches", entry))
        written.append(sum(file.stat().st_size for file in tmp_path.glob("*.parquet")))
    of_ten = [written[at + 10] - written[at] for at in range(0, 60, 10)]
    assert of_ten[-1] < 1.5 * of_ten[1], "ten late entries write as little as ten early ones"
    assert len(read_rows(path)) == 60


def test_a_row_changed_in_quarantine_is_entered_in_a_table_that_is_compacted(
    project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse.lake.delta_log.MOST_FILES", 5)
    products = project.contracts.dataset("products")
    for number in range(1, 13):
        change = Change(f"discard/{number}", RowRef(1, number), ChangeKind.DISCARD, "ann", "why")
        record_changes(lake, products, [change], [])
    path = lake.ops("quarantine_changes")
    assert [change.ref.row_id for change in changes_of(lake, products)] == list(range(1, 13))
    assert len(DeltaTable(path).file_uris()) <= 6
