"""What an account refuses or leaves out in silence, read from what terraform would make."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools.deploy.constraints import packages_version
from tools.policy.calls import ACCOUNT, REGION
from tools.policy.iam import Call, is_allowed

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "terraform/modules"
EVENTS, FLOW = "events.amazonaws.com", "delivery.logs.amazonaws.com"


def statements_for(policy: str, service: str) -> list[dict[str, Any]]:
    """The statements of a resource's policy that let a service of AWS in."""
    every: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return [s for s in every if s["Effect"] == "Allow" and service in s["Principal"].get("Service", [])]


def test_eventbridge_meets_no_condition_at_the_topic_or_its_key(applied: Any) -> None:
    (topic,) = applied.of_type("aws_sns_topic_policy")
    (key,) = applied.of_type("aws_kms_key")
    for policy, action in ((topic["policy"], "sns:Publish"), (key["policy"], "kms:GenerateDataKey")):
        (statement,) = statements_for(policy, EVENTS)
        assert action in statement["Action"]
        assert not statement.get("Condition")
        # The others say whose account they act for.
        (others,) = statements_for(policy, "cloudwatch.amazonaws.com")
        assert others["Condition"] == {"StringEquals": {"aws:SourceAccount": [ACCOUNT]}}


def test_a_message_of_a_failed_job_that_is_dropped_raises_an_alarm(applied: Any) -> None:
    (rule,) = (r for r in applied.of_type("aws_cloudwatch_event_rule") if "FAILED" in r["event_pattern"])
    (alarm,) = (a for a in applied.of_type("aws_cloudwatch_metric_alarm") if a["metric_name"] == "FailedInvocations")
    assert (alarm["namespace"], alarm["dimensions"]) == ("AWS/Events", {"RuleName": rule["name"]})
    assert (alarm["comparison_operator"], alarm["threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["treat_missing_data"] == "notBreaching"


def test_the_flow_log_finds_its_rights_in_the_policy_of_its_bucket(applied: Any) -> None:
    bucket = applied.outputs["logs_bucket"]
    (policy,) = (p["policy"] for p in applied.of_type("aws_s3_bucket_policy") if p["bucket"] == bucket)
    found = {action: s for s in statements_for(policy, FLOW) for action in s["Action"]}
    assert set(found) == {"s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"}
    assert found["s3:GetBucketAcl"]["Resource"] == [f"arn:aws:s3:::{bucket}"]
    assert found["s3:PutObject"]["Resource"] == [f"arn:aws:s3:::{bucket}/flow/*"]
    assert all(s["Condition"]["StringEquals"] == {"aws:SourceAccount": [ACCOUNT]} for s in found.values())


@pytest.mark.parametrize(
    ("module", "output", "first"),
    [
        ("bucket", "arn", ["aws_s3_bucket_policy.this"]),
        ("network", "subnet_ids", ["aws_route.private", "aws_nat_gateway.this", "aws_vpc_endpoint.interface"]),
        ("network", "security_group_ids", ["aws_vpc_security_group_ingress_rule.each_other"]),
    ],
)
def test_what_is_needed_stands_before_what_needs_it(module: str, output: str, first: list[str]) -> None:
    text = (MODULES / module / "outputs.tf").read_text(encoding="utf-8")
    (block,) = re.findall(rf'output "{output}" {{\n(.*?)\n}}', text, re.DOTALL)
    awaited = block.split("depends_on", 1)[1]
    assert not [name for name in first if name not in awaited]


def test_zones_that_must_be_opted_in_to_are_not_taken() -> None:
    text = (MODULES / "network/main.tf").read_text(encoding="utf-8")
    assert '"opt-in-status"\n    values = ["opt-in-not-required"]' in text


def test_log_groups_have_the_names_under_which_glue_writes(applied: Any) -> None:
    groups = {group["name"]: group["retention_in_days"] for group in applied.of_type("aws_cloudwatch_log_group")}
    for name, job in applied.jobs.items():
        role = job["role_arn"].rsplit("/", 1)[-1]
        assert role.endswith(f"-{name}")
        prefix = job["default_arguments"]["--custom-logGroup-prefix"]
        for kind in ("error", "output"):
            assert groups[f"{prefix}/{job['security_configuration']}-role/{role}/{kind}"] > 0
    for crawler in applied.of_type("aws_glue_crawler"):
        role = crawler["role"].rsplit("/", 1)[-1]
        assert groups[f"/aws-glue/crawlers-role/{role}-{crawler['security_configuration']}"] > 0


def test_who_asks_athena_may_look_for_its_default_database_and_stop_a_query(applied: Any) -> None:
    default = f"arn:aws:glue:{REGION}:{ACCOUNT}:database/default"
    bucket = f"arn:aws:s3:::{applied.outputs['curated_bucket']}"
    for role, group in (("airflow", "airflow"), ("analysts", "analysts"), ("publish_marts", "publish")):
        workgroup = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/{applied.outputs['airflow_environment']}-{group}"
        calls = [
            Call.of("glue:GetDatabase", default),
            Call.of("athena:StopQueryExecution", workgroup),
            Call.of("s3:ListBucketMultipartUploads", bucket),
        ]
        assert [call for call in calls if not is_allowed(applied.policy(role), call)] == [], role
        # It is looked up, and nothing in it.
        assert not is_allowed(
            applied.policy(role), Call.of("glue:GetTable", default.replace("database", "table") + "/t")
        )


def test_a_job_may_look_whether_the_folders_above_its_own_are_there(applied: Any) -> None:
    bucket = f"arn:aws:s3:::{applied.outputs['curated_bucket']}"
    for folder in ("curated", "curated/", "curated/bronze", "curated/bronze/"):
        assert is_allowed(applied.policy("ingest_erp"), Call.of("s3:ListBucket", bucket, s3_prefix=folder)), folder


def test_the_folder_of_the_dags_is_there_from_the_start(applied: Any) -> None:
    (airflow,) = applied.of_type("aws_mwaa_environment")
    keys = {seed["key"] for seed in applied.of_type("aws_s3_object")}
    assert any(key.startswith(f"{airflow['dag_s3_path']}/") for key in keys)
    assert {airflow["plugins_s3_path"], airflow["requirements_s3_path"], airflow["startup_script_s3_path"]} <= keys
    # The uploads keep what they find there: it is a file of the repository too.
    assert (ROOT / "dags/.airflowignore").is_file()


def test_the_way_out_is_a_gateway_or_endpoints_and_not_both(applied: Any) -> None:
    interfaces = [e for e in applied.of_type("aws_vpc_endpoint") if e["vpc_endpoint_type"] == "Interface"]
    assert bool(interfaces) != bool(applied.of_type("aws_nat_gateway"))
    (gateway,) = (e for e in applied.of_type("aws_vpc_endpoint") if e["vpc_endpoint_type"] == "Gateway")
    assert gateway["service_name"].endswith(".s3"), "which costs nothing"


def test_packages_are_installed_once_and_anew_when_the_pins_change(applied: Any) -> None:
    lists = (ROOT / "requirements.txt", ROOT / "tools/deploy/constraints.py")
    pins = hashlib.sha256(b"".join(file.read_bytes() for file in lists)).hexdigest()
    assert packages_version(ROOT) == pins[:16], "the uploaded list begins with the same word"
    bucket = applied.outputs["artefacts_bucket"]
    for name, job in applied.jobs.items():
        arguments = job["default_arguments"]
        assert arguments["--python-virtual-env-storage-prefix"] == f"s3://{bucket}/packages/{name}/"
        assert arguments["--python-virtual-env-version"] == pins[:16]
        for prefix, mine in ((f"packages/{name}", True), ("packages/another_job", False), ("glue_jobs", False)):
            call = Call.of("s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}/venv.zip")
            assert is_allowed(applied.policy(name), call) is mine, (name, prefix)


def test_lake_formation_reads_with_a_role_of_ours_that_may_use_the_key(applied_with_choices: Any) -> None:
    applied = applied_with_choices
    places = {place["arn"]: place for place in applied.of_type("aws_lakeformation_resource")}
    assert places
    (role,) = (r for r in applied.of_type("aws_iam_role") if r["name"].endswith("-lake-formation"))
    assert statements_for(role["assume_role_policy"], "lakeformation.amazonaws.com")
    mine = applied.policy("lake-formation")
    assert is_allowed(mine, Call.of("kms:Decrypt", applied.outputs["kms_key_arn"]))
    for arn, place in places.items():
        assert (place["role_arn"], place["use_service_linked_role"]) == (role["arn"], None)
        assert is_allowed(mine, Call.of("s3:GetObject", f"{arn}/part-1.parquet"))
        assert is_allowed(mine, Call.of("s3:ListBucket", arn.split("/")[0], s3_prefix=f"{arn.split('/', 1)[1]}/"))
    bucket = f"arn:aws:s3:::{applied.outputs['curated_bucket']}"
    assert not is_allowed(mine, Call.of("s3:GetObject", f"{bucket}/curated/silver/erp_orders_2/part-1.parquet"))
    assert not is_allowed(mine, Call.of("s3:PutObject", f"{min(places)}/part-1.parquet"))


def test_publish_may_make_a_table_where_lake_formation_has_the_place(applied_with_choices: Any) -> None:
    applied = applied_with_choices
    given = [grant for grant in applied.of_type("aws_lakeformation_permissions") if grant["data_location"]]
    assert {tuple(grant["permissions"]) for grant in given} == {("DATA_LOCATION_ACCESS",)}
    makers = {grant["data_location"][0]["arn"]: grant["principal"] for grant in given}
    assert set(makers) == {place["arn"] for place in applied.of_type("aws_lakeformation_resource")}
    for arn, principal in makers.items():
        job = principal.rsplit("/", 1)[-1].removeprefix(f"{applied.outputs['airflow_environment']}-")
        table = f"arn:aws:glue:{REGION}:{ACCOUNT}:table/silver/{arn.rsplit('/', 1)[-1]}"
        assert job.startswith("publish_")
        assert is_allowed(applied.policy(job), Call.of("glue:CreateTable", table))


def test_a_table_that_was_never_published_stops_lake_formation_before_it_has_its_place() -> None:
    text = (MODULES / "lake_formation/main.tf").read_text(encoding="utf-8")
    blocks = dict(re.findall(r'resource "aws_lakeformation_(\w+)" "this" {\n(.*?)\n}', text, re.DOTALL))
    assert "depends_on = [aws_lakeformation_data_cells_filter.this]" in blocks["resource"]
    assert "aws_lakeformation_resource" not in blocks["data_cells_filter"]
    assert "aws_lakeformation_resource.this" in blocks["opt_in"]
