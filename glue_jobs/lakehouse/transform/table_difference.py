"""What replaces a table changes in it: the rows that go and come, and what its numbers add up to before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_SIDE = "_side"


@dataclass(frozen=True)
class Sum:
    """What a column adds up to, in the table that is shown and in the new one; None where it is not there."""

    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class TableDifference:
    """gone, come: rows that only the shown table has, and only the new one; None where their columns differ."""

    rows_before: int
    rows_after: int
    gone: int | None
    come: int | None
    sums: tuple[Sum, ...]


def table_difference(old: DataFrame | None, new: DataFrame) -> TableDifference:
    """Compare the rows that are shown with those that would be; without a table before, it has none."""
    numbers = [field.name for field in new.schema if _is_number(field.dataType.typeName())]
    rows_after, after = _totals(new, numbers)
    if old is None:
        return TableDifference(0, rows_after, None, None, tuple(Sum(name, None, after[name]) for name in numbers))
    rows_before, before = _totals(old, [name for name in numbers if name in old.columns])
    gone = come = None
    if set(old.columns) == set(new.columns):
        gone, come = rows_that_differ(old, new, old.columns)
    sums = tuple(Sum(name, before.get(name), after[name]) for name in numbers)
    return TableDifference(rows_before, rows_after, gone, come, sums)


def rows_that_differ(before: DataFrame, after: DataFrame, columns: Sequence[str]) -> tuple[int, int]:
    """How many rows go and how many come, by these columns, in one pass over both; a changed row does both."""
    sides = [rows.select(*columns, F.lit(side).alias(_SIDE)) for rows, side in ((before, -1), (after, 1))]
    change = F.col(_SIDE)
    changed = sides[0].unionByName(sides[1]).groupBy(*columns).agg(F.sum(_SIDE).alias(_SIDE)).where(change != 0)
    row = changed.agg(F.sum(F.greatest(-change, F.lit(0))), F.sum(F.greatest(change, F.lit(0)))).first()
    going, coming = (int(number or 0) for number in row) if row is not None else (0, 0)
    return going, coming


def _is_number(kind: str) -> bool:
    return kind in ("byte", "short", "integer", "long", "float", "double") or kind.startswith("decimal")


def _totals(rows: DataFrame, columns: list[str]) -> tuple[int, dict[str, Any]]:
    """The number of rows, and the sum of each column."""
    sums = [F.sum(F.col(f"`{column}`")) for column in columns]
    row = rows.agg(F.count(F.lit(1)), *sums).first()
    assert row is not None
    return row[0], dict(zip(columns, row[1:], strict=True))
