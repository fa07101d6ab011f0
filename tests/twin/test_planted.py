"""What would fail in an account fails in the twin, by the words that the account would have: three planted mistakes.

The scripts and the library are the real ones; each mistake shows before a job starts Spark.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.twin.conftest import put_script, put_wheel, run_job
from tools.twin.calls import Caller
from tools.twin.server import SLACK, Server

ROOT = Path(__file__).resolve().parents[2]
JOB = "ingest_erp"
LIBRARY = ROOT / "glue_jobs" / "lakehouse"
SCRIPT = (ROOT / "glue_jobs" / "ingest.py").read_text(encoding="utf-8")


def library(without: str = "") -> dict[str, str]:
    """The files of the wheel, without one if wanted."""
    files = {f"lakehouse/{file.relative_to(LIBRARY).as_posix()}": file for file in LIBRARY.rglob("*") if file.is_file()}
    return {
        name: file.read_text(encoding="utf-8")
        for name, file in files.items()
        if "__pycache__" not in name and name != without
    }


@pytest.fixture(autouse=True)
def restored(server: Server) -> Iterator[None]:
    """The other tests' wheel comes back."""
    yield
    put_wheel(server, {})


def with_argument(server: Server, old: str, new: str) -> dict[str, Any]:
    """The plan's jobs, in one of which an argument has another name."""
    job = server.plan.jobs[JOB]
    words = {new if name == old else name: value for name, value in job["default_arguments"].items()}
    return {**server.plan.jobs, JOB: {**job, "default_arguments": words}}


def test_a_misspelt_argument_fails_by_its_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    put_wheel(server, library())
    put_script(server, JOB, SCRIPT)
    monkeypatch.setattr(server.runs, "jobs", with_argument(server, "--lake_root", "--lake_rot"))
    run = run_job(server, JOB)
    assert (
        run["ErrorMessage"] == "SystemExit: error [exit 2]: --lake_root is missing; `ingest --help` shows the options."
    )


def test_a_wheel_without_a_module_fails_by_its_name(server: Server) -> None:
    put_wheel(server, library(without="lakehouse/runtime/job.py"))
    put_script(server, JOB, SCRIPT)
    assert run_job(server, JOB)["ErrorMessage"] == "ModuleNotFoundError: No module named 'lakehouse.runtime.job'"


def test_a_role_that_may_not_read_its_code_fails_by_the_object(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    put_wheel(server, library())
    put_script(server, JOB, SCRIPT)
    without = [found for found in server.plan.policies[JOB] if "glue_jobs" not in str(found["Resource"])]
    assert len(without) < len(server.plan.policies[JOB])
    monkeypatch.setattr(server.rights, "policies", {**server.plan.policies, JOB: without})
    monkeypatch.setattr(server.rights, "_known", {})
    run = run_job(server, JOB)
    bucket = server.plan.bucket("artefacts")
    assert run["ErrorMessage"].startswith(f"LAUNCH ERROR | Error downloading from S3 for bucket: {bucket}, key: ")
    assert server.rights.denied == {JOB: [f"s3:GetObject on resource: arn:aws:s3:::{bucket}/glue_jobs/ingest.py"]}


def test_slack_keeps_what_it_is_sent_and_is_down_on_demand(server: Server) -> None:
    def post(text: bytes) -> int:
        request = urllib.request.Request(f"{server.address}{SLACK}/services/T0/B0/twin", b'{"text": "%s"}' % text)
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)

    before = list(server.messages)
    assert post(b"one") == 200
    server.faults.begin("slack-down")
    with pytest.raises(urllib.error.HTTPError, match="500"):
        post(b"two")
    server.faults.end("slack-down")
    assert post(b"three") == 200
    assert server.messages == [*before, "one", "three"]


def test_a_slow_s3_is_slow_for_a_role_and_not_for_the_operator(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.twin.faults.SLOW_SECONDS", 1.5)
    server.faults.begin("s3-slow")
    words = {"Bucket": server.plan.bucket("artefacts"), "Prefix": "glue_jobs/"}

    def seconds(client: Any) -> float:
        begun = time.monotonic()
        client.list_objects_v2(**words)
        return time.monotonic() - begun

    slow = seconds(server.clients.of("s3", Caller(JOB)))
    assert slow > 1.5
    assert seconds(server.clients.of("s3")) < slow
