"""A log that was cleaned up, or is long: what is asked of it is right, and reads its end alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.lake.batches import MERGE
from lakehouse.lake.dataset_changes import (
    REBUILD,
    ChangeState,
    changes_of_dataset,
    record_change,
    settle_rebuild,
)
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import FIRST_COMMITS, Commit, append_once, newest_commits, read_rows, recorded
from lakehouse.lake.log_files import begins_at, read_protocol
from lakehouse.lake.paths import Lake
from lakehouse.layout.files import Clustered, clustered_at
from lakehouse.publish.parity import UnreadableFeatureError, open_readable
from lakehouse.transform.merge import _version_of
from tests.helpers.cleaned_logs import clean_log

LEDGER = pa.schema([("dataset", pa.string()), ("entry", pa.int64())])


def commit(path: str | Path, metadata: object = None, app_id: str = MERGE, version: int | None = None) -> None:
    """A commit of one row that says something."""
    said = None if metadata is None else {"userMetadata": json.dumps(metadata)}
    done = [] if version is None else [Transaction(app_id, version)]
    properties = CommitProperties(said, app_transactions=done)
    write_deltalake(str(path), pa.table({"a": [1]}), mode="append", commit_properties=properties)


def silver_of(path: Path, *numbers: int) -> str:
    for number in numbers:
        commit(path, {"batch_id": number, "number": number}, version=number)
    return str(path)


def test_the_newest_commits_are_read_as_far_back_as_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = silver_of(tmp_path, *range(1, 21))
    asked: list[int | None] = []
    real = DeltaTable.history
    monkeypatch.setattr(DeltaTable, "history", lambda table, limit=None: asked.append(limit) or real(table, limit))
    assert next(newest_commits(path))["lakehouse"] == {"batch_id": 20, "number": 20}
    assert asked == [FIRST_COMMITS]
    assert [found["version"] for found in newest_commits(path)] == list(range(19, -1, -1))
    assert list(newest_commits(str(tmp_path / "none"))) == []


def test_they_end_where_a_cleaned_up_log_ends(tmp_path: Path) -> None:
    path = silver_of(tmp_path, *range(1, 21))
    clean_log(path, keep=11)
    assert [found["version"] for found in newest_commits(path)] == list(range(19, 8, -1))
    assert begins_at(path) == (9, next(c["timestamp"] for c in newest_commits(path) if c["version"] == 9))
    assert recorded(path, MERGE) == 20
    assert begins_at(str(tmp_path / "none")) is None


@pytest.mark.parametrize(("number", "version"), [(20, 4), (9, 2), (10, None), (3, 0), (2, None)])
def test_which_version_merged_a_number(tmp_path: Path, number: int, version: int | None) -> None:
    path = silver_of(tmp_path, 3, 7, 9, 12, 20)
    assert _version_of(path, number) == version


def test_a_number_that_a_cleaned_up_log_does_not_say_is_taken_as_merged(tmp_path: Path) -> None:
    path = silver_of(tmp_path, 3, 7, 9, 12, 20)
    clean_log(path, keep=2)
    assert [_version_of(path, number) for number in (20, 15, 12, 9, 3)] == [4, None, 3, -1, -1]


@pytest.mark.parametrize(("written", "state"), [(1, ChangeState.DONE), (None, ChangeState.UNDONE)])
def test_a_rebuild_that_was_killed_is_settled_after_its_commit_left_the_log(
    project: Project, lake: Lake, written: int | None, state: ChangeState
) -> None:
    products, by = project.contracts.dataset("products"), Signature("ann", "why")
    record_change(lake, products.domain, products.name, REBUILD, ChangeState.STARTED, "what", by)
    commit(lake.silver("products"))
    commit(lake.silver("products"), {"dataset_change": written}, "dataset_change:products", written)
    clean_log(lake.silver("products"))
    settle_rebuild(lake, "products", has_ended=False)
    assert len(changes_of_dataset(lake, "products")) == (2 if written else 1), "one without a commit may still work"
    settle_rebuild(lake, "products")
    assert [change.state for change in changes_of_dataset(lake, "products")] == [ChangeState.STARTED, state]


def test_when_partitions_were_clustered(tmp_path: Path) -> None:
    path, june, july = str(tmp_path), ("2026-06",), ("2026-07",)
    commit(path)
    commit(path, {"layout": {"partitions": [june, july], "whole": [june], "at": 100}})
    commit(path, {"layout": {"partitions": [june], "whole": [], "at": 200}})
    assert clustered_at(path, {june}) == {june: Clustered(200, 100), july: Clustered(100, -1)}
    assert clustered_at(path, {june, july})[("2026-08",)] == Clustered(-1, -1)
    clean_log(path, keep=1)
    begins = begins_at(path)
    assert begins is not None
    assert clustered_at(path, {june, july}) == {june: Clustered(200, begins[1])}
    assert clustered_at(path, {july})[july] == Clustered(begins[1], begins[1])


def test_a_ledger_whose_commits_are_gone_has_every_entry_and_all_progress(tmp_path: Path) -> None:
    path = str(tmp_path)
    for entry in range(1, 31):
        append_once(path, [{"dataset": "products", "entry": entry}], LEDGER, Commit("batches:products", entry))
    clean_log(path)
    assert recorded(path, "batches:products") == 30
    assert not append_once(path, [{"dataset": "products", "entry": 30}], LEDGER, Commit("batches:products", 30))
    assert append_once(path, [{"dataset": "products", "entry": 31}], LEDGER, Commit("batches:products", 31))
    assert sorted(row["entry"] for row in read_rows(path)) == list(range(1, 32))
    assert sorted(row["entry"] for row in read_rows(path, "entry > 29", dataset="products")) == [30, 31]


def test_a_feature_that_nobody_reads_is_named_when_only_the_checkpoint_says_it(tmp_path: Path) -> None:
    path = str(tmp_path)
    commit(path)
    log = tmp_path / "_delta_log"
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["variantType"], "writerFeatures": []}
    with_protocol = pa.table({"protocol": [protocol, None], "add": [None, {"path": "a"}]})
    pa.parquet.write_table(with_protocol, log / f"{0:020}.checkpoint.parquet")
    (log / "_last_checkpoint").write_text('{"version":0,"size":2}')
    shutil.move(log / f"{0:020}.json", tmp_path / "gone")
    assert read_protocol(path) == (3, ["variantType"])
    with pytest.raises(UnreadableFeatureError, match="variantType"):
        open_readable("silver.t", path)
