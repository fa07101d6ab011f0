"""Measures layouts: how much questions open, what thirty nights write, how long queries take: `make bench-layout`.

Figures are kept in benchmarks/results/layout.json; docs/benchmarks/layout.md is written from them alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable

from deltalake import DeltaTable

from benchmarks.layout import nights, page
from benchmarks.layout.results import QualityRun, QueryRun, save
from benchmarks.layout.tables import (
    DAYS,
    FILES,
    OURS_DAY,
    OURS_MONTH,
    RANDOM,
    STORES,
    WAYS,
    Bench,
    every_day,
    every_store,
    make_source,
)
from benchmarks.shared import command, machine
from benchmarks.shared.command import Folders
from benchmarks.shared.store import today
from lakehouse.lake.table_files import table_files
from lakehouse.layout.files import row_groups
from lakehouse.layout.measure import QUERIES, mean_read_amplification, query_reads
from lakehouse.publish.engine import open_engine

SUITES = ("quality", "nights", "queries")
ASKED_TABLES = (RANDOM, OURS_MONTH, OURS_DAY)
ROUNDS = 3


def quality(bench: Bench, way: str) -> QualityRun:
    """Lay the table out in one way, then count what the four questions open, in the log and in the footers."""
    start = time.perf_counter()
    path = WAYS[way](bench)
    seconds = time.perf_counter() - start
    table = DeltaTable(str(path))
    files = table_files(table, ("dt", "store_id"))
    groups = row_groups(table, files, ("dt", "store_id"))
    opened, in_groups = (query_reads(each, every_day(), every_store()) for each in (files, groups))
    return QualityRun(
        way=way,
        rows=sum(file.rows for file in files),
        files=len(files),
        bytes=sum(file.bytes for file in files),
        seconds=round(seconds, 1),
        shares=tuple(round(each.share, 6) for each in opened),
        ratio=round(mean_read_amplification(opened), 3),
        row_groups=len(groups),
        group_rows_shares=tuple(round(each.rows_share, 6) for each in in_groups),
        group_ratio=round(mean_read_amplification(in_groups), 3),
    )


def conditions(number: int) -> dict[str, str]:
    """The four questions of one round, each round other days and stores."""
    days, stores = every_day(), every_store()
    day, store = days[(97 * number + 40) % (DAYS - 7)], stores[(389 * number + 11) % STORES]
    week = f"dt BETWEEN date'{day}' AND date'{days[days.index(day) + 6]}'"
    ten = ", ".join(f"'{name}'" for name in stores[number :: STORES // 10][:10])
    one, other = f"dt = date'{day}'", f"store_id = '{store}'"
    return dict(zip(QUERIES, (one, other, f"{one} AND {other}", f"{week} AND store_id IN ({ten})"), strict=True))


def query_times(bench: Bench, way: str) -> list[QueryRun]:
    """Seconds of the four questions, by DuckDB and by Spark, after one round that does not count."""
    path = bench.table(way)
    duckdb = open_engine(reads_delta=True)

    def by_duckdb(where: str) -> object:
        return duckdb.execute(f"SELECT count(*), sum(amount) FROM delta_scan('{path}') WHERE {where}").fetchall()

    def by_spark(where: str) -> object:
        return bench.spark.sql(f"SELECT count(*), sum(amount) FROM delta.`{path}` WHERE {where}").collect()

    return [
        QueryRun(way, engine, question, tuple(_seconds(ask, question, number) for number in range(ROUNDS + 1))[1:])
        for engine, ask in (("DuckDB", by_duckdb), ("Spark", by_spark))
        for question in QUERIES
    ]


def _seconds(ask: Callable[[str], object], question: str, number: int) -> float:
    start = time.perf_counter()
    ask(conditions(number)[question])
    return round(time.perf_counter() - start, 4)


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = command.parser("layout", __doc__, "20,000 rows and three nights")
    options.add_argument("--suites", default=",".join(SUITES), help="suites (default: %(default)s)")
    options.add_argument("--ways", help="ways of the suite, separated by ; (default: all)")
    options.add_argument("--rows", type=int, default=10_000_000, help="rows of the table (default: %(default)s)")
    return options


def main(argv: list[str]) -> int:
    """Measure, then write the page."""
    return command.run("layout", parser().parse_args(argv), measure, page.write)


def measure(given: argparse.Namespace, folders: Folders) -> None:
    """Run the suites that were asked for; results are kept after each way."""
    work = folders.work
    if given.small:
        shutil.rmtree(work, ignore_errors=True)
    spark = command.start_spark(given, work)
    rows = 20_000 if given.small else given.rows
    source = make_source(spark, work / f"source-{rows}", rows)
    size = sum(file.stat().st_size for file in source.glob("*.parquet"))
    bench = Bench(spark, source, work, size // FILES)
    setting = {"machine": machine.machine(), "versions": machine.versions(spark)}
    number, per_night = (3, 500) if given.small else (nights.NIGHTS, nights.PER_NIGHT)

    def kept(suite: str, runs: list[object]) -> None:
        save(folders.results, setting, suite, runs, today())
        for run in runs:
            print(f"{time.strftime('%H:%M:%S')} {run}", file=sys.stderr, flush=True)

    suites = given.suites.split(",")
    for way in _ways(given, "quality" in suites, list(WAYS)):
        kept("quality", [quality(bench, way)])
    for way in _ways(given, "nights" in suites, list(nights.WAYS)):
        kept("nights", [nights.thirty_nights(bench, way, number, per_night)])
    for way in ASKED_TABLES if "queries" in suites else ():
        kept("queries", list(query_times(bench, way)))
    spark.stop()


def _ways(given: argparse.Namespace, wanted: bool, known: list[str]) -> list[str]:
    return [way for way in known if wanted and (given.ways is None or way in given.ways.split(";"))]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
