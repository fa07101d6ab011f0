"""The packages that go to Glue are all that the jobs import and Glue has not."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.utils import canonicalize_name

from lakehouse.runtime.smoke import PACKAGES
from tools.deploy.constraints import ON_GLUE, ON_MWAA, pins_for

ROOT = Path(__file__).resolve().parents[2]
# Only on a laptop, only in Airflow, or Glue's own.
ELSEWHERE = {"jdk", "typer", "awsglue", "airflow", "delta", "py4j", "lakehouse", "asgiref", "sqlalchemy"}


def imported() -> set[str]:
    """The packages that the jobs and the library import, in whatever function, less those of Python itself."""
    names: set[str] = set()
    # The command line is for people: the rule of the rooms keeps it out of everything that a job imports.
    command_line = ROOT / "glue_jobs" / "lakehouse" / "cli"
    for file in (file for file in (ROOT / "glue_jobs").rglob("*.py") if command_line not in file.parents):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - ELSEWHERE


def test_glue_gets_what_the_jobs_import() -> None:
    pins = {line.split("==")[0].split("[")[0] for line in pins_for(ROOT, ON_GLUE).splitlines()}
    owners = packages_distributions()
    asked = {name: {canonicalize_name(owner) for owner in owners.get(name, ())} for name in imported()}
    assert {"deltalake", "great_expectations", "sqlglot"} <= set(asked)
    missing = {name for name, owner in asked.items() if not owner & (pins | ON_GLUE.brings)}
    assert not missing


def test_the_try_in_an_account_imports_what_glue_brings() -> None:
    spark_and_tools = {"pip", "setuptools", "pyspark", "botocore"}
    assert ON_GLUE.brings - spark_and_tools <= set(PACKAGES)


def test_what_glue_brings_is_left_alone() -> None:
    pins = pins_for(ROOT, ON_GLUE)
    assert not [name for name in ON_GLUE.brings if f"\n{name}==" in f"\n{pins}"]
    assert "apache-airflow" not in pins


def test_mwaa_is_asked_for_what_the_dags_need_and_no_engine() -> None:
    pins = pins_for(ROOT, ON_MWAA)
    assert pins.count("==") == len(ON_MWAA.roots)
    assert "pyspark" not in pins
