"""Thirty nights: a day's load with 2 % late rows each, and what keeping the table clustered writes beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deltalake import DeltaTable
from pyspark.sql import DataFrame

from benchmarks.layout.results import NightsRun
from benchmarks.layout.tables import (
    FIRST,
    Bench,
    bytes_added,
    every_store,
    maintain,
    optimize,
    order_lines,
    statistics_of,
)
from lakehouse.contracts.layout import Layout, layout_for
from lakehouse.lake.table_files import table_files
from lakehouse.layout.first_write import clustered
from lakehouse.layout.measure import effective_files, mean_read_amplification, query_reads

NIGHTS, LATE_PERCENT, LATE_DAYS = 30, 2, 10
PER_NIGHT = 28_000

PLAIN = "loads alone"
MONTH, TOUCHED = "Z-Order of the month, nightly", "Z-Order of touched days, nightly"
LIQUID = "liquid clustering, OPTIMIZE nightly"
OURS_MONTH, OURS_DAY = "ours, month partitions", "ours, dt partitions"


@dataclass(frozen=True)
class Way:
    """How a night's rows are written, and what is done after."""

    partition_by: tuple[str, ...]
    load: Callable[[Bench, DataFrame], DataFrame]
    keep: Callable[[Bench, Path, int], object]
    clusters_itself: bool = False


def _plain(bench: Bench, rows: DataFrame) -> DataFrame:
    return rows.coalesce(1)


def _ours(*partition_by: str) -> Way:
    cluster_by = ["dt", "store_id"] if partition_by == ("month",) else ["store_id", "id"]

    def layout(bench: Bench) -> Layout:
        return layout_for(partition_by, cluster_by, ["id"], bench.target_bytes)

    return Way(
        partition_by,
        lambda bench, rows: clustered(rows, layout(bench), PER_NIGHT),
        lambda bench, path, night: maintain(bench.spark, path, layout(bench)),
    )


def _of_month(bench: Bench, path: Path, night: int) -> None:
    optimize(bench, path, "ZORDER BY (dt, store_id)", f"WHERE month = '{FIRST:%Y-%m}'")


def _of_touched_days(bench: Bench, path: Path, night: int) -> None:
    first, last = (FIRST + timedelta(days=max(0, night - back)) for back in (LATE_DAYS, 0))
    optimize(bench, path, "ZORDER BY (store_id)", f"WHERE dt BETWEEN '{first}' AND '{last}'")


WAYS: Mapping[str, Way] = {
    PLAIN: Way((), _plain, lambda bench, path, night: None),
    MONTH: Way(("month",), _plain, _of_month),
    TOUCHED: Way(("dt",), _plain, _of_touched_days),
    # "With default settings": its OPTIMIZE alone decides which files it takes; only the size of a file is ours.
    LIQUID: Way((), _plain, lambda bench, path, night: optimize(bench, path, ""), clusters_itself=True),
    OURS_MONTH: _ours("month"),
    OURS_DAY: _ours("dt"),
}


def night_of(bench: Bench, night: int, per_night: int) -> DataFrame:
    """The rows of one night: its own day, and a few of the ten days before."""
    ids = bench.spark.range(night * per_night, (night + 1) * per_night, 1, 1)
    back = f"if({night} > 0 and pmod(xxhash64(id, 8), 100) < {LATE_PERCENT}, "
    back += f"cast(1 + pmod(xxhash64(id, 9), {min(LATE_DAYS, max(night, 1))}) AS int), 0)"
    return order_lines(ids, f"{night} - {back}")


def thirty_nights(bench: Bench, name: str, nights: int, per_night: int) -> NightsRun:
    """Load and keep a table night by night; what was written in all, and how it lies at the end."""
    way, path = WAYS[name], bench.table(f"nights {name}")
    shutil.rmtree(path, ignore_errors=True)
    if way.clusters_itself:
        schema = ", ".join(f"{column} {kind}" for column, kind in night_of(bench, 0, per_night).dtypes)
        bench.spark.sql(f"CREATE TABLE delta.`{path}` ({schema}) USING delta CLUSTER BY (dt, store_id)")
    loaded = 0
    for night in range(nights):
        before = bytes_added(path)
        writer = way.load(bench, night_of(bench, night, per_night)).write.format("delta").mode("append")
        if not way.clusters_itself:
            writer = writer.partitionBy(*way.partition_by).options(**statistics_of(way.partition_by))
        writer.save(str(path))
        loaded += bytes_added(path) - before
        way.keep(bench, path, night)
    files = table_files(DeltaTable(str(path)), ("dt", "store_id"))
    days = [FIRST + timedelta(days=night) for night in range(nights)]
    opened = query_reads(files, days, every_store())
    return NightsRun(
        way=name,
        nights=nights,
        bytes_loaded=loaded,
        bytes_written=bytes_added(path),
        files=len(files),
        effective_files=round(effective_files(files), 1),
        shares=tuple(round(each.share, 5) for each in opened),
        ratio=round(mean_read_amplification(opened), 3),
        rows=sum(file.rows for file in files),
    )
