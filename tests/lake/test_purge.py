"""History is given up: no earlier version, file or bound is left; readers and what was recorded stay."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lakehouse.lake import purge
from lakehouse.lake.delta_log import newest_commits
from lakehouse.lake.opened_search import forms_in
from lakehouse.lake.purge import purge_history
from lakehouse.lake.sought import sought

WHO = "ann@example.com"


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A table of Ann and others, from which Ann was deleted; a checkpoint in between has her as a bound."""
    folder = str(tmp_path / "t")
    done = CommitProperties(app_transactions=[Transaction("merge", 7)])
    write_deltalake(folder, pa.table({"mail": [WHO, "bob@example.com"], "part": ["a b", "c"]}), partition_by=["part"])
    write_deltalake(folder, pa.table({"mail": ["zoe@example.com"], "part": ["a b"]}), mode="append",
                    commit_properties=done)  # fmt: skip
    DeltaTable(folder).create_checkpoint()
    DeltaTable(folder).delete(f"mail = '{WHO}'")
    say_what_was_removed(Path(folder, "_delta_log", f"{2:020}.json"))
    return folder


def say_what_was_removed(commit: Path) -> None:
    """As Spark does: the statistics of a file that was removed, which a checkpoint keeps."""
    actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
    for action in actions:
        if "remove" in action:
            bounds = {"numRecords": 1, "minValues": {"mail": WHO}, "maxValues": {"mail": WHO}, "nullCount": {"mail": 0}}
            action["remove"]["stats"] = json.dumps(bounds)
    commit.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")


def holding(path: str) -> list[str]:
    """The files that still have Ann in them, or in their names."""
    files = [file for file in Path(path).rglob("*") if file.is_file()]
    return [file.name for file in files if forms_in(file, sought([WHO]))[0]]


def mails(path: str) -> list[str]:
    return sorted(DeltaTable(path).to_pyarrow_table().column("mail").to_pylist())


def test_nothing_of_earlier_versions_is_left(path: str) -> None:
    assert len(holding(path)) >= 4, "a data file, its commit, the commit that deleted her, the checkpoint"
    purged = purge_history(path, "r1", {"silver_versions": {"x": 1}})
    assert holding(path) == []
    assert purged.begins == 3
    assert mails(path) == ["bob@example.com", "zoe@example.com"]
    assert DeltaTable(path).transaction_version("merge") == 7
    assert next(said for commit in newest_commits(path) if (said := commit["lakehouse"])) == {
        "silver_versions": {"x": 1}
    }
    assert DeltaTable(path).metadata().configuration["delta.deletedFileRetentionDuration"] == "interval 7 days"
    with pytest.raises(Exception, match=r"version|log|file"):
        DeltaTable(path, version=1).to_pyarrow_table()


def test_again_nothing_more_is_committed(path: str) -> None:
    first = purge_history(path, "r1")
    version = DeltaTable(path).version()
    assert purge_history(path, "r1") == purge.Purged(first.begins, 0)
    assert DeltaTable(path).version() == version


def test_what_was_committed_since_is_given_up_too(path: str) -> None:
    purge_history(path, "r1")
    write_deltalake(path, pa.table({"mail": [WHO], "part": ["c"]}), mode="append")
    DeltaTable(path).delete(f"mail = '{WHO}'")
    assert holding(path)
    purge_history(path, "r1")
    assert holding(path) == []


@pytest.mark.parametrize("dies_in", ["create_checkpoint", "alter", "_data_files"])
def test_killed_and_run_again(path: str, monkeypatch: pytest.MonkeyPatch, dies_in: str) -> None:
    class Killed(BaseException):
        """As a process that ends: nothing of ours catches it."""

    def die(*_: object) -> None:
        raise Killed

    owner = purge if dies_in == "_data_files" else DeltaTable
    with monkeypatch.context() as patch:
        patch.setattr(owner, dies_in, property(die) if dies_in == "alter" else die)
        with pytest.raises(Killed):
            purge_history(path, "r1")
    assert mails(path) == ["bob@example.com", "zoe@example.com"]
    purge_history(path, "r1")
    assert holding(path) == []
    assert DeltaTable(path).metadata().configuration["delta.deletedFileRetentionDuration"] == "interval 7 days"
