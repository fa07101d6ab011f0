"""What the machine refuses is one line, with the exit code that says whether running again can help."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError, ProfileNotFound

from lakehouse.cli.console import console
from lakehouse.cli.run import run_delivery
from lakehouse.cycle import cycle
from lakehouse.cycle.cycle import CycleResult
from lakehouse.runtime.job import run_job
from lakehouse.runtime.machine import foreseen
from lakehouse.site import report
from tests.site.test_report import RUN

ROOT = Path(__file__).parents[2]


class Py4JJavaError(Exception):
    """As py4j shows an error of the JVM: its text has the Java stack."""


class Py4JNetworkError(Exception):
    """As py4j shows a JVM that has gone."""


class ConcurrentAppendException(Exception):  # noqa: N818
    """As Delta shows a concurrent writer."""


JAVA = "An error occurred while calling o80.save.\n: org.apache.spark.SparkException: Job aborted\nCaused by: {}\n\tat"


@pytest.mark.parametrize(
    ("error", "words", "exit_code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/lake/a.parquet"), "/lake/a.parquet: the disk is full", 75),
        (OSError("Generic LocalFileSystem error: No space left on device (os error 28)"), "the disk is full", 75),
        (Py4JJavaError(JAVA.format("java.io.IOException: No space left on device")), "the disk is full", 75),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "the disk is full", 75),
        (PermissionError(errno.EACCES, "Permission denied", "/lake"), "/lake: no permission", 3),
        (OSError(errno.EROFS, "Read-only file system", "/lake"), "/lake: no permission", 3),
        (Py4JJavaError(JAVA.format("java.io.FileNotFoundException: /l (Permission denied)")), "no permission", 3),
        (Py4JJavaError(JAVA.format("java.lang.ClassNotFoundException: io.delta.A")), "an executor has no jar", 3),
        (
            Py4JJavaError(
                JAVA.format("java.lang.ClassCastException: cannot assign instance of scala.collection.immutable.List")
            ),
            "an executor has no jar",
            3,
        ),
        (OSError("Kernel error -> no credentials found in chain. Attempted: …"), "AWS found no credentials", 3),
        (NoCredentialsError(), "AWS found no credentials", 3),
        (ProfileNotFound(profile="nope"), "AWS_PROFILE names a profile that is not there; see `aws configure", 3),
        (NoRegionError(), "AWS's tools found no region; set AWS_DEFAULT_REGION", 3),
        (Py4JJavaError(JAVA.format("S3Exception: InvalidAccessKeyId")), "AWS found no credentials, or refuses", 3),
        (OSError("Generic S3 error: <Code>NoSuchBucket</Code>"), "there is no such bucket", 3),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), "a service does not answer", 75),
        (OSError("error sending request: client error (Connect): tcp connect error"), "a service does not answer", 75),
        (Py4JNetworkError("Answer from Java side is empty"), "the JVM of Spark ended", 75),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the JVM of Spark ended", 75),
        (RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited"), "the JVM of Spark ended", 75),
        (Py4JJavaError(JAVA.format("java.lang.OutOfMemoryError: Java heap space")), "the memory does not suffice", 75),
        (MemoryError(), "the memory does not suffice", 75),
        (OSError(errno.EADDRINUSE, "Address already in use"), "a network port is taken", 75),
        (Py4JJavaError(JAVA.format("java.net.BindException: Cannot assign")), "a network port is taken", 75),
        (OSError(errno.EMFILE, "Too many open files"), "too many files are open", 75),
        (Py4JJavaError(JAVA.format("java.io.FileNotFoundException: a (File name too long)")), "too long", 3),
        (ConcurrentAppendException("files were added"), "Another writer committed", 75),
    ],
)
def test_what_is_refused_is_one_line(error: Exception, words: str, exit_code: int) -> None:
    found = foreseen(error)
    assert found is not None
    assert words in str(found)
    assert "run again" in str(found)
    assert (found.exit_code, "\n" in str(found)) == (exit_code, False)


def test_the_cause_counts_and_any_other_error_does_not() -> None:
    outer = ValueError("could not write 'jane@example.com'")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    found = foreseen(outer)
    assert found is not None
    assert "jane" not in str(found)
    assert foreseen(ValueError("x")) is None
    assert foreseen(FileNotFoundError(errno.ENOENT, "No such file", "/a")) is None


def test_a_job_ends_with_the_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def work(call: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    code = run_job("ingest", work, ["ingest", "--domain", "erp", "--lake_root", str(tmp_path / "lake")])
    assert code == 75
    assert (
        capfd.readouterr().err.splitlines()[-1].startswith("error: the disk is full; free some space, then run again")
    )


@pytest.mark.parametrize(
    "refused", [OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "")]
)
def test_a_report_that_cannot_be_written_hides_no_row_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], refused: OSError
) -> None:
    def full(*words: object) -> None:
        raise refused

    summary = replace(RUN, lake=str(tmp_path))
    monkeypatch.setattr(cycle, "run_cycle", lambda *words: CycleResult(summary, 0))
    monkeypatch.setattr(report, "write", full)
    code = console(lambda: run_delivery(str(tmp_path / "lake"), str(ROOT / "samples")))
    said = capsys.readouterr()
    assert code == {errno.ENOSPC: 75, errno.EACCES: 3}[refused.errno or 0]
    assert "1,234" in said.out
    assert said.err.splitlines()[-1].startswith("error: No report was written: ")
    assert "Traceback" not in said.err
