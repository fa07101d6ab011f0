"""Parses the DAGs as Airflow does, in a process of its own: Airflow and Spark do not belong into one."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lakehouse.contracts.project import Project

_PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
print(json.dumps(DagBag(dag_folder=sys.argv[1]).import_errors))
"""


def refused_dags(project: Project, home: str) -> Iterator[str]:
    """The import errors of the DAGs, where Airflow is installed and the project has DAGs; home: an empty folder."""
    folder = project.root / "dags"
    if not folder.is_dir() or importlib.util.find_spec("airflow") is None:
        return
    settings = {
        "AIRFLOW_HOME": home,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////nowhere/airflow.db",
        "LAKEHOUSE_CONTRACTS": str(project.root / "contracts"),
        "LAKEHOUSE_VIEWS": str(project.dbt / "athena_views"),
    }
    command = [sys.executable, "-c", _PARSE, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings}, check=False)
    if done.returncode:
        yield f"{folder}: Airflow cannot parse it: {_last_line(done.stderr)}"
        return
    for file, error in json.loads(done.stdout.splitlines()[-1]).items():
        yield f"{Path(file)}: Airflow cannot parse it: {_last_line(error)}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it says nothing"
