"""Measures what a day's delivery costs each mart, and who is wrong after late rows: `make bench-marts`.

Figures are kept in benchmarks/results/marts.json; docs/benchmarks/marts.md is written from them alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from benchmarks.marts import page
from benchmarks.marts.lakes import CONTESTED, Silver
from benchmarks.marts.results import BUSY, LateRun, MartRun, save
from benchmarks.marts.ways import FULL, Way, ways_of, wrong_cells
from benchmarks.marts.work import measured
from benchmarks.merge.histories import SMALL, Scale, Stock
from benchmarks.shared import command, machine
from benchmarks.shared.command import Folders
from benchmarks.shared.store import today
from lakehouse.contracts.project import find_project
from lakehouse.transform.marts import MartBuild

SCALE = Scale(per_day=25_000, days=10, late=500)
# Parquet's vectored reads pass the counter of Hadoop's file system by.
COUNTED = {"spark.hadoop.parquet.hadoop.vectored.io.enabled": "false"}
LATE = (1, 1_000)
"""So many late rows come, one delivery after the other; a try has the first alone."""


def measure_size(
    spark: SparkSession, stock: Stock, history: int, work: Path
) -> tuple[list[MartRun], list[Way], Silver]:
    """One day's delivery into a history, then every mart in every way."""
    folder = work / f"lakes-{history}"
    shutil.rmtree(folder, ignore_errors=True)
    silver = Silver.of(stock, find_project(), history, folder / "silver")
    ways = ways_of(silver, find_project(), folder)
    for way in ways:
        way.first()
    silver.deliver("erp_orders", _batch(spark, stock.day_batch(history)))
    rows = stock.scale.rows(history)
    return [kept(spark, way, rows) for way in ways], ways, silver


def kept(spark: SparkSession, way: Way, rows: int) -> MartRun:
    """Bring a mart up to date once."""
    load, done = os.getloadavg()[0], list[MartBuild | None]()
    work = measured(spark, lambda: done.append(way.update()))
    built = done[0]
    run = MartRun(
        way.name, way.mart, rows, built.keys if built else 0, built.whole if built else None,
        work.jobs, work.bytes_read, work.bytes_written,
        None if load >= BUSY else round(work.seconds, 1), round(load, 1),
    )  # fmt: skip
    _say(run)
    return run


def measure_late(stock: Stock, history: int, numbers: Sequence[int], ways: list[Way], silver: Silver) -> list[LateRun]:
    """More and more corrections all over the history: in how many cells each way is wrong afterwards."""
    contest = [way for way in ways if way.mart == CONTESTED]
    (truth,) = [way for way in contest if way.name == FULL]
    rows, found = stock.scale.rows(history), []
    for late in (0, *numbers):
        if late:
            silver.deliver("erp_orders", _batch(silver.spark, stock.scattered_batch(history, 100 * late / rows)))
        for way in contest:
            way.update()
        found += [LateRun(way.name, rows, late, wrong_cells(way, truth)) for way in contest]
        _say(found[-len(contest) :])
    return found


def _batch(spark: SparkSession, path: Path) -> DataFrame:
    return spark.read.parquet(str(path))


def _say(words: object) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = command.parser("marts", __doc__, "8,000 rows and few late ones")
    options.add_argument("--histories", default="1,4,16", help="multiples of 250,000 rows (default: %(default)s)")
    options.add_argument("--late-at", default="1", help="the multiple at which late rows come, 0 for none")
    return options


def measure(given: argparse.Namespace, folders: Folders) -> None:
    """Run the sizes that were asked for; results are kept after each."""
    spark = command.start_spark(given, folders.work, COUNTED)
    scale = SMALL if given.small else SCALE
    stock = Stock(spark, find_project().contracts.dataset("erp_orders"), folders.work / "histories", scale)
    setting = {"machine": machine.machine(), "versions": machine.versions(spark)}
    for history in (1,) if given.small else map(int, given.histories.split(",")):
        runs, ways, silver = measure_size(spark, stock, history, folders.work)
        save(folders.results, setting, "runs", runs, today())
        if given.small or history == int(given.late_at):
            late = measure_late(stock, history, LATE[:1] if given.small else LATE, ways, silver)
            save(folders.results, setting, "late", late, today())
    spark.stop()


def main(argv: list[str]) -> int:
    """Measure, then write the page."""
    return command.run("marts", parser().parse_args(argv), measure, page.write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
