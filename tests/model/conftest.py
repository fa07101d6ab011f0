"""What the tests of the marts share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project

HERE = Path(__file__).parent / "marts"


@pytest.fixture(scope="module")
def with_synthetic(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the marts of `marts/` beside its own."""
    root = tmp_path_factory.mktemp("project")
    for folder in ("contracts", "great_expectations", "dbt"):
        shutil.copytree(project.root / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs"))
    for file in (*HERE.glob("syn_*.sql"), HERE / "synthetic.yml"):
        shutil.copy(file, root / "dbt/models/marts" / file.name)
    return Project(root)
