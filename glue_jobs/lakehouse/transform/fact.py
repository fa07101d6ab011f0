"""Builds the fact with dbt: exactly the store days that silver has changed since the last build that passed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from lakehouse import log
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.marts import FACT
from lakehouse.errors import LakehouseError, gathering
from lakehouse.lake.conflicts import TRIES, TableBusyError, wait_after
from lakehouse.lake.delta_log import table_version
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ensure_views, marts_root, models_tagged, register_silver, run_dbt
from lakehouse.runtime.lineage import emit_built
from lakehouse.transform.fact_candidate import Candidate, changed_days, fact_candidate, merging, replacing
from lakehouse.transform.fact_changes import Changes, pending_changes
from lakehouse.transform.fact_money import require_money

_CHANGED_VIEW = "changed_store_days"


@dataclass(frozen=True)
class MartsResult:
    """What a build of the marts did."""

    built: bool
    full: bool
    store_days: int


def build_marts(context: Context) -> MartsResult:
    """Bring the fact to the silver that its domains' tests passed; does nothing when it shows that already.

    What dbt builds is tested out of readers' sight; rows and progress come to the fact in one commit, after the tests.
    Raises ModelError or MoneyOverflowError, at each run until the rows or the tests are corrected.
    """
    path = context.lake.table(MARTS, FACT)
    for attempt in range(TRIES):
        base = table_version(path)
        changes = pending_changes(context.lake, context.contracts)
        if changes.nothing:
            return MartsResult(False, False, 0)
        if result := _build(context, changes, base):
            return result
        log.warning("another build of the marts committed first", tries=attempt + 1)
        wait_after(attempt)
    raise TableBusyError(f"{MARTS}.{FACT}")


def _build(context: Context, changes: Changes, base: int) -> MartsResult | None:
    """Build, test, show; None when another build committed first, for this one began from an earlier fact."""
    spark = context.spark()
    register_silver(spark, context.lake, context.contracts, changes.silver_versions)
    ensure_views(context)
    pairs = set() if changes.everything else store_days(spark, changes)
    with fact_candidate(context, base, copied=not changes.everything) as candidate:
        arguments, variables = _selection(spark, changes, pairs)
        _build_and_test(context, candidate, arguments, variables, pairs)
        statement = replacing(candidate) if changes.everything else merging(candidate, pairs, _CHANGED_VIEW)
        if not candidate.show(statement, changes.silver_versions):
            return None
    if others := models_tagged(context, MARTS) - {FACT}:
        run_dbt(context, ["build", "--select", *sorted(others), *arguments], variables)
    emit_built(context)
    log.info("marts built", full=changes.everything, store_days=len(pairs))
    return MartsResult(True, changes.everything, len(pairs))


def _build_and_test(
    context: Context,
    candidate: Candidate,
    arguments: list[str],
    variables: dict[str, Any],
    pairs: set[tuple[str, str]],
) -> None:
    """Raise what keeps the candidate from being shown; of an overflow, which tests see as a null, its store and day."""
    errors: list[LakehouseError] = []
    with gathering(errors):
        run_dbt(context, ["build", "--select", FACT, *arguments], variables | marts_root(candidate.folder))
    require_money(context.spark(), changed_days(pairs) if variables else "true")
    if errors:
        raise errors[0]


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
    """dbt's arguments for everything, or for the changed pairs; with none the build still records its progress."""
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
