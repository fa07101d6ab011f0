"""Carries out what operators decided about stopped batches: the rows of an accepted one that passed go on."""

from __future__ import annotations

import dataclasses

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite
from lakehouse.lake.batches import ValidationResult, among, batches_of, record_result
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.decisions import ACCEPTED, REJECTED, Decision, decisions_of, validation_result_of
from lakehouse.lake.delta_log import recorded
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.validate.batch_suite import batch_suite
from lakehouse.validate.evaluate import evaluate_batch
from lakehouse.validate.failing_rule import naming_the_rule
from lakehouse.validate.keep_out import keep_out
from lakehouse.validate.tied import record_kept_out, with_ties

ACCEPT = "accept"
"""The application under which the failed rows of accepted batches are quarantined; its versions count the decisions."""


def to_carry_out(lake: Lake, dataset: Dataset) -> list[Decision]:
    """Decisions that no validation result shows yet."""
    made = decisions_of(lake, dataset)
    done = recorded(lake.ops("validation_results"), f"{ACCEPT}:{dataset.name}") if made else 0
    return [decision for decision in made if decision.number > done]


def carry_out(context: Context, dataset: Dataset, suite: Suite, decision: Decision) -> ValidationResult | None:
    """Give a batch the result that an operator decided on; None where that is out of date."""
    result = validation_result_of(context.lake, dataset, decision.batch_id)
    if result is None or result.passed:
        return None
    if decision.decision is ACCEPTED:
        failed, passed = _keep_out(context, dataset, suite, decision)
        result = dataclasses.replace(result, status=ACCEPTED, rows_quarantined=failed, rows_passed=passed)
    else:
        result = dataclasses.replace(result, status=REJECTED)
    record_result(context.lake, dataset, result, f"{ACCEPT}:{dataset.name}", decision.number)
    log.info(decision.decision, who=decision.who, why=decision.why)
    return result


def _keep_out(context: Context, dataset: Dataset, suite: Suite, decision: Decision) -> tuple[int, int]:
    """Keep the failed rows of an accepted batch out of silver; returns how many failed and how many passed."""
    (batch,) = batches_of(context.lake, dataset, among([decision.batch_id]))
    own, suite = suite, batch_suite(suite, dataset, batch)
    landed = bronze_batch(context.spark(), context.lake, dataset, decision.batch_id)
    with naming_the_rule(context.project, dataset, landed, suite, own):
        rows = with_ties(context, dataset, landed, suite)
        evaluation = evaluate_batch(rows, suite, limit_percent=100, pii=dataset.pii_columns, examples=False)
    if evaluation.quarantined:
        keep_out(rows, suite, context.lake, dataset, ACCEPT, decision.number)
        record_kept_out(rows, context.lake, dataset, batch.batch_id, ACCEPT, decision.number)
    return evaluation.quarantined, evaluation.passed
