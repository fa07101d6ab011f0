"""Validate: evaluates each bronze batch by its suite, quarantines the rows that failed, records the result."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime
from pathlib import Path

from lakehouse import log
from lakehouse.contracts.columns import BATCH_ID, BROKEN_RULES, STEP
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.errors import LakehouseError, gathering, raise_first
from lakehouse.lake.batches import (
    INGEST,
    VALIDATE,
    Batch,
    ValidationResult,
    record_validation,
    to_validate,
)
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.delta_log import Commit, append_once, count_rows, open_table, select
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.lake.quality_results import QUALITY_RESULTS
from lakehouse.lake.snapshot_times import read_times, times_as_text
from lakehouse.quarantine.repair_outcomes import record_repair_outcomes
from lakehouse.runtime.context import Context
from lakehouse.runtime.engine import about_dataset
from lakehouse.runtime.lineage import emit_validated
from lakehouse.runtime.metrics import report_quarantined
from lakehouse.runtime.recording import did
from lakehouse.validate.batch_suite import batch_suite
from lakehouse.validate.data_docs import DataDocs
from lakehouse.validate.data_docs_s3 import DataDocsOnS3
from lakehouse.validate.decided import carry_out, to_carry_out
from lakehouse.validate.evaluate import evaluate_batch
from lakehouse.validate.failing_rule import naming_the_rule
from lakehouse.validate.keep_out import keep_out
from lakehouse.validate.result import Evaluation
from lakehouse.validate.snapshot_guard import guarded
from lakehouse.validate.tied import record_kept_out, with_ties


class BatchStoppedError(LakehouseError):
    """A batch broke a rule of the whole batch; nothing of it is merged and the earlier data is still served."""

    def __init__(self, dataset: Dataset, batch: Batch, result: ValidationResult) -> None:
        self.domain, self.dataset, self.batch_id = dataset.domain, dataset.name, batch.batch_id
        self.files = tuple(file.name for file in batch.files)
        self.reason, self.page = result.reason or "", result.data_docs
        page = "the quality results" if not self.page else self.page if is_s3(self.page) else Path(self.page).as_uri()
        super().__init__(
            f"{self.domain}: batch {self.batch_id} of {self.dataset} ({', '.join(self.files)}) stopped: {self.reason}. "
            f"Nothing of it was merged; see {page} and deliver the rows again once they are corrected, "
            f"or decide with `lakehouse batch accept|reject {self.dataset}:{self.batch_id}`."
        )


def validate_domain(context: Context, contract: Contract) -> list[ValidationResult]:
    """Validate every batch of a domain that has no result yet, and carry out what operators decided on stopped ones.

    Raises BatchStoppedError after all are validated.
    """
    results: list[ValidationResult] = []
    errors: list[LakehouseError] = []
    for dataset in contract.datasets:
        with gathering(errors), about_dataset(dataset, VALIDATE):
            _validate_dataset(context, dataset, results, errors)
    raise_first(errors, results)
    return results


def _validate_dataset(
    context: Context, dataset: Dataset, results: list[ValidationResult], errors: list[LakehouseError]
) -> None:
    """Validate what is pending of one dataset; adds to the results, and to the errors for each stopped batch."""
    pending, decided = to_validate(context.lake, dataset), to_carry_out(context.lake, dataset)
    if pending or decided:
        suite = load_suite(context.project.suites, dataset.name, dataset.known_columns)
        for batch in pending:
            with log.about(dataset=dataset.name, batch=batch.batch_id):
                results.append(validate_batch(context, dataset, batch, suite))
            if not results[-1].passed:
                errors.append(BatchStoppedError(dataset, batch, results[-1]))
        for decision in decided:
            with log.about(dataset=dataset.name, batch=decision.batch_id):
                carried_out = carry_out(context, dataset, suite, decision)
            results += [carried_out] if carried_out else []
    record_repair_outcomes(context.lake, dataset)


def validate_batch(context: Context, dataset: Dataset, batch: Batch, suite: Suite) -> ValidationResult:
    """Validate one batch: quarantine, Data Docs, quality results, and last the result, which makes it validated."""
    start = time.monotonic()
    delivered = bronze_batch(context.spark(), context.lake, dataset, batch.batch_id)
    unreadable = unreadable_rows(context.lake, dataset, batch.batch_id)
    limit = dataset.quarantine_limit_percent
    if batch.is_repair:  # corrected rows are no delivery: each stands for itself, and says nothing of the others
        limit = 100.0
    own, suite = suite, batch_suite(suite, dataset, batch)
    why = unreadable_by_rule(context.lake, dataset, batch.batch_id) if unreadable else {}
    with naming_the_rule(context.project, dataset, delivered, suite, own):
        rows = with_ties(context, dataset, delivered, suite)
        evaluation = evaluate_batch(
            rows, suite, limit, pii=dataset.pii_columns, unreadable=unreadable, unreadable_by_rule=why
        )
    if dataset.is_snapshot and not batch.is_repair:
        evaluation = guarded(context, dataset, batch, evaluation)
    if not evaluation.is_stopped and evaluation.quarantined:
        keep_out(rows, suite, context.lake, dataset, VALIDATE, batch.batch_id)
        record_kept_out(rows, context.lake, dataset, batch.batch_id, VALIDATE, batch.batch_id)
    docs = docs_of(context.project.suites, f"{context.lake.docs}/data_docs")
    page = docs.add(evaluation, batch.batch_id, batch.recorded_at)
    _record_results(context.lake, dataset, batch.batch_id, evaluation, time.monotonic() - start)
    result = ValidationResult(
        dataset=dataset.name,
        batch_id=batch.batch_id,
        status=evaluation.status,
        rows_landed=evaluation.rows + unreadable,
        rows_unreadable=unreadable,
        rows_quarantined=0 if evaluation.is_stopped else evaluation.quarantined,
        rows_passed=0 if evaluation.is_stopped else evaluation.passed,
        reason=evaluation.reason,
        data_docs=str(page),
        snapshot_times=_snapshot_times(context, dataset, batch),
    )
    record_validation(context.lake, dataset, result)
    emit_validated(context, dataset)
    report_quarantined(context.lake, dataset.name, evaluation.quarantined + unreadable, evaluation.rows + unreadable)
    did(dataset.name, result.rows_landed, result.rows_passed)
    log.info("validated", status=result.status, rows=evaluation.rows, quarantined=evaluation.quarantined)
    return result


def _snapshot_times(context: Context, dataset: Dataset, batch: Batch) -> str | None:
    """The times that a batch of snapshots says, by which later ones come before or after it."""
    if not (dataset.is_snapshot and dataset.sequence_by):
        return None
    return times_as_text(read_times(context.spark(), context.lake, dataset, [batch.batch_id])[batch.batch_id], dataset)


def unreadable_rows(lake: Lake, dataset: Dataset, batch_id: int) -> int:
    """Rows of a batch that ingest put into quarantine."""
    table = open_table(lake.quarantine(dataset.name))
    of_ingest: dict[str, str | int] = {BATCH_ID: batch_id, STEP: INGEST}
    return 0 if table is None else count_rows(table, **of_ingest)


def unreadable_by_rule(lake: Lake, dataset: Dataset, batch_id: int) -> dict[str, int]:
    """How many rows of a batch ingest could not read, by the rule that each broke; a row can break several."""
    table = open_table(lake.quarantine(dataset.name))
    if table is None:
        return {}
    rules = f"SELECT unnest({BROKEN_RULES}) AS rule FROM t WHERE {BATCH_ID} = {batch_id} AND {STEP} = '{INGEST}'"
    found = select(table, f"SELECT rule, count(*) AS number FROM ({rules}) GROUP BY rule")
    return {str(row["rule"]): int(row["number"]) for row in found}


def _record_results(lake: Lake, dataset: Dataset, batch_id: int, evaluation: Evaluation, seconds: float) -> None:
    """Keep what every rule found, once per batch."""
    common = {
        "domain": dataset.domain,
        "dataset": dataset.name,
        "batch_id": batch_id,
        "status": evaluation.status,
        "seconds": round(seconds, 3),
        "run_id": log.current("run"),
        "recorded_at": datetime.now(UTC),
    }
    rows = [
        {
            **common,
            "rule": result.rule.name,
            "sentence": result.rule.sentence,
            "on_failure": result.rule.on_failure.value,
            "rows_seen": result.seen,
            "rows_failed": result.failed,
            "success": result.success,
        }
        for result in evaluation.results
    ]
    path = lake.ops("quality_results")
    append_once(path, rows, QUALITY_RESULTS, Commit(f"{VALIDATE}:{dataset.name}", batch_id))


@functools.lru_cache(maxsize=4)
def docs_of(suites: Path, root: str) -> DataDocs | DataDocsOnS3:
    """The Data Docs at a root; opening Great Expectations' project takes a second, so one serves a whole run."""
    return DataDocsOnS3(suites, root) if is_s3(root) else DataDocs(suites, Path(root))
