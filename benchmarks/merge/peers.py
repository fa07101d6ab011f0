"""The engines without Spark, each delivery in a process of its own: `python -m benchmarks.merge.peers '{...}'`.

Says in one line of JSON how long it took, from the batch's Parquet to the commit, and what it reports of its scan.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from benchmarks.merge.names import DELTA_RS, DUCKDB
from lakehouse.publish.engine import open_engine

Deliver = Callable[[str], dict[str, Any]]
"""Takes the batch into the table at a path."""

KEY = ("order_id", "line_number")


def with_added(rows: pa.Table, number: int) -> pa.Table:
    """Delivered rows with the columns that silver adds."""
    rows = rows.append_column("dt", rows["ordered_at"].cast(pa.date32()))
    return rows.append_column("_batch_id", pa.repeat(pa.scalar(number, pa.int64()), rows.num_rows))


def delta_rs_merge(batch: str, number: int) -> Deliver:
    """A MERGE of delta-rs on the key, with the same guard as the others."""

    def deliver(table: str) -> dict[str, Any]:
        rows = with_added(pq.read_table(batch), number)
        metrics = (
            DeltaTable(table)
            .merge(rows, " AND ".join(f"t.{name} = s.{name}" for name in KEY), source_alias="s", target_alias="t")
            .when_matched_update_all(predicate="s.updated_at > t.updated_at")
            .when_not_matched_insert_all()
            .execute()
        )
        scanned, rewritten = metrics["num_target_files_scanned"], metrics["num_target_files_removed"]
        # On larger tables it reports that it skipped every file, also those that it rewrote: that is no count.
        return {"files_scanned": scanned if scanned >= rewritten else None}

    return deliver


def duckdb_replace(batch: str, number: int) -> Deliver:
    """The batch's days less the batch's keys, and the batch, written over those days."""
    db = open_engine(reads_delta=True)

    def deliver(table: str) -> dict[str, Any]:
        read = f"read_parquet('{batch}/*.parquet')"
        added = f"ordered_at::DATE AS dt, {number}::BIGINT AS _batch_id"
        db.execute(f"CREATE OR REPLACE TEMP TABLE batch AS SELECT *, {added} FROM {read}")
        columns = ", ".join(row[0] for row in db.execute("DESCRIBE batch").fetchall())
        days = [str(row[0]) for row in db.execute("SELECT DISTINCT dt FROM batch ORDER BY dt").fetchall()]
        named = ", ".join(f"DATE '{day}'" for day in days)
        old = f"SELECT {columns} FROM delta_scan('{table}') WHERE dt IN ({named})"
        kept = f"SELECT * FROM ({old}) ANTI JOIN batch USING ({', '.join(KEY)})"
        rows = db.execute(f"{kept} UNION ALL SELECT * FROM batch").to_arrow_reader()
        predicate = "dt IN ({})".format(", ".join(f"'{day}'" for day in days))
        write_deltalake(DeltaTable(table), rows, mode="overwrite", predicate=predicate)
        return {"days": days}

    return deliver


def warm_up(asked: dict[str, Any], deliver: Deliver) -> None:
    """Deliver the batch into a small table first: what loads at its first use is no cost of a merge."""
    with tempfile.TemporaryDirectory() as folder:
        rows = with_added(pq.read_table(asked["batch"]).slice(0, 100), 1)
        write_deltalake(folder, rows, partition_by=["dt"])
        deliver(folder)


def main(asked: dict[str, Any]) -> None:
    """Deliver once and say how it went."""
    # A peer that wants more memory than the machine can spare shall fail, and not take everything else with it.
    resource.setrlimit(resource.RLIMIT_AS, (asked["limit_bytes"], asked["limit_bytes"]))
    deliver = {DELTA_RS: delta_rs_merge, DUCKDB: duckdb_replace}[asked["engine"]](asked["batch"], asked["number"])
    warm_up(asked, deliver)
    start = time.perf_counter()
    said = deliver(asked["table"])
    print(json.dumps({"seconds": time.perf_counter() - start, **said}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
