"""A plan that is kept is that of the files as they are: what Terraform reads is what makes another digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.twin import offline
from tools.twin.plan import PlanMissingError, computed, digest


def test_a_change_of_whatever_terraform_reads_makes_another_plan(tmp_path: Path) -> None:
    offline.copy(offline.ROOT, tmp_path)
    folders = (tmp_path / name for name in offline.FOLDERS)
    files = [max(file for file in folder.rglob("*") if file.is_file()) for folder in folders]
    known = {digest(tmp_path)}
    for file in (*files, *(tmp_path / name for name in offline.FILES)):
        with file.open("a", encoding="utf-8") as opened:
            opened.write("\n")
        assert digest(tmp_path) not in known, file
        known.add(digest(tmp_path))


def test_what_terraform_refuses_is_kept_by_nobody(tmp_path: Path) -> None:
    if offline.missing():
        pytest.skip("terraform is not here")
    repository = tmp_path / "repository"
    offline.copy(offline.ROOT, repository)
    (repository / "terraform/modules/bucket/main.tf").write_text("nonsense\n", encoding="utf-8")
    with pytest.raises(PlanMissingError, match="terraform refused dev: Error: "):
        computed("dev", tmp_path / "plans", repository)
    assert not (tmp_path / "plans").exists()
