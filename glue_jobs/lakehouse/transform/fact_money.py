"""Amounts that are too large for the fact: SQL makes them null, and the build names the store and the day."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.marts import FACT
from lakehouse.errors import LakehouseError

MONEY = "decimal(18,2)"
"""The type of the fact's amounts, none of which is ever null."""
_COSTS = frozenset({"cost_of_goods", "gross_margin"})


class MoneyOverflowError(LakehouseError):
    """The order lines of a store and a day add up to more than the fact can hold."""

    def __init__(self, dataset: str, day: str, store: str, columns: tuple[str, ...], more: int) -> None:
        self.dataset, self.day, self.store, self.columns, self.more = dataset, day, store, columns, more
        others = f" (and {more} more store days)" if more else ""
        super().__init__(
            f"{dataset}: {day}, store {store}{others}: {', '.join(columns)} too large for {MONEY}. Deliver the "
            "quantities and amounts of that store and day again, corrected. Readers keep the last published version."
        )


def require_money(spark: SparkSession, where: str) -> None:
    """Raise MoneyOverflowError for the first store day of the session's fact that lost an amount."""
    table = f"{MARTS}.{FACT}"
    if not spark.catalog.tableExists(table):
        return
    money = [field.name for field in spark.table(table).schema if field.dataType.simpleString() == MONEY]
    lost = " OR ".join(f"{name} IS NULL" for name in money)
    found = spark.sql(
        f"SELECT *, count(*) OVER () AS store_days FROM {table} "
        f"WHERE {where} AND ({lost} OR average_order_value IS NULL AND orders > 0) ORDER BY dt, store_id LIMIT 1"
    ).collect()
    if found:
        raise _overflow(found[0].asDict(), [*money, "average_order_value"])


def _overflow(row: dict[str, Any], money: list[str]) -> MoneyOverflowError:
    lost = tuple(name for name in money if row[name] is None)
    dataset = "products" if set(lost) <= _COSTS else "erp_orders"
    return MoneyOverflowError(dataset, str(row["dt"]), str(row["store_id"]), lost, row["store_days"] - 1)
