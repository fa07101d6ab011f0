"""`lakehouse new` with what is said beforehand: --kind, and --yes, which asks nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.cli import new_write
from lakehouse.cli.main import main
from lakehouse.contracts.project import Project
from tests.helpers.new_datasets import new_dataset


def delivered(folder: Path, name: str, content: str) -> Path:
    file = folder / name
    file.write_text(content, encoding="utf-8")
    return file


def test_a_snapshot_deletes_what_it_lacks(shop: Project, tmp_path: Path) -> None:
    file = delivered(tmp_path, "shelves.csv", "shelf_id,is_deleted,exported\n1,false,2026-01-05\n2,false,2026-01-05\n")
    words = ("--domain", "shop", "--kind", "snapshot", "--yes")
    dataset = new_dataset(shop, file, *words, "--name", "by_arrival", "--date", "exported")
    assert (dataset.sequence, dataset.snapshot_shrink_limit_percent) == ("arrival", 20)
    assert (dataset.key, dataset.delete_flag) == (("shelf_id",), "is_deleted")
    assert "is_deleted" not in dataset.column_names, "silver adds a column of that name"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (
            ("--kind", "snapshot", "--key", "none"),
            "Files of kind snapshot need a key, found --key none; name",
        ),
        (("--kind", "append", "--key", "id"), "Rows of kind append have no key, found --key id; leave it out, or take"),
        (("second.csv", "--kind", "snapshot"), "Each snapshot has all keys, so 2 of them tell no key; give the newest"),
    ],
)
def test_what_a_kind_contradicts(
    shop: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], wanted: str
) -> None:
    file = delivered(tmp_path, "first.csv", "id,at\n1,2026-10-17\n")
    assert main(["new", str(file), *words, "--domain", "shop", "--yes"]) == 2
    assert wanted in capsys.readouterr().err


def test_a_right_project_is_checked_once_where_nobody_is_asked(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Path] = []
    monkeypatch.setattr(new_write, "problems", lambda project: checked.append(project.root) or [])
    file = delivered(tmp_path, "first.csv", "id,at\n1,2026-10-17\n")
    assert main(["new", str(file), "--domain", "shop", "--yes"]) == 0
    assert len(checked) == 1
    assert checked[0] != shop.root, "with the new files"
