"""`check --deep` parses the DAGs in a process of its own, and names what Airflow refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.cycle.dry_run_dags import refused_dags
from tests.dags.airflow_home import ROOT, clean_environment
from tests.helpers.small_project import write_project


def test_a_file_that_airflow_cannot_import_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", clean_environment(tmp_path)["PYTHONPYCACHEPREFIX"])
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    project = write_project(tmp_path / "project")
    dags = project.root / "dags"
    dags.symlink_to(ROOT / "dags")
    assert list(refused_dags(project, str(tmp_path))) == []
    dags.unlink()
    dags.mkdir()
    (dags / "broken.py").write_text("from airflow.sdk import DAG, nothing\n", encoding="utf-8")
    (line,) = refused_dags(project, str(tmp_path))
    assert line.startswith(f"{dags}/broken.py: Airflow cannot parse it: ImportError: cannot import name 'nothing'")


def test_a_project_without_dags_has_none_to_refuse(tmp_path: Path) -> None:
    assert list(refused_dags(Project(tmp_path), str(tmp_path))) == []
