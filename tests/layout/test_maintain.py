"""Maintenance on real tables: no row changes for any reader, files are skipped after it, a second run does nothing."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts import layout
from lakehouse.contracts.layout import Layout, layout_for, retention_properties
from lakehouse.lake import rewrite
from lakehouse.lake.delta_log import select
from lakehouse.lake.rewrite import RowsLostError
from lakehouse.lake.table_files import table_files
from lakehouse.layout import maintain
from lakehouse.layout.declared import DeclaredTable
from lakehouse.layout.files import columns_of, row_groups
from lakehouse.layout.first_write import clustered
from lakehouse.layout.maintain import MaintenanceResult, maintain_table
from lakehouse.layout.measure import mean_read_amplification, query_reads, read_amplification
from lakehouse.publish.engine import open_engine
from lakehouse.runtime.context import Context

DAYS, STORES, ROWS = 59, 40, 12_000  # two months
FIRST = date(2026, 1, 1)
KB = 1 << 10
LAYOUTS = {
    "day": layout_for(["dt"], ["store_id", "id"], ["id"], 2 * KB),
    "month": layout_for(["month"], ["dt", "store_id"], ["id"], 10 * KB),
    "day and store": layout_for(["dt", "store_id"], ["id"], ["id"], 10 * KB),
    "none": layout_for([], ["dt", "store_id"], ["id"], 10 * KB),
}


@dataclass(frozen=True)
class Table:
    """A table of order lines, scattered over files as if written without any layout."""

    context: Context
    maintained: DeclaredTable

    @property
    def path(self) -> str:
        return self.maintained.path

    @property
    def delta(self) -> DeltaTable:
        return DeltaTable(self.path)

    def maintain(self, max_bytes: int = 1 << 40) -> MaintenanceResult:
        return maintain_table(self.context, self.maintained, max_bytes)

    def rows(self) -> list[tuple[Any, ...]]:
        """Every row, by DuckDB."""
        engine = open_engine(reads_delta=True)
        return engine.execute(f"SELECT id, store_id, dt, amount FROM delta_scan('{self.path}') ORDER BY ALL").fetchall()

    def sql(self, words: str) -> None:
        self.context.spark().sql(words.format(table=f"delta.`{self.path}`")).collect()

    def quality(self) -> float:
        files = table_files(self.delta, columns_of(self.maintained.layout))
        return mean_read_amplification(query_reads(files, stores=[f"S{number:03}" for number in range(STORES)]))


def lines(spark: SparkSession, rows: int = ROWS, first: int = 0) -> DataFrame:
    """Order lines without order, of stores of very different size."""
    store = F.floor(F.pow(F.rand(1), 2) * STORES).cast("int")
    return spark.range(first, first + rows).select(
        "id",
        F.format_string("S%03d", store).alias("store_id"),
        F.date_add(F.lit(FIRST), F.floor(F.rand(2) * DAYS).cast("int")).alias("dt"),
        F.round(F.rand(3) * 100, 2).cast("decimal(12,2)").alias("amount"),
    )


def make(context: Context, path: Path, how: Layout, vectors: bool = False, files: int = 3) -> Table:
    spark = context.spark()
    rows = lines(spark).withColumn("month", F.date_format("dt", "yyyy-MM")).repartition(files)
    if "dt" in how.partition_by:  # a few folders are enough
        rows = rows.where(F.col("dt") < F.date_add(F.lit(FIRST), 8))
    if "store_id" in how.partition_by:
        rows = rows.where("dt < '2026-01-03' AND store_id < 'S010'")
    options = {"delta.enableDeletionVectors": str(vectors).lower()}
    options["delta.dataSkippingStatsColumns"] = ",".join(
        name for name in ("id", "store_id", "dt") if name not in how.partition_by
    )
    rows.write.format("delta").partitionBy(*how.partition_by).options(**options).save(str(path))
    return Table(context, DeclaredTable("silver", "lines", "erp", str(path), how, properties=how.properties))


def data_changes(table: Table) -> set[bool]:
    """What the newest commit says of its files to readers of changes."""
    text = Path(table.path, "_delta_log", f"{table.delta.version():020}.json").read_text()
    actions = [json.loads(line) for line in text.splitlines()]
    return {action[kind]["dataChange"] for action in actions for kind in ("add", "remove") if kind in action}


@pytest.mark.parametrize(
    ("name", "vectors", "limit"),
    [
        pytest.param("day", False, 1.05, marks=pytest.mark.layout),
        ("month", False, 1.05),
        ("month", True, 1.05),
        ("none", True, 1.05),
        ("day and store", True, 1.0),
    ],
)
def test_the_same_rows_in_files_that_are_skipped(
    context: Context, tmp_path: Path, name: str, vectors: bool, limit: float
) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS[name], vectors)
    scattered = table.quality()
    table.sql("DELETE FROM {table} WHERE id % 50 = 7")
    before, version = table.rows(), table.delta.version()
    result = table.maintain()
    assert table.rows() == before
    assert (result.files_removed > 0, result.files_added > 0, result.left) == (True, True, 0)
    files = table_files(table.delta, columns_of(table.maintained.layout))
    assert (table.delta.history()[0]["operation"], data_changes(table)) == ("OPTIMIZE", {False})
    assert table.delta.metadata().configuration.items() >= table.maintained.layout.properties.items()
    assert table.delta.version() == version + 2  # its properties, and its files
    if name != "day and store":
        assert table.quality() <= limit < scattered
    else:
        assert len(files) <= 1.3 * len({file.partition for file in files})
    assert table.maintain() == MaintenanceResult("silver.lines")
    assert table.delta.version() == version + 2


def test_a_run_takes_what_fits_and_the_next_goes_on(context: Context, tmp_path: Path) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["month"])
    before, version = table.rows(), table.delta.version()
    half = sum(file.bytes for file in table_files(table.delta)) * 2 // 3
    first, second, third = (table.maintain(half) for _ in range(3))
    assert [(r.partitions, r.left) for r in (first, second, third)] == [(1, 1), (1, 0), (0, 0)]
    assert first.bytes_removed <= half
    assert (table.rows(), table.delta.version()) == (before, version + 3)


@pytest.mark.layout
def test_spark_opens_the_files_that_the_measure_counts(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "_SMALLEST_ROW_GROUP", 2 * KB)
    table = make(context, tmp_path / "lines", replace(LAYOUTS["month"], target_bytes=20 * KB))
    table.maintain()
    files = table_files(table.delta, ("dt", "store_id"))
    day, store = FIRST + timedelta(days=40), "S003"
    rows = context.spark().read.format("delta").load(table.path)
    for where, days, stores in ((f"dt = '{day}'", [day], None), (f"store_id = '{store}'", None, [store])):
        opened = query_reads(files, days or [], stores or [])[0 if days else 1].files
        assert len(rows.where(where).inputFiles()) == opened
    # Rows are sorted within files, so that of those of a day a reader opens few row groups.
    groups = row_groups(table.delta, files, ("dt", "store_id"))
    assert len(groups) > 3 * len(files)
    assert sum(group.rows for group in groups) == ROWS
    assert query_reads(groups, [day])[0].rows_share < query_reads(files, [day])[0].rows_share / 3


def rival(table: Table, monkeypatch: pytest.MonkeyPatch, words: str, times: int = 1) -> None:
    """Let another writer commit between our reading and our commit."""
    real, left = rewrite._refuse_loss, [times]

    def after_it(*given: Any) -> None:
        real(*given)
        if left[0]:
            left[0] -= 1
            table.sql(words)

    monkeypatch.setattr(rewrite, "_refuse_loss", after_it)


APPEND = "INSERT INTO {table} SELECT id + 1000000, store_id, dt, amount, month FROM {table} WHERE id % 10 = 3"
UPDATE = "UPDATE {table} SET amount = amount + 1 WHERE id % 10 = 4"


@pytest.mark.parametrize("vectors", [pytest.param(False, marks=pytest.mark.layout), True])
def test_a_writer_in_between_loses_nothing(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: bool
) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["month"], vectors)
    before = table.rows()
    with monkeypatch.context() as patched:
        rival(table, patched, APPEND)
        appended = table.maintain()
    more = [(key + 1_000_000, *rest) for key, *rest in before if key % 10 == 3]
    assert table.rows() == [*before, *more]
    assert (appended.partitions, appended.gave_way) == (2, False)
    with monkeypatch.context() as patched:  # it takes files of ours away: planned anew, once
        rival(table, patched, UPDATE)
        table.sql("INSERT INTO {table} SELECT id + 2000000, store_id, dt, amount, month FROM {table}")
        updated = table.maintain()
    assert (updated.gave_way, updated.partitions) == (False, 2)
    changed = [(key, store, day, amount + (key % 10 == 4)) for key, store, day, amount in [*before, *more]]
    assert table.rows() == sorted([*changed, *((key + 2_000_000, *rest) for key, *rest in changed)])


@pytest.mark.layout
def test_it_gives_way_after_one_retry(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["none"])
    with monkeypatch.context() as patched:
        rival(table, patched, UPDATE, times=9)
        result = table.maintain()
    assert (result.gave_way, result.left, result.files_removed) == (True, 1, 0)
    assert [commit["operation"] for commit in table.delta.history(2)] == ["UPDATE", "UPDATE"]
    assert table.maintain().partitions == 1


@pytest.mark.layout
def test_rows_that_would_be_lost_stop_the_commit(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["none"])
    table.maintain()
    table.sql("INSERT INTO {table} SELECT id + 1000000, store_id, dt, amount, month FROM {table}")
    before, version = table.rows(), table.delta.version()
    real: Callable[..., DataFrame] = maintain.arranged
    monkeypatch.setattr(maintain, "arranged", lambda *given: real(*given).where("id <> 5"))
    with pytest.raises(RowsLostError, match=r"\(read 24000, written 23999\), so nothing was committed"):
        table.maintain()
    assert (table.rows(), table.delta.version()) == (before, version)


def test_late_rows_lie_beside_those_of_the_day(context: Context, tmp_path: Path) -> None:
    spark = context.spark()
    new = lines(spark, 3_000).withColumn("dt", F.expr("if(id % 50 = 0, dt, date'2026-02-28')"))
    rows = new.withColumn("month", F.date_format("dt", "yyyy-MM"))
    clustered(rows, LAYOUTS["month"], 3_000).write.format("delta").partitionBy("month").save(str(tmp_path / "t"))
    files = table_files(DeltaTable(str(tmp_path / "t")), ("dt", "store_id"))
    found = sorted((file.partition[0], file.rows > 1_000, file.statistics["dt"][0].isoformat()) for file in files)
    assert [each[:2] for each in found] == [("2026-01", False), ("2026-02", False), ("2026-02", True)]
    assert found[-1] == ("2026-02", True, "2026-02-28")
    assert sum(file.rows for file in files) == 3_000


@pytest.mark.layout
def test_many_new_rows_are_cut_at_once(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.layout.first_write.LARGE_ROWS", 1_000)
    rows = lines(context.spark()).withColumn("month", F.date_format("dt", "yyyy-MM"))
    clustered(rows, LAYOUTS["month"], ROWS, 8).write.format("delta").partitionBy("month").save(str(tmp_path / "t"))
    files = table_files(DeltaTable(str(tmp_path / "t")), ("dt", "store_id"))
    assert len(files) > 4
    assert (
        max(
            read_amplification([f for f in files if f.partition == part], ("dt", "store_id"))
            for part in {f.partition for f in files}
        )
        < 1.05
    )


@pytest.mark.layout
def test_what_no_version_needs_goes_by_the_declared_retention(context: Context, tmp_path: Path) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["none"])
    kept = Table(
        context, replace(table.maintained, properties={**table.maintained.properties, **retention_properties(7)})
    )
    before = table.rows()
    assert kept.maintain().vacuumed == 0
    assert len(select(DeltaTable(table.path, version=0), "SELECT id FROM t")) == ROWS
    none = replace(
        kept.maintained, retention_days=0, properties={**kept.maintained.properties, **retention_properties(0)}
    )
    assert Table(context, none).maintain().vacuumed == 3
    assert len(list(Path(table.path).glob("*.parquet"))) == len(table.delta.file_uris())
    assert table.rows() == before
    assert Table(context, none).maintain() == MaintenanceResult("silver.lines")


@pytest.mark.layout
def test_the_log_is_trimmed_when_it_is_old(context: Context, tmp_path: Path) -> None:
    table = make(context, tmp_path / "lines", LAYOUTS["none"])
    table.maintain()
    table.sql(APPEND)
    before = table.rows()
    old = int((time.time() - 60 * 86_400) * 1000)
    for file in sorted(Path(table.path, "_delta_log").glob("*.json")):
        actions = [json.loads(line) for line in file.read_text().splitlines()]
        for action in actions:
            if "commitInfo" in action:
                action["commitInfo"]["timestamp"] = old
            if "add" in action:
                action["add"]["modificationTime"] = old
        file.write_text("".join(f"{json.dumps(action)}\n" for action in actions))
        os.utime(file, (old / 1000, old / 1000))
        file.with_name(f".{file.name}.crc").unlink(missing_ok=True)
    context.spark()._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    assert table.maintain().log_cleaned
    assert table.rows() == before
    assert table.maintain() == MaintenanceResult("silver.lines")
