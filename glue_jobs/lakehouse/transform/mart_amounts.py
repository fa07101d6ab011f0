"""Amounts that are too large for their column: SQL makes them null, and the build names the row of the mart."""

from __future__ import annotations

from datetime import date
from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.mart_graph import Mart
from lakehouse.errors import LakehouseError

_UNLESS = " unless "


class MoneyOverflowError(LakehouseError):
    """The rows behind a row of a mart add up to more than its columns can hold."""

    def __init__(self, dataset: str, row: str, kind: str, columns: tuple[str, ...], of: str, more: int) -> None:
        self.dataset, self.row, self.columns, self.more = dataset, row, columns, more
        others = f" (and {more} more rows)" if more else ""
        super().__init__(
            f"{dataset}: {row}{others}: {', '.join(columns)} too large for {kind}. Deliver the quantities and amounts "
            f"of that {of} again, corrected. Readers keep the last published version."
        )


def require_amounts(spark: SparkSession, mart: Mart, where: str) -> None:
    """Raise MoneyOverflowError for the first row of the session's mart that lost an amount.

    meta.amounts names the columns that are never null, each with the dataset of its values, or never `unless` SQL says
    so. where: the rows to look at.
    """
    if not mart.amounts or not spark.catalog.tableExists(mart.full_name):
        return
    lost = " OR ".join(_lost(column, words) for column, words in mart.amounts.items())
    order = ", ".join(f"`{key}`" for key in mart.keys)
    flags = ", ".join(f"{_lost(column, words)} AS `lost_{column}`" for column, words in mart.amounts.items())
    found = spark.sql(
        f"SELECT *, count(*) OVER () AS rows_lost, {flags} FROM {mart.full_name} "
        f"WHERE ({where}) AND ({lost}) ORDER BY {order or '1'} LIMIT 1"
    ).collect()
    if found:
        raise _overflow(mart, found[0].asDict(), spark.table(mart.full_name).schema)


def _lost(column: str, words: str) -> str:
    _, _, allowed = words.partition(_UNLESS)
    return f"(`{column}` IS NULL AND NOT ({allowed}))" if allowed else f"(`{column}` IS NULL)"


def _overflow(mart: Mart, row: dict[str, Any], schema: Any) -> MoneyOverflowError:
    lost = tuple(column for column in mart.amounts if row[f"lost_{column}"])
    dataset = mart.amounts[lost[0]].partition(_UNLESS)[0]
    about = ", ".join(_said(key, row[key]) for key in mart.keys)
    of = " and ".join(reversed([_kind(key, row[key]) for key in mart.keys])) or "row"
    return MoneyOverflowError(
        dataset, about, schema[lost[0]].dataType.simpleString(), lost, of, int(row["rows_lost"]) - 1
    )


def _said(key: str, value: Any) -> str:
    return str(value) if isinstance(value, date) else f"{_kind(key, value)} {value}"


def _kind(key: str, value: Any) -> str:
    if key == "dt":
        return "day"
    return key.removesuffix("_id").replace("_", " ")
