"""Marts follow what snapshots delete: each equals its full refresh, and a group without a row is gone."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.layers import MARTS
from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.lake.milestones import record_tested
from lakehouse.runtime.context import Context
from lakehouse.transform.marts import build_marts
from tests.helpers.small_project import PRESENT
from tests.helpers.snapshot_shop import CONTRACTS, Row, context_of, deliver
from tests.helpers.visits_models import write_models

pytestmark = [pytest.mark.kinds, pytest.mark.timeout(300)]

STAGED = "select id, note, amount from {{ source('silver_shop', 'visits') }} where note is not null and not is_deleted"
MART = """{{ config(
    materialized='incremental', incremental_strategy='replace_changed', unique_key=['note'], file_format='delta',
    tblproperties={'delta.enableDeletionVectors': 'false', 'delta.dataSkippingStatsColumns': 'note',
                   'lakehouse.clusterBy': 'note'},
) }}
select note, count(*) as visits, cast(sum(amount) as decimal(18, 2)) as amount
from {{ ref('stg_visits') }}
{%- if is_incremental() %} where {{ in_changed() }} {%- endif %}
group by note
{{ clustered() }}
"""
ABOUT = """version: 2
models:
  - name: visits_by_note
    description: One row per note.
    config: {meta: {reach: {visits: direct}}}
    data_tests:
      - one_row_per: {arguments: {columns: [note]}, config: {where: __changed__}}
    columns: [{name: note}, {name: visits}, {name: amount}]
"""
DELIVERIES: list[tuple[int, list[Row]]] = [
    (2, [(1, "a", "1.00"), (2, "a", "2.00"), (3, "b", "3.00"), (4, "c", ""), (5, "", "9.00")]),
    (4, [(1, "a", "1.50"), (4, "c", ""), (5, "", "9.00"), (6, "d", "6.00")]),  # a loses a visit, b all
    (5, [(1, "a", "1.50"), (4, "c", ""), (5, "", "9.00"), (6, "d", "6.00")]),  # the same again
    (6, [(1, "c", "1.50"), (3, "b", "3.50"), (5, "", "9.00")]),  # a visit moves, one comes back, two go
    (3, [(1, "a", "7.00"), (7, "e", "8.00")]),  # late: an older one where a column says the time, else the newest
]


def with_models(context: Context, dbt: Path) -> Context:
    """The project with one mart of the snapshots, and our macros; a session keeps views by their names."""
    root = context.project.root
    staged = f"stg_visits_of_{root.name}"
    shown = "not is_deleted and is_current" if root.name == "history" else "not is_deleted"
    models = {
        f"staging/{staged}.sql": STAGED.replace("not is_deleted", shown),
        "marts/visits_by_note.sql": MART.replace("stg_visits", staged),
        "marts/visits_by_note.yml": ABOUT,
    }
    write_models(dbt, root, models)
    (root / "dbt/athena_views").mkdir(exist_ok=True)
    return Context(Project(root), context.lake, context.spark)


def mart(context: Context) -> dict[str, tuple[int, Decimal | None]]:
    rows = read_rows(context.lake.table(MARTS, "visits_by_note"))
    assert len({row["note"] for row in rows}) == len(rows)
    return {row["note"]: (row["visits"], row["amount"]) for row in rows}


def refreshed(context: Context) -> dict[str, tuple[int, Decimal | None]]:
    """The mart as plain Python computes it from silver."""
    groups: dict[str, list[Decimal | None]] = defaultdict(list)
    for row in read_rows(context.lake.silver("visits")):
        if row["note"] and not row["is_deleted"] and row.get("is_current", True):
            groups[row["note"]].append(row["amount"])
    sums = {note: [value for value in values if value is not None] for note, values in groups.items()}
    return {note: (len(values), sum(sums[note]) if sums[note] else None) for note, values in groups.items()}


@pytest.mark.parametrize("kind", CONTRACTS)
def test_a_mart_follows_what_snapshots_delete(project: Project, spark: SparkSession, tmp_path: Path, kind: str) -> None:
    context = with_models(context_of(tmp_path / kind, spark, CONTRACTS[kind], [PRESENT]), project.dbt)
    (contract,) = context.contracts
    seen = []
    for number, rows in DELIVERIES:
        deliver(context, number, rows)
        record_tested(context.lake, contract, {"visits": table_version(context.lake.silver("visits"))})
        build_marts(context)
        assert mart(context) == refreshed(context), f"after snapshot {number}"
        seen.append(sorted(mart(context)))
    newest = ["b", "c"] if kind != "arrival" else ["a", "e"]
    assert seen == [["a", "b", "c"], ["a", "c", "d"], ["a", "c", "d"], ["b", "c"], newest]
