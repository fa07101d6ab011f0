"""A job that Glue started on a lake on S3: the session is checked, not a laptop's jar, and the end is a text."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from lakehouse import log
from lakehouse.runtime import glue, safe_commits
from lakehouse.runtime.glue import LocalJob
from lakehouse.runtime.job import run_job

ARGV = ["maintain", "--JOB_NAME", "maintain", "--JOB_RUN_ID", "jr_1", "--lake_root", "s3://lake/prod"]


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the work notes the lakes that it was given; the session is one that names no log store."""
    monkeypatch.setattr(log, "configure", lambda: None)
    monkeypatch.setattr(sys, "argv", ARGV)
    session = SimpleNamespace(sparkContext=SimpleNamespace(getConf=lambda: {}))
    monkeypatch.setattr(glue, "_glue", lambda: (SimpleNamespace(spark_session=session), LocalJob(None)))
    return []


def run(worked: list[str], *words: str) -> int | str:
    return run_job("maintain", lambda call: worked.append(call.context.lake.root), [*ARGV, *words], needs_domain=False)


def test_a_session_that_cannot_commit_safely_ends_the_job_before_its_work(worked: list[str]) -> None:
    said = str(run(worked))
    assert said.startswith("error [exit 3]: Not safe to write to s3://lake/prod: spark.delta.logStore")
    assert "is not set" in said
    assert worked == []


def test_a_session_with_the_log_store_needs_no_jar_in_the_project(
    worked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    monkeypatch.setattr(safe_commits, "require_log_store", lambda _, lake: checked.append(lake.root))
    assert run(worked) == 0
    assert (checked, worked) == (["s3://lake/prod"], ["s3://lake/prod"])


def test_the_only_writer_is_not_asked(worked: list[str]) -> None:
    assert run(worked, "--only_writer", "yes") == 0
    assert worked == ["s3://lake/prod"]
