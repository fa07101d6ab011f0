"""Validates what silver holds again, under today's suite: which of its rows go to quarantine, and which come back.

Only rules of rows, row by row as validate applies them. What was decided stays: rules of a whole batch, batches that
an operator accepted as a whole, and rows that somebody repaired or discarded.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.choices import Ties
from lakehouse.contracts.columns import BATCH_ID, BROKEN_RULES, ROW_ID, STATE, STEP
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.errors import LakehouseError
from lakehouse.lake import tables
from lakehouse.lake.batches import VALIDATE, Batch, among, batches_of, record_results, validation_results_of
from lakehouse.lake.bronze import bronze_batch
from lakehouse.lake.delta_log import Commit, open_table, select, table_version
from lakehouse.quarantine.rows import RowState
from lakehouse.quarantine.table import from_typed, replace_validated
from lakehouse.runtime.context import Context
from lakehouse.transform.merge_order import batches_in_silver
from lakehouse.validate.batch_suite import batch_suite
from lakehouse.validate.evaluate import is_quarantined, with_broken_rules
from lakehouse.validate.failing_rule import naming_the_rule

_OUT, _WAS, _BY, _BEFORE = "_out", "_was", "_by", "_before"
_WAYS = ((True, False), (False, True), (True, True))
"""`_out` and `_was` of the rows that go to quarantine, come back, and stay for other rules."""


class TiesAgainError(LakehouseError):
    """Which of several contents passed first cannot be found out again."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset.name
        super().__init__(
            f"{dataset.name}: with `ties: quarantine` a row is compared with those that passed before it, and that "
            f"cannot be repeated; rebuild it without --validate-again, and repair or discard rows one by one."
        )


@dataclass(frozen=True)
class Again:
    """What today's suite says otherwise of the rows of the merged batches.

    rows: those bronze rows, with `_broken_rules`; `_out` for those that belong in quarantine, by the rules of `_by`,
    `_was` for those that are there. batches: those of the rows. caught, freed, renamed: how many go to quarantine, come
    back, and stay for other rules. rules: how many go by each rule. version: of quarantine, -1 without one.
    """

    rows: DataFrame | None
    batches: tuple[int, ...]
    caught: int
    freed: int
    renamed: int
    rules: Mapping[str, int]
    version: int

    @property
    def is_none(self) -> bool:
        """Whether no row is judged otherwise."""
        return not self.batches

    def quarantined(self, context: Context, dataset: Dataset) -> DataFrame | None:
        """`_batch_id` and `_row_id` of all that is in quarantine once this is carried out; None without a change."""
        if self.rows is None:
            return None
        ids = self.rows.where(F.col(_OUT) & ~F.col(_WAS)).select(BATCH_ID, ROW_ID)
        if self.version < 0:
            return ids
        freed = self.rows.where(~F.col(_OUT))
        now = tables.read(context.spark(), context.lake.quarantine(dataset.name)).select(BATCH_ID, ROW_ID)
        return now.join(freed, on=[BATCH_ID, ROW_ID], how="left_anti").unionByName(ids)


def validate_again(context: Context, dataset: Dataset) -> Again:
    """Look at each merged batch as validate would today; nothing is written.

    Raises TiesAgainError, SuiteError, RuleFailsError.
    """
    if dataset.ties is Ties.QUARANTINE:
        raise TiesAgainError(dataset)
    suite = load_suite(context.project.suites, dataset.name, dataset.known_columns)
    version = table_version(context.lake.quarantine(dataset.name))
    merged = batches_of(context.lake, dataset, among(batches_in_silver(context.lake, dataset)))
    # A repair stands for what a person decided about its rows.
    each = (_otherwise(context, dataset, suite, batch) for batch in merged if not batch.is_repair)
    found = [rows for rows in each if rows is not None]
    if not found:
        return Again(None, (), 0, 0, 0, {}, version)
    rows = reduce(DataFrame.unionByName, found)
    sides = rows.groupBy(BATCH_ID, _OUT, _WAS).count().collect()
    caught, freed, renamed = (sum(row["count"] for row in sides if (row[_OUT], row[_WAS]) == way) for way in _WAYS)
    broken = rows.where(F.col(_OUT) & ~F.col(_WAS)).select(F.explode(_BY).alias("rule")).groupBy("rule").count()
    by_rule = {row["rule"]: row["count"] for row in broken.collect()}
    batches = tuple(sorted({row[BATCH_ID] for row in sides}))
    return Again(rows, batches, caught, freed, renamed, by_rule, version)


def _otherwise(context: Context, dataset: Dataset, own: Suite, batch: Batch) -> DataFrame | None:
    """The rows of a batch that today's suite lets go another way than it once did; None where there are none."""
    delivered = bronze_batch(context.spark(), context.lake, dataset, batch.batch_id)
    suite = batch_suite(own, dataset, batch)
    with naming_the_rule(context.project, dataset, delivered, suite, own):
        names = F.array(*(F.lit(rule.name) for rule in suite.quarantine_rules)).cast("array<string>")
        rows = with_broken_rules(delivered, suite.row_rules)
        rows = rows.withColumns({_OUT: is_quarantined(suite), _BY: F.array_intersect(BROKEN_RULES, names)})
        rows = rows.join(_kept_out(context, dataset, batch), on=ROW_ID, how="left")
        is_open = (F.col(STATE) == RowState.OPEN.value) & (F.col(STEP) == VALIDATE)
        rows = rows.withColumn(_WAS, F.col(STATE).isNotNull())
        others = F.coalesce(is_open, F.lit(False)) & ~(F.col(_OUT) & F.col(BROKEN_RULES).eqNullSafe(F.col(_BEFORE)))
        # Few rows as a rule, which are counted, shown and written.
        kept = rows.where((F.col(_OUT) & ~F.col(_WAS)) | others).drop(STATE, STEP, _BEFORE).localCheckpoint()
        return None if kept.isEmpty() else kept


def _kept_out(context: Context, dataset: Dataset, batch: Batch) -> DataFrame:
    """State, step and broken rules of the quarantined rows of a batch by `_row_id`."""
    path = context.lake.quarantine(dataset.name)
    if table_version(path) < 0:
        nothing = f"{ROW_ID} bigint, {STATE} string, {STEP} string, {_BEFORE} array<string>"
        return context.spark().createDataFrame([], nothing)
    rows = tables.read(context.spark(), path).where(F.col(BATCH_ID) == batch.batch_id)
    return rows.select(ROW_ID, STATE, STEP, F.col(BROKEN_RULES).alias(_BEFORE))


def write_quarantine(context: Context, dataset: Dataset, again: Again, commit: Commit) -> None:
    """Carry out in quarantine what was found, in one commit."""
    if again.rows is None:
        return
    caught = from_typed(again.rows.where(_OUT), dataset)
    replace_validated(caught, again.rows.select(BATCH_ID, ROW_ID), again.batches, context.lake, dataset, commit)


def correct_results(context: Context, dataset: Dataset, commit: Commit) -> None:
    """Record how many rows of each merged batch are in quarantine now, where its result says another number."""
    table = open_table(context.lake.quarantine(dataset.name))
    sql = f"SELECT {BATCH_ID} AS batch_id, count(*) AS number FROM t WHERE {STEP} = '{VALIDATE}' GROUP BY 1"
    counted = {row["batch_id"]: row["number"] for row in select(table, sql)} if table else {}
    merged = among(batches_in_silver(context.lake, dataset))
    results = []
    for result in validation_results_of(context.lake, dataset, merged):
        out = counted.get(result.batch_id, 0)
        if out != result.rows_quarantined:
            passed = result.rows_landed - result.rows_unreadable - out
            results.append(dataclasses.replace(result, rows_quarantined=out, rows_passed=passed))
    if results:
        record_results(context.lake, dataset, results, commit.app_id, commit.version)
