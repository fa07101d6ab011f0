"""`dbt/` and `great_expectations/` bear the names of installed packages and must never be taken for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("dbt", "great_expectations")
DATA = {".csv", ".css", ".example", ".j2", ".json", ".md", ".sql", ".yml", ".gitkeep", ".gitignore"}
# What the tools themselves write here while they work; none of it is kept.
WRITTEN_BY_TOOLS = {"target", "logs", "uncommitted", ".user.yml"}


def files(folder: str) -> list[Path]:
    found = [path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [path for path in found if not WRITTEN_BY_TOOLS & set(path.parts)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_there_is_no_code_in_them(folder: str) -> None:
    assert len(files(folder)) > 5
    assert [str(path) for path in files(folder) if path.suffix.startswith(".py") or path.stem == "__init__"] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_in_them_is_data(folder: str) -> None:
    assert [str(path) for path in files(folder) if (path.suffix or path.name) not in DATA] == []


def test_the_packages_come_from_where_they_are_installed() -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, '']; import dbt.version, great_expectations as gx; "
        "print(dbt.version.__file__, gx.__file__, gx.__version__, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for file, name in zip(done.stdout.splitlines(), FOLDERS, strict=False):
        assert f"site-packages/{name}/" in file
        assert not Path(file).is_relative_to(ROOT / name)


def test_pytest_imports_tests_by_their_files() -> None:
    assert "--import-mode=importlib" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
