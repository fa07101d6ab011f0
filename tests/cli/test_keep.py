"""`lakehouse maintain` and the job say what goes by its age, and a dataset that is refused does not stop the rest."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.keep_marts import KeptForMartError
from lakehouse.contracts.project import Project
from lakehouse.cycle import keep
from lakehouse.cycle.keep_rows import Old
from lakehouse.layout import maintain

JOB = Path(__file__).parents[2] / "glue_jobs/maintain.py"
OLD = [
    Old("visits", "silver", date(2026, 4, 1), 1, lambda: None),
    Old("visits", "raw", date(2026, 5, 31), 2, lambda: None),
]


@pytest.fixture
def maintained(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The lakes that were maintained, in place of doing it."""
    done: list[Any] = []
    monkeypatch.setattr(maintain, "maintain_lake", lambda context, most: done.append(context) or [])
    return done


def test_a_dry_run_shows_each_place_and_maintains_nothing(
    monkeypatch: pytest.MonkeyPatch, maintained: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keep, "plan_keeping", lambda context: OLD)
    assert main(["maintain", "--dry-run", "--lake", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert [" ".join(line.strip("|").split()) for line in printed.splitlines() if "visits" in line] == [
        "visits | silver | 2026-04-01 | 1 row",
        "visits | raw | 2026-05-31 | 2 files",
    ]
    assert printed.endswith("dry run: nothing was changed\n")
    assert maintained == []


def refused(project: Project) -> Any:
    def refuse(context: Any) -> list[Old]:
        raise KeptForMartError(project.contracts.dataset("erp_orders"), ["sales"])

    return refuse


def test_a_dataset_that_a_mart_needs_is_refused_after_the_rest_is_maintained(
    monkeypatch: pytest.MonkeyPatch, maintained: list[Any], project: Project, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(keep, "keep_lake", refused(project))
    assert main(["maintain", "--lake", str(tmp_path)]) == 3
    assert "earlier days of sales would go with these rows" in capsys.readouterr().err
    assert len(maintained) == 1


def test_the_job_does_the_same(monkeypatch: pytest.MonkeyPatch, maintained: list[Any], project: Project) -> None:
    monkeypatch.setattr(keep, "keep_lake", refused(project))
    spec = importlib.util.spec_from_file_location("maintain_job", JOB)
    assert spec is not None
    assert spec.loader is not None
    job = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(job)
    with pytest.raises(KeptForMartError):
        job.maintain(SimpleNamespace(context="a lake", options={}))
    assert maintained == ["a lake"]
