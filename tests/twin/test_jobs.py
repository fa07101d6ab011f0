"""A job is its script in the bucket, run in a process of its own, with the plan's arguments and its role's rights."""

from __future__ import annotations

import time

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.twin.conftest import ended, put_script, put_wheel, run_job
from tools.twin.calls import Caller
from tools.twin.glue import LaunchError
from tools.twin.job_process import require_packages
from tools.twin.server import Server

JOB = "ingest_crm"
MODULES = {"small/__init__.py": "", "small/steps.py": "done = 1\n"}
WAITS = "import time\ntime.sleep(60)\n"


@pytest.fixture(autouse=True)
def wheel(server: Server) -> None:
    put_wheel(server, MODULES)


def test_a_job_runs_the_script_of_the_bucket_with_the_plans_arguments(server: Server) -> None:
    put_script(server, JOB, 'import sys\nfrom small.steps import done\nsys.exit(" ".join(sys.argv[1:]))\n')
    run = run_job(server, JOB, Arguments={"--run_id": "r1"})

    assert run["JobRunState"] == "FAILED"
    lake, raw = server.plan.bucket("curated"), server.plan.bucket("raw")
    assert run["ErrorMessage"] == (
        f"SystemExit: --JOB_ID {JOB} --JOB_RUN_ID {run['Id']} --JOB_NAME {JOB} --domain crm --lake_root s3://{lake} "
        f"--raw_root s3://{raw}/raw --run_id r1"
    )
    assert run["Arguments"] == {"--run_id": "r1"}
    assert (run["WorkerType"], run["NumberOfWorkers"], run["Timeout"]) == ("G.1X", 2, 120)
    assert run["DPUSeconds"] == run["ExecutionTime"] * 2


@pytest.mark.parametrize("ending", ["", "raise SystemExit(0)", "raise SystemExit"])
def test_a_script_that_ends_well_has_succeeded(server: Server, ending: str) -> None:
    put_script(server, JOB, ending)
    run = run_job(server, JOB)
    assert (run["JobRunState"], run.get("ErrorMessage")) == ("SUCCEEDED", None)


def test_a_wheel_without_a_module_fails_by_its_name(server: Server) -> None:
    put_wheel(server, {"small/__init__.py": ""})
    put_script(server, JOB, "from small.steps import done\n")
    assert run_job(server, JOB)["ErrorMessage"] == "ModuleNotFoundError: No module named 'small.steps'"


def test_a_script_that_is_not_there_is_a_launch_error(server: Server) -> None:
    put_script(server, JOB, "")
    script = server.plan.jobs[JOB]["command"][0]["script_location"].split("/", 3)[3]
    server.clients.of("s3").delete_object(Bucket=server.plan.bucket("artefacts"), Key=script)
    run = run_job(server, JOB)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith("LAUNCH ERROR | Error downloading from S3 for bucket: retail-")


def test_a_package_that_nobody_has_is_a_launch_error(server: Server) -> None:
    put_script(server, JOB, "")
    url = server.plan.jobs[JOB]["default_arguments"]["--additional-python-modules"]
    s3, bucket = server.clients.of("s3"), server.plan.bucket("artefacts")
    s3.put_object(Bucket=bucket, Key=url.split("/", 3)[3], Body=b"boto3==1.0\nno-such-package==2.1\n")
    wanted = "LAUNCH ERROR | Python Module Installer: No matching distribution found for no-such-package==2.1"
    assert run_job(server, JOB)["ErrorMessage"] == wanted


def test_a_comment_among_the_pins_is_no_package() -> None:
    """What is uploaded says its digest in its first line."""
    here = "# 60079543862e0721\nboto3==1.0  # any version is this machine's\n\n"
    require_packages(here)
    with pytest.raises(LaunchError) as refused:
        require_packages(f"{here}no-such-package==2.1  # gone\n")
    assert str(refused.value) == "Python Module Installer: No matching distribution found for no-such-package==2.1"


def test_one_run_at_a_time_and_a_stop_ends_it(server: Server) -> None:
    put_script(server, JOB, WAITS)
    glue = server.clients.of("glue")
    run_id = glue.start_job_run(JobName=JOB)["JobRunId"]
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        glue.start_job_run(JobName=JOB)
    while glue.get_job_run(JobName=JOB, RunId=run_id)["JobRun"]["JobRunState"] == "STARTING":
        time.sleep(0.05)
    stopped = glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run_id, "jr_other"])
    assert [found["JobRunId"] for found in stopped["SuccessfulSubmissions"]] == [run_id]
    assert [found["ErrorDetail"]["ErrorCode"] for found in stopped["Errors"]] == ["EntityNotFoundException"]
    assert ended(server, JOB, run_id)["JobRunState"] == "STOPPED"
    assert glue.get_job_runs(JobName=JOB)["JobRuns"][0]["Id"] == run_id


def test_a_job_that_takes_too_long_times_out(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.runs, "minute", 1.0)
    put_script(server, JOB, WAITS)
    run = run_job(server, JOB, Timeout=1)
    assert (run["JobRunState"], run["ErrorMessage"], run["Timeout"]) == ("TIMEOUT", "Job run timed out", 1)


def test_a_job_that_is_killed_says_what_the_machine_says(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.twin.glue.KILLED_AFTER", 0.2)
    server.faults.begin("job-killed")
    put_script(server, JOB, WAITS)
    run = run_job(server, JOB)
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "Command failed with exit code 137")


def test_a_job_may_do_what_its_role_may_and_no_more(server: Server) -> None:
    reads = "import boto3\nboto3.client('s3').put_object(Bucket='{bucket}', Key='{key}', Body=b'')\n"
    curated = server.plan.bucket("curated")
    put_script(server, JOB, reads.format(bucket=curated, key="curated/bronze/crm_leads/a.parquet"))
    assert run_job(server, JOB)["JobRunState"] == "SUCCEEDED"
    put_script(server, JOB, reads.format(bucket=curated, key="curated/silver/crm_leads/a.parquet"))
    run = run_job(server, JOB)
    assert run["JobRunState"] == "FAILED"
    assert "AccessDenied" in run["ErrorMessage"]
    denied = f"s3:PutObject on resource: arn:aws:s3:::{curated}/curated/silver/crm_leads/a.parquet"
    assert server.rights.denied == {JOB: [denied]}


def test_a_role_that_lost_one_right_cannot_run_its_job(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    put_script(server, JOB, "")
    without = [statement for statement in server.plan.policies[JOB] if "glue_jobs" not in str(statement["Resource"])]
    assert len(without) < len(server.plan.policies[JOB])
    monkeypatch.setattr(server.rights, "policies", {**server.plan.policies, JOB: without})
    monkeypatch.setattr(server.rights, "_known", {})
    run = run_job(server, JOB)
    assert run["ErrorMessage"].startswith("LAUNCH ERROR | ")
    assert "AccessDenied" in run["ErrorMessage"]


def test_foreign_credentials_are_refused(server: Server) -> None:
    for key in ("AKIAIOSFODNN7EXAMPLE", "twin.nobody"):
        caller = Caller.of_key(key)
        assert (caller is None) == key.startswith("AKIA")
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name=server.plan.region)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        session.client("s3", endpoint_url=server.address).list_buckets()
    with pytest.raises(ClientError, match="no role nobody"):
        server.clients.of("glue", Caller("nobody")).get_job_runs(JobName=JOB)


def test_the_log_of_a_job_is_where_cloudwatch_is_asked(server: Server) -> None:
    put_script(server, JOB, "print('one line of the driver')\nraise ValueError('wrong')\n")
    run = run_job(server, JOB)
    name = f"{server.plan.name}"
    group = f"/{name}/{JOB}/{name}-role/{name}-{JOB}/error"
    logs = server.clients.of("logs")
    found = logs.get_log_events(logGroupName=group, logStreamName=run["Id"])["events"]
    messages = [event["message"] for event in found]
    assert messages[0] == "one line of the driver"
    assert messages[-1] == run["ErrorMessage"] == "ValueError: wrong"
