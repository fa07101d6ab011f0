"""A DAG as it is, run to its end against moto."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

DAGS = str(Path(__file__).resolve().parents[2] / "dags")


def test_what_deferring_needs_is_installed() -> None:
    assert importlib.util.find_spec("aiobotocore"), (
        "Deferrable operators need aiobotocore: name apache-airflow-providers-amazon[aiobotocore] in the requirements."
    )


def test_ingest_runs_to_success(run_script: Callable[..., Any], aws: Any, aws_variables: dict[str, str]) -> None:
    aws.s3.put_object(Bucket="retail-raw", Key="raw/erp/1f2e3d/erp_orders.csv", Body=b"order_id\n")

    states = run_script("run_dag.py", DAGS, "ingest_erp", **aws_variables)

    tasks = {"wait_for_landing": "success", "ingest": "success"}
    assert states == {"ingest_erp": {"run": "success", "tasks": tasks}}
    (run,) = aws.glue.get_job_runs(JobName="ingest_erp")["JobRuns"]
    identity = run["Arguments"].pop("--airflow_task_uuid")
    assert identity.startswith("ingest_erp:ingest:")
    assert run["Arguments"] == {
        "--domain": "erp",
        "--lake_root": "s3://retail-curated",
        "--raw_root": "s3://retail-raw/raw",
    }
