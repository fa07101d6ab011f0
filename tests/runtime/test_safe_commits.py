"""A lake on S3 is refused without the log store, before anything is written, unless somebody answers for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.errors import UsageError
from lakehouse.lake.paths import Lake
from lakehouse.runtime import safe_commits
from lakehouse.runtime.safe_commits import (
    PLAIN_WRITES,
    UnsafeCommitsError,
    is_only_writer,
    require_jar,
    require_log_store,
    safe_start,
)
from lakehouse.runtime.spark_settings import LOG_STORE, SETTINGS, log_store_jar, s3_settings

ROOT = Path(__file__).parents[2]
ON_S3 = Lake.at("s3://lake/prod")


def test_every_job_is_told_the_log_store_by_both_names_of_s3() -> None:
    assert SETTINGS["spark.delta.logStore.s3.impl"] == SETTINGS["spark.delta.logStore.s3a.impl"] == LOG_STORE
    source = ROOT / "jvm/src/main/java" / f"{LOG_STORE.replace('.', '/')}.java"
    assert source.is_file()


def test_session_and_log_store_agree_on_the_setting_of_plain_writes() -> None:
    source = ROOT / "jvm/src/main/java" / f"{LOG_STORE.replace('.', '/')}.java"
    assert f'PLAIN_WRITES = "{PLAIN_WRITES}"' in source.read_text(encoding="utf-8")


def test_the_only_writer_asks_for_no_conditional_puts() -> None:
    settings: dict[str, str] = {}
    hadoop = SimpleNamespace(set=settings.__setitem__)
    session: Any = SimpleNamespace(
        sparkContext=SimpleNamespace(_jsc=SimpleNamespace(hadoopConfiguration=lambda: hadoop))
    )
    assert safe_start(lambda: session, ON_S3, only_writer=True)() is session
    assert settings == {PLAIN_WRITES: "true"}


def test_a_lake_on_a_disk_needs_nothing(spark: SparkSession, lake: Lake, tmp_path: Path) -> None:
    require_jar(Project(tmp_path), lake)
    assert safe_start(lambda: spark, lake, only_writer=False)() is spark


def test_without_the_jar_a_laptop_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnsafeCommitsError) as caught:
        require_jar(Project(tmp_path), ON_S3)
    said = str(caught.value)
    assert said.startswith(f"Not safe to write to s3://lake/prod: {log_store_jar(Project(tmp_path))} does not exist.")
    assert said.endswith(
        "Run `make jar`, which builds the log store. If nothing else writes to this lake while the job runs, "
        "use --only_writer yes."
    )


def test_a_session_whose_jars_lack_the_class_is_refused(spark: SparkSession) -> None:
    with pytest.raises(UnsafeCommitsError, match=f"no jar of the session contains {LOG_STORE}"):
        safe_start(lambda: spark, ON_S3, only_writer=False)()


def test_a_session_with_another_log_store_is_refused(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_commits, "LOG_STORE_SETTINGS", {"spark.delta.logStore.s3a.impl": "another.Store"})
    with pytest.raises(UnsafeCommitsError, match=r"logStore\.s3a\.impl is lakehouse.* Set it to another\.Store"):
        require_log_store(spark, ON_S3)
    monkeypatch.setattr(safe_commits, "LOG_STORE_SETTINGS", {"spark.delta.logStore.none.impl": LOG_STORE})
    with pytest.raises(UnsafeCommitsError, match="is not set"):
        require_log_store(spark, ON_S3)


def test_who_answers_for_it_is_let_through(spark: SparkSession) -> None:
    assert safe_start(lambda: spark, ON_S3, only_writer=True)() is spark
    spark.sparkContext._jsc.hadoopConfiguration().unset(PLAIN_WRITES)  # type: ignore[attr-defined]
    assert [is_only_writer({"only_writer": word}) for word in ("yes", "no")] == [True, False]
    assert not is_only_writer({})
    with pytest.raises(UsageError, match="expected yes or no"):
        is_only_writer({"only_writer": "maybe"})


@pytest.mark.parametrize(
    "command",
    [
        ("local_runner.py", "--output-dir", "s3://lake/prod"),
        ("glue_jobs/maintain.py", "--lake_root", "s3://lake/prod"),
    ],
)
def test_nothing_is_started_or_written_without_it(command: tuple[str, ...], tmp_path: Path) -> None:
    project = tmp_path / "project"  # one where nobody ran `make jar`
    project.mkdir()
    for name in ("contracts", "great_expectations", "dbt", "samples"):
        (project / name).symlink_to(ROOT / name)
    # An endpoint that refuses: whoever asked it would not end with our line.
    environment = {**os.environ, "LAKEHOUSE_PROJECT": str(project), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    words = [sys.executable, *command]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60)
    assert done.returncode == 3, done.stderr
    assert "error: Not safe to write to s3://lake/prod: " in done.stderr + done.stdout


def test_the_endpoint_is_that_of_aws_own_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert "spark.hadoop.fs.s3a.endpoint" not in s3_settings(Project(tmp_path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    found = s3_settings(Project(tmp_path))
    assert found["spark.hadoop.fs.s3a.endpoint"] == "http://127.0.0.1:5000"
    assert found["spark.hadoop.fs.s3a.endpoint.region"] == "eu-central-1"
    assert found["spark.hadoop.fs.s3a.path.style.access"] == "true"
