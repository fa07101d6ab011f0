"""New rows are cut along the layout when they are first written."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import functions as F

from lakehouse.lake.table_files import table_files
from lakehouse.layout.first_write import clustered
from lakehouse.layout.measure import read_amplification
from lakehouse.runtime.context import Context
from tests.layout.order_lines import LAYOUTS, ROWS, lines


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
