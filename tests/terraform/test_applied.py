"""What terraform would make of the contracts: jobs named as the DAGs, closed buckets, roles that see only their own."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from lakehouse.contract_file import load_contracts
from lakehouse.lake import LAYERS
from lakehouse.spark import SETTINGS

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = load_contracts(ROOT / "contracts")


@pytest.fixture(scope="module")
def plan() -> ModuleType:
    """The DAGs' own plan of the jobs, loaded by path: it needs no Airflow."""
    spec = importlib.util.spec_from_file_location("dag_plan", ROOT / "dags/lakehouse_factory/plan.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)  # dataclasses look their module up while they are made
        spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_environment_is_valid_and_plans(
    check: Callable[..., str], copy_of_repository: Callable[[], Path], environment: str
) -> None:
    repository = copy_of_repository()
    assert "The configuration is valid" in check(repository, environment, "validate")
    planned = check(repository, environment, "plan")
    assert " to add, 0 to change, 0 to destroy." in planned


def test_jobs_are_the_dags(applied: Any, plan: ModuleType) -> None:
    wanted = {job.dag_id: job for job in plan.plan_jobs(CONTRACTS)}
    assert wanted
    assert set(applied.jobs) == set(wanted)
    assert applied.outputs["job_names"] == sorted(wanted)
    for name, job in applied.jobs.items():
        assert job["default_arguments"].get("--domain") == wanted[name].domain
        script = job["command"][0]["script_location"]
        assert script == f"s3://{applied.outputs['artefacts_bucket']}/glue_jobs/{wanted[name].step}.py"


def test_scripts_are_there(applied: Any) -> None:
    names = {job["command"][0]["script_location"].rsplit("/", 1)[-1] for job in applied.jobs.values()}
    assert all((ROOT / "glue_jobs" / name).is_file() for name in names)


def test_jobs_run_as_the_design_says(applied: Any, plan: ModuleType) -> None:
    for name, job in applied.jobs.items():
        assert (job["glue_version"], job["worker_type"], job["max_retries"]) == ("6.0", "G.1X", 0), name
        assert job["execution_property"] == [{"max_concurrent_runs": 1}], name
        # The DAG must still be listening when Glue gives up.
        assert job["timeout"] * 60 < plan.WAIT_SECONDS * plan.WAIT_ATTEMPTS, name


def test_arguments_name_the_lake_and_the_settings_of_the_library(applied: Any) -> None:
    for name, job in applied.jobs.items():
        arguments = job["default_arguments"]
        assert arguments["--lake_root"] == f"s3://{applied.outputs['curated_bucket']}"
        assert arguments["--datalake-formats"] == "delta"
        settings = dict(setting.split("=", 1) for setting in arguments["--conf"].split(" --conf "))
        assert settings == dict(SETTINGS)
        raw = f"s3://{applied.outputs['raw_bucket']}/raw" if name.startswith("ingest_") else None
        assert arguments.get("--raw_root") == raw


def test_databases_are_the_layers_and_the_views(applied: Any) -> None:
    names = {database["name"] for database in applied.of_type("aws_glue_catalog_database")}
    assert names == {*LAYERS, "analytics"}


@pytest.mark.parametrize("output", ["raw_bucket", "curated_bucket", "artefacts_bucket"])
def test_buckets_are_closed(applied: Any, output: str) -> None:
    bucket = applied.outputs[output]

    def one(kind: str) -> dict[str, Any]:
        (found,) = (values for values in applied.of_type(kind) if values["bucket"] == bucket)
        return dict(found)

    block = one("aws_s3_bucket_public_access_block")
    assert all(value for name, value in block.items() if name.startswith(("block_", "ignore_", "restrict_")))
    assert one("aws_s3_bucket_versioning")["versioning_configuration"][0]["status"] == "Enabled"
    (rule,) = one("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    (statement,) = json.loads(one("aws_s3_bucket_policy")["policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["s3:*"])
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
    assert f"arn:aws:s3:::{bucket}/*" in statement["Resource"]


def test_roles_name_what_they_may(applied: Any) -> None:
    for name in applied.jobs:
        for statement in applied.policy(name):
            assert not [action for action in statement["Action"] if "*" in action], name
            if "*" in statement["Resource"]:
                assert statement["Sid"] == "WriteMetrics", name


def objects(applied: Any, job: str, sid: str) -> set[str]:
    """The prefixes of a statement, without the bucket's own name and the code, which every job reads."""
    buckets = {applied.outputs[f"{kind}_bucket"]: kind for kind in ("raw", "curated", "artefacts")}
    resources = [r for s in applied.policy(job) if s["Sid"] == sid for r in s["Resource"]]
    paths = [resource.removeprefix("arn:aws:s3:::").partition("/") for resource in resources]
    return {f"{buckets[bucket]}:{key}" for bucket, _, key in paths if buckets[bucket] != "artefacts"}


def test_ingest_writes_bronze_and_quarantine_of_its_domain_only(applied: Any) -> None:
    assert objects(applied, "ingest_erp", "ReadObjects") == {"raw:raw/erp/*"}
    assert objects(applied, "ingest_erp", "WriteObjects") == {
        "curated:curated/bronze/erp_orders/*",
        "curated:curated/quarantine/erp_orders/*",
        "curated:curated/ops/*",
    }


def test_no_role_of_a_domain_sees_another_domain(applied: Any) -> None:
    for contract in CONTRACTS:
        own = {dataset.name for dataset in contract.datasets}
        others = {dataset.name for dataset in CONTRACTS.datasets} - own
        for step in ("ingest", "validate", "transform", "publish"):
            resources = [r for s in applied.policy(f"{step}_{contract.domain}") for r in s["Resource"]]
            parts = {part for resource in resources for part in resource.split("/")}
            assert not parts & others
            layers = [r for r in resources if r.endswith(tuple(f"curated/{x}/*" for x in LAYERS if x != "ops"))]
            assert not layers


def test_only_publish_writes_the_catalogue(applied: Any) -> None:
    writers = {
        name
        for name in applied.jobs
        if any("glue:UpdateTable" in statement["Action"] for statement in applied.policy(name))
    }
    assert writers == {f"publish_{subject}" for subject in (*CONTRACTS.domains, "marts")}


def test_a_fifth_contract_brings_its_jobs_and_a_deleted_one_takes_them_away(
    apply: Callable[..., Any], copy_of_repository: Callable[[], Path]
) -> None:
    repository = copy_of_repository()
    erp = repository / "contracts/erp.yaml"
    text = erp.read_text(encoding="utf-8").replace("erp_orders", "store_returns")
    (repository / "contracts/returns.yaml").write_text(text.replace("domain: erp", "domain: returns"), encoding="utf-8")
    erp.unlink()
    jobs = set(apply(repository, "dev").jobs)
    steps = ("ingest", "validate", "transform", "publish")
    assert {name for name in jobs if name.endswith("_returns")} == {f"{step}_returns" for step in steps}
    assert not {name for name in jobs if name.endswith("_erp")}
