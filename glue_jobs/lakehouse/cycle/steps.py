"""The steps of a full run, one function each: call the step's own room, show what came of each dataset.

Each takes the run, the job of the plan and its display; it returns whether there was anything to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.marts import FACT
from lakehouse.contracts.plan import Job
from lakehouse.cycle.display import StepDisplay
from lakehouse.cycle.run import Run
from lakehouse.ingest.ingest import FileRefusedError, IngestResult, ingest_domain
from lakehouse.lake.batches import ValidationResult
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.transform.fact import build_marts
from lakehouse.transform.transform import build_domain, merge_domain
from lakehouse.validate.validate import BatchStoppedError, validate_domain

Work = Callable[[Run, Job, StepDisplay], bool]


def ingest(run: Run, job: Job, step: StepDisplay) -> bool:
    """New files of the raw layer → bronze, and quarantine for rows that cannot be parsed."""
    try:
        results = ingest_domain(run.context, _contract(run, job))
    except FileRefusedError as error:
        _show_ingested(run, step, error.results)
        raise
    _show_ingested(run, step, results)
    return bool(results)


def _show_ingested(run: Run, step: StepDisplay, results: Iterable[IngestResult]) -> None:
    for result in results:
        step.note(result.dataset, f"{result.rows_readable} rows, {result.rows_unreadable} unparseable")
        run.warnings += result.drift


def validate(run: Run, job: Job, step: StepDisplay) -> bool:
    """Bronze batches → validation results, quarantine, Data Docs."""
    try:
        results = validate_domain(run.context, _contract(run, job))
    except BatchStoppedError as error:
        _show_validated(run, step, error.results)
        raise
    _show_validated(run, step, results)
    return bool(results)


def _show_validated(run: Run, step: StepDisplay, results: Iterable[ValidationResult]) -> None:
    for result in results:
        run.validated.add((result.dataset, result.batch_id))
        step.note(result.dataset, f"{result.rows_passed} passed, {result.rows_kept_out} quarantined")


def transform(run: Run, job: Job, step: StepDisplay) -> bool:
    """Validated batches → silver; then the domain's own dbt models."""
    contract = _contract(run, job)
    results = merge_domain(run.context, contract)
    for result in results:
        run.merged[(result.dataset, result.batch_id)] = {
            "inserted": result.inserted, "updated": result.updated, "deleted": result.deleted,
            "ignored": result.ignored,
        }  # fmt: skip
        step.note(result.dataset, f"{result.news} rows merged, {result.ignored} ignored")
    return build_domain(run.context, contract) or bool(results)


def transform_marts(run: Run, job: Job, step: StepDisplay) -> bool:
    """Silver → the store days of the fact table that silver changed."""
    result = build_marts(run.context)
    if result.built:
        step.note(FACT, "full rebuild" if result.full else f"{result.store_days} store days recomputed")
    return result.built


def publish(run: Run, job: Job, step: StepDisplay) -> bool:
    """Delta logs of the domain's tables → the catalogue, once a second reader counts the same rows."""
    tables = publish_domain(run.context, _contract(run, job))
    for table in tables:
        step.note(table, "reads as its log says")
    return bool(tables)


def publish_views(run: Run, job: Job, step: StepDisplay) -> bool:
    """The marts and the ops tables, the analytics views, dbt's docs."""
    views = publish_marts(run.context)
    for view in views:
        step.note(view, "view answers")
    return bool(views)


_OF_DOMAINS: Mapping[str, Work] = {
    "ingest": ingest,
    "validate": validate,
    "transform": transform,
    "publish": publish,
}
_OF_MARTS: Mapping[str, Work] = {
    "transform": transform_marts,
    "publish": publish_views,
}


def work_of(job: Job) -> Work:
    """The function of a job of the plan."""
    return (_OF_MARTS if job.subject == MARTS else _OF_DOMAINS)[job.step]


def _contract(run: Run, job: Job) -> Contract:
    return run.context.contracts.of(job.subject)
