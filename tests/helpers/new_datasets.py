"""Runs `lakehouse new` in a small project of a test, and reads what it wrote."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project


def write_csv(file: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A CSV file by RFC 4180, the header first."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return file


def new_dataset(project: Project, file: Path, *words: str) -> Dataset:
    """The dataset that the command described; it must end with 0, and check must pass."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEHOUSE_PROJECT", str(project.root))
        assert main(["new", str(file), *words]) == 0
        assert main(["check"]) == 0
    found = Project(project.root).contracts
    (dataset,) = (one for one in found.datasets if one.matches(file.name) and one.name != "visits")
    return dataset


def files_of(project: Project) -> dict[str, bytes]:
    """Every file of a project with its content."""
    found = (path for path in project.root.rglob("*") if path.is_file())
    return {str(path.relative_to(project.root)): path.read_bytes() for path in found}
