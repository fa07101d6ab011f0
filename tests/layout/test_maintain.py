"""Maintenance on real tables: no row changes for any reader, files are skipped after it, a second run does nothing."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.contracts import layout
from lakehouse.contracts.layout import retention_properties
from lakehouse.lake.delta_log import select
from lakehouse.lake.table_files import table_files
from lakehouse.layout.files import columns_of, row_groups
from lakehouse.layout.maintain import MaintenanceResult
from lakehouse.layout.measure import query_reads
from lakehouse.runtime.context import Context
from tests.layout.order_lines import APPEND, FIRST, KB, LAYOUTS, ROWS, Table, make


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
