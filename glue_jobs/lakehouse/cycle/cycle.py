"""A full run in one process: deliver, then each job of the plan in its order, and what came of it.

Start here: `run_cycle` walks the plan; `steps.py` has one function per step, which calls the step's own room.
"""

from __future__ import annotations

import importlib
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lakehouse import log
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.marts import FACT
from lakehouse.contracts.plan import STEPS, Job, cycle_jobs
from lakehouse.cycle.display import Display, StepDisplay
from lakehouse.cycle.reconciliation import count_batches, held_of_delivery, rule_counts
from lakehouse.cycle.run import Run
from lakehouse.cycle.summary import FactDay, Link, RunSummary, StepState, StepTime
from lakehouse.errors import EXIT_TERMINAL, EXIT_UNEXPECTED, LakehouseError
from lakehouse.ingest.landing import Delivery, deliver
from lakehouse.lake.files import exists
from lakehouse.lake.paths import DATA_DOCS_PAGE, DBT_DOCS_PAGE
from lakehouse.lake.runs import FULL_RUN
from lakehouse.privacy import trace_of, without_values
from lakehouse.publish.engine import tables_of
from lakehouse.publish.query import run_query
from lakehouse.runtime.context import Context
from lakehouse.runtime.machine import foreseen
from lakehouse.runtime.recording import recorded, step_failed, step_recorded
from lakehouse.runtime.versions import code_version, contract_version
from lakehouse.validate.gx import import_gx


@dataclass(frozen=True)
class Selection:
    """Which part of the plan to run: these domains (None: all), up to and with this step (None: the last)."""

    domains: frozenset[str] | None = None
    until: str | None = None

    def has(self, job: Job) -> bool:
        """Whether a job is to run; the marts belong to every selection of domains."""
        in_time = self.until is None or STEPS.index(job.step) <= STEPS.index(self.until)
        return in_time and (job.subject == MARTS or self.domains is None or job.subject in self.domains)


EVERYTHING = Selection()


@dataclass(frozen=True)
class CycleResult:
    """The summary of a run and the exit code that says how it ended."""

    summary: RunSummary
    exit_code: int


def run_cycle(context: Context, landing: Path | str, display: Display, only: Selection = EVERYTHING) -> CycleResult:
    """Bring a delivery through the whole lake; raises LandingError or LakeNotWritableError before anything is done."""
    started, start = datetime.now(UTC), time.monotonic()
    run = Run(context, display, log.new_run_id())
    with log.about(run=run.run_id):
        context.lake.require_writable()
        delivery = deliver(landing, context.lake, context.contracts, only.domains)
        run.warnings += [f"{name}: skipped, no contract's filePattern matches it" for name in delivery.unmatched]
        if delivery.new_files:
            _import_in_background()
        versions = code_version(), contract_version(context.project)
        with recorded(context.lake, FULL_RUN, run.run_id, versions) as recording:
            for job in cycle_jobs(context.contracts, read_marts(context.project.dbt)):
                if only.has(job):
                    run_job_of_plan(run, job)
            result = _result(run, delivery, landing, started, start)
            recording.end(result.exit_code, next((failure.message for failure in result.summary.problems), None))
            return result


def run_job_of_plan(run: Run, job: Job) -> None:
    """Run one job of the plan and keep how it ended; an error stops its domain, never the others.

    Where only a part of the domain failed, a file or a dataset, the domain goes on with the rest.
    """
    if job.subject in run.stopped:
        run.steps.append(StepTime(job.dag_id, 0.0, "skipped"))
        return
    start = time.monotonic()
    with (
        log.about(domain=job.subject),
        run.display.step(job.dag_id) as step,
        step_recorded(job.dag_id, job.step, job.subject),
    ):
        state = _state_after(run, job, step)
        if state == "failed":
            step_failed()
        if state != "done":
            step.end(state)
    run.steps.append(StepTime(job.dag_id, round(time.monotonic() - start, 3), state))


def _state_after(run: Run, job: Job, step: StepDisplay) -> StepState:
    from lakehouse.cycle.steps import work_of  # imports Spark, which a run that cannot deliver does not need

    try:
        return "done" if work_of(job)(run, job, step) else "nothing new"
    except LakehouseError as error:
        for part in (error, *error.others):
            run.fail(job.subject, str(part), part.exit_code)
        run.stopped |= {job.subject} if error.rest is None else set()
    except Exception as error:
        log.warning("unexpected error", trace=trace_of(error))
        known = foreseen(error)
        text = f"unexpected error in {job.dag_id}: {without_values(error, run.context.contracts.names)}"
        run.fail(job.subject, str(known or text), known.exit_code if known else EXIT_UNEXPECTED)
        run.stopped.add(job.subject)
    return "failed"


def _import_in_background() -> None:
    """Great Expectations and dbt take seconds to import, which the JVM's start leaves room for."""

    def work() -> None:
        import_gx()
        importlib.import_module("dbt.cli.main")

    importlib.import_module("pyspark.sql")  # both threads need it, and one would meet it half imported by the other
    threading.Thread(target=work, name="imports", daemon=True).start()


def _result(run: Run, delivery: Delivery, landing: Path | str, started: datetime, start: float) -> CycleResult:
    context = run.context
    held = held_of_delivery(context, delivery)
    run.failures += [failure for failure in held if not run.has_failed(failure.domain)]
    fact = _fact(run)
    summary = RunSummary(
        run_id=run.run_id,
        started_at=started,
        delivery=str(landing),
        lake=context.lake.root,
        seconds=round(time.monotonic() - start, 3),
        steps=tuple(run.steps),
        datasets=count_batches(context, run.run_id, run.validated, run.merged),
        rules=rule_counts(context, run.validated),
        fact=fact,
        fact_rows=len(fact),
        warnings=tuple(run.warnings),
        failures=tuple(run.failures),
        links=_links(context),
    )
    return CycleResult(summary, run.exit_code or (EXIT_TERMINAL if held else 0))


def _fact(run: Run) -> tuple[FactDay, ...]:
    """The fact for the report; where it cannot be read, that is a failure of the run, which keeps its row counts."""
    context = run.context
    if (MARTS, FACT) not in tables_of(context.lake):
        return ()
    sql = (
        "SELECT dt, store_id, orders, net_revenue, gross_margin, sessions, conversion_rate "
        f"FROM {MARTS}.{FACT} ORDER BY dt, store_id"
    )
    try:
        return tuple(FactDay(*row) for row in run_query(context.lake, context.contracts, sql).rows)
    except LakehouseError as error:
        run.fail(MARTS, str(error), error.exit_code)
        return ()


def _links(context: Context) -> tuple[Link, ...]:
    pages = (("Data Docs", DATA_DOCS_PAGE), ("dbt docs", DBT_DOCS_PAGE))
    return tuple(Link(title, path) for title, path in pages if exists(f"{context.lake.root}/{path}"))
