"""A mart over the elements of a list equals its full refresh: lines come, change, and go, with their row or alone."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.check import problems
from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import ModelError, run_dbt
from lakehouse.transform.marts import build_marts
from lakehouse.transform.merge import merge_batch
from lakehouse.transform.ties import Bronze
from tests.cycle.test_elements import LISTS
from tests.helpers.small_project import write_project
from tests.helpers.visits_models import write_models

pytestmark = [pytest.mark.kinds, pytest.mark.timeout(300)]

LINES = "{{ elements('visit_lines', source('silver_shop', 'visits')) }}"
STAGED = f"select id, dt, line_position, line_sku as sku, line_price as price from {LINES} where line_sku is not null\n"
MART = """{{ config(
    materialized='incremental', incremental_strategy='replace_changed', unique_key=['sku'], file_format='delta',
    tblproperties={'delta.enableDeletionVectors': 'false', 'delta.dataSkippingStatsColumns': 'sku',
                   'lakehouse.clusterBy': 'sku'},
) }}
select sku, count(*) as number_of_lines, cast(sum(price) as decimal(18, 2)) as amount
from {{ ref('stg_visit_lines') }}
{%- if is_incremental() %} where {{ in_changed() }} {%- endif %}
group by sku
{{ clustered() }}
"""
ABOUT = """version: 2
models:
  - name: lines_by_sku
    description: One row per product.
    config:
      meta:
        reach:
          visits: select line.sku as sku from changed lateral view explode(lines) as line
    data_tests:
      - one_row_per: {arguments: {columns: [sku]}, config: {where: __changed__}}
    columns: [{name: sku}, {name: number_of_lines}, {name: amount}]
"""
DELIVERIES: list[list[tuple[int, int, Any, bool]]] = [
    [
        (1, 1, [("a", "1.00"), ("b", None)], False),
        (2, 1, None, False),
        (3, 1, [], False),
        (4, 1, [("c", "2.50")], False),
    ],
    [(1, 3, [("a", "1.50")], False), (2, 2, [("a", "0.25"), None], False)],  # b loses its only line
    [(1, 2, [("b", "9.00")], False), (4, 2, [("c", "2.50")], True)],  # an older version, and a visit that goes
    [(3, 2, [("d", None)], False), (4, 3, [("c", "3.00")], False), (2, 3, None, False)],
]


@pytest.fixture
def context(project: Project, spark: SparkSession, tmp_path: Path) -> Context:
    marts = {"marts/lines_by_sku.sql": MART, "marts/lines_by_sku.yml": ABOUT}
    write_models(project.dbt, tmp_path, {"staging/stg_visit_lines.sql": STAGED, **marts})
    return Context(write_project(tmp_path, LISTS), Lake.at(str(tmp_path / "lake")), lambda: spark)


def merge(context: Context, number: int, rows: list[tuple[int, int, Any, bool]]) -> None:
    """Bring versions of visits to silver."""
    (contract,) = context.contracts
    (dataset,) = contract.datasets
    at = datetime(2026, 1, 2, tzinfo=UTC)
    values = [(key, _lines(lines), None, seq, at, gone) for key, seq, lines, gone in rows]
    schema = ", ".join(f"{column.name} {column.spark_type}" for column in dataset.columns)
    frame = context.spark().createDataFrame(values, schema).coalesce(1)
    bronze = Bronze(lambda keys: pytest.fail("no two rows share a sequence"), len(rows))
    merge_batch(context.spark(), dataset, frame, number, context.lake.silver("visits"), number, bronze)
    record_tested(context.lake, contract, {"visits": table_version(context.lake.silver("visits"))})


def _lines(lines: Any) -> Any:
    return lines and [line and (line[0], line[1] and Decimal(line[1])) for line in lines]


def mart(context: Context) -> dict[str, tuple[int, Decimal | None]]:
    return {
        row["sku"]: (row["number_of_lines"], row["amount"])
        for row in read_rows(context.lake.table(MARTS, "lines_by_sku"))
    }


def refreshed(delivered: list[tuple[int, int, Any, bool]]) -> dict[str, tuple[int, Decimal | None]]:
    """The mart as plain Python computes it from all that was delivered."""
    last = {row[0]: row for row in sorted(delivered, key=lambda row: row[1])}
    prices: dict[str, list[Decimal | None]] = defaultdict(list)
    for _, _, lines, gone in last.values():
        for line in [] if gone else _lines(lines) or []:
            if line:
                prices[line[0]].append(line[1])
    known = {sku: [price for price in found if price is not None] for sku, found in prices.items()}
    return {sku: (len(found), sum(known[sku], Decimal(0)) if known[sku] else None) for sku, found in prices.items()}


def test_a_mart_follows_the_elements_of_its_lists(context: Context) -> None:
    assert problems(context.project) == []
    delivered: list[tuple[int, int, Any, bool]] = []
    for number, rows in enumerate(DELIVERIES, start=1):
        merge(context, number, rows)
        delivered += rows
        (built,) = build_marts(context).marts
        assert (built.whole is None) == (number > 1), "keys alone, once there is a mart"
        assert mart(context) == refreshed(delivered), f"after delivery {number}"
    assert sorted(mart(context)) == ["a", "c", "d"]


def test_a_model_of_a_list_that_is_not_known_is_not_built(context: Context) -> None:
    merge(context, 1, DELIVERIES[0])
    file = context.project.dbt / "models/staging/stg_visit_lines.sql"
    file.write_text(STAGED.replace("visit_lines'", "visit_line'"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"stg_visit_lines\.sql:1: .* no contract explodes a list of that name"):
        build_marts(context)
    file.write_text(STAGED, encoding="utf-8")
    with pytest.raises(ModelError, match="it names visit_lines"):
        run_dbt(context, ["run", "--select", "stg_visit_lines"], {"elements": {}})
