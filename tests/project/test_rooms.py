"""The library's rooms: every module lies in one, each says what it holds, the wheel has all, the rule is enforced."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "glue_jobs" / "lakehouse"
AT_THE_ROOT = {"message", "errors", "log", "privacy", "say", "__init__", "__main__"}
# Imports every module from one folder, and fails where one comes from elsewhere. The last one runs when imported.
IMPORT_ALL = """
import importlib, pkgutil, sys
import lakehouse
names = [found.name for found in pkgutil.walk_packages(lakehouse.__path__, "lakehouse.")]
for name in names:
    if name != "lakehouse.__main__":
        assert importlib.import_module(name).__file__.startswith(sys.argv[1]), name
print(*("module", *names))
"""
PLANTED = {
    "an engine in contracts": ("contracts", "import pyspark", ("lakehouse.contracts", "pyspark")),
    "a step in a step": ("validate", "from lakehouse.ingest.ingest import ingest_domain", ("validate", "ingest")),
    "a higher room": ("lake", "from lakehouse.runtime.context import Context", ("lake", "runtime")),
    "a room that knows Airflow": ("lake", "from lakehouse.airflow import names", ("lake", "airflow")),
    "Airflow that knows a room": ("airflow", "from lakehouse.lake import paths", ("lakehouse.airflow", "lake.paths")),
    "an engine behind Airflow": ("airflow", "from lakehouse.lake import tables", ("lakehouse.airflow", "pyspark")),
    "Spark in a ledger": ("lake/batches.py", "from lakehouse.lake import tables", ("lake.batches", "pyspark")),
}


def rooms() -> set[str]:
    """The rooms that the rule in pyproject.toml names, with the five modules that stand alone."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(rule["layers"] for rule in settings["contracts"] if rule["type"] == "layers")
    return {name for layer in layers for name in layer.split(" | ")}


def run(command: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, without what an outer make would hand down."""
    kept = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    environment = {**kept, **(env or {})}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def checked(library: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a copy of the library, by the project's own rule."""
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", str(ROOT / "pyproject.toml")]
    return run(command, library.parent, {"PYTHONPATH": str(library.parent)})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the library that may be broken."""
    return Path(shutil.copytree(LIBRARY, tmp_path / "lakehouse", ignore=shutil.ignore_patterns("__pycache__")))


def test_every_module_lies_in_a_room_that_the_rule_names() -> None:
    paths = [path.relative_to(LIBRARY).with_suffix("") for path in LIBRARY.rglob("*.py")]
    assert len(paths) > 100
    assert [str(path) for path in paths if path.parts[0] not in rooms() | AT_THE_ROOT] == []
    assert [path.name for path in paths if len(path.parts) == 1 and path.name not in AT_THE_ROOT] == []
    assert rooms() <= {path.parts[0] for path in paths}


@pytest.mark.parametrize("room", sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py")))
def test_a_room_says_what_it_holds_and_imports_nothing(room: str) -> None:
    tree = ast.parse((LIBRARY / room / "__init__.py").read_text(encoding="utf-8"))
    assert len(tree.body) == 1
    text = ast.get_docstring(tree) or ""
    assert "Promises: " in text
    assert "Start reading at `" in text
    named = [word.strip("`,;.()") for word in text.split() if ".py`" in word]
    assert [name for name in named if not (LIBRARY / room / name).is_file()] == []


def test_the_rule_is_kept(copy: Path) -> None:
    done = checked(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("case", PLANTED)
def test_a_forbidden_import_breaks_the_rule(case: str, copy: Path) -> None:
    place, line, named = PLANTED[case]
    file = copy / place if place.endswith(".py") else copy / place / "planted.py"
    before = file.read_text(encoding="utf-8") if file.is_file() else ""
    file.write_text(f"{before}\n{line}\n", encoding="utf-8")
    done = checked(copy)
    assert done.returncode == 1, done.stdout
    broken = done.stdout.partition("Broken contracts")[2]
    assert all(word in broken for word in named), done.stdout


def test_every_module_is_imported_from_the_wheel(tmp_path: Path) -> None:
    unzipped, wheel = tmp_path / "unzipped", built_wheel(tmp_path / "project")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unzipped)
    env = {"PYTHONPATH": str(unzipped), "AIRFLOW_HOME": str(tmp_path / "airflow")}
    done = run([sys.executable, "-c", IMPORT_ALL, str(unzipped)], tmp_path, env)
    assert done.returncode == 0, done.stderr
    wanted = {module(path) for path in LIBRARY.rglob("*.py") if path != LIBRARY / "__init__.py"}
    assert set(done.stdout.splitlines()[-1].split()) == {"module", *wanted}
    assert data_files(unzipped / "lakehouse") == data_files(LIBRARY)
    assert {"VERSION", "site/templates/report.html", "runtime/spark_settings.json"} <= data_files(LIBRARY)


def built_wheel(folder: Path) -> Path:
    """What `make package` builds, in a copy of all that it reads; the environment is the one that runs this test."""
    shutil.copytree(ROOT / "glue_jobs", folder / "glue_jobs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    (folder / "tools").mkdir()
    (folder / "tools" / "setup.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "tools" / "setup.sh").chmod(0o755)
    (folder / ".venv").symlink_to(sys.prefix)
    done = run(["make", "package"], folder)
    assert done.returncode == 0, done.stderr
    return next((folder / "dist").glob("*.whl"))


def module(path: Path) -> str:
    """The name under which a file of the library is imported."""
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def data_files(library: Path) -> set[str]:
    """The files of a library that are no code."""
    files = (path for path in library.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return {path.relative_to(library).as_posix() for path in files}
