"""A table's files as its log lists them: names, partitions, statistics, totals. No Spark."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.lake.table_files import TableTotals, table_files, totals_of

DAY = date(2026, 10, 1)


@pytest.fixture
def table(tmp_path: Path) -> DeltaTable:
    """Stores whose names are escaped in paths, and one without a name."""
    rows = {
        "id": ["A", "B", "C", None],
        "amount": [1, 2, None, None],
        "dt": pa.array([DAY] * 4, pa.date32()),
        "store": ["O'Neill 5%", "O'Neill 5%", "x:y", None],
    }
    write_deltalake(str(tmp_path / "t"), pa.table(rows), partition_by=["store"])
    return DeltaTable(str(tmp_path / "t"))


def test_files_have_their_statistics_and_their_real_paths(table: DeltaTable, tmp_path: Path) -> None:
    files = {file.partition[0]: file for file in table_files(table, ("id", "amount", "store", "unknown"))}
    assert {store: dict(file.statistics) for store, file in files.items()} == {
        "O'Neill 5%": {"store": ("O'Neill 5%",) * 2, "id": ("A", "B"), "amount": (1, 2)},
        "x:y": {"store": ("x:y", "x:y"), "id": ("C", "C")},
        None: {},
    }
    assert {store: file.rows for store, file in files.items()} == {"O'Neill 5%": 2, "x:y": 1, None: 1}
    for file in files.values():
        on_disk = tmp_path / "t" / file.path
        assert (on_disk.stat().st_size, on_disk.name) == (file.bytes, file.name)
    assert {tuple(file.statistics) for file in table_files(table)} == {("store",), ()}


def test_totals_are_those_of_the_files(table: DeltaTable, tmp_path: Path) -> None:
    size = sum(file.stat().st_size for file in (tmp_path / "t").rglob("*.parquet"))
    assert totals_of(table) == TableTotals(rows=4, files=3, bytes=size)
    assert totals_of(table).bytes_per_row == size / 4
    table.delete()
    empty = totals_of(DeltaTable(str(tmp_path / "t")))
    assert (empty, empty.bytes_per_row) == (TableTotals(0, 0, 0), 0)
