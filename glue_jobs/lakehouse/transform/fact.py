"""Builds the fact with dbt: exactly the store days that silver has changed since the last build."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse import log
from lakehouse.contracts.marts import FACT
from lakehouse.lake.tables import session_settings
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ensure_views, register_silver, register_table, run_dbt
from lakehouse.runtime.lineage import tell_built
from lakehouse.transform.fact_changes import Changes, pending_changes

_CHANGED_VIEW = "changed_store_days"


@dataclass(frozen=True)
class MartsResult:
    """What a build of the marts did."""

    built: bool
    full: bool
    store_days: int


def build_marts(context: Context, full_refresh: bool = False) -> MartsResult:
    """Bring the fact to the present silver; does nothing when it shows that already."""
    changes = pending_changes(context.lake, context.contracts)
    if full_refresh:
        changes = Changes(True, frozenset(), (), changes.silver_versions)
    if changes.nothing:
        return MartsResult(False, False, 0)
    spark = context.spark()
    register_silver(spark, context.lake, context.contracts)
    register_table(spark, "marts", FACT, context.lake.table("marts", FACT))
    ensure_views(context)
    pairs = set() if changes.everything else store_days(spark, changes)
    words, variables = _selection(spark, changes, pairs)
    with session_settings(spark, _commit_progress(changes)):
        run_dbt(context, ["build", "--select", "tag:marts", *words], variables)
    tell_built(context)
    log.info("marts built", full=changes.everything, store_days=len(pairs))
    return MartsResult(True, changes.everything, len(pairs))


def _commit_progress(changes: Changes) -> dict[str, str]:
    """Let the fact's commit say which silver it shows, also when no row of it differs."""
    metadata = {"silver_versions": dict(changes.silver_versions)}
    return {
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata),
        "spark.databricks.delta.skipRecordingEmptyCommits": "false",
    }


def store_days(spark: SparkSession, changes: Changes) -> set[tuple[str, str]]:
    """The changed pairs, with those whose cost changed because a product's version came, late or not."""
    pairs = set(changes.store_days)
    if changes.product_times:
        _small_view(
            spark, "changed_product_times", ("product_id", "valid_from", "valid_to"), changes.product_times, pa.string()
        )
        rows = spark.sql(_SOLD_IN_CHANGED_TIMES).collect()
        pairs |= {(row["dt"], row["store_id"]) for row in rows}
    return pairs


# A product's first version also serves earlier times, so a change of it reaches back without end.
_SOLD_IN_CHANGED_TIMES = """
with first_versions as (
    select product_id, min(valid_from) as first_from from silver.products group by product_id
)
select distinct cast(orders.dt as string) as dt, orders.store_id
from silver.erp_orders as orders
join changed_product_times as changed on orders.product_id = changed.product_id
join first_versions as first on orders.product_id = first.product_id
where (orders.ordered_at >= cast(changed.valid_from as timestamp)
       or cast(changed.valid_from as timestamp) = first.first_from)
  and (changed.valid_to is null or orders.ordered_at < cast(changed.valid_to as timestamp))
"""


def _selection(spark: SparkSession, changes: Changes, pairs: set[tuple[str, str]]) -> tuple[list[str], dict[str, Any]]:
    """dbt's words for everything, or for the changed pairs; with none the build still records its progress."""
    if changes.everything:
        return ["--full-refresh"], {}
    days = sorted((date.fromisoformat(day), store_id) for day, store_id in pairs)
    _small_view(spark, _CHANGED_VIEW, ("dt", "store_id"), days, pa.date32())
    return [], {"changed_store_days": _CHANGED_VIEW}


def _small_view(
    spark: SparkSession, name: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], first: pa.DataType
) -> None:
    """Rows as a view; the first column of the given type, the others text.

    Arrow's rows become part of the plan, whereas a list would be read by a Python worker at each use of the view.
    """
    schema = pa.schema([(column, pa.string() if number else first) for number, column in enumerate(columns)])
    values = [dict(zip(columns, row, strict=True)) for row in rows]
    spark.createDataFrame(pa.Table.from_pylist(values, schema)).createOrReplaceTempView(name)
