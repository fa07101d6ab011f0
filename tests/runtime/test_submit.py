"""What `spark_local.sh` hands to spark-submit: the job's script, one properties file, and what it does not know."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.errors import UsageError
from lakehouse.lake.paths import Lake
from lakehouse.runtime import submit
from lakehouse.runtime.spark_settings import INTERPRETED, SETTINGS

WORDS = ["ingest", "--domain", "erp", "--lake_root", "/lake"]


@pytest.mark.parametrize(
    ("own", "master"),
    [
        ([], "local"),
        (["--master", "spark://host:7077"], "spark://host:7077"),
        (["--master=yarn", "--verbose"], "yarn"),
        (["--conf", "spark.master=local[4]"], "local[4]"),
        (["--conf=spark.master=k8s://x", "--name", "ingest"], "k8s://x"),
    ],
)
def test_options_before_the_job_are_those_of_spark_submit(own: list[str], master: str) -> None:
    assert submit.split([*own, *WORDS]) == (own, "ingest", WORDS[1:])
    assert submit.master(own) == master


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--master", "local"], "No job is named. Known: ingest, validate, transform, publish, maintain."),
        (["ingst"], "There is no job 'ingst'. Did you mean 'ingest'?"),
        (["--verbose", "zzz"], "There is no job 'zzz'. Known: ingest, maintain, publish, transform, validate."),
    ],
)
def test_words_without_a_job(argv: list[str], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        submit.split(argv)
    assert str(caught.value) == sentence


def test_here_the_master_and_the_class_path_are_this_machines(project: Project, tmp_path: Path) -> None:
    settings = submit.submit_settings(project, Lake.at(str(tmp_path)))
    assert settings.items() >= {**SETTINGS, **INTERPRETED}.items()
    assert settings["spark.master"].startswith("local[")
    assert "spark.jars" not in settings


def test_on_a_cluster_executors_get_the_jars_and_nothing_names_this_machine(project: Project) -> None:
    settings = submit.submit_settings(project, None, on_cluster=True)
    assert not {"spark.master", "spark.driver.host", "spark.driver.bindAddress", *INTERPRETED} & set(settings)
    assert settings["spark.jars"].split(",") == settings["spark.driver.extraClassPath"].split(":")
    assert any("delta-spark" in jar for jar in settings["spark.jars"].split(","))


def test_a_properties_file_keeps_backslashes() -> None:
    assert submit.properties({"a": "x y=z", "b": 'C:\\d "e"'}) == 'a x y=z\nb C:\\\\d "e"\n'


def test_the_library_for_executors_can_be_imported_from_its_archive(tmp_path: Path) -> None:
    archive = submit.library(tmp_path)
    assert submit.library(tmp_path) == archive, "the same content is the same file"
    code = "import lakehouse.ingest.casting as c; print(c.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path,
        env={"PYTHONPATH": str(archive)}, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == f"{archive}/lakehouse/ingest/casting.py", done.stderr


def test_help_starts_no_jvm(project: Project) -> None:
    words = submit.command(project, ["ingest", "--help"])
    assert words == [sys.executable, str(project.root / "glue_jobs" / "ingest.py"), "--help"]
