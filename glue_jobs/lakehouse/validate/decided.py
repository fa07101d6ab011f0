"""Carries out what people decided about stopped batches: the rows of an accepted one go on, less the bad ones."""

from __future__ import annotations

import dataclasses

from lakehouse import log
from lakehouse.contracts.contract import Dataset
from lakehouse.contracts.suite import Suite
from lakehouse.lake.batches import BatchVerdict, record_decided, verdicts_of
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.decisions import ACCEPTED, REJECTED, Decision, decisions_of
from lakehouse.lake.delta_log import progress
from lakehouse.lake.paths import Lake
from lakehouse.quarantine import table as quarantine_table
from lakehouse.runtime.context import Context
from lakehouse.validate.evaluate import is_quarantined, judge_batch, with_broken_rules

ACCEPT = "accept"
"""The application under which the bad rows of accepted batches are quarantined; its versions count the decisions."""


def to_carry_out(lake: Lake, dataset: Dataset) -> list[Decision]:
    """Decisions that no verdict shows yet."""
    made = decisions_of(lake, dataset)
    done = progress(lake.ops("verdicts"), f"{ACCEPT}:{dataset.name}") if made else 0
    return [decision for decision in made if decision.number > done]


def carry_out(context: Context, dataset: Dataset, suite: Suite, decision: Decision) -> BatchVerdict | None:
    """Give a batch the verdict that a person decided on; None where that has been overtaken."""
    stopped = {verdict.batch_id: verdict for verdict in verdicts_of(context.lake, dataset) if not verdict.passed}
    verdict = stopped.get(decision.batch_id)
    if verdict is None:
        return None
    if decision.decision == ACCEPTED:
        bad, good = _quarantine(context, dataset, suite, decision)
        verdict = dataclasses.replace(verdict, verdict=ACCEPTED, rows_quarantined=bad, rows_passed=good)
    else:
        verdict = dataclasses.replace(verdict, verdict=REJECTED)
    record_decided(context.lake, dataset, verdict, f"{ACCEPT}:{dataset.name}", decision.number)
    log.info(decision.decision, who=decision.who, why=decision.why)
    return verdict


def _quarantine(context: Context, dataset: Dataset, suite: Suite, decision: Decision) -> tuple[int, int]:
    """Keep the bad rows of an accepted batch out of silver; returns how many are bad and good."""
    rows = bronze_batch(context.spark(), context.lake, dataset, decision.batch_id)
    judged = judge_batch(rows, suite, limit_percent=100, pii=dataset.pii_columns, examples=False)
    if judged.quarantined:
        broken = with_broken_rules(rows, suite.row_rules).where(is_quarantined(suite))
        quarantine_table.append(
            quarantine_table.from_typed(broken, dataset), context.lake, dataset, ACCEPT, decision.number
        )
    return judged.quarantined, judged.good
