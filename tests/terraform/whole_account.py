"""An account as Terraform and the uploads leave it: moto, and what moto does not know; faults are planted in it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from lakehouse.contracts.layers import ANALYTICS, LAYERS
from lakehouse.runtime.doctor import report
from lakehouse.runtime.doctor_account import account
from tests.terraform.checkout import Checkout
from tests.terraform.test_mwaa import FakeMwaa
from tools.airflow.strict_aws import named_files
from tools.deploy import mwaa
from tools.deploy.constraints import packages_version

ROOT = Path(__file__).resolve().parents[2]
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
    region: str = REGION

    def client(self, service: str) -> Any:
        known = {"mwaa": self.airflow, "iam": self.iam, **self.others}
        return known[service] if service in known else made(service)

    def wrong(self) -> list[str]:
        """The lines of what is not right."""
        lines: list[str] = []
        report(account(self.outputs, self.client, self.region), lines.append)
        assert len(lines) > 20
        return [line for line in lines if line.startswith("no")]


class Airflow(FakeMwaa):
    """An environment of a version."""

    version = "3.3.1"

    def get_environment(self, Name: str) -> dict[str, Any]:
        found = super().get_environment(Name)
        found["Environment"]["AirflowVersion"] = self.version
        return found


def furnished(checkout: Checkout, applied_dev: Any) -> Account:
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
        s3.put_object(Bucket=outputs["artefacts_bucket"], Key=key, Body=f"# {packages_version(ROOT)}\n".encode())
    airflow.files = mwaa.uploaded(s3, outputs["artefacts_bucket"], "mwaa")
    glue = made("glue")
    for database in (*LAYERS, ANALYTICS):
        glue.create_database(DatabaseInput={"Name": database})
    for name in outputs["job_names"]:
        role, arguments = f"arn:aws:iam::123456789012:role/{name}", applied_dev.jobs[name]["default_arguments"]
        command = {"ScriptLocation": applied_dev.jobs[name]["command"][0]["script_location"]}
        glue.create_job(Name=name, Role=role, GlueVersion="6.0", Command=command, DefaultArguments=arguments)
    results = {"OutputLocation": f"s3://{outputs['curated_bucket']}/curated/athena_results/analysts/"}
    made("athena").create_work_group(
        Name=outputs["analysts_workgroup"],
        Configuration={"EnforceWorkGroupConfiguration": True, "ResultConfiguration": results},
    )
    groups = made("logs")
    kinds = {group["name"].rsplit("-", 1)[0]: group for group in applied_dev.of_type("aws_cloudwatch_log_group")}
    for group in kinds.values():
        groups.create_log_group(logGroupName=group["name"])
        groups.put_retention_policy(logGroupName=group["name"], retentionInDays=group["retention_in_days"])
    return Account(outputs, airflow)
