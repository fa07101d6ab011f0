"""Filling the cache of jars: once, by one process at a time, and with one clear line when it cannot be done."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.runtime import jars
from lakehouse.runtime.jars import SetupError, ensure_s3a_jars

JAVA = Path("java")


class Resolver:
    """Stands for Spark's resolver, which needs a network: a jar arrives after a while, or a line says what did not."""

    def __init__(self, error: str = "") -> None:
        self.runs, self.most_at_once, self._now, self._error = 0, 0, 0, error

    def __call__(
        self, java: Path, ivy: Path, packages: tuple[str, ...], excluded: str
    ) -> subprocess.CompletedProcess[str]:
        self.runs, self._now = self.runs + 1, self._now + 1
        self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(0.05)
        if not self._error:
            (ivy / "jars").mkdir(parents=True)
            (ivy / "jars" / "hadoop-aws.jar").write_text("jar")
        self._now -= 1
        return subprocess.CompletedProcess([], bool(self._error), "", self._error)


def test_jars_are_resolved_once_however_many_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver()
    monkeypatch.setattr(jars, "_run_spark_once", resolver)
    asking = [threading.Thread(target=ensure_s3a_jars, args=(Project(tmp_path), JAVA)) for _ in range(4)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    ensure_s3a_jars(Project(tmp_path), JAVA)
    assert (resolver.runs, resolver.most_at_once) == (1, 1)
    assert (Project(tmp_path).cache / "jars-s3" / "hadoop-aws.jar").read_text() == "jar"


def test_what_did_not_arrive_is_named_with_a_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver("loading settings\n:: UNRESOLVED DEPENDENCIES: org.apache.hadoop#hadoop-aws;3.4.2: not found\n")
    monkeypatch.setattr(jars, "_run_spark_once", resolver)
    for _ in range(2):  # a failed try leaves nothing that a second one takes for done
        with pytest.raises(SetupError) as failed:
            ensure_s3a_jars(Project(tmp_path), JAVA)
        assert str(failed.value) == (
            "Set-up stopped at S3A's jars: UNRESOLVED DEPENDENCIES: org.apache.hadoop#hadoop-aws;3.4.2: not found. "
            "Check that Maven Central, or the mirror in your Ivy settings, can be reached; then run `make setup`."
        )
    assert resolver.runs == 2
