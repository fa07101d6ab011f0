"""Row-level expectations as conditions on Spark columns, true exactly for the rows that fail.

Each follows Great Expectations' own Spark code: a null passes every rule that does not speak of nulls, a
regex may match anywhere in the value, a comparison uses the types as they are. A test holds each against it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from pyspark.sql import Column, Window
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, DataType, StringType, StructType

from lakehouse.contracts.columns import ROW_ID
from lakehouse.contracts.suite import Rule
from lakehouse.contracts.suite_types import UNEXPECTED_ROWS
from lakehouse.errors import LakehouseError


class RuleTypeError(LakehouseError):
    """A rule compares texts or booleans with limits, which are numbers or times."""

    def __init__(self, rule: str, column: str, found: str) -> None:
        self.rule, self.column, self.found = rule, column, found
        self.reason = f"it compares a {found} with numbers or times"
        super().__init__(
            f"Rule '{rule}' compares column '{column}' of type {found} with numbers or times; "
            "name its values in expect_column_values_to_be_in_set, or its form in a regex."
        )


def is_compiled(rule: Rule) -> bool:
    """Tell whether the rule becomes a condition; the others run through Great Expectations itself."""
    parser = rule.kwargs.get("condition_parser", "spark")
    plain = not rule.kwargs.get("row_condition") or parser == "spark"
    return rule.is_row_level and (rule.type in _COMPILERS or bool(rule.key)) and plain


def compile_rule(rule: Rule) -> Column:
    """Return the condition that is true for the rows that break the rule, else false, never null."""
    failing = _shared(rule) if rule.key else _COMPILERS[rule.type](rule)
    if domain := row_condition(rule):
        failing = F.expr(domain) & failing
    return F.coalesce(failing, F.lit(False))


def row_condition(rule: Rule) -> str | None:
    """The SQL condition of the rows that the rule speaks of, if not of all."""
    return rule.kwargs.get("row_condition") or None


def ignored(rule: Rule) -> Column:
    """The condition of the rows that a rule on two columns passes over, as its ignore_row_if says."""
    if "column_A" not in rule.kwargs:
        return F.lit(False)
    missing = [F.col(rule.kwargs[key]).isNull() for key in ("column_A", "column_B")]
    match rule.kwargs.get("ignore_row_if", "both_values_are_missing"):
        case "both_values_are_missing":
            return missing[0] & missing[1]
        case "either_value_is_missing":
            return missing[0] | missing[1]
    return F.lit(False)


def column_type(schema: StructType, name: str) -> DataType | None:
    """The type of a column, struct fields with a dot, or None where the schema lacks it."""
    found: DataType | None = schema
    for part in name.split("."):
        names = found.fieldNames() if isinstance(found, StructType) else []
        found = found[part].dataType if isinstance(found, StructType) and part in names else None
    return found


def check_types(rule: Rule, schema: StructType) -> None:
    """Raise RuleTypeError for texts and booleans compared with bounds, which Spark would find row by row."""
    if rule.type != "expect_column_values_to_be_between":
        return
    column = str(rule.kwargs["column"])
    found = column_type(schema, column)
    if isinstance(found, StringType | BooleanType):
        raise RuleTypeError(rule.name, column, found.simpleString())


def _of_value(broken: Callable[[Column, Mapping[str, Any]], Column]) -> Callable[[Rule], Column]:
    """A rule on one column that passes over nulls, also where theirs would be true, as outside an empty set."""

    def compiled(rule: Rule) -> Column:
        column = F.col(rule.kwargs["column"])
        return column.isNotNull() & broken(column, rule.kwargs)

    return compiled


def _of_pair(passes: Callable[[Column, Column, Mapping[str, Any]], Column]) -> Callable[[Rule], Column]:
    """A rule on two columns that passes over rows as its ignore_row_if says."""

    def compiled(rule: Rule) -> Column:
        broken = ~passes(F.col(rule.kwargs["column_A"]), F.col(rule.kwargs["column_B"]), rule.kwargs)
        return ~ignored(rule) & broken

    return compiled


def _shared(rule: Rule) -> Column:
    """True where another key has the same values in the rule's columns; rows without a value are passed over.

    Versions of one row have one key, so each of several versions is right by itself.
    """
    values = [F.col(column) for column in rule.columns]
    missing = reduce(Column.__or__, [value.isNull() for value in values])
    # Rows without a value are spread by their own number, else all of them would lie in one task.
    same = Window.partitionBy(*values, F.when(missing, F.col(ROW_ID)))
    key = F.struct(*[F.col(column) for column in rule.key])
    return ~missing & (F.min(key).over(same) != F.max(key).over(same))


def _outside_set(column: Column, kwargs: Mapping[str, Any]) -> Column:
    return F.lit(False) if kwargs.get("value_set") is None else ~column.isin(kwargs["value_set"])


def _outside_bounds(column: Column, kwargs: Mapping[str, Any]) -> Column:
    passes = []
    if (lowest := kwargs.get("min_value")) is not None:
        passes.append(column > F.lit(lowest) if kwargs.get("strict_min") else column >= F.lit(lowest))
    if (highest := kwargs.get("max_value")) is not None:
        passes.append(column < F.lit(highest) if kwargs.get("strict_max") else column <= F.lit(highest))
    return ~reduce(Column.__and__, passes) if passes else F.lit(False)


def _outside_lengths(column: Column, kwargs: Mapping[str, Any]) -> Column:
    return _outside_bounds(F.length(column), kwargs)


def _of_other_length(column: Column, kwargs: Mapping[str, Any]) -> Column:
    return F.length(column) != F.lit(kwargs["value"])


def _greater(first: Column, second: Column, kwargs: Mapping[str, Any]) -> Column:
    return first >= second if kwargs.get("or_equal") else first > second


_COMPILERS: Mapping[str, Callable[[Rule], Column]] = {
    "expect_column_values_to_not_be_null": lambda rule: F.col(rule.kwargs["column"]).isNull(),
    "expect_column_values_to_be_null": lambda rule: F.col(rule.kwargs["column"]).isNotNull(),
    "expect_column_values_to_be_in_set": _of_value(_outside_set),
    "expect_column_values_to_not_be_in_set": _of_value(lambda value, words: value.isin(words["value_set"])),
    "expect_column_values_to_match_regex": _of_value(lambda value, words: ~value.rlike(words["regex"])),
    "expect_column_values_to_not_match_regex": _of_value(lambda value, words: value.rlike(words["regex"])),
    "expect_column_values_to_be_between": _of_value(_outside_bounds),
    "expect_column_value_lengths_to_be_between": _of_value(_outside_lengths),
    "expect_column_value_lengths_to_equal": _of_value(_of_other_length),
    "expect_column_pair_values_a_to_be_greater_than_b": _of_pair(_greater),
    "expect_column_pair_values_to_be_equal": _of_pair(lambda first, second, _: first.eqNullSafe(second)),
    UNEXPECTED_ROWS: lambda rule: F.expr(str(rule.rows_condition)),
}
