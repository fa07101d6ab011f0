"""What Airflow does every half a minute with the DAG files: quick, and without the world outside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tools.deploy.check_mwaa as check_mwaa
from tests.dags.airflow_home import ROOT, clean_environment

# Airflow's providers bring about 500 modules, which take 1.4 s; an engine of the jobs alone brings as many again.
MODULES = 650
GREEDY = """
import pyspark, sqlite3, urllib.request
from airflow.sdk import DAG, Variable
Variable.get("lakehouse_lake_root", default=None)
sqlite3.connect(":memory:")
try:
    urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)
except OSError:
    pass
DAG("greedy")
"""


def report(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Parse a folder in a process of its own."""
    command = [sys.executable, str(ROOT / "tools/airflow/dag_report.py"), str(folder), *words]
    return subprocess.run(
        command, env=clean_environment(folder), capture_output=True, text=True, timeout=120, check=False
    )


def test_parsing_touches_nothing_and_imports_no_engine() -> None:
    found = json.loads(report(ROOT / "dags", "--json").stdout.splitlines()[-1])
    assert found["dags"] >= 19
    assert (found["errors"], found["touched"], found["engines"]) == ({}, [], [])
    assert 0 < found["modules"] < MODULES


def test_a_greedy_dag_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "greedy.py").write_text(GREEDY)
    (tmp_path / "broken.py").write_text("from airflow.sdk import DAG, nothing\n")
    done = report(tmp_path)
    assert done.returncode == 3
    said = done.stderr.splitlines()
    for what in (
        "broken.py: ",
        "asks the world outside: Variable.get('lakehouse_lake_root',)",
        "asks the world outside: sqlite3.connect :memory:",
        "asks the world outside: socket.connect ('127.0.0.1', 9)",
        "imports pyspark, which belongs to the jobs",
    ):
        assert [line for line in said if line.startswith("error: ") and what in line], (what, said)


def test_pins_that_are_not_there_are_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MWAA_CONSTRAINTS", str(tmp_path / "pins.txt"))
    with pytest.raises(check_mwaa.NoConstraintsError, match=r"there is no such file.*MWAA_CONSTRAINTS"):
        check_mwaa.find_constraints()


def test_a_python_that_is_another_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_mwaa, "PYTHON", "3.99")
    monkeypatch.setenv("PYTHON312", sys.executable)
    with pytest.raises(check_mwaa.NoPythonError, match=r"No Python 3.99 among .*name one in PYTHON312"):
        check_mwaa.find_python()
