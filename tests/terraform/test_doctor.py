"""`lakehouse doctor` in an account: each fault is planted into one that is whole, and its line is read."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from lakehouse.cli.main import main
from lakehouse.contracts.layers import ANALYTICS, LAYERS
from lakehouse.errors import EXIT_TERMINAL
from lakehouse.runtime.doctor import report
from lakehouse.runtime.doctor_account import PREFIX, account, smoke
from tests.terraform.checkout import Checkout
from tests.terraform.test_mwaa import FakeMwaa
from tools.airflow.strict_aws import named_files
from tools.deploy import mwaa

REGION = "eu-west-1"


class FakeIam:
    """IAM's simulator: allows all but what a test takes away."""

    def __init__(self) -> None:
        self.denied: set[str] = set()

    def simulate_principal_policy(self, ActionNames: list[str], **_: Any) -> dict[str, Any]:
        decisions = ["implicitDeny" if action in self.denied else "allowed" for action in ActionNames]
        return {"EvaluationResults": [{"EvalDecision": decision} for decision in decisions]}


@functools.cache
def made(service: str) -> Any:
    """A client; to make one takes longer than to ask moto."""
    return boto3.client(service, region_name=REGION)


@dataclass
class Account:
    """What stands in for the account: moto, and what moto does not know."""

    outputs: dict[str, Any]
    airflow: Any
    iam: FakeIam = field(default_factory=FakeIam)
    others: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        known = {"mwaa": self.airflow, "iam": self.iam, **self.others}
        return known[service] if service in known else made(service)

    def wrong(self) -> list[str]:
        """The lines of what is not right."""
        lines: list[str] = []
        report(account(self.outputs, self.client), lines.append)
        assert len(lines) > 20
        return [line for line in lines if line.startswith("no")]


class Airflow(FakeMwaa):
    """An environment of a version."""

    version = "3.3.1"

    def get_environment(self, Name: str) -> dict[str, Any]:
        found = super().get_environment(Name)
        found["Environment"]["AirflowVersion"] = self.version
        return found


@pytest.fixture
def whole(checkout: Checkout, applied_dev: Any) -> Account:
    """An account in which all is as Terraform and the uploads leave it."""
    s3, outputs, airflow = checkout.s3, checkout.outputs, Airflow()
    for name in ("raw", "curated", "artefacts", "logs"):
        bucket = outputs[f"{name}_bucket"]
        rules = [c["rule"] for c in applied_dev.of_type("aws_s3_bucket_server_side_encryption_configuration")
                 if c["bucket"] == bucket]  # fmt: skip
        default = rules[0][0]["apply_server_side_encryption_by_default"][0]
        words = {"SSEAlgorithm": default["sse_algorithm"]}
        words |= {"KMSMasterKeyID": default["kms_master_key_id"]} if default["kms_master_key_id"] else {}
        rule = {"ApplyServerSideEncryptionByDefault": words}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    # moto refuses whatever a Deny names and looks at no condition; nobody reads the bucket of the logs here.
    logs = outputs["logs_bucket"]
    (policy,) = (p["policy"] for p in applied_dev.of_type("aws_s3_bucket_policy") if p["bucket"] == logs)
    s3.put_bucket_policy(Bucket=logs, Policy=policy)
    code = ("glue_jobs/requirements.txt", "glue_jobs/lakehouse_project.zip", "dags/lakehouse_dags.py")
    named = {
        key for job in applied_dev.jobs.values()
        for _, key in named_files(job["command"][0]["script_location"], job["default_arguments"])
    }  # fmt: skip
    for key in (*code, *named, "mwaa/requirements.txt", "mwaa/plugins.zip", "mwaa/startup.sh"):
        s3.put_object(Bucket=outputs["artefacts_bucket"], Key=key, Body=b"uploaded")
    airflow.files = mwaa.uploaded(s3, outputs["artefacts_bucket"], "mwaa")
    glue = made("glue")
    for database in (*LAYERS, ANALYTICS):
        glue.create_database(DatabaseInput={"Name": database})
    for name in outputs["job_names"]:
        role, arguments = f"arn:aws:iam::123456789012:role/{name}", applied_dev.jobs[name]["default_arguments"]
        glue.create_job(Name=name, Role=role, GlueVersion="6.0", Command={}, DefaultArguments=arguments)
    made("athena").create_work_group(Name=outputs["analysts_workgroup"])
    groups = made("logs")
    kinds = {group["name"].rsplit("-", 1)[0]: group for group in applied_dev.of_type("aws_cloudwatch_log_group")}
    for group in kinds.values():
        groups.create_log_group(logGroupName=group["name"])
        groups.put_retention_policy(logGroupName=group["name"], retentionInDays=group["retention_in_days"])
    return Account(outputs, airflow)


def test_packages_that_a_run_has_left_are_counted(whole: Account) -> None:
    nothing_kept(whole)
    whole.client("s3").put_object(
        Bucket=whole.outputs["artefacts_bucket"], Key="packages/ingest_erp/venv.zip", Body=b"1"
    )
    lines: list[str] = []
    report(account(whole.outputs, whole.client), lines.append)
    assert "ok  kept packages: of 1 jobs, by a job's first run" in lines


def test_a_whole_account_has_nothing_to_do_and_keeps_nothing_of_the_doctor(whole: Account) -> None:
    assert whole.wrong() == []
    listed = whole.client("s3").list_object_versions(Bucket=whole.outputs["artefacts_bucket"], Prefix=PREFIX)
    assert not [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]


def other_account(at: Account) -> None:
    at.outputs["raw_bucket"], bucket = "raw-999999999999", at.outputs["raw_bucket"]
    at.others["s3"] = Renamed(made("s3"), "raw-999999999999", bucket)


class Renamed:
    """S3 with one bucket under another name."""

    def __init__(self, s3: Any, name: str, bucket: str) -> None:
        self.s3, self.name, self.bucket = s3, name, bucket

    def __getattr__(self, method: str) -> Any:
        called = getattr(self.s3, method)
        if not callable(called):
            return called
        return lambda **words: called(**{k: self.bucket if v == self.name else v for k, v in words.items()})


class Kind:
    """An S3 that takes a conditional PUT of a key that is there."""

    def __init__(self, s3: Any) -> None:
        self.s3 = s3

    def __getattr__(self, method: str) -> Any:
        return getattr(self.s3, method)

    def put_object(self, **words: Any) -> Any:
        words.pop("IfNoneMatch", None)
        return self.s3.put_object(**words)


def no_versions(at: Account) -> None:
    state = {"Status": "Suspended"}
    at.client("s3").put_bucket_versioning(Bucket=at.outputs["raw_bucket"], VersioningConfiguration=state)


def own_key(at: Account) -> None:
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    at.client("s3").put_bucket_encryption(
        Bucket=at.outputs["curated_bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )


def no_workgroup(at: Account) -> None:
    class Athena:
        def get_work_group(self, **_: Any) -> None:
            raise ClientError({"Error": {"Code": "InvalidRequestException", "Message": "none"}}, "GetWorkGroup")

    at.others["athena"] = Athena()


def other_policy(at: Account) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    at.client("s3").put_bucket_policy(Bucket=at.outputs["logs_bucket"], Policy=policy)


def no_wheel_list(at: Account) -> None:
    at.client("s3").delete_object(Bucket=at.outputs["artefacts_bucket"], Key="glue_jobs/requirements.txt")


def endless_logs(at: Account) -> None:
    at.client("logs").create_log_group(logGroupName=f"/{at.outputs['airflow_environment']}/made_by_glue")


def nothing_kept(at: Account) -> None:
    at.client("glue").start_job_run(JobName="ingest_erp")


def denied_glue(at: Account) -> None:
    class Denied:
        def get_paginator(self, name: str) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)

    at.others["glue"] = Denied()


FAULTS: list[tuple[Callable[[Account], Any], str]] = [
    (other_account, "no  account: 123456789012; wanted 999999999999; take the credentials"),
    (lambda at: at.outputs.update(region="eu-north-1"), "no  region: eu-west-1; wanted eu-north-1; export AWS_REGION"),
    (no_versions, "no  versions of retail-lakehouse-dev-raw-123456789012: Suspended; wanted Enabled; run `make terr"),
    (own_key, "no  key of retail-lakehouse-dev-curated-123456789012: S3's own key; wanted arn:aws:kms"),
    (other_policy, "no  our statements in the policy of retail-lakehouse-dev-logs-123456789012: gone; wanted there"),
    (
        lambda at: at.others.update(s3=Kind(made("s3"))),
        "no  a conditional PUT of a key that is there: taken; wanted refused; let one writer run at a time",
    ),
    (no_wheel_list, "glue_jobs/requirements.txt: missing; wanted there; run `make upload-dags`"),
    (lambda at: at.client("glue").delete_database(Name="silver"), "no  databases: silver missing; wanted there"),
    (no_workgroup, "no  workgroup retail-lakehouse-dev-analysts: InvalidRequestException; wanted ENABLED"),
    (lambda at: at.client("glue").delete_job(JobName="ingest_erp"), "no  Glue jobs: ingest_erp missing; wanted there"),
    (
        lambda at: (
            at.client("glue").create_job(Name="validate_old", Role="x", GlueVersion="5.1", Command={})
            and at.outputs.update(job_names=[*at.outputs["job_names"], "validate_old"])
        ),
        "no  Glue release: 5.1 (lacks Spark 4",
    ),
    (
        lambda at: at.iam.denied.add("kms:GenerateDataKey"),
        "no  rights of ingest_erp: without kms:GenerateDataKey; wanted enough; run `make terraform-apply`",
    ),
    (endless_logs, "no  log groups /retail-lakehouse-dev/*: kept for ever: /retail-lakehouse-dev/made_by_glue; wanted"),
    (lambda at: at.airflow.states.__setitem__(0, "UPDATE_FAILED"), "no  Airflow retail-lakehouse-dev: UPDATE_FAILED; "),
    (lambda at: setattr(at.airflow, "version", "2.11.0"), "no  MWAA release: 2.11.0 (lacks airflow.sdk"),
    (
        lambda at: at.airflow.files.update(PluginsS3ObjectVersion="1"),
        "no  plugins.zip of Airflow: another than the uploaded one; wanted the uploaded one; run `make update-airflow`",
    ),
    (
        nothing_kept,
        "no  kept packages: none of ingest_erp, which ran; wanted those of each job that ran; run `make terraform",
    ),
    (denied_glue, "no  catalogue: AccessDeniedException; wanted an answer; look at the credentials"),
]


@pytest.mark.parametrize(("plant", "line"), FAULTS, ids=[line[4:40] for _, line in FAULTS])
def test_a_planted_fault_is_named_with_what_to_do(whole: Account, plant: Callable[[Account], Any], line: str) -> None:
    plant(whole)
    wrong = whole.wrong()
    assert [one for one in wrong if line in one], wrong
    assert all("; wanted " in one for one in wrong)


@pytest.mark.parametrize(("state", "right"), [("SUCCEEDED", True), ("FAILED", False)])
def test_a_run_of_one_job_shows_how_it_ended(state: str, right: bool) -> None:
    class Glue:
        looks = 0

        def start_job_run(self, JobName: str, Arguments: dict[str, str]) -> dict[str, str]:
            assert (JobName, Arguments) == ("maintain_lakehouse", {"--smoke": "yes"})
            return {"JobRunId": "jr_1"}

        def get_job_run(self, JobName: str, RunId: str) -> dict[str, Any]:
            self.looks += 1
            ended = {"JobRunState": state, "ErrorMessage": "" if right else "error [exit 3]: no log store"}
            return {"JobRun": ended if self.looks > 1 else {"JobRunState": "RUNNING"}}

    slept: list[float] = []
    glue = Glue()
    (line,) = smoke({}, lambda _: glue, slept.append)
    assert line.is_right is right
    assert len(slept) == 1
    assert right or "no log store" in line.found


def test_the_command_ends_with_3_where_something_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAKEHOUSE_OUTPUTS", str(tmp_path / "none.json"))
    assert main(["doctor", "--environment", "dev"]) == EXIT_TERMINAL
    assert "run `make deploy ENV=dev` first" in capsys.readouterr().err
