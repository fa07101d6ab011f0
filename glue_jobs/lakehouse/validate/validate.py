"""Validate: judges each bronze batch by its suite, quarantines the bad rows, records the verdict."""

from __future__ import annotations

import functools
import time
from datetime import UTC, datetime
from pathlib import Path

from lakehouse import log
from lakehouse.contracts.columns import BATCH_ID, STEP
from lakehouse.contracts.contract import Contract, Dataset
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.errors import LakehouseError
from lakehouse.lake.batches import (
    INGEST,
    VALIDATE,
    Batch,
    BatchVerdict,
    batches_of,
    record_verdict,
    to_validate,
    verdicts_of,
)
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.delta_log import append_once, count_rows, open_table
from lakehouse.lake.paths import Lake, is_s3
from lakehouse.lake.quality_results import QUALITY_RESULTS
from lakehouse.quarantine import table as quarantine_table
from lakehouse.quarantine.repair_outcomes import settle_repairs
from lakehouse.runtime.context import Context
from lakehouse.runtime.lineage import tell_judged
from lakehouse.runtime.metrics import tell_quarantined
from lakehouse.validate.data_docs import DataDocs
from lakehouse.validate.data_docs_s3 import DataDocsOnS3
from lakehouse.validate.decided import carry_out, to_carry_out
from lakehouse.validate.evaluate import is_quarantined, judge_batch, with_broken_rules
from lakehouse.validate.result import Verdict


class BatchStoppedError(LakehouseError):
    """A batch broke a rule of the whole batch; nothing of it is merged and the earlier data is still served."""

    def __init__(self, dataset: Dataset, batch: Batch, verdict: BatchVerdict) -> None:
        self.domain, self.dataset, self.batch_id = dataset.domain, dataset.name, batch.batch_id
        self.files = tuple(file.name for file in batch.files)
        self.reason, self.page = verdict.reason or "", verdict.data_docs
        page = "the quality results" if not self.page else self.page if is_s3(self.page) else Path(self.page).as_uri()
        super().__init__(
            f"{self.domain}: batch {self.batch_id} of {self.dataset} ({', '.join(self.files)}) stopped: {self.reason}. "
            f"Nothing of it was merged; see {page} and deliver the rows again once they are mended, "
            f"or decide with `lakehouse batch accept|reject {self.dataset}:{self.batch_id}`."
        )


def validate_domain(context: Context, contract: Contract) -> list[BatchVerdict]:
    """Judge every batch of a domain that has no verdict and carry out what people decided on stopped ones.

    Raises BatchStoppedError after all are judged.
    """
    verdicts: list[BatchVerdict] = []
    stopped: list[BatchStoppedError] = []
    for dataset in contract.datasets:
        pending, decided = to_validate(context.lake, dataset), to_carry_out(context.lake, dataset)
        if pending or decided:
            suite = load_suite(context.project.suites, dataset.name, dataset.known_columns)
            for batch in pending:
                with log.about(dataset=dataset.name, batch=batch.batch_id):
                    verdicts.append(validate_batch(context, dataset, batch, suite))
                if not verdicts[-1].passed:
                    stopped.append(BatchStoppedError(dataset, batch, verdicts[-1]))
            for decision in decided:
                with log.about(dataset=dataset.name, batch=decision.batch_id):
                    carried_out = carry_out(context, dataset, suite, decision)
                verdicts += [carried_out] if carried_out else []
        settle_repairs(context.lake, dataset, batches_of(context.lake, dataset), verdicts_of(context.lake, dataset))
    if stopped:
        raise stopped[0]
    return verdicts


def validate_batch(context: Context, dataset: Dataset, batch: Batch, suite: Suite) -> BatchVerdict:
    """Judge one batch: quarantine, Data Docs, quality results, and last the verdict, which makes it judged."""
    start = time.monotonic()
    rows = bronze_batch(context.spark(), context.lake, dataset, batch.batch_id)
    unreadable = unreadable_rows(context.lake, dataset, batch.batch_id)
    limit = dataset.quarantine_limit_percent
    if batch.is_repair:  # mended rows are no delivery: each is judged by itself, and says nothing of the others
        suite, limit = Suite(suite.dataset, suite.row_rules), 100.0
    judged = judge_batch(rows, suite, limit, pii=dataset.pii_columns, unreadable=unreadable)
    if not judged.is_stopped and judged.quarantined:
        broken = with_broken_rules(rows, suite.row_rules).where(is_quarantined(suite))
        quarantine_table.append(
            quarantine_table.from_typed(broken, dataset), context.lake, dataset, VALIDATE, batch.batch_id
        )
    docs = _docs_of(context.project.suites, f"{context.lake.docs}/data_docs")
    page = docs.add(judged, batch.batch_id, batch.recorded_at)
    _record_results(context.lake, dataset, batch.batch_id, judged, time.monotonic() - start)
    verdict = BatchVerdict(
        dataset=dataset.name,
        batch_id=batch.batch_id,
        verdict=judged.outcome.value,
        rows_landed=judged.rows + unreadable,
        rows_unreadable=unreadable,
        rows_quarantined=0 if judged.is_stopped else judged.quarantined,
        rows_passed=0 if judged.is_stopped else judged.good,
        reason=judged.reason,
        data_docs=str(page),
    )
    record_verdict(context.lake, dataset, verdict)
    tell_judged(context, dataset)
    tell_quarantined(context.lake, dataset.name, judged.quarantined + unreadable, judged.rows + unreadable)
    log.info("judged", verdict=verdict.verdict, rows=judged.rows, quarantined=judged.quarantined)
    return verdict


def unreadable_rows(lake: Lake, dataset: Dataset, batch_id: int) -> int:
    """Rows of a batch that ingest put into quarantine."""
    table = open_table(lake.quarantine(dataset.name))
    of_ingest: dict[str, str | int] = {BATCH_ID: batch_id, STEP: INGEST}
    return 0 if table is None else count_rows(table, **of_ingest)


def _record_results(lake: Lake, dataset: Dataset, batch_id: int, judged: Verdict, seconds: float) -> None:
    """Keep what every rule found, once per batch."""
    common = {
        "domain": dataset.domain,
        "dataset": dataset.name,
        "batch_id": batch_id,
        "verdict": judged.outcome.value,
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
        for result in judged.results
    ]
    path = lake.ops("quality_results")
    append_once(path, rows, QUALITY_RESULTS, f"{VALIDATE}:{dataset.name}", batch_id)


@functools.lru_cache(maxsize=4)
def _docs_of(suites: Path, root: str) -> DataDocs | DataDocsOnS3:
    """Opening Great Expectations' project takes a second, so one opening serves a whole run."""
    return DataDocsOnS3(suites, root) if is_s3(root) else DataDocs(suites, Path(root))
