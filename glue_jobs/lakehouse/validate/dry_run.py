"""Evaluates a suite on rows of the contract's types before a delivery comes: what an engine refuses of it."""

from __future__ import annotations

from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import ROW_ID, Column
from lakehouse.contracts.suite import Rule, Suite
from lakehouse.validate.evaluate import evaluate_batch
from lakehouse.validate.failing_rule import failing_rules

_CURE = "correct it, or let it pass over such values (try_divide, try_cast)"
# Zero, a text that is no number, and a date are in every delivery some day.
_VALUES = {
    "string": ("'a'", "'b'"),
    "boolean": ("true", "false"),
    "date": ("DATE'2026-01-01'", "DATE'2026-01-02'"),
    "timestamp": ("TIMESTAMP'2026-01-01 00:00:00Z'", "TIMESTAMP'2026-01-02 00:00:00Z'"),
}
_NUMBERS = ("0", "1")


def refused_rules(nothing: DataFrame, columns: tuple[Column, ...], suite: Suite) -> Iterator[tuple[Rule, str]]:
    """Each rule that an engine refuses, with the reason in one line.

    nothing: no rows, with the columns that a batch has while it is validated; columns: those of the contract.
    """
    plain = with_plain_rows(nothing, columns)
    try:
        evaluation = evaluate_batch(plain, suite, 100)
    except Exception as error:  # of one rule or more; together they do not say of which
        found = list(failing_rules(plain, suite))
        if not found:
            raise error
        yield from (
            (rule, f"cannot be evaluated on values of its columns' types: {why}; {_CURE}.") for rule, why in found
        )
        return
    yield from ((result.rule, f"{result.observed}.") for result in evaluation.results if not result.evaluated)


def with_plain_rows(nothing: DataFrame, columns: tuple[Column, ...]) -> DataFrame:
    """The columns of no rows with three: two that have an ordinary value in each column, and one of nulls."""
    names = {column.name for column in columns}
    rows = [", ".join(f"{_plain(column, which)} AS `{column.name}`" for column in columns) for which in (0, 1)]
    rows.append(", ".join(f"CAST(NULL AS {column.spark_type}) AS `{column.name}`" for column in columns))
    numbered = (f"SELECT {values}, {number} AS {ROW_ID}" for number, values in enumerate(rows))
    others = {name: F.lit(None).cast(kind) for name, kind in nothing.dtypes if name not in (*names, ROW_ID)}
    return nothing.sparkSession.sql(" UNION ALL ".join(numbered)).withColumns(others).select(*nothing.columns)


def _plain(column: Column, which: int) -> str:
    if column.element is not None:
        return f"CAST(array({_plain(column.element, which)}) AS {column.spark_type})"
    if column.fields:
        inner = ", ".join(f"'{field.name}', {_plain(field, which)}" for field in column.fields)
        return f"CAST(named_struct({inner}) AS {column.spark_type})"
    value = _VALUES.get(column.type, _NUMBERS)[which]
    return f"TRY_CAST({value} AS {column.type})"  # decimal(2,2) has no 1
