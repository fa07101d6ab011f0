"""A lake of the sample deliveries, written by delta-rs from what the oracle computes: quick, for readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import QueryBuilder, write_deltalake

from lakehouse.contracts.columns import Column
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.marts import models
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import VALIDATION_RESULTS
from lakehouse.lake.delta_log import Commit, append_once, existing_table
from lakehouse.lake.paths import Lake
from lakehouse.lake.quality_results import QUALITY_RESULTS
from tests.helpers.lakes import FACT
from tests.helpers.seeded_ledgers import planned, stepped
from tests.oracle import Expected, expected

OTHER_MARTS = Path(__file__).parents[1] / "model/marts/wanted.sql"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
_ARROW = {
    "string": pa.string(), "int": pa.int32(), "bigint": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}  # fmt: skip


@cache
def expected_once(*deliveries: Path) -> Expected:
    """The oracle's answer; it is the same for every test."""
    return expected(list(deliveries))


def write_lake(project: Project, lake: Lake, *deliveries: Path) -> Expected:
    """Write silver, the fact (a file a day) and the ledgers of quality; returns what they hold."""
    wanted = expected_once(*(deliveries or (project.samples,)))
    for dataset in map(project.contracts.dataset, wanted.silver):
        rows = [_silver_row(dataset, row) for row in wanted.silver[dataset.name].as_dicts()]
        parts = list(dataset.partition_by)
        write_deltalake(lake.silver(dataset.name), _table(dataset.silver_columns, rows), partition_by=parts)
    write_fact(lake, wanted.fact.as_dicts())
    _write_marts(project, lake, list(wanted.silver))
    for number, name in enumerate(wanted.batches, 1):
        planned(lake, project.contracts.dataset(name))
        _write_quality(lake, project.contracts.dataset(name), wanted, number)
        ingest = {"step": "ingest", "domain": project.contracts.dataset(name).domain, "table_name": name}
        stepped(lake, attempt_id=f"run{number}", **ingest, cost_usd=number / 100)
    return wanted


def write_fact(lake: Lake, rows: Sequence[dict[str, Any]]) -> None:
    """Write the fact with a file a day, in its month's partition."""
    for day in sorted({row["dt"] for row in rows}):
        of_day = [{**row, "month": f"{day:%Y-%m}"} for row in rows if row["dt"] == day]
        schema = pa.schema([(name, _fact_type(name)) for name in of_day[0]])
        table = pa.Table.from_pylist(of_day, schema=schema)
        write_deltalake(lake.table("marts", FACT), table, mode="append", partition_by=["month"])


def _write_marts(project: Project, lake: Lake, datasets: Sequence[str]) -> None:
    """Write the other marts of the project, which DuckDB computes from silver."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for dataset in datasets:
            arrived = QueryBuilder().register("t", existing_table(lake.silver(dataset))).execute("SELECT * FROM t")
            connection.register("arrived", pa.table(arrived.read_all()))
            connection.execute(f"create table silver_{dataset} as select * from arrived")
        connection.execute(OTHER_MARTS.read_text(encoding="utf-8"))
        for name, model in models(project.dbt).items():
            if name.startswith("fct_") and name != FACT:
                columns = ", ".join(f"cast({column} as {_mart_type(column)}) as {column}" for column in model.comments)
                rows = connection.sql(f"select {columns} from {name}").to_arrow_table()
                write_deltalake(lake.table("marts", name), rows)


def _mart_type(name: str) -> str:
    if name in ("net_revenue", "cost_of_goods", "gross_margin", "returns"):
        return "decimal(18,2)"
    if name in ("product_id", "customer_id", "category", "month"):
        return "varchar"
    return {"dt": "date", "week": "date"}.get(name, "timestamptz" if name.endswith("_at") else "bigint")


def _fact_type(name: str) -> pa.DataType:
    if name in ("average_order_value", "conversion_rate"):
        return pa.decimal128(18, 6)
    if name in ("gross_revenue", "discounts", "returns", "net_revenue", "cost_of_goods", "gross_margin"):
        return pa.decimal128(18, 2)
    return {"dt": pa.date32(), "store_id": pa.string(), "month": pa.string()}.get(name, pa.int64())


def _silver_row(dataset: Dataset, row: dict[str, Any]) -> dict[str, Any]:
    filled = {**row, "_batch_id": 1}
    if "month" in dataset.silver_column_names:
        filled["month"] = f"{row['dt']:%Y-%m}"
    return {name: _value(filled[name]) for name in dataset.silver_column_names}


def _value(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def _table(columns: Sequence[Column], rows: list[dict[str, Any]]) -> pa.Table:
    fields = [pa.field(c.name, _type(c), metadata={"comment": c.description}) for c in columns]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def _type(column: Column) -> pa.DataType:
    if column.fields:
        return pa.struct([(field.name, _type(field)) for field in column.fields])
    found = re.fullmatch(r"decimal\((\d+),(\d+)\)", column.type)
    return pa.decimal128(int(found[1]), int(found[2])) if found else _ARROW[column.type]


def _write_quality(lake: Lake, dataset: Dataset, wanted: Expected, number: int) -> None:
    batch = wanted.batches[dataset.name][0]
    assert batch is not None
    about = {"domain": dataset.domain, "dataset": dataset.name, "batch_id": 1, "run_id": "r", "recorded_at": NOON}
    result = {
        "status": "passed", "rows_landed": batch.landed, "rows_unreadable": 0, "rows_quarantined": batch.quarantined,
        "rows_passed": batch.good, "reason": None, "data_docs": None,
    }  # fmt: skip
    validated = [{**about, **result}]
    append_once(lake.ops("validation_results"), validated, VALIDATION_RESULTS, Commit(f"validate:{dataset.name}", 1))
    results = [
        {"rule": rule, "sentence": None, "on_failure": "quarantine", "rows_seen": batch.landed, "rows_failed": failed,
         "success": failed == 0, "status": "passed", "seconds": 0.1}
        for rule, failed in (("key_not_null", 0), ("store_id_known", number))
    ]  # fmt: skip
    rows = [{**about, **result} for result in results]
    append_once(lake.ops("quality_results"), rows, QUALITY_RESULTS, Commit(f"validate:{dataset.name}", 1))
