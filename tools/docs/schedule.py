"""The reference of DAGs: what starts each, what it reads and writes, by when, from the plan of jobs."""

from __future__ import annotations

from pathlib import Path

from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.plan import WAIT_ATTEMPTS, WAIT_SECONDS, Job, plan_jobs
from lakehouse.contracts.project import Project
from tools.docs.markdown import code, codes, page, table


def page_of_dags(root: Path) -> str:
    """The whole page."""
    project = Project(root)
    jobs = plan_jobs(project.contracts, read_marts(project.dbt))
    return page(
        "DAGs and schedule",
        "One DAG per Glue job, all derived from the contracts (`contracts/plan.py`). All times are UTC. An asset is "
        "named `<layer>/<table>`; a DAG without a time starts when the assets that it reads are updated.",
        "## When",
        table(("DAG", "starts", "deadline", "pool", "owner"), [_when(job) for job in jobs]),
        "## What",
        table(("DAG", "purpose", "reads", "writes"), [_what(job) for job in jobs]),
        f"Every task is retried three times if its failure is temporary or unexpected. A DAG waits "
        f"{WAIT_SECONDS * WAIT_ATTEMPTS // 60} minutes for its Glue run; the retry attaches to a run that is still "
        "running. `ingest_…` waits for new files for two hours, or for three quarters of the time between two starts "
        "if that is shorter, and the run is then skipped, not failed. [Airflow](../airflow.md) shows the DAGs, "
        "[configuration](configuration.md#airflow-variables) lists the Variables.",
    )


def _when(job: Job) -> tuple[str, ...]:
    return code(job.dag_id), _start(job), _due(job), code(job.pool), f"{job.owner} ({job.contact})"


def _due(job: Job) -> str:
    if len(job.due) < 2:
        return "".join(due.time for due in job.due)
    return ", ".join(f"{due.time} ({due.subject})" for due in job.due)


def _start(job: Job) -> str:
    if job.schedule:
        return f"cron {code(job.schedule)}"
    return f"when {' or '.join(map(code, job.reads))} is updated" if job.any_of_reads else f"after {codes(job.reads)}"


def _what(job: Job) -> tuple[str, ...]:
    return code(job.dag_id), job.purpose, job.source, codes(job.writes)
