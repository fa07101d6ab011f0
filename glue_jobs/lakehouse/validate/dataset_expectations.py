"""Dataset-level expectations that need no more than the number of rows or the names of the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse.contracts.suite import Rule

_OF_THE_BATCH = {
    "expect_table_row_count_to_be_between",
    "expect_table_row_count_to_equal",
    "expect_table_columns_to_match_set",
    "expect_column_to_exist",
}


def needs_gx(rule: Rule) -> bool:
    """Tell whether a dataset-level rule must run through Great Expectations itself."""
    if rule.is_row_level:
        return False
    return rule.type not in _OF_THE_BATCH or bool({"row_condition", "column_index"} & rule.kwargs.keys())


def evaluate_dataset_rule(rule: Rule, rows: int, columns: Sequence[str]) -> tuple[bool, str]:
    """Return success and what was observed."""
    if rule.allowed:
        return rule.allowed.holds(rows, rows), f"{rows} rows"
    if rule.type == "expect_table_row_count_to_equal":
        return rows == rule.kwargs["value"], f"{rows} rows"
    if rule.type == "expect_table_row_count_to_be_between":
        return _is_between(rows, rule.kwargs), f"{rows} rows"
    wanted = rule.kwargs.get("column_set") or [rule.kwargs["column"]]
    # Great Expectations' own default is an exact match.
    exact = rule.type == "expect_table_columns_to_match_set" and rule.kwargs.get("exact_match", True)
    missing = [column for column in wanted if column not in columns]
    extra = [column for column in columns if column not in wanted] if exact else []
    named = {"missing": missing, "unexpected": extra}
    said = [f"{word} {', '.join(names)}" for word, names in named.items() if names]
    return not said, "; ".join(said) or "all there"


def _is_between(number: int, bounds: Mapping[str, Any]) -> bool:
    lowest, highest = bounds.get("min_value"), bounds.get("max_value")
    enough = lowest is None or number > lowest or (number == lowest and not bounds.get("strict_min"))
    few = highest is None or number < highest or (number == highest and not bounds.get("strict_max"))
    return enough and few
