"""The tables of the layout benchmark: order lines of 360 days and 1,000 stores, and each way to lay them out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.contracts.layout import Layout, layout_for
from lakehouse.lake.tables import session_settings
from lakehouse.layout.declared import DeclaredTable
from lakehouse.layout.first_write import clustered
from lakehouse.layout.maintain import carry_out, plan_table

FIRST = date(2025, 1, 1)
DAYS, STORES = 360, 1_000
FILES = 60

RANDOM, DT_ALONE = "rows in no order", "dt partitions alone"
ZORDER, MONTH_ZORDER = "Spark Z-Order", "month partitions, Spark Z-Order"
LIQUID, DELTA_RS = "liquid clustering", "delta-rs z_order"
OURS_NONE, OURS_MONTH, OURS_DAY = "ours, no partitions", "ours, month partitions", "ours, dt partitions"


@dataclass(frozen=True)
class Bench:
    """What every way is given: a session, the rows, about how many bytes a file should have."""

    spark: SparkSession
    source: Path
    work: Path
    target_bytes: int

    def rows(self) -> DataFrame:
        """The order lines, in no order."""
        return self.spark.read.parquet(str(self.source))

    def table(self, name: str) -> Path:
        """Where the table of a way lies."""
        return self.work / name.replace(" ", "-").replace(",", "")


def order_lines(ids: DataFrame, day: str) -> DataFrame:
    """Order lines made from their number alone; a few stores sell much and most little. day: SQL of the days since."""
    share = "pmod(xxhash64(id, {seed}), 1000000) / 1000000.0D"
    store = f"cast(floor(pow({share.format(seed=2)}, 2) * {STORES}) AS int)"
    return ids.selectExpr(
        "id",
        "concat('O', lpad(cast(pmod(xxhash64(id, 5), 9999999999) AS string), 10, '0')) AS order_id",
        # Stores of one size are not neighbours by name.
        f"format_string('S%03d', pmod({store} * 617, {STORES})) AS store_id",
        f"date_add(date'{FIRST}', {day}) AS dt",
        "cast(1 + pmod(xxhash64(id, 3), 5) AS int) AS quantity",
        "cast(pmod(xxhash64(id, 4), 100000) / 100 AS decimal(12,2)) AS amount",
    ).withColumn("month", F.date_format("dt", "yyyy-MM"))


def make_source(spark: SparkSession, path: Path, rows: int) -> Path:
    """The rows of the table, written once."""
    if not (path / "_SUCCESS").is_file():
        day = f"cast(pmod(xxhash64(id, 1), {DAYS}) AS int)"
        order_lines(spark.range(0, rows, 1, 8), day).write.mode("overwrite").parquet(str(path))
    return path


def every_day() -> list[date]:
    """The days of the table."""
    return [FIRST + timedelta(days=number) for number in range(DAYS)]


def every_store() -> list[str]:
    """The stores of the table."""
    return [f"S{number:03}" for number in range(STORES)]


def write(bench: Bench, rows: DataFrame, name: str, partition_by: tuple[str, ...] = ()) -> Path:
    """A new table."""
    path = bench.table(name)
    shutil.rmtree(path, ignore_errors=True)
    rows.write.format("delta").partitionBy(*partition_by).options(**statistics_of(partition_by)).save(str(path))
    return path


def statistics_of(partition_by: tuple[str, ...]) -> dict[str, str]:
    """The same statistics for every way."""
    names = [name for name in ("id", "store_id", "dt") if name not in partition_by]
    return {"delta.dataSkippingStatsColumns": ",".join(names)}


def in_no_order(bench: Bench) -> Path:
    """Every file holds rows of every day and store."""
    return write(bench, bench.rows().repartition(FILES), RANDOM)


def dt_alone(bench: Bench) -> Path:
    """A file a day, its rows in no order."""
    return write(bench, bench.rows().repartition(FILES, "dt"), DT_ALONE, ("dt",))


def zorder(bench: Bench) -> Path:
    """OPTIMIZE … ZORDER BY of the table in no order."""
    path = _copy(bench, RANDOM, ZORDER)
    optimize(bench, path, "ZORDER BY (dt, store_id)")
    return path


def month_zorder(bench: Bench) -> Path:
    """The same within months."""
    path = write(bench, bench.rows().repartition(8), MONTH_ZORDER, ("month",))
    optimize(bench, path, "ZORDER BY (dt, store_id)")
    return path


def liquid(bench: Bench) -> Path:
    """CLUSTER BY, then OPTIMIZE."""
    path = bench.table(LIQUID)
    shutil.rmtree(path, ignore_errors=True)
    schema = ", ".join(f"{name} {kind}" for name, kind in bench.rows().dtypes)
    told = ", ".join(f"'{name}' = '{value}'" for name, value in statistics_of(()).items())
    bench.spark.sql(
        f"CREATE TABLE delta.`{path}` ({schema}) USING delta CLUSTER BY (dt, store_id) TBLPROPERTIES ({told})"
    )
    bench.rows().repartition(FILES).write.format("delta").mode("append").save(str(path))
    optimize(bench, path, "FULL")
    return path


def delta_rs(bench: Bench) -> Path:
    """delta-rs' own z_order."""
    path = _copy(bench, RANDOM, DELTA_RS)
    DeltaTable(str(path)).optimize.z_order(["dt", "store_id"], target_size=bench.target_bytes)
    return path


def ours(name: str, partition_by: tuple[str, ...], cluster_by: tuple[str, ...]) -> Callable[[Bench], Path]:
    """Maintenance of a table whose rows lie in no order."""

    def made(bench: Bench) -> Path:
        layout = layout_for(partition_by, cluster_by, ["id"], bench.target_bytes)
        path = write(bench, bench.rows().repartition(FILES if not partition_by else 8), name, partition_by)
        maintain(bench.spark, path, layout)
        return path

    return made


def ours_at_once(bench: Bench) -> Path:
    """Day partitions as merge writes them the first time; there is nothing left for maintenance."""
    layout = layout_for(["dt"], ["store_id", "id"], ["id"], bench.target_bytes)
    rows = bench.rows()
    path = write(bench, clustered(rows, layout, rows.count(), 30), OURS_DAY, ("dt",))
    maintain(bench.spark, path, layout)
    return path


WAYS: Mapping[str, Callable[[Bench], Path]] = {
    RANDOM: in_no_order,
    DT_ALONE: dt_alone,
    ZORDER: zorder,
    MONTH_ZORDER: month_zorder,
    LIQUID: liquid,
    DELTA_RS: delta_rs,
    OURS_NONE: ours(OURS_NONE, (), ("dt", "store_id")),
    OURS_MONTH: ours(OURS_MONTH, ("month",), ("dt", "store_id")),
    OURS_DAY: ours_at_once,
}


def maintain(spark: SparkSession, path: Path, layout: Layout) -> bool:
    """What `lakehouse maintain` does to one table's files; False when there was nothing to do."""
    table = DeclaredTable("silver", path.name, "bench", str(path), layout)
    plan = plan_table(table, 1 << 40)
    if plan.tasks:
        with session_settings(spark, layout.write_settings):
            assert carry_out(spark, table, plan) is not None  # nobody else writes
    return bool(plan.tasks)


def optimize(bench: Bench, path: Path, words: str, where: str = "") -> None:
    """Delta's OPTIMIZE with the files' size lowered; without that it makes one file a partition."""
    with session_settings(bench.spark, {"spark.databricks.delta.optimize.maxFileSize": str(bench.target_bytes)}):
        bench.spark.sql(f"OPTIMIZE delta.`{path}` {where} {words}").collect()


def bytes_added(path: Path) -> int:
    """Bytes of every data file that any commit added."""
    lines = (line for file in (path / "_delta_log").glob("*.json") for line in file.read_text().splitlines())
    actions = (json.loads(line) for line in lines)
    return sum(action["add"]["size"] for action in actions if "add" in action)


def _copy(bench: Bench, source: str, name: str) -> Path:
    if not bench.table(source).is_dir():
        in_no_order(bench)
    shutil.rmtree(bench.table(name), ignore_errors=True)
    return Path(shutil.copytree(bench.table(source), bench.table(name)))
