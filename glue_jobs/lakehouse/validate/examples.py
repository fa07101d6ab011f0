"""Examples of values that broke a rule: looked up by row, a fixed few per rule, personal data masked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.contracts.columns import ROW_ID
from lakehouse.contracts.suite import Rule
from lakehouse.contracts.suite_types import UNEXPECTED_ROWS
from lakehouse.privacy import MASK
from lakehouse.validate.result import Example

EXAMPLE_LENGTH = 80


def examples_of(
    batch: DataFrame, row_ids: Mapping[Rule, Sequence[int]], pii: Collection[str]
) -> dict[Rule, tuple[Example, ...]]:
    """Return the values that the named rows have for each rule; nothing runs where no row is named."""
    wanted = {row_id for ids in row_ids.values() for row_id in ids}
    if not wanted:
        return {}
    values = [_value(rule, pii).alias(f"value_{number}") for number, rule in enumerate(row_ids)]
    found = batch.where(F.col(ROW_ID).isin(*wanted)).select(ROW_ID, *values).collect()
    by_row = {row[ROW_ID]: row for row in found}
    return {
        rule: tuple(Example(row_id, by_row[row_id][f"value_{number}"]) for row_id in ids)
        for number, (rule, ids) in enumerate(row_ids.items())
    }


def is_pii(rule: Rule, pii: Collection[str]) -> bool:
    """Tell whether what a rule saw may be personal data."""
    # A query may read columns that we cannot tell from its text; better one mask too many.
    unknown = rule.type == UNEXPECTED_ROWS and not rule.columns
    return bool(pii) and (unknown or any(column.split(".")[0] in pii for column in rule.columns))


def _value(rule: Rule, pii: Collection[str]) -> Column:
    if is_pii(rule, pii):
        return F.lit(MASK)
    texts = [F.coalesce(F.col(column).cast("string"), F.lit("null")) for column in rule.columns]
    short = [F.left(text, F.lit(EXAMPLE_LENGTH)) for text in texts]
    if len(short) == 1:
        return short[0]
    named = zip(rule.columns, short, strict=True)
    return F.concat_ws(", ", *(F.concat(F.lit(f"{column}="), text) for column, text in named))
