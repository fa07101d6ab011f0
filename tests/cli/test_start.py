"""Commands start fast: what they do not need is not imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.helpers.lakes_without_spark import write_lake

ROOT = Path(__file__).parents[2]
HEAVY = (
    "pyspark", "duckdb", "boto3", "deltalake", "pyarrow", "pandas", "great_expectations", "dbt", "sqlglot", "airflow",
    "numpy", "yaml", "jsonschema", "pydantic", "rich",
)  # fmt: skip
REPORT = """
import json, sys
from lakehouse.cli.main import main
code = main(sys.argv[2:]) if sys.argv[2:] else 0
found = [name for name in sys.argv[1].split(",") if name in sys.modules]
print("\\n" + json.dumps([code, found]))
"""


def imported(*words: str) -> tuple[int, list[str]]:
    """The exit code of a command, and which of the heavy packages it imported."""
    command = [sys.executable, "-c", REPORT, ",".join(HEAVY), *words]
    environment = {"PYTHONPATH": str(ROOT / "glue_jobs"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    code, found = json.loads(done.stdout.splitlines()[-1])
    return code, found


@pytest.mark.parametrize("words", [(), ("--help",), ("run", "--help"), ("quarantine", "-h"), ("qurey",)])
def test_the_command_itself_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert imported(*words) == (2 if words == ("qurey",) else 0, [])


@pytest.fixture(scope="module")
def small_lake(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that was written without Spark."""
    lake = Lake.at(str(tmp_path_factory.mktemp("small") / "lake"))
    write_lake(project, lake)
    return lake


@pytest.mark.parametrize(
    "words",
    [
        ("query", "select count(*) from silver.erp_orders"),
        ("query", "select count(*) from fct_daily_store_metrics", "--csv"),
        ("tables",),
        ("describe", "silver.products"),
        ("batch", "list"),
        ("quarantine", "list"),
        ("quarantine", "list", "erp_orders"),
        ("layout", "show"),
        ("layout", "show", "silver.erp_orders"),
        ("layout", "advise", "silver.erp_orders"),
        ("history", "silver.erp_orders"),
        ("site",),
    ],
    ids=" ".join,
)
def test_reading_a_lake_starts_no_spark(words: tuple[str, ...], small_lake: Lake) -> None:
    code, found = imported(*words, "--lake", small_lake.root)
    assert code == 0
    assert not {"pyspark", "great_expectations", "dbt", "airflow", "boto3", "pydantic"} & set(found)


def test_the_status_of_a_lake_starts_no_spark(small_lake: Lake) -> None:
    code, found = imported("status", "--lake", small_lake.root)
    assert code == 75, "its tables are not published"
    assert not {"pyspark", "great_expectations", "dbt", "airflow", "boto3", "pydantic"} & set(found)


@pytest.mark.parametrize("name", ["check", "settings"])
def test_the_projects_files_need_no_engine(name: str) -> None:
    code, found = imported(name)
    assert code == 0
    assert not {"pyspark", "great_expectations", "dbt", "airflow", "boto3"} & set(found)
