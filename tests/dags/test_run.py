"""Every DAG as it is, run to its end against moto, and what reached AWS."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.reader import load_contracts
from tools.airflow.fake_aws import JOB_FILES, deliver, publish_tables

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts(ROOT / "contracts")


def test_what_deferring_needs_is_installed() -> None:
    assert importlib.util.find_spec("aiobotocore"), (
        "Deferrable operators need aiobotocore: name apache-airflow-providers-amazon[aiobotocore] in the requirements."
    )


def test_every_dag_runs_to_success(run_dags: Callable[..., Any], aws: Any, contracts: Contracts) -> None:
    deliver(aws, contracts)
    publish_tables(aws, contracts)
    runs = run_dags()

    assert len(runs) == 4 * len(contracts.domains) + 3
    for state in runs:
        dag_id = state["dag"]
        assert state["run"] == "success", state
        assert set(state["tasks"].values()) == {"success"}, (dag_id, state)
        step, subject = dag_id.split("_", 1)
        assert arguments(aws, dag_id) == expected_arguments(step, subject)
    for domain in contracts.domains:
        crawls = aws.glue.list_crawls(CrawlerName=f"landing_{domain}")["Crawls"]
        assert [crawl["State"] for crawl in crawls] == ["COMPLETED"], domain
    views = sorted(file.stem for file in (ROOT / "dbt/athena_views").glob("*.sql"))
    asked = sorted((query["Query"], query["ResultConfiguration"]["OutputLocation"]) for query in aws.queries())
    place = "s3://retail-curated/curated/athena_results/"
    assert [query for query, _ in asked] == [f'SELECT * FROM "analytics"."{view}" LIMIT 0' for view in views]
    assert all(output.startswith(place) for _, output in asked)
    assert keys(aws, "docs/") == ["docs/data_docs/index.html", "docs/dbt/manifest.json"]


def test_a_view_whose_table_holds_nothing_is_skipped(
    run_dags: Callable[..., Any], aws: Any, contracts: Contracts
) -> None:
    publish_tables(aws, contracts, without="silver.products")
    (run,) = run_dags("publish_marts")
    assert run["run"] == "success"
    tasks = run["tasks"]
    assert (tasks["query_current_products"], tasks["query_daily_store_metrics"]) == ("skipped", "success")


def test_docs_are_copied_once_and_again_when_they_change(run_dags: Callable[..., Any], aws: Any) -> None:
    aws.s3.put_object(Bucket="retail-curated", Key="curated/docs/data_docs/a.html", Body=b"1")
    (run,) = run_dags("publish_erp")
    assert run["tasks"]["sync_data_docs"] == "success"
    first = aws.s3.get_object(Bucket="retail-curated", Key="docs/data_docs/a.html")
    assert first["Body"].read() == b"1"
    aws.s3.put_object(Bucket="retail-curated", Key="curated/docs/data_docs/b.html", Body=b"2")
    run_dags("publish_erp")
    again = aws.s3.head_object(Bucket="retail-curated", Key="docs/data_docs/a.html")
    assert again["LastModified"] == first["LastModified"]
    assert keys(aws, "docs/") == ["docs/data_docs/a.html", "docs/data_docs/b.html"]


def arguments(aws: Any, job: str) -> dict[str, str]:
    """What the one run of a job was told, less what only Airflow reads."""
    (run,) = aws.runs(job)
    told: dict[str, str] = {name: value for name, value in run["Arguments"].items() if name not in JOB_FILES}
    identity, run_id = told.pop("--airflow_task_uuid"), told.pop("--run_id")
    assert identity == f"{job}:{job.split('_')[0]}:{run_id}:-1:0"
    return told


def expected_arguments(step: str, subject: str) -> dict[str, str]:
    told = {"--lake_root": "s3://retail-curated"}
    if subject != "lakehouse":
        told["--domain"] = subject
    if step in ("ingest", "maintain"):
        told["--raw_root"] = "s3://retail-raw/raw"
    return told


def keys(aws: Any, prefix: str) -> list[str]:
    found = aws.s3.list_objects_v2(Bucket="retail-curated", Prefix=prefix)
    return [item["Key"] for item in found.get("Contents", ())]
