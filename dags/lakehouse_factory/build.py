"""Turns one planned job into its DAG, with the operators of the amazon provider."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

from airflow.sdk import DAG, Asset, AssetAll, AssetAny, AsyncCallback, DeadlineAlert
from croniter import croniter  # type: ignore[import-untyped]

from lakehouse.airflow.deadline import NextTimeOfDay
from lakehouse.airflow.messages import failure_notifier, notify_lateness
from lakehouse.airflow.names import ATHENA_WORKGROUP, DOCS_ROOT, LAKE_ROOT, RAW_ROOT
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.plan import MAINTAIN, WAIT_ATTEMPTS, WAIT_SECONDS, Due, Job
from lakehouse.lake.paths import LANDED
from lakehouse_factory.crawl import LandingCrawl
from lakehouse_factory.docs_sync import SyncPrefix
from lakehouse_factory.glue_run import GlueRun
from lakehouse_factory.landing import NewLandingSensor
from lakehouse_factory.parts import AllPartsDone
from lakehouse_factory.runbook import runbook
from lakehouse_factory.views import ViewFile, ViewQuery

# Rendered when a task runs, so that parsing needs neither database nor network.
LAKE = f"{{{{ var.value.{LAKE_ROOT} }}}}"
RAW = f"{{{{ var.value.{RAW_ROOT} }}}}"
DOCS = f"{{{{ var.value.get('{DOCS_ROOT}', '') or var.value.{LAKE_ROOT} ~ '/docs' }}}}"
WORKGROUP = f"{{{{ var.value.get('{ATHENA_WORKGROUP}', 'primary') }}}}"
RUN_ID = "{{ run_id }}"

EXECUTION_TIMEOUT = timedelta(hours=3)
# None of the lakehouse's tasks uses Airflow's own connection: credentials are those of the machine's role.
AWS = {"aws_conn_id": None}

DEFAULTS: dict[str, Any] = {
    "retries": 3,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=30),
    "execution_timeout": EXECUTION_TIMEOUT,
}
START = datetime(2025, 1, 1, tzinfo=UTC)


class TestableDag(DAG):
    """A DAG with a deadline that `dag.test()` can run.

    Airflow 3.3.1 asks its database for each deadline when a run succeeds, by an identity that the copy which `test`
    works on does not have, and ends with an error of SQL.
    """

    def test(self, *args: Any, **kwargs: Any) -> Any:
        """Run the DAG once, here and now; its deadline notifies nobody."""
        deadlines, self.deadline = self.deadline, []
        try:
            return super().test(*args, **kwargs)
        finally:
            self.deadline = deadlines


def build_dag(job: Job, views: Sequence[ViewFile] = ()) -> DAG:
    """Return the DAG of a job; that of publish_marts also queries each of the views."""
    dag = TestableDag(
        dag_id=job.dag_id,
        schedule=schedule_of(job),
        start_date=START,
        catchup=False,
        max_active_runs=1,
        default_args={**DEFAULTS, "owner": job.owner, "on_failure_callback": failure_notifier(job.alerts)},
        deadline=[deadline_of(job, due) for due in job.due],
        description=job.purpose,
        doc_md=runbook(job),
        tags=["lakehouse", job.step, job.subject],
    )
    with dag:
        run = _glue_run(job)
        if job.file_patterns:
            _landing(job) >> run >> _crawl(job)
        if job.has_parts:
            run >> AllPartsDone(task_id="all_parts_done", run_task_id=job.step)
        if job.step == "publish":
            run >> _docs(job)
            _query_views(run, views if job.subject == MARTS else ())
    return dag


def asset(name: str) -> Asset:
    """The asset of a table; its URI leaves out the bucket, which differs between environments."""
    return Asset(name=name, uri=f"lakehouse://{name}", group="lakehouse")


def schedule_of(job: Job) -> str | AssetAll | AssetAny | None:
    """A cron line, or the assets that start the job."""
    if not job.reads:
        return job.schedule
    assets = [asset(name) for name in job.reads]
    return AssetAny(*assets) if job.any_of_reads else AssetAll(*assets)


def deadline_of(job: Job, due: Due) -> DeadlineAlert:
    """Who is notified when the run misses a deadline of a contract or a mart."""
    about = {"dag_id": job.dag_id, "domain": due.subject, "due": due.time, "alerts": job.alerts.words}
    return DeadlineAlert(
        reference=NextTimeOfDay(due.time),
        interval=timedelta(0),
        callback=AsyncCallback(notify_lateness, kwargs=about),
        name=f"{due.subject} by {due.time} UTC",
    )


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
        bucket_key=f"{RAW}/{job.subject}/*",
        landed_key=_landed_key(job),
        deferrable=True,
        soft_fail=True,
        poke_interval=300,
        timeout=patience(job.schedule).total_seconds(),
        **AWS,
    )


def _landed_key(job: Job) -> str:
    return f"{LAKE}/curated/{LANDED}/{job.subject}.json"


def _glue_run(job: Job) -> GlueRun:
    return GlueRun(
        task_id=job.step,
        job_name=job.dag_id,
        script_args=script_args(job),
        pool=job.pool,
        deferrable=True,
        resume_glue_job_on_retry=True,
        waiter_delay=WAIT_SECONDS,
        waiter_max_attempts=WAIT_ATTEMPTS,
        outlets=[asset(name) for name in job.writes],
        **AWS,
    )


def script_args(job: Job) -> dict[str, str]:
    """The arguments of the job, as strings."""
    args = {"--lake_root": LAKE, "--run_id": RUN_ID}
    if job.domain is not None:
        args["--domain"] = job.domain
    if job.step in ("ingest", MAINTAIN):
        args["--raw_root"] = RAW
    return args


def _crawl(job: Job) -> LandingCrawl:
    """Describes the raw files of the domain; a crawl that is already running is as good."""
    return LandingCrawl(
        task_id="crawl_landing",
        crawler_name=str(job.crawler),
        landed_key=_landed_key(job),
        fail_on_already_running=False,
        deferrable=True,
        poll_interval=WAIT_SECONDS,
        **AWS,
    )


def _docs(job: Job) -> list[SyncPrefix]:
    """Data Docs with each domain; with the marts dbt's manifest, catalogue and docs, and the site of the lake."""
    return [
        SyncPrefix(
            task_id=f"sync_{name}",
            source_bucket_prefix=f"{LAKE}/curated/docs/{name}/",
            dest_bucket_prefix=f"{DOCS}/{name}/",
            **AWS,
        )
        for name in (("dbt", "site") if job.subject == MARTS else ("data_docs",))
    ]


def _query_views(publish: GlueRun, views: Sequence[ViewFile]) -> None:
    """One query per view, each after those of the views that it reads."""
    tasks = {view.name: _view_query(view) for view in views}
    for view in views:
        publish >> tasks[view.name]
        [tasks[below] for below in view.views if below in tasks] >> tasks[view.name]


def _view_query(view: ViewFile) -> ViewQuery:
    return ViewQuery(
        task_id=f"query_{view.name}",
        view=view.name,
        reads=view.tables,
        also_views=view.views,
        lake_root=LAKE,
        output_location=f"{LAKE}/curated/athena_results/",
        workgroup=WORKGROUP,
        deferrable=True,
        sleep_time=5,
        max_polling_attempts=120,
        **AWS,
    )
