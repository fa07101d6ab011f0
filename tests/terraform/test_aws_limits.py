"""Names, descriptions and tags as AWS takes them, long names too; what it would refuse stops the plan."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from lakehouse.contracts.reader import LONGEST_DOMAIN
from tests.terraform.conftest import Check

ROOT = Path(__file__).resolve().parents[2]
# Attribute of a resource, and the member of the request that takes it; botocore has AWS's own limits of most.
ASKED = {
    ("aws_athena_workgroup", "name"): "athena CreateWorkGroup Name",
    ("aws_athena_workgroup", "description"): "athena CreateWorkGroup Description",
    ("aws_budgets_budget", "name"): "budgets CreateBudget Budget.BudgetName",
    ("aws_cloudwatch_event_rule", "description"): "events PutRule Description",
    ("aws_cloudwatch_event_rule", "event_pattern"): "events PutRule EventPattern",
    ("aws_cloudwatch_event_rule", "name"): "events PutRule Name",
    ("aws_cloudwatch_log_group", "name"): "logs CreateLogGroup logGroupName",
    ("aws_cloudwatch_log_resource_policy", "policy_document"): "logs PutResourcePolicy policyDocument",
    ("aws_cloudwatch_metric_alarm", "alarm_description"): "cloudwatch PutMetricAlarm AlarmDescription",
    ("aws_cloudwatch_metric_alarm", "alarm_name"): "cloudwatch PutMetricAlarm AlarmName",
    ("aws_glue_catalog_database", "description"): "glue CreateDatabase DatabaseInput.Description",
    ("aws_glue_catalog_database", "name"): "glue CreateDatabase DatabaseInput.Name",
    ("aws_glue_crawler", "description"): "glue CreateCrawler Description",
    ("aws_glue_crawler", "name"): "glue CreateCrawler Name",
    ("aws_glue_job", "description"): "glue CreateJob Description",
    ("aws_glue_job", "name"): "glue CreateJob Name",
    ("aws_glue_security_configuration", "name"): "glue CreateSecurityConfiguration Name",
    ("aws_iam_policy", "description"): "iam CreatePolicy Description",
    ("aws_iam_policy", "name"): "iam CreatePolicy PolicyName",
    ("aws_iam_role", "description"): "iam CreateRole Description",
    ("aws_iam_role", "name"): "iam CreateRole RoleName",
    ("aws_iam_role_policy", "name"): "iam PutRolePolicy PolicyName",
    ("aws_kms_alias", "name"): "kms CreateAlias AliasName",
    ("aws_kms_key", "description"): "kms CreateKey Description",
    ("aws_lakeformation_data_cells_filter", "table_data.name"): "lakeformation CreateDataCellsFilter TableData.Name",
    ("aws_mwaa_environment", "airflow_version"): "mwaa CreateEnvironment AirflowVersion",
    ("aws_mwaa_environment", "environment_class"): "mwaa CreateEnvironment EnvironmentClass",
    ("aws_mwaa_environment", "name"): "mwaa CreateEnvironment Name",
    ("aws_ssm_parameter", "description"): "ssm PutParameter Description",
    ("aws_ssm_parameter", "name"): "ssm PutParameter Name",
}
# What botocore leaves out: EC2's set of characters, S3's and SNS's names, EventBridge's quota.
TOLD = {
    ("aws_cloudwatch_event_rule", "event_pattern"): r"(?s).{1,2048}",
    ("aws_s3_bucket", "bucket"): r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    ("aws_security_group", "description"): r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    ("aws_security_group", "name"): r"(?!sg-)[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    ("aws_sns_topic", "name"): r"[A-Za-z0-9_-]{1,256}",
    ("aws_ssm_parameter", "name"): r"(?i)(?!/?(aws|ssm))[a-z0-9_./-]{1,1011}",
    ("aws_vpc_security_group_egress_rule", "description"): r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    ("aws_vpc_security_group_ingress_rule", "description"): r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}",
}
TAG = re.compile(r"(?!aws:)[\w +\-=.:/@]{0,256}")
# What a person may name, and what stops a plan before anything is made.
TAKEN = {
    "project": ["retail-lakehouse", "shop2"],
    "environment": ["dev", "test-2"],
    "region": ["eu-west-1", "ap-southeast-2", "us-east-1", "me-central-1", "il-central-1"],
}
REFUSED = {
    "project": ["lake_house", "Lakehouse", "aws-lakehouse", "ssm", "2shops", "shop.lake"],
    "environment": ["", "a.b", "Prod"],
    "region": ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "eu-west", "eu-west-1a"],
}


def limits() -> Iterator[tuple[tuple[str, str], int, str]]:
    """What AWS takes of an attribute: the longest, and a pattern."""
    session = botocore.session.get_session()
    for attribute, asked in ASKED.items():
        service, operation, members = asked.split()
        shape = session.get_service_model(service).operation_model(operation).input_shape
        for member in members.split("."):
            shape = shape.members[member]
        pattern = str(shape.metadata.get("pattern", ""))
        yield attribute, shape.metadata.get("max", 10**9), pattern if is_pythons(pattern) else ""
    for attribute, pattern in TOLD.items():
        yield attribute, 10**9, pattern


def is_pythons(pattern: str) -> bool:
    """Whether Python reads a pattern of AWS as Java does."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return r"\uD800" not in pattern and r"\p{" not in pattern


def values(applied: Any, kind: str, attribute: str) -> list[str]:
    """The values of an attribute of all resources of a kind."""
    found = applied.of_type(kind)
    for name in attribute.split("."):
        found = [one[0][name] if isinstance(one, list) else one[name] for one in found if one]
    return [one for one in found if one]


def refused(applied: Any) -> list[str]:
    """Everything that AWS would not take."""
    wrong = []
    for (kind, attribute), longest, pattern in limits():
        found = values(applied, kind, attribute)
        wrong += [
            f"{kind}.{attribute}: {value}"
            for value in found
            if len(value) > longest or (pattern and not re.fullmatch(pattern, value))
        ]
    for address, resource in applied.resources.items():
        tags = {**(resource.get("tags_all") or {}), **(resource.get("tags") or {})}
        wrong += [f"{address}: {tag}" for pair in tags.items() for tag in pair if not TAG.fullmatch(tag)]
    return wrong


def test_aws_takes_every_name_description_and_tag(applied: Any, applied_with_choices: Any) -> None:
    assert refused(applied) == []
    assert refused(applied_with_choices) == []


def test_the_limits_are_those_of_resources_that_are_made(applied: Any, applied_with_choices: Any) -> None:
    missed = {key for key, _, _ in limits() if not values(applied, *key) and not values(applied_with_choices, *key)}
    assert missed == set()
    # Whatever else has a name or a description is looked at too; those of the default group are AWS's.
    looked_at = {*ASKED, *TOLD, *(("aws_default_security_group", word) for word in ("name", "description"))}
    own = {
        (address.split(".")[-2], attribute)
        for address, resource in applied.resources.items()
        for attribute in ("name", "description")
        if resource.get(attribute) and address.split(".")[-2].startswith("aws_")
    }
    assert own - looked_at == set()


def test_it_takes_those_of_domains_with_long_names_too(grown: Any) -> None:
    assert any(len(name) == len("transform_") + LONGEST_DOMAIN for name in grown.jobs)
    assert refused(grown) == []


def test_what_names_many_jobs_is_cut_so_that_the_longest_names_fit(grown: Any) -> None:
    text = (ROOT / "terraform/modules/watch/main.tf").read_text("utf-8")
    (most,) = map(int, re.findall(r"chunklist\(var\.job_names, (\d+)\)", text))
    rules = [json.loads(rule["event_pattern"]) for rule in grown.of_type("aws_cloudwatch_event_rule")]
    (failed,) = (rule for rule in rules if "FAILED" in rule["detail"]["state"])
    longest = f"transform_{'d' * LONGEST_DOMAIN}"
    many = {**failed, "detail": {**failed["detail"], "jobName": [longest] * most}}
    assert len(json.dumps(many, separators=(",", ":"))) <= 2048


def conditions(name: str) -> list[tuple[str, bool]]:
    """The patterns of a variable's rule, each with whether it must be met or must not."""
    text = (ROOT / "terraform/variables.tf").read_text("utf-8")
    (block,) = re.findall(rf'(?s)variable "{name}" {{\n(.*?)\n}}', text)
    (condition,) = re.findall(r"condition += (.*)", block)
    return [(pattern, not sign) for sign, pattern in re.findall(r'(!?)can\(regex\("([^"]+)"', condition)]


@pytest.mark.parametrize("name", REFUSED)
def test_a_word_in_every_name_is_one_that_aws_takes(name: str) -> None:
    def taken(word: str) -> bool:
        return all(bool(re.search(pattern, word)) is wanted for pattern, wanted in conditions(name))

    assert [word for word in TAKEN[name] if not taken(word)] == []
    assert [word for word in REFUSED[name] if taken(word)] == []


LONG = "d" * LONGEST_DOMAIN
TOO_LONG = {
    "lakehouse-of-all-our-shops-and-brands": "The bucket {0}-prod-artefacts-123456789012 has 65 characters, and S3"
    " takes 63;",
    "lakehouse-of-all-our-shops": f"The role {{0}}-prod-transform_{LONG} has 74 characters, and IAM takes 64;",
}


@pytest.mark.parametrize("project", TOO_LONG)
def test_a_name_that_is_too_long_stops_the_plan(
    project: str, check: Check, copy_of_repository: Callable[[], Path]
) -> None:
    repository = copy_of_repository()
    erp = repository / "contracts/erp.yaml"
    erp.write_text(erp.read_text("utf-8").replace("domain: erp\n", f"domain: {LONG}\n"), "utf-8")
    with pytest.raises(AssertionError) as refusal:
        check(repository, "prod", "plan", f"-var=project={project}")
    said = " ".join(str(refusal.value).replace("\\n", " ").replace("│", " ").split())
    assert f"{TOO_LONG[project].format(project)} shorten project" in said
