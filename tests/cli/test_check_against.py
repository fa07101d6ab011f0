"""`lakehouse check --against REV` says what each change of a contract does to whom; it fails only where one breaks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from tests.helpers.small_project import CONTRACT, spoiled, write_project

NOTE = "      - {name: note, physicalType: string, required: false, description: Note.}\n"
VIEW = "-- description: Notes.\n-- column note varchar: Note.\nSELECT note FROM silver.visits\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in git, with one commit."""
    write_project(tmp_path)
    (tmp_path / "dbt/athena_views/notes.sql").write_text(VIEW, encoding="utf-8")
    who = ("-c", "user.name=ann", "-c", "user.email=ann@retail.example")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "first")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    monkeypatch.setenv("LAKEHOUSE_PROJECT", str(tmp_path))
    return tmp_path


def test_nothing_has_changed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--against", "HEAD"]) == 0
    assert capsys.readouterr().out == "no contract has changed since HEAD\n"


def test_what_breaks_nothing_passes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(root, spoiled("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 60"))
    assert main(["check", "--against", "HEAD"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "widening: contracts/shop.yaml: visits.quarantineLimitPercent: 50.0 → 60.0: widening for files.",
        "since HEAD: 0 breaking, 1 widening, 0 free",
    ]


def test_what_breaks_names_whom_and_what_to_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = spoiled("description: One row per visit.", "description: A row per visit.")
    write_project(root, spoiled("sequenceBy, value: seq", "sequenceBy, value: at", other))
    assert main(["check", "--against", "HEAD"]) == 3
    assert capsys.readouterr().out.splitlines() == [
        "breaking: contracts/shop.yaml: visits.sequenceBy: seq → at: breaking for silver. "
        "Do: lakehouse dataset rebuild shop.visits --why TEXT.",
        "free: contracts/shop.yaml: visits.description: One row per visit. → A row per visit.: free for silver.",
        "since HEAD: 1 breaking, 0 widening, 1 free",
    ]


def test_json_names_the_views_that_a_change_reaches(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(root, spoiled("note, physicalType: string", "note, physicalType: int"))
    assert main(["check", "--against", "HEAD", "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == [
        {
            "severity": "breaking", "file": "contracts/shop.yaml", "dataset": "visits", "field": "note.physicalType",
            "what": "string → int",
            "effects": {"files": "breaking", "silver": "breaking", "views": "breaking"},
            "reaches": {"views": ["notes"]},
            "steps": ["keep the type, or deliver the column under a new name"],
        }
    ]  # fmt: skip


@pytest.mark.parametrize("revision", ["nosuch", "--output=x"])
def test_a_revision_that_there_is_not(root: Path, capsys: pytest.CaptureFixture[str], revision: str) -> None:
    assert main(["check", f"--against={revision}"]) == 2
    assert f"The contracts of revision '{revision}' cannot be read: " in capsys.readouterr().err
    assert not (root / "x").exists()


def test_what_is_wrong_now_is_said_first(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_project(root, spoiled(NOTE, "", spoiled("sequenceBy, value: seq", "sequenceBy, value: sequel")))
    assert main(["check", "--against", "HEAD"]) == 3
    printed = capsys.readouterr()
    assert "visits.sequenceBy: unknown value 'sequel'" in printed.err
    assert printed.out == ""
    assert CONTRACT.count("note") == 1
