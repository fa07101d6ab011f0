"""The steps of a full run, one function each: call the step's own room, show what came of each dataset.

Each takes the run, the job of the plan and its display; it returns whether there was anything to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.plan import Job
from lakehouse.cycle.display import StepDisplay
from lakehouse.cycle.reconciliation import WRITTEN
from lakehouse.cycle.run import Run
from lakehouse.errors import LakehouseError, gathering, raise_first
from lakehouse.ingest.ingest import IngestResult, ingest_domain
from lakehouse.ingest.landing import unclaimed
from lakehouse.lake.batches import ValidationResult
from lakehouse.lake.files import list_files
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.say import format_count
from lakehouse.transform.marts import MartBuild, build_marts
from lakehouse.transform.merge import MergeResult
from lakehouse.transform.transform import build_domain, merge_domain
from lakehouse.validate.validate import validate_domain

Work = Callable[[Run, Job, StepDisplay], bool]
Result = TypeVar("Result")


def ingest(run: Run, job: Job, step: StepDisplay) -> bool:
    """New files of the raw layer → bronze, and quarantine for rows that cannot be parsed."""
    contract = _contract(run, job)
    files = list_files(run.context.lake.landing(contract.domain))
    run.warnings += unclaimed(run.context.contracts, contract, files)

    def show(results: Iterable[IngestResult]) -> None:
        for result in results:
            step.note(result.dataset, f"{result.rows_readable} rows, {result.rows_unreadable} unparseable")
            run.warnings += result.drift

    return bool(_shown(lambda: ingest_domain(run.context, contract), show))


def validate(run: Run, job: Job, step: StepDisplay) -> bool:
    """Bronze batches → validation results, quarantine, Data Docs."""

    def show(results: Iterable[ValidationResult]) -> None:
        for result in results:
            run.validated.add((result.dataset, result.batch_id))
            step.note(result.dataset, f"{result.rows_passed} passed, {result.rows_kept_out} quarantined")

    return bool(_shown(lambda: validate_domain(run.context, _contract(run, job)), show))


def transform(run: Run, job: Job, step: StepDisplay) -> bool:
    """Validated batches → silver; then the domain's own dbt models."""
    contract = _contract(run, job)
    errors: list[LakehouseError] = []
    results: Sequence[MergeResult] = ()

    def show(merged: Iterable[MergeResult]) -> None:
        for result in merged:
            if not result.skipped:  # another run merged it in the meantime
                run.merged[(result.dataset, result.batch_id)] = {name: getattr(result, name) for name in WRITTEN}
            step.note(result.dataset, f"{result.written} rows merged, {result.ignored} ignored{_missing(result)}")
            run.warnings += _tie_warning(result)

    with gathering(errors):
        results = _shown(lambda: merge_domain(run.context, contract), show)
    built = build_domain(run.context, contract)
    raise_first(errors, results)
    return built or bool(results)


def _missing(result: MergeResult) -> str:
    return f", {result.missing} missing ones deleted" if result.missing else ""


def _shown(work: Callable[[], Sequence[Result]], show: Callable[[Sequence[Result]], None]) -> Sequence[Result]:
    """Do the work of a step and show its results, also where some of its parts failed."""
    try:
        results = work()
    except LakehouseError as error:
        show(error.rest or ())
        raise
    show(results)
    return results


def _tie_warning(result: MergeResult) -> list[str]:
    if not result.tied:
        return []
    keys = f"{format_count(result.tied, 'key')} with several contents and one sequence"
    return [f"{result.dataset}: {keys}, {result.corrected} corrected in silver (listed in ops.ties)"]


def transform_marts(run: Run, job: Job, step: StepDisplay) -> bool:
    """Silver → the keys of each mart that silver changed."""

    def show(built: Iterable[MartBuild]) -> None:
        for mart in built:
            step.note(mart.name, "full rebuild" if mart.whole else f"{mart.keys} keys recomputed")

    return bool(_shown(lambda: build_marts(run.context).marts, show))


def publish(run: Run, job: Job, step: StepDisplay) -> bool:
    """Delta logs of the domain's tables → the catalogue, once a second reader counts the same rows."""
    tables = publish_domain(run.context, _contract(run, job))
    for table in tables:
        step.note(table, "row count verified")
    return bool(tables)


def publish_views(run: Run, job: Job, step: StepDisplay) -> bool:
    """The marts and the ops tables, the analytics views, dbt's docs."""
    views = publish_marts(run.context)
    for view in views:
        step.note(view, "view verified")
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
