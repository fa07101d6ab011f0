"""dbt over a small silver of a test's own: rows to write there, rows to expect of the fact, and runs of dbt."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from chispa import assert_df_equality
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from pyspark.sql import DataFrame, Row, SparkSession

from lakehouse.transform.mart_keys import ChangedKeys, bounds_of

DBT = Path(__file__).parents[2] / "dbt"

SILVER = {
    "erp_orders": "order_id string, line_number int, store_id string, customer_id string, product_id string,"
    " quantity int, unit_price decimal(12,2), discount_amount decimal(12,2), status string,"
    " ordered_at timestamp, updated_at timestamp, is_deleted boolean, dt date, _batch_id bigint",
    "crm_leads": "lead_id string, store_id string, full_name string, email string, phone string, source string,"
    " status string, created_at timestamp, updated_at timestamp, is_deleted boolean, dt date, month string,"
    " _batch_id bigint",
    "web_events": "event_id string, session_id string, store_id string, customer_id string, event_type string,"
    " product_id string, url string, occurred_at timestamp, received_at timestamp,"
    " device struct<type: string, os: string>, dt date, _batch_id bigint",
    "products": "product_id string, name string, category string, list_price decimal(12,2),"
    " unit_cost decimal(12,2), is_active boolean, updated_at timestamp, valid_from timestamp,"
    " valid_to timestamp, is_current boolean, _batch_id bigint",
}

FACT = (
    "dt date, store_id string, orders bigint, units bigint, gross_revenue decimal(18,2),"
    " discounts decimal(18,2), returns decimal(18,2), net_revenue decimal(18,2), cost_of_goods decimal(18,2),"
    " lines_without_cost bigint, gross_margin decimal(18,2), customers bigint,"
    " average_order_value decimal(18,6), leads_created bigint, leads_converted bigint, sessions bigint,"
    " page_views bigint, add_to_carts bigint, checkouts bigint, purchases bigint,"
    " conversion_rate decimal(18,6), month string"
)
COLUMNS = [column.split()[0] for column in FACT.split(", ")]
WELL = ("success", "pass", "no-op")
NULLABLE = ("average_order_value", "conversion_rate")


def order(
    key: str, dt: date, store: str, product: str, quantity: int, price: str, status: str = "paid", **other: Any
) -> tuple[Any, ...]:
    """One line of silver erp_orders, at noon unless `hour` says otherwise."""
    number, line = key.split("/")
    at = datetime(dt.year, dt.month, dt.day, other.get("hour", 12))
    discount, deleted = Decimal(other.get("discount", "0.00")), other.get("deleted", False)
    return (number, int(line), store, other.get("customer"), product, quantity, Decimal(price), discount,
            status, at, at, deleted, dt, 1)  # fmt: skip


def lead(key: str, dt: date, store: str, status: str, deleted: bool = False) -> tuple[Any, ...]:
    """One row of silver crm_leads."""
    at = datetime(dt.year, dt.month, dt.day, 9)
    return (key, store, "A Name", "a@b.example", None, "web", status, at, at, deleted, dt, f"{dt:%Y-%m}", 1)


def event(key: str, session: str, dt: date, store: str, kind: str) -> tuple[Any, ...]:
    """One row of silver web_events."""
    at = datetime(dt.year, dt.month, dt.day, 9)
    device = Row(type="phone", os="Android")
    return (key, session, store, None, kind, None, "https://shop.example", at, at, device, dt, 1)


def version(product: str, cost: str, start: datetime, end: datetime | None) -> tuple[Any, ...]:
    """One row of silver products."""
    price = Decimal("99.00")
    return (product, "Thing", "things", price, Decimal(cost), True, start, start, end, end is None, 1)


def metrics(dt: date, store: str, **values: Any) -> tuple[Any, ...]:
    """One expected row; what is not named is 0, or null for the two ratios."""
    row = {"dt": dt, "store_id": store, "month": f"{dt:%Y-%m}", **values}
    typed = {name: Decimal(value) if isinstance(value, str) and name not in ("store_id", "month") else value
             for name, value in row.items()}  # fmt: skip
    money = {name for name in COLUMNS if f"{name} decimal" in FACT}
    return tuple(typed.get(name, None if name in NULLABLE else Decimal(0) if name in money else 0) for name in COLUMNS)


def options(target: Path) -> list[str]:
    """What every run of dbt is given; a deprecated setting is an error."""
    return [
        "--project-dir", str(DBT), "--profiles-dir", str(DBT), "--target-path", f"{target}/target",
        "--log-path", f"{target}/target", "--log-level", "none", "--log-level-file", "none",
        "--warn-error-options", '{"error": ["Deprecations"]}',
    ]  # fmt: skip


def assert_passed(statuses: dict[str, str]) -> None:
    """Fail with the nodes that dbt reports as anything but well."""
    assert statuses
    assert {node: status for node, status in statuses.items() if status not in WELL} == {}


@dataclass(frozen=True)
class SilverAndMarts:
    """A small lake whose tables the session's catalogue knows, and dbt over it."""

    spark: SparkSession
    root: Path
    manifest: Manifest

    def write(self, name: str, rows: list[tuple[Any, ...]]) -> None:
        """Replace a silver table."""
        frame = self.spark.createDataFrame(rows, SILVER[name])
        frame.coalesce(1).write.format("delta").mode("overwrite").save(f"{self.root}/silver/{name}")
        location = f"location '{self.root}/silver/{name}'"
        self.spark.sql(f"create table if not exists silver.{name} using delta {location}")

    def copied_to(self, root: Path) -> SilverAndMarts:
        """The same tables in another folder, which the catalogue knows in place of those it knew."""
        shutil.copytree(self.root, root)
        for schema in ("silver", "marts"):
            known_tables = self.spark.sql(f"show tables in {schema}").where("not isTemporary")
            for known in known_tables.collect():
                self.spark.sql(f"drop table {schema}.{known.tableName}")
            for table in sorted((root / schema).iterdir()):
                self.spark.sql(f"create table {schema}.{table.name} using delta location '{table}'")
        return replace(self, root=root)

    def results(self, *words: str, **variables: Any) -> list[Any]:
        """Run dbt in this process; its results, one per node."""
        given = json.dumps({"marts_root": f"{self.root}/marts", **variables})
        done = dbtRunner(manifest=self.manifest).invoke([*words, *options(self.root), "--vars", given])
        assert done.exception is None, done.exception
        return list(done.result.results)

    def dbt(self, *words: str, **variables: Any) -> dict[str, str]:
        """The statuses of a run by node name."""
        return {result.node.name: str(result.status) for result in self.results(*words, **variables)}

    def build(self, *words: str, **variables: Any) -> None:
        """Build and test the marts."""
        assert_passed(
            self.dbt("build", "--select", "tag:marts", "--exclude-resource-type", "unit_test", *words, **variables)
        )

    @property
    def path(self) -> str:
        return f"{self.root}/marts/fct_daily_store_metrics"

    def fact(self) -> DataFrame:
        return self.spark.read.format("delta").load(self.path)

    def history(self) -> list[tuple[str, dict[str, int]]]:
        """The fact's commits, oldest first, each with its metrics."""
        rows = self.spark.sql(f"describe history delta.`{self.path}`").orderBy("version").collect()
        return [(row.operation, {k: int(v) for k, v in row.operationMetrics.items()}) for row in rows]

    def mark_changed(self, *pairs: tuple[date, str]) -> dict[str, Any]:
        """Register the changed keys of the fact as a temporary view; what dbt is given of them."""
        self.spark.createDataFrame(list(pairs), "dt date, store_id string").createOrReplaceTempView("changed_days")
        bounds = bounds_of(pa.table({"dt": [dt for dt, _ in pairs], "store_id": [store for _, store in pairs]}))
        return {"fct_daily_store_metrics": ChangedKeys("changed_days", len(pairs), bounds).variables}

    def assert_fact(self, *rows: tuple[Any, ...]) -> None:
        expected = self.spark.createDataFrame(list(rows), FACT)
        assert_df_equality(self.fact(), expected, ignore_row_order=True, ignore_nullable=True)
