"""Judge a batch by its suite: one projection names the rules each row broke, one aggregation counts them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from lakehouse.judge_conditions import (
    check_types,
    column_type,
    compile_rule,
    ignored,
    is_compiled,
    row_condition,
)
from lakehouse.judge_dataset import judge_dataset_rule, needs_gx
from lakehouse.judge_fallback import failing_row_ids, judge_dataset_rules
from lakehouse.judge_verdict import Example, RuleResult, Verdict, decide
from lakehouse.suite import OnFailure, Rule, Suite
from lakehouse.suite_types import UNEXPECTED_ROWS

BROKEN_RULES = "_broken_rules"
MASK = "***"
EXAMPLE_LENGTH = 80
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


def judge_batch(
    batch: DataFrame,
    suite: Suite,
    limit_percent: float,
    *,
    pii: Collection[str] = (),
    unreadable: int = 0,
    examples: int = 5,
) -> Verdict:
    """Return the suite's verdict on a batch, from one aggregation; no row is collected.

    limit_percent: more quarantined rows than that stop the batch. pii: columns whose values are masked.
    unreadable: rows of the delivery quarantined before; they count for the limit. examples: values per rule.
    """
    absent = {rule: _missing_columns(batch, rule) for rule in suite.row_rules}
    flagged = _flagged(batch, [rule for rule, columns in absent.items() if not columns])
    counts = flagged.rows.agg(*_aggregates(flagged, pii, examples)).first()
    assert counts is not None  # an aggregation without groups always gives one row
    by_gx = judge_dataset_rules(batch, (rule for rule in suite.expectations if needs_gx(rule)))
    results = []
    for rule in suite.expectations:
        if rule in flagged.rules:
            results.append(_row_result(rule, flagged.rules.index(rule), counts))
        elif rule.is_row_level:
            results.append(_not_judged(rule, counts["rows"], absent[rule]))
        elif rule.name in by_gx:
            success, observed = by_gx[rule.name]
            shown = MASK if _is_pii(rule, pii) else observed
            results.append(RuleResult(rule, counts["rows"], 0, 0, success, shown))
        else:
            success, observed = judge_dataset_rule(rule, counts["rows"], batch.columns)
            results.append(RuleResult(rule, counts["rows"], 0, 0, success, observed))
    quarantined = counts["quarantined"]
    return decide(suite.dataset, counts["rows"], quarantined, limit_percent, unreadable, tuple(results))


def _flagged(batch: DataFrame, rules: Sequence[Rule]) -> _Flagged:
    """Evaluate each condition once, in a projection of its own; a fallback's rows are joined by `_row_id`."""
    rows, flags = batch, []
    for number, rule in enumerate(rules):
        if is_compiled(rule):
            check_types(rule, batch.schema)
            flags.append(compile_rule(rule))
        else:
            found = failing_row_ids(batch, rule).withColumn(f"_found_{number}", F.lit(True))
            rows = rows.join(found, on="_row_id", how="left")
            flags.append(F.coalesce(F.col(f"_found_{number}"), F.lit(False)))
    named = [flag.alias(f"_fails_{number}") for number, flag in enumerate(flags)]
    return _Flagged(rows.select(*map(_quoted, batch.columns), *named), tuple(rules))


def _aggregates(flagged: _Flagged, pii: Collection[str], examples: int) -> list[Column]:
    quarantining = [flagged.flag(rule) for rule in flagged.rules if rule.on_failure is OnFailure.QUARANTINE]
    found = [
        F.count(F.lit(1)).alias("rows"),
        F.count_if(reduce(Column.__or__, quarantining, F.lit(False))).alias("quarantined"),
    ]
    for number, rule in enumerate(flagged.rules):
        spoken_of = _spoken_of(rule)
        found += [
            F.count_if(flagged.flag(rule)).alias(f"failed_{number}"),
            F.count_if(spoken_of).alias(f"seen_{number}"),
            F.count_if(spoken_of & _passed_over(rule)).alias(f"missing_{number}"),
        ]
        if examples and rule.type not in _NULL_RULES:
            value = F.when(flagged.flag(rule), _example(rule, pii))
            # A sketch of fixed size: memory stays flat however many rows fail.
            top = F.call_function("approx_top_k", value, F.lit(examples), F.lit(max(100, examples)))
            found.append(top.alias(f"examples_{number}"))
    return found


def _spoken_of(rule: Rule) -> Column:
    domain = row_condition(rule) if is_compiled(rule) else None
    return F.coalesce(F.expr(domain), F.lit(False)) if domain else F.lit(True)


def _passed_over(rule: Rule) -> Column:
    if "column" in rule.kwargs and rule.type not in _NULL_RULES:
        return F.col(rule.kwargs["column"]).isNull()
    return ignored(rule)


def _example(rule: Rule, pii: Collection[str]) -> Column:
    if _is_pii(rule, pii):
        return F.lit(MASK)
    texts = [F.coalesce(F.col(column).cast("string"), F.lit("null")) for column in rule.columns]
    short = [F.left(text, F.lit(EXAMPLE_LENGTH)) for text in texts]
    if len(short) == 1:
        return short[0]
    named = zip(rule.columns, short, strict=True)
    return F.concat_ws(", ", *(F.concat(F.lit(f"{column}="), text) for column, text in named))


def _row_result(rule: Rule, number: int, counts: Row) -> RuleResult:
    seen, missing, failed = (counts[f"{word}_{number}"] for word in ("seen", "missing", "failed"))
    judged = seen - missing
    success = judged == 0 or (judged - failed) / judged >= rule.mostly
    items = counts.asDict().get(f"examples_{number}") or ()
    examples = tuple(Example(item["item"], item["count"]) for item in items if item["item"] is not None)
    return RuleResult(rule, seen, missing, failed, success, examples=examples)


def _not_judged(rule: Rule, rows: int, absent: Iterable[str]) -> RuleResult:
    found = f"cannot be judged, the batch lacks {' and '.join(absent)}"
    return RuleResult(rule, rows, 0, 0, False, found, judged=False)


def _missing_columns(batch: DataFrame, rule: Rule) -> list[str]:
    return [column for column in rule.columns if column_type(batch.schema, column) is None]


def _is_pii(rule: Rule, pii: Collection[str]) -> bool:
    # A query may read columns that its text does not show to us; better one mask too many.
    unknown = rule.type == UNEXPECTED_ROWS and not rule.columns
    return bool(pii) and (unknown or any(column.split(".")[0] in pii for column in rule.columns))


def _quoted(column: str) -> Column:
    return F.col("`" + column.replace("`", "``") + "`")
