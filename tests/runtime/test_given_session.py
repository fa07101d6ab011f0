"""A job under a session that it did not start: spark-submit, a notebook, a cluster's own launcher."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyspark
import pytest

from lakehouse.contracts.project import Project
from lakehouse.runtime import given_session
from lakehouse.runtime.given_session import (
    CATALOG,
    EXTENSIONS,
    METASTORE,
    SessionUnsuitableError,
    settings_before_start,
)
from lakehouse.runtime.spark_settings import LINEAGE, LOG_STORE_SETTINGS, SETTINGS

ROOT = Path(__file__).parents[2]
DELTA = SETTINGS[EXTENSIONS]


def test_what_spark_submit_was_not_told_is_added() -> None:
    assert settings_before_start({}, has_log_store=True) == dict(SETTINGS)
    assert settings_before_start({"spark.master": "yarn"}, has_log_store=False) == {
        name: value for name, value in SETTINGS.items() if name not in LOG_STORE_SETTINGS
    }


@pytest.mark.parametrize(
    ("said", "added"),
    [
        ("", DELTA),
        (DELTA, DELTA),
        ("org.apache.sedona.SedonaSqlExtensions", f"org.apache.sedona.SedonaSqlExtensions,{DELTA}"),
        (f"{DELTA},a.B", f"{DELTA},a.B"),
    ],
)
def test_extensions_of_others_stay(said: str, added: str) -> None:
    assert settings_before_start({EXTENSIONS: said}, True)[EXTENSIONS] == added


def test_listeners_of_others_stay() -> None:
    listeners = settings_before_start({"spark.extraListeners": "a.B"}, True, LINEAGE)["spark.extraListeners"]
    assert listeners == f"a.B,{LINEAGE['spark.extraListeners']}"


def test_another_catalog_is_not_hidden_by_ours() -> None:
    said = {CATALOG: "a.Catalog", METASTORE: "hive"}
    assert settings_before_start(said, True).items() >= said.items()


@pytest.mark.parametrize(
    ("version", "is_remote", "sentence"),
    [("3.5.4", False, "it is Spark 3.5.4. Start it with Spark 4.1 or newer"), ("4.1.1", True, "Spark Connect")],
)
def test_a_release_that_lacks_something(
    version: str, is_remote: bool, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pyspark, "__version__", version)
    if is_remote:
        monkeypatch.setenv("SPARK_REMOTE", "sc://host")
    with pytest.raises(SessionUnsuitableError, match=sentence):
        given_session.given_session()


def test_the_session_of_a_laptop_is_not_a_given_one() -> None:
    code = """
from lakehouse.contracts.project import find_project
from lakehouse.runtime.given_session import is_given
from lakehouse.runtime.session import local_session
before = is_given()
local_session(find_project())
print(before, is_given())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout.split() == ["False", "False"], done.stderr


NOTEBOOK = """
import sys
from pyspark.sql import SparkSession
SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false"){settings}.getOrCreate()
from lakehouse.contracts.project import find_project
from lakehouse.errors import LakehouseError
from lakehouse.runtime.glue import command_context
try:
    session = command_context(sys.argv[1]).spark()
    names = ("spark.sql.session.timeZone", "spark.sql.ansi.enabled", "spark.sql.shuffle.partitions")
    print([session.conf.get(name) for name in names])
except LakehouseError as error:
    print(error.exit_code, error)
"""


def in_a_notebook(lake: Path, jars: str, **settings: str) -> str:
    code = NOTEBOOK.format(settings="".join(f".config({name!r}, {value!r})" for name, value in settings.items()))
    env = {**os.environ, "TZ": "America/New_York"}
    command = [sys.executable, "-c", code.replace('.master("local[1]")', f'.master("local[1]"){jars}'), str(lake)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_a_notebook_without_delta(tmp_path: Path) -> None:
    said = in_a_notebook(tmp_path, "")
    assert said.startswith("3 The Spark session that this job was given cannot run it: no jar of it contains Delta. ")
    assert "Start it with --packages io.delta:delta-spark_" in said


def test_a_notebook_with_delta_gets_our_settings(tmp_path: Path, project: Project) -> None:
    class_path = ":".join(str(jar) for jar in (project.cache / "jars").glob("*.jar"))
    jars = f'.config("spark.driver.extraClassPath", {class_path!r})'
    said = in_a_notebook(tmp_path, jars, **{EXTENSIONS: DELTA})
    assert f"{CATALOG} is not set. Start it with --conf {CATALOG}={SETTINGS[CATALOG]}," in said
    fixed = {name: SETTINGS[name] for name in (EXTENSIONS, CATALOG)}
    assert in_a_notebook(tmp_path, jars, **fixed) == "['UTC', 'true', '1']"


def test_spark_submit_without_packages_is_one_line(tmp_path: Path) -> None:
    """As a person types it first: what to add is said, and nothing is written."""
    landed = tmp_path / "raw" / "crm"
    landed.mkdir(parents=True)
    (landed / "crm_leads.csv").write_bytes((ROOT / "samples" / "crm_leads.csv").read_bytes())
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    words = [submit, "glue_jobs/ingest.py", "--domain", "crm", "--lake_root", tmp_path]
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=env, timeout=120)
    assert done.returncode == 3, done.stderr
    last = [line for line in done.stdout.splitlines() if line][-1]
    assert last.startswith(
        "error: The Spark session that this job was given cannot run it: no jar of it contains Delta."
    )
    assert "Traceback" not in done.stdout
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["crm_leads.csv"]
