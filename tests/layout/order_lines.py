"""A table of order lines, scattered over files as if written without any layout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.layout import Layout, layout_for
from lakehouse.lake.table_files import table_files
from lakehouse.layout.declared import DeclaredTable
from lakehouse.layout.files import columns_of
from lakehouse.layout.maintain import MaintenanceResult, maintain_table
from lakehouse.layout.measure import mean_read_amplification, query_reads
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
    """A table of order lines in such a layout's folders."""
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


APPEND = "INSERT INTO {table} SELECT id + 1000000, store_id, dt, amount, month FROM {table} WHERE id % 10 = 3"
