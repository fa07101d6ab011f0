"""Turns one planned job into its DAG, with the operators of the amazon provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import DAG, Asset, AssetAll, AssetAny
from croniter import croniter  # type: ignore[import-untyped]

from lakehouse_factory.landing import NewLandingSensor
from lakehouse_factory.plan import WAIT_ATTEMPTS, WAIT_SECONDS, Job
from lakehouse_factory.runbook import run_book

# Rendered when a task runs, so that parsing needs neither database nor network.
LAKE_ROOT = "{{ var.value.lakehouse_lake_root }}"
RAW_ROOT = "{{ var.value.lakehouse_raw_root }}"

EXECUTION_TIMEOUT = timedelta(hours=3)

DEFAULTS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=30),
    "execution_timeout": EXECUTION_TIMEOUT,
}
START = datetime(2025, 1, 1, tzinfo=UTC)


def build_dag(job: Job) -> DAG:
    """Return the DAG of a job."""
    dag = DAG(
        dag_id=job.dag_id,
        schedule=schedule_of(job),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args={**DEFAULTS, "owner": job.owner},
        description=job.purpose,
        doc_md=run_book(job),
        tags=["lakehouse", job.step, job.subject],
    )
    with dag:
        run = _glue_run(job)
        if job.file_patterns:
            _landing(job) >> run
    return dag


def asset(name: str) -> Asset:
    """The asset of a table; its address leaves the bucket out, for that differs between environments."""
    return Asset(name=name, uri=f"lakehouse://{name}", group="lakehouse")


def schedule_of(job: Job) -> str | AssetAll | AssetAny | None:
    """A cron line, or the assets that start the job."""
    if not job.reads:
        return job.schedule
    assets = [asset(name) for name in job.reads]
    return AssetAny(*assets) if job.any_of_reads else AssetAll(*assets)


def patience(schedule: str) -> timedelta:
    """How long to wait for files: two hours, or less where the next run comes sooner."""
    starts = islice(croniter(schedule, START, ret_type=datetime), 10)
    shortest: timedelta = min(after - before for before, after in pairwise(starts))
    return min(timedelta(hours=2), shortest * 3 / 4)


def _landing(job: Job) -> NewLandingSensor:
    assert job.schedule is not None, "a job that waits for files has a schedule"
    return NewLandingSensor(
        task_id="wait_for_landing",
        job_name=job.dag_id,
        file_patterns=job.file_patterns,
        bucket_key=f"{RAW_ROOT}/{job.subject}/*",
        aws_conn_id=None,
        deferrable=True,
        soft_fail=True,
        poke_interval=300,
        timeout=patience(job.schedule).total_seconds(),
    )


def _glue_run(job: Job) -> GlueJobOperator:
    return GlueJobOperator(
        task_id=job.step,
        job_name=job.dag_id,
        script_args=script_args(job),
        aws_conn_id=None,
        deferrable=True,
        resume_glue_job_on_retry=True,
        waiter_delay=WAIT_SECONDS,
        waiter_max_attempts=WAIT_ATTEMPTS,
        outlets=[asset(name) for name in job.writes],
    )


def script_args(job: Job) -> dict[str, str]:
    """What the job is told: facts only, as strings."""
    args = {"--lake_root": LAKE_ROOT}
    if job.domain is not None:
        args["--domain"] = job.domain
    if job.step == "ingest":
        args["--raw_root"] = RAW_ROOT
    return args
