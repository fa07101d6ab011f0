"""Which rows of a batch tie: with `ties: quarantine` a rule keeps them out until somebody says which one is right.

A row ties when a row that passed before has its key and sequence and another content; or, where none passed before,
when one of its own batch has. So what has passed holds one content per key and sequence, whatever is merged when.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.choices import Ties
from lakehouse.contracts.columns import ROW_ID, TIED
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite
from lakehouse.lake.batches import validation_results_of
from lakehouse.lake.bronze import passed_rows_of, with_day, without_ignored
from lakehouse.lake.paths import Lake
from lakehouse.lake.tied_keys import listed_ties
from lakehouse.lake.ties import record_ties
from lakehouse.runtime.context import Context
from lakehouse.runtime.metrics import report_ties
from lakehouse.validate.evaluate import is_quarantined, with_broken_rules

Before = Callable[[DataFrame], DataFrame]
"""Keys and sequences → the rows that passed before and have one of them."""

_CONTENT, _BEFORE = "_content", "_before"


def with_ties(context: Context, dataset: Dataset, rows: DataFrame, suite: Suite) -> DataFrame:
    """The rows of a batch; where the contract says `ties: quarantine`, with `_tied`, which a rule reads."""
    if dataset.ties is not Ties.QUARANTINE:
        return rows

    def before(keys: DataFrame) -> DataFrame:
        passed = {result.batch_id for result in validation_results_of(context.lake, dataset) if result.passed}
        return passed_rows_of(context.spark(), context.lake, dataset, passed, keys)

    return with_tied(rows, suite, dataset, before)


def with_tied(rows: DataFrame, suite: Suite, dataset: Dataset, before: Before) -> DataFrame:
    """Add `_tied` to a batch; false for rows that another rule keeps out, for those compete with none."""
    by = [*dataset.key, *dataset.sequence_by]
    content = F.struct(*dataset.content_names)
    # Read three times below, and by each reading of the result.
    good = (
        with_day(_kept(without_ignored(rows, dataset), suite), dataset)
        .where(_all_present(by))
        .select(*by, ROW_ID, content.alias(_CONTENT))
        .localCheckpoint(eager=False)
    )
    earlier = without_ignored(before(good.select(*by).distinct()), dataset)
    passed = earlier.select(*by, content.alias(_CONTENT), F.lit(True).alias(_BEFORE))
    all_of_them = good.drop(ROW_ID).withColumn(_BEFORE, F.lit(False)).unionByName(passed)
    tied = good.join(_rivals(all_of_them, by), on=by, how="inner").where(_is_tied())
    flags = tied.select(ROW_ID, F.lit(True).alias(TIED)).localCheckpoint(eager=False)
    return rows.join(flags, on=ROW_ID, how="left").select(*rows.columns, F.coalesce(TIED, F.lit(False)).alias(TIED))


def _kept(rows: DataFrame, suite: Suite) -> DataFrame:
    """The rows that no other rule keeps out."""
    others = replace(suite, expectations=tuple(rule for rule in suite.expectations if TIED not in rule.columns))
    return with_broken_rules(rows, others.row_rules).where(~is_quarantined(others))


def _all_present(names: list[str]) -> Column:
    return reduce(Column.__and__, [F.col(name).isNotNull() for name in names])


def _rivals(contents: DataFrame, by: list[str]) -> DataFrame:
    """The smallest and the greatest content of each key and sequence, of all and of what passed before, if any did."""
    passed = F.when(F.col(_BEFORE), F.col(_CONTENT))
    ends = {"_low": F.min(_CONTENT), "_high": F.max(_CONTENT), "_first": F.min(passed), "_last": F.max(passed)}
    return contents.groupBy(*by).agg(*[value.alias(name) for name, value in ends.items()])


def _is_tied() -> Column:
    content = F.col(_CONTENT)
    against_passed = ~(content.eqNullSafe(F.col("_first")) & content.eqNullSafe(F.col("_last")))
    return F.when(F.col("_first").isNotNull(), against_passed).otherwise(~F.col("_low").eqNullSafe(F.col("_high")))


def record_kept_out(rows: DataFrame, lake: Lake, dataset: Dataset, batch_id: int, app_id: str, number: int) -> None:
    """List the ties of a batch in `ops.ties`, once per number; nothing for rows without `_tied`."""
    if TIED not in rows.columns:
        return
    keys = rows.where(TIED).select(*dataset.key, *dataset.sequence_by).distinct()
    number_of_keys, ties = listed_ties(
        keys.withColumns({"corrected": F.lit(False), "quarantined": F.lit(True)}), dataset
    )
    if ties:
        log.warning("keys with several contents and one sequence were quarantined", keys=number_of_keys)
        record_ties(lake, dataset, batch_id, number, ties, f"{app_id}-ties")
        report_ties(lake, dataset.name, tied=number_of_keys, corrected=0)
