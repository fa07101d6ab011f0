"""Makes in moto what the plan names: buckets, databases, jobs, crawlers, workgroups, parameters, groups of logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from tools.twin.calls import OPERATOR, SECRET, Caller
from tools.twin.plan import Plan

SLACK = "connections/slack_webhook"
MADE = frozenset({
    "aws_athena_workgroup", "aws_cloudwatch_log_group", "aws_glue_catalog_database", "aws_glue_crawler",
    "aws_glue_job", "aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment",
    "aws_mwaa_environment", "aws_s3_bucket", "aws_s3_bucket_versioning", "aws_sns_topic", "aws_ssm_parameter",
})  # fmt: skip
"""The types of the plan's resources that the twin has; the others guard, bill or connect, and move no row."""
LEFT_OUT = frozenset({
    "aws_budgets_budget", "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target",
    "aws_cloudwatch_log_resource_policy", "aws_cloudwatch_metric_alarm", "aws_default_security_group", "aws_eip",
    "aws_flow_log", "aws_glue_security_configuration", "aws_internet_gateway", "aws_kms_alias", "aws_kms_key",
    "aws_nat_gateway", "aws_route", "aws_route_table", "aws_route_table_association",
    "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_logging", "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_object", "aws_security_group",
    "aws_sns_topic_policy", "aws_subnet", "aws_vpc", "aws_vpc_endpoint", "aws_vpc_security_group_egress_rule",
    "aws_vpc_security_group_ingress_rule",
})  # fmt: skip


@dataclass(frozen=True)
class Clients:
    """Clients of the twin."""

    address: str
    region: str

    def of(self, service: str, caller: Caller | None = None) -> Any:
        """A client that speaks in somebody's name, the operator's by default."""
        caller = caller or Caller(OPERATOR)
        session = boto3.Session(caller.key, SECRET, region_name=self.region)
        return session.client(service, endpoint_url=self.address)


def furnish(clients: Clients, plan: Plan, slack: Mapping[str, str]) -> None:
    """Make all of it. slack: what an operator puts into the Parameter Store by hand, once."""
    s3, glue, athena, logs, ssm = (clients.of(name) for name in ("s3", "glue", "athena", "logs", "ssm"))
    for bucket in plan.of_type("aws_s3_bucket"):
        s3.create_bucket(Bucket=bucket["bucket"], CreateBucketConfiguration={"LocationConstraint": plan.region})
    for bucket in plan.of_type("aws_s3_bucket_versioning"):
        status = bucket["versioning_configuration"][0]["status"]
        s3.put_bucket_versioning(Bucket=bucket["bucket"], VersioningConfiguration={"Status": status})
    for database in plan.of_type("aws_glue_catalog_database"):
        glue.create_database(DatabaseInput={"Name": database["name"]})
    for job in plan.jobs.values():
        glue.create_job(**job_input(job))
    for crawler in plan.of_type("aws_glue_crawler"):
        glue.create_crawler(**crawler_input(crawler))
    for workgroup in plan.of_type("aws_athena_workgroup"):
        athena.create_work_group(Name=workgroup["name"], Configuration={})
    for group in plan.of_type("aws_cloudwatch_log_group"):
        logs.create_log_group(logGroupName=group["name"])
    for topic in plan.of_type("aws_sns_topic"):
        clients.of("sns").create_topic(Name=topic["name"])
    for parameter in plan.of_type("aws_ssm_parameter"):
        ssm.put_parameter(Name=parameter["name"], Value=parameter["value"], Type="String")
    for name, value in slack.items():
        ssm.put_parameter(Name=f"{plan.outputs['airflow_parameters']}/{name}", Value=value, Type="String")


def job_input(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job of the plan in the words of Glue."""
    command = job["command"][0]
    return {
        "Name": job["name"], "Role": job["role_arn"], "GlueVersion": job["glue_version"], "Timeout": job["timeout"],
        "Command": {"Name": command["name"], "ScriptLocation": command["script_location"],
                    "PythonVersion": command["python_version"]},
        "DefaultArguments": job["default_arguments"], "MaxRetries": job["max_retries"],
        "ExecutionProperty": {"MaxConcurrentRuns": job["execution_property"][0]["max_concurrent_runs"]},
        "WorkerType": job["worker_type"], "NumberOfWorkers": job["number_of_workers"],
        "SecurityConfiguration": job["security_configuration"],
    }  # fmt: skip


def crawler_input(crawler: Mapping[str, Any]) -> dict[str, Any]:
    """A crawler of the plan in the words of Glue."""
    targets = [{"Path": target["path"]} for target in crawler["s3_target"]]
    return {
        "Name": crawler["name"], "Role": crawler["role"], "DatabaseName": crawler["database_name"],
        "Targets": {"S3Targets": targets},
    }  # fmt: skip
