"""What a snapshot must hold before it may delete: most keys of the snapshot before it, and one time for all rows."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BATCH_ID
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.rule_words import rule
from lakehouse.contracts.suite import OnFailure, Rule
from lakehouse.contracts.suite_types import UNEXPECTED_ROWS
from lakehouse.lake.batches import Batch, batches_of, validation_results_of
from lakehouse.lake.delivered_keys import delivered_keys
from lakehouse.lake.snapshot_times import read_times, times_of
from lakehouse.runtime.context import Context
from lakehouse.validate.result import Evaluation, RuleResult, with_results

_UNIQUE_COUNT = "expect_column_unique_value_count_to_be_between"


def guarded(context: Context, dataset: Dataset, batch: Batch, evaluation: Evaluation) -> Evaluation:
    """The evaluation of a snapshot with what the guards found; those that fail stop the batch.

    A delivery of which no row can be read is stopped for that alone.
    """
    if evaluation.is_stopped and not evaluation.rows:
        return evaluation
    results = [_one_time(context, dataset, batch)] if dataset.sequence_by else []
    return with_results(evaluation, (*results, _keeps_keys(context, dataset, batch, evaluation.rows)))


def _one_time(context: Context, dataset: Dataset, batch: Batch) -> RuleResult:
    (time,) = dataset.sequence_by
    keys = delivered_keys(context.spark(), context.lake, dataset, {batch.batch_id})
    rows, times = keys.agg(F.count("*"), F.count_distinct(time)).first() or (0, 0)
    kwargs = {"column": time, "min_value": 1, "max_value": 1}
    sentence = f"All rows of a snapshot have one {time}."
    one = rule(f"snapshot_has_one_{time}", sentence, OnFailure.FAIL, _UNIQUE_COUNT, **kwargs)
    return RuleResult(one, rows, 0, 0, times == 1, f"found {times}")


def _keeps_keys(context: Context, dataset: Dataset, batch: Batch, rows: int) -> RuleResult:
    limit = dataset.snapshot_shrink_limit_percent or 0.0
    before = _before(context, dataset, batch)
    if before is None:
        return RuleResult(_rule_of_keys(limit), rows, 0, 0, True, "no snapshot came before")
    keys = delivered_keys(context.spark(), context.lake, dataset, {before, batch.batch_id})
    total, missing = _missing(keys, dataset, before)
    share = 100 * missing / max(total, 1)
    observed = f"{missing} of {total} keys of batch {before} are missing, {share:.4g} %"
    return RuleResult(_rule_of_keys(limit), rows, 0, 0, share <= limit, observed)


def _rule_of_keys(limit: float) -> Rule:
    query = "SELECT the keys of the snapshot before that {batch} lacks"
    sentence = f"A snapshot lacks at most {limit:g} % of the keys of the snapshot before it."
    return rule("snapshot_keeps_keys", sentence, OnFailure.FAIL, UNEXPECTED_ROWS, unexpected_rows_query=query)


def _missing(keys: DataFrame, dataset: Dataset, before: int) -> tuple[int, int]:
    """How many keys a batch had, and how many of them the other lacks."""
    had = F.max(F.col(BATCH_ID) == before).alias("_had")
    has = F.max(F.col(BATCH_ID) != before).alias("_has")
    found = keys.groupBy(*dataset.key).agg(had, has).where("_had").agg(F.count("*"), F.count_if(~F.col("_has"))).first()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def _before(context: Context, dataset: Dataset, batch: Batch) -> int | None:
    """The snapshot before a batch, of those that passed: by its time, where the contract names one, then by arrival."""
    results = validation_results_of(context.lake, dataset)
    passed = {result.batch_id for result in results if result.passed}
    files = {b.batch_id for b in batches_of(context.lake, dataset) if not b.is_repair and b.batch_id in passed}
    if not dataset.sequence_by:
        return max((number for number in files if number < batch.batch_id), default=None)
    own = read_times(context.spark(), context.lake, dataset, {batch.batch_id})[batch.batch_id]
    others = [result for result in results if result.batch_id in files - {batch.batch_id}]
    known = times_of(context.spark, context.lake, dataset, others)
    places = [(times.last, number) for number, times in known.items()]
    return max((place for place in places if place < (own.last, batch.batch_id)), default=(None, None))[1]
