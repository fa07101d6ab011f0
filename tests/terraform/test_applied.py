"""What terraform would make of the contracts: jobs named as the DAGs, closed buckets, crawlers, Airflow, alarms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts import plan
from lakehouse.contracts.layers import LAYERS
from lakehouse.contracts.reader import load_contracts
from lakehouse.runtime.metrics import NAMESPACE, QUARANTINE_PERCENT
from lakehouse.runtime.spark_settings import LINEAGE, LINEAGE_JAR, SETTINGS

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = load_contracts(ROOT / "contracts")


def test_environment_plans_from_nothing(check: Callable[..., str], copy_of_repository: Callable[[], Path]) -> None:
    planned = check(copy_of_repository(), "prod", "plan")
    assert " to add, 0 to change, 0 to destroy." in planned


def test_jobs_are_the_dags(applied: Any) -> None:
    wanted = {job.dag_id: job for job in plan.plan_jobs(CONTRACTS, ())}
    assert wanted
    assert set(applied.jobs) == set(wanted)
    assert applied.outputs["job_names"] == sorted(wanted)
    for name, job in applied.jobs.items():
        assert job["default_arguments"].get("--domain") == wanted[name].domain
        script = job["command"][0]["script_location"]
        assert script == f"s3://{applied.outputs['artefacts_bucket']}/glue_jobs/{wanted[name].step}.py"


def test_crawlers_are_those_of_the_dags(applied: Any) -> None:
    jobs = plan.plan_jobs(CONTRACTS, ())
    wanted = {getattr(job, "crawler", f"landing_{job.subject}"): job.subject for job in jobs if job.file_patterns}
    crawlers = {crawler["name"]: crawler for crawler in applied.of_type("aws_glue_crawler")}
    assert set(crawlers) == set(wanted) == set(applied.outputs["crawler_names"])
    for name, domain in wanted.items():
        (target,) = crawlers[name]["s3_target"]
        assert target["path"] == f"s3://{applied.outputs['raw_bucket']}/raw/{domain}/"
        assert crawlers[name]["database_name"] == "landing"


def test_jobs_run_as_the_design_says(applied: Any) -> None:
    for name, job in applied.jobs.items():
        assert (job["glue_version"], job["worker_type"], job["max_retries"]) == ("6.0", "G.1X", 0), name
        assert job["execution_property"] == [{"max_concurrent_runs": 1}], name
        # The DAG must still be listening when Glue gives up.
        assert job["timeout"] * 60 < plan.WAIT_SECONDS * plan.WAIT_ATTEMPTS, name
        assert job["security_configuration"] == applied.outputs["airflow_environment"], name
        arguments = job["default_arguments"]
        for switch in ("auto-scaling", "metrics", "observability-metrics", "spark-ui"):
            assert arguments[f"--enable-{switch}"] == "true", name
        assert arguments["--spark-event-logs-path"] == f"s3://{applied.outputs['logs_bucket']}/spark-ui/{name}/"


def conf(job: dict[str, Any]) -> dict[str, str]:
    """Spark's settings, as Glue reads them out of the one argument."""
    return dict(setting.split("=", 1) for setting in job["default_arguments"]["--conf"].split(" --conf "))


def test_arguments_name_the_lake_and_the_settings_of_the_library(applied: Any) -> None:
    for name, job in applied.jobs.items():
        arguments = job["default_arguments"]
        assert arguments["--lake_root"] == f"s3://{applied.outputs['curated_bucket']}"
        assert arguments["--datalake-formats"] == "delta"
        assert conf(job) == dict(SETTINGS)
        has_raw = name.startswith("ingest_") or name == "maintain_lakehouse"
        raw = f"s3://{applied.outputs['raw_bucket']}/raw" if has_raw else None
        assert arguments.get("--raw_root") == raw


def test_lineage_is_on_where_it_has_a_server(applied_with_choices: Any) -> None:
    applied, server = applied_with_choices, "https://lineage.example.com"
    for job in applied.jobs.values():
        settings = conf(job)
        assert settings.items() >= {**SETTINGS, **LINEAGE, "spark.openlineage.transport.url": server}.items()
        jars = [jar for jar in job["default_arguments"]["--extra-jars"].split(",") if LINEAGE_JAR in jar]
        assert [jar.rsplit("/", 1)[-1] for jar in jars] == [j for j in applied.outputs["jars"] if LINEAGE_JAR in j]
        assert len(jars) == 1
    (airflow,) = applied.of_type("aws_mwaa_environment")
    options = airflow["airflow_configuration_options"]
    # A bare word in place of JSON switches lineage off without a word.
    assert json.loads(options["openlineage.transport"]) == {"type": "http", "url": server}
    assert options["openlineage.namespace"] == settings["spark.openlineage.namespace"]


def test_databases_are_the_layers_landing_and_the_views(applied: Any) -> None:
    names = {database["name"] for database in applied.of_type("aws_glue_catalog_database")}
    assert names == {*LAYERS, "analytics", "landing", "pinned"}


@pytest.mark.parametrize("output", ["raw_bucket", "curated_bucket", "artefacts_bucket", "logs_bucket"])
def test_buckets_are_closed(applied: Any, output: str) -> None:
    bucket = applied.outputs[output]

    def one(kind: str) -> dict[str, Any]:
        (found,) = (values for values in applied.of_type(kind) if values["bucket"] == bucket)
        return dict(found)

    block = one("aws_s3_bucket_public_access_block")
    assert all(value for name, value in block.items() if name.startswith(("block_", "ignore_", "restrict_")))
    assert one("aws_s3_bucket_versioning")["versioning_configuration"][0]["status"] == "Enabled"
    (rule,) = one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    encryption = rule["apply_server_side_encryption_by_default"][0]
    statements = {s["Sid"]: s for s in json.loads(one("aws_s3_bucket_policy")["policy"])["Statement"]}
    tls = statements.pop("TlsOnly")
    assert (tls["Effect"], tls["Action"]) == ("Deny", ["s3:*"])
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
    assert f"arn:aws:s3:::{bucket}/*" in tls["Resource"]
    if output == "logs_bucket":
        # S3 delivers access logs to no bucket with a key of its own.
        assert encryption["sse_algorithm"] == "AES256"
        assert {s["Principal"]["Service"][0] for s in statements.values()} == {
            "logging.s3.amazonaws.com",
            "delivery.logs.amazonaws.com",
        }
        return
    assert encryption == {"sse_algorithm": "aws:kms", "kms_master_key_id": applied.outputs["kms_key_arn"]}
    assert not statements
    logging = one("aws_s3_bucket_logging")
    assert logging["target_bucket"] == applied.outputs["logs_bucket"]
    assert logging["target_prefix"] == f"access/{bucket}/"


def lifecycle(applied: Any, output: str) -> dict[str, dict[str, Any]]:
    """The life-cycle rules of a bucket by their names."""
    configurations = applied.of_type("aws_s3_bucket_lifecycle_configuration")
    (found,) = (c for c in configurations if c["bucket"] == applied.outputs[output])
    return {rule["id"]: rule for rule in found["rule"]}


def test_lifecycles_archive_landing_and_remove_what_is_over(applied: Any) -> None:
    landing = lifecycle(applied, "raw_bucket")["archive-raw"]
    assert landing["filter"][0]["prefix"] == "raw/"
    assert landing["transition"] == [{"days": 90, "date": None, "storage_class": "GLACIER_IR"}]
    assert not landing["expiration"], "what was delivered is never removed"
    results = lifecycle(applied, "curated_bucket")["remove-curated-athena_results"]
    assert results["filter"][0]["prefix"] == "curated/athena_results/"
    for output in ("raw_bucket", "curated_bucket", "artefacts_bucket", "logs_bucket"):
        common = lifecycle(applied, output)["remove-old-versions-and-failed-uploads"]
        assert common["noncurrent_version_expiration"][0]["noncurrent_days"] >= 1
        assert common["abort_incomplete_multipart_upload"][0]["days_after_initiation"] == 7


def test_airflow_stands_in_private_subnets_and_knows_the_lake(applied: Any) -> None:
    (airflow,) = applied.of_type("aws_mwaa_environment")
    assert airflow["airflow_version"] == "3.3.1"
    public = {subnet["cidr_block"] for subnet in applied.of_type("aws_subnet") if "public" in subnet["tags"]["Name"]}
    assert len(applied.of_type("aws_subnet")) - len(public) == 2
    variables = {p["name"].rsplit("/", 1)[-1]: p["value"] for p in applied.of_type("aws_ssm_parameter")}
    assert variables["lakehouse_lake_root"] == f"s3://{applied.outputs['curated_bucket']}"
    assert variables["lakehouse_raw_root"] == f"s3://{applied.outputs['raw_bucket']}/raw"
    assert all(p["type"] == "SecureString" for p in applied.of_type("aws_ssm_parameter"))
    prefix = json.loads(airflow["airflow_configuration_options"]["secrets.backend_kwargs"])["variables_prefix"]
    assert {p["name"].rsplit("/", 1)[0] for p in applied.of_type("aws_ssm_parameter")} == {prefix}
    asked = set(re.findall(r"var\.value\.(\w+)", (ROOT / "dags/lakehouse_factory/build.py").read_text())) - {"get"}
    assert asked <= set(variables)


def test_airflow_takes_an_existing_network(applied_with_choices: Any) -> None:
    applied = applied_with_choices
    (airflow,) = applied.of_type("aws_mwaa_environment")
    assert airflow["network_configuration"] == [
        {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]}
    ]
    assert not applied.of_type("aws_vpc")
    assert not applied.of_type("aws_vpc_endpoint")
    assert not applied.of_type("aws_nat_gateway")


def test_workgroups_limit_what_a_query_reads(applied: Any) -> None:
    for workgroup in applied.of_type("aws_athena_workgroup"):
        (settings,) = workgroup["configuration"]
        assert settings["enforce_workgroup_configuration"] is True
        assert settings["bytes_scanned_cutoff_per_query"] >= 10**9
        assert settings["engine_version"][0]["selected_engine_version"] == "Athena engine version 3"
        (result,) = settings["result_configuration"]
        assert result["output_location"].startswith(f"s3://{applied.outputs['curated_bucket']}/curated/athena_results/")
        assert result["encryption_configuration"][0]["kms_key_arn"] == applied.outputs["kms_key_arn"]


def test_a_person_is_told_of_failures_lateness_quarantine_and_cost(applied: Any) -> None:
    topic = applied.outputs["operations_topic_arn"]
    patterns = [json.loads(rule["event_pattern"])["detail"] for rule in applied.of_type("aws_cloudwatch_event_rule")]
    (failures,) = (pattern for pattern in patterns if "SUCCEEDED" not in pattern["state"])
    # A run that somebody stops is told to nobody; each other bad end is.
    assert set(failures["state"]) == {"FAILED", "TIMEOUT", "ERROR"}
    assert set(failures["jobName"]) == set(applied.jobs)
    alarms = applied.of_type("aws_cloudwatch_metric_alarm")
    assert all(alarm["alarm_actions"] == [topic] for alarm in alarms)
    late = [alarm for alarm in alarms if alarm["alarm_name"].endswith("-late")]
    assert len(late) == len(CONTRACTS.domains) + 1
    # Silence is what a publish that never came looks like.
    assert {alarm["treat_missing_data"] for alarm in late} == {"breaching"}
    shares = [alarm for alarm in alarms if alarm["namespace"] == NAMESPACE]
    assert {alarm["metric_name"] for alarm in shares} == {QUARANTINE_PERCENT}
    lake = f"s3://{applied.outputs['curated_bucket']}"
    wanted = [{"dataset": dataset.name, "lake": lake} for dataset in CONTRACTS.datasets]
    assert sorted((alarm["dimensions"] for alarm in shares), key=str) == sorted(wanted, key=str)
    (budget,) = applied.of_type("aws_budgets_budget")
    assert all(n["subscriber_sns_topic_arns"] == [topic] for n in budget["notification"])


def test_everything_carries_the_tags_of_its_cost(applied: Any) -> None:
    tagged = [values for values in applied.resources.values() if values.get("tags_all") is not None]
    assert len(tagged) > 100
    assert all(values["tags_all"].items() >= {"project": "retail-lakehouse"}.items() for values in tagged)
    for name, job in applied.jobs.items():
        assert job["tags_all"]["step"] == name.split("_")[0]
        assert job["tags_all"]["domain"] == name.split("_")[1]


def test_logs_are_not_kept_for_ever(applied: Any) -> None:
    groups = applied.of_type("aws_cloudwatch_log_group")
    assert len(groups) > len(applied.jobs)
    assert all(group["retention_in_days"] > 0 and group["kms_key_id"] for group in groups)


def test_a_fifth_contract_brings_its_resources_and_a_deleted_one_takes_them_away(
    apply: Callable[..., Any], copy_of_repository: Callable[[], Path]
) -> None:
    repository = copy_of_repository()
    erp = repository / "contracts/erp.yaml"
    text = erp.read_text(encoding="utf-8").replace("erp_orders", "store_returns")
    (repository / "contracts/returns.yaml").write_text(text.replace("domain: erp", "domain: returns"), encoding="utf-8")
    erp.unlink()
    applied = apply(repository, "dev")
    steps = ("ingest", "validate", "transform", "publish")
    assert {name for name in applied.jobs if name.endswith("_returns")} == {f"{step}_returns" for step in steps}
    text = json.dumps(applied.resources) + json.dumps(applied.outputs)
    for words in ("returns", "landing_returns", "ingest_returns", "store_returns"):
        assert words in text
    assert not re.search(r"_erp\b|\berp_orders|raw/erp", text)
