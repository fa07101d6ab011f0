"""A twin without Airflow, whose jobs are scripts of a few lines, so that no test here starts Spark."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from moto.moto_api._internal import moto_api_backend

from tools.twin.job_process import Machine
from tools.twin.keeper import PLANS
from tools.twin.plan import Plan, PlanMissingError, find_plan
from tools.twin.server import Server


@pytest.fixture(scope="session")
def plan() -> Plan:
    """What Terraform makes in dev."""
    try:
        return find_plan("dev", PLANS)
    except PlanMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def session_server(plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests, since moto has one state; what other tests left in it goes first."""
    moto_api_backend.reset()
    server = Server(plan, Machine(tmp_path_factory.mktemp("twin") / "runs", (), Path("/nowhere")))
    server.start()
    put_wheel(server, {})
    yield server
    server.stop()


@pytest.fixture
def server(session_server: Server) -> Iterator[Server]:
    """The server without faults and without what an earlier test was refused."""
    yield session_server
    session_server.faults.end()
    session_server.rights.denied.clear()


def put_wheel(server: Server, modules: Mapping[str, str]) -> None:
    """Put a wheel with these files where the jobs' arguments say, which is one place for all of them."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, text in modules.items():
            archive.writestr(name, text)
    (url,) = {job["default_arguments"]["--extra-py-files"] for job in server.plan.jobs.values()}
    key = url.split("/", 3)[3]
    server.clients.of("s3").put_object(Bucket=server.plan.bucket("artefacts"), Key=key, Body=whole.getvalue())


def put_script(server: Server, job: str, text: str) -> None:
    """Put a job's script where the plan says, and the other files that it names, which may be empty."""
    s3, bucket = server.clients.of("s3"), server.plan.bucket("artefacts")
    words = server.plan.jobs[job]["default_arguments"]
    for name in ("--extra-files", "--extra-jars", "--additional-python-modules"):
        s3.put_object(Bucket=bucket, Key=words[name].split("/", 3)[3], Body=b"")
    script = server.plan.jobs[job]["command"][0]["script_location"]
    s3.put_object(Bucket=bucket, Key=script.split("/", 3)[3], Body=text.encode())


def run_job(server: Server, job: str, **given: Any) -> dict[str, Any]:
    """Start a job as Airflow would and wait for its end."""
    glue = server.clients.of("glue")
    run_id = glue.start_job_run(JobName=job, **given)["JobRunId"]
    return ended(server, job, run_id)


def ended(server: Server, job: str, run_id: str) -> dict[str, Any]:
    """A run once it has ended."""
    glue, until = server.clients.of("glue"), time.monotonic() + 60
    while True:
        run: dict[str, Any] = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
        if run["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING"):
            return run
        assert time.monotonic() < until, run
        time.sleep(0.05)
