"""Evaluates a suite on a batch: one projection names the rules each row broke, one aggregation counts them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import BROKEN_RULES, ROW_ID
from lakehouse.contracts.suite import OnFailure, Rule, Suite
from lakehouse.lake.tables import session_settings
from lakehouse.privacy import MASK
from lakehouse.validate.conditions import check_types, column_type, compile_rule, ignored, is_compiled, row_condition
from lakehouse.validate.dataset_expectations import evaluate_dataset_rule, needs_gx
from lakehouse.validate.examples import examples_of, is_pii
from lakehouse.validate.gx_expectations import evaluate_dataset_rules, failing_row_ids
from lakehouse.validate.result import Evaluation, Example, RuleResult, evaluation_of

_NULL_RULES = {"expect_column_values_to_not_be_null", "expect_column_values_to_be_null"}


@dataclass(frozen=True)
class _Flagged:
    """A batch with a boolean column per row-level rule, true where the row breaks it."""

    rows: DataFrame
    rules: tuple[Rule, ...]

    def flag(self, rule: Rule) -> Column:
        return F.col(f"_fails_{self.rules.index(rule)}")


def with_broken_rules(batch: DataFrame, rules: Iterable[Rule]) -> DataFrame:
    """Add `_broken_rules`, the names of the row-level rules that each row broke, in the order of the suite.

    batch: rows with a unique `_row_id`; every column comes back unchanged.
    """
    flagged = _flagged(batch, [rule for rule in rules if rule.is_row_level])
    # Joined and split again: array functions with a lambda leave Spark's generated code (3 times slower).
    joined = F.concat_ws(",", *(F.when(flagged.flag(rule), F.lit(rule.name)) for rule in flagged.rules))
    nothing = F.array().cast("array<string>")
    staged = flagged.rows.select(*map(_quoted, batch.columns), joined.alias("_joined"))
    broken = F.when(F.col("_joined") == "", nothing).otherwise(F.split("_joined", ","))
    return staged.select(*map(_quoted, batch.columns), broken.alias(BROKEN_RULES))


def is_quarantined(suite: Suite) -> Column:
    """The condition on `_broken_rules` that is true for the rows to keep out of silver."""
    names = [F.lit(rule.name) for rule in suite.quarantine_rules]
    return F.arrays_overlap(F.col(BROKEN_RULES), F.array(*names)) if names else F.lit(False)


def evaluate_batch(
    batch: DataFrame,
    suite: Suite,
    limit_percent: float,
    *,
    pii: Collection[str] = (),
    unreadable: int = 0,
    unreadable_by_rule: Mapping[str, int] | None = None,
    examples: bool = True,
) -> Evaluation:
    """What a suite finds in a batch, by one aggregation over it.

    limit_percent: more quarantined rows than that stop the batch. pii: columns whose values are masked.
    unreadable: rows of the delivery quarantined before; they count for the limit. unreadable_by_rule: what they broke,
    which is the reason where no row is left. examples: also look up the values of the first and the last row that
    broke each rule, in a second query that runs if there are any.
    """
    absent = {rule: _missing_columns(batch, rule) for rule in suite.row_rules}
    flagged = _flagged(batch, [rule for rule, columns in absent.items() if not columns])
    # Planned whole, for Spark's adaptive plan makes two jobs of one aggregation.
    with session_settings(batch.sparkSession, {"spark.sql.adaptive.enabled": "false"}):
        (row,) = flagged.rows.agg(*_aggregates(flagged, examples)).collect()
    counts = row.asDict()
    by_gx = evaluate_dataset_rules(batch, (rule for rule in suite.expectations if needs_gx(rule)))
    found = examples_of(batch, _example_rows(flagged.rules, counts), pii)
    results = []
    for rule in suite.expectations:
        if rule in flagged.rules:
            results.append(_row_result(rule, flagged.rules.index(rule), counts, found.get(rule, ())))
        elif rule.is_row_level:
            results.append(_not_evaluated(rule, counts["rows"], absent[rule]))
        else:
            success, observed = by_gx.get(rule.name) or evaluate_dataset_rule(rule, counts["rows"], batch.columns)
            shown = MASK if rule.name in by_gx and is_pii(rule, pii) else observed
            results.append(RuleResult(rule, counts["rows"], 0, 0, success, shown))
    return evaluation_of(
        suite.dataset,
        counts["rows"],
        counts["quarantined"],
        limit_percent,
        unreadable,
        tuple(results),
        unreadable_by_rule,
    )


def _flagged(batch: DataFrame, rules: Sequence[Rule]) -> _Flagged:
    """Evaluate each condition once, in a projection of its own; a fallback's rows are joined by `_row_id`."""
    rows, flags = batch, []
    for number, rule in enumerate(rules):
        if is_compiled(rule):
            check_types(rule, batch.schema)
            flags.append(compile_rule(rule))
        else:
            found = failing_row_ids(batch, rule).withColumn(f"_found_{number}", F.lit(True))
            rows = rows.join(found, on=ROW_ID, how="left")
            flags.append(F.coalesce(F.col(f"_found_{number}"), F.lit(False)))
    named = [flag.alias(f"_fails_{number}") for number, flag in enumerate(flags)]
    return _Flagged(rows.select(*map(_quoted, batch.columns), *named), tuple(rules))


def _aggregates(flagged: _Flagged, examples: bool) -> list[Column]:
    quarantining = [flagged.flag(rule) for rule in flagged.rules if rule.on_failure is OnFailure.QUARANTINE]
    found = {
        "rows": F.count(F.lit(1)),
        "quarantined": F.count_if(reduce(Column.__or__, quarantining, F.lit(False))),
    }
    for number, rule in enumerate(flagged.rules):
        failing = flagged.flag(rule)
        found[f"failed_{number}"] = F.count_if(failing)
        if domain := _domain(rule):
            found[_seen(rule)] = F.count_if(F.expr(domain))
        if (passed_over := _passed_over(rule)) is not None:
            found[_missing(rule)] = F.count_if(F.expr(domain) & passed_over if domain else passed_over)
        if examples and rule.type not in _NULL_RULES:
            # Two numbers a rule keep the aggregation small and flat; values would make it twice as slow.
            found[f"first_{number}"] = F.min(F.when(failing, F.col(ROW_ID)))
            found[f"last_{number}"] = F.max(F.when(failing, F.col(ROW_ID)))
    return [column.alias(name) for name, column in found.items()]


def _domain(rule: Rule) -> str | None:
    return row_condition(rule) if is_compiled(rule) else None


def _passed_over(rule: Rule) -> Column | None:
    """The condition of the rows that the rule does not apply to, if there can be any."""
    if "column" in rule.kwargs:
        return None if rule.type in _NULL_RULES else F.col(rule.kwargs["column"]).isNull()
    return ignored(rule) if "column_A" in rule.kwargs else None


def _seen(rule: Rule) -> str:
    domain = _domain(rule)
    return f"seen {domain}" if domain else "rows"


def _missing(rule: Rule) -> str:
    """Name of the count of rows passed over: rules on the same column share one."""
    kwargs = rule.kwargs
    words = (kwargs.get(key, "") for key in ("column", "column_A", "column_B", "ignore_row_if"))
    return " ".join(("missing", *words, _domain(rule) or ""))


def _row_result(rule: Rule, number: int, counts: Mapping[str, int], examples: tuple[Example, ...]) -> RuleResult:
    seen, failed = counts[_seen(rule)], counts[f"failed_{number}"]
    missing = counts[_missing(rule)] if _passed_over(rule) is not None else 0
    applied = seen - missing
    if rule.allowed:
        success = rule.allowed.holds(failed, seen)
    else:
        success = applied == 0 or (applied - failed) / applied >= rule.mostly
    return RuleResult(rule, seen, missing, failed, success, examples=examples)


def _example_rows(rules: Sequence[Rule], counts: Mapping[str, int | None]) -> dict[Rule, list[int]]:
    found = {}
    for number, rule in enumerate(rules):
        ends = {counts.get(f"first_{number}"), counts.get(f"last_{number}")}
        if rows := sorted(row_id for row_id in ends if row_id is not None):
            found[rule] = rows
    return found


def _not_evaluated(rule: Rule, rows: int, absent: Iterable[str]) -> RuleResult:
    found = f"cannot be evaluated, the batch lacks {' and '.join(absent)}"
    return RuleResult(rule, rows, 0, 0, False, found, evaluated=False)


def _missing_columns(batch: DataFrame, rule: Rule) -> list[str]:
    return [column for column in rule.columns if column_type(batch.schema, column) is None]


def _quoted(column: str) -> Column:
    return F.col("`" + column.replace("`", "``") + "`")
