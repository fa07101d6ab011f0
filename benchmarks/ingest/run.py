"""Times ingest into bronze against Spark's own read, cast and write, and against DuckDB: `make bench-ingest`.

One file of order lines (CSV) and one of events (JSON Lines) at each size, every engine in turn. Figures
are kept in benchmarks/results/ingest.json; docs/benchmarks/ingest.md is written from them and from nothing else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

from benchmarks.ingest import files, page
from benchmarks.ingest.results import ENGINES, FORMATS, IngestRun, IngestSetting, save
from benchmarks.shared import command, machine
from benchmarks.shared.command import Folders
from benchmarks.shared.store import today
from lakehouse.contracts.choices import FileFormat
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import find_project
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context

DATASETS = {"CSV": "erp_orders", "JSON Lines": "web_events"}


@dataclass(frozen=True)
class Bench:
    """What every engine is given, and a folder that it may fill."""

    spark: SparkSession
    dataset: Dataset
    file: Path
    out: Path


def ingest(bench: Bench) -> tuple[int, int]:
    """The job into an empty lake; the rows in bronze, and those in quarantine."""
    context = Context(find_project(), Lake.at(str(bench.out)), lambda: bench.spark)
    (result,) = ingest_domain(context, context.contracts.of(bench.dataset.domain))
    return result.rows_readable, result.rows_unreadable


def spark_alone(bench: Bench) -> tuple[int, int]:
    """Read as text, try_cast each column, write Parquet; it has no quarantine."""
    kinds = {column.name: column.spark_type if column.fields else "string" for column in bench.dataset.columns}
    reader = bench.spark.read.schema(", ".join(f"`{name}` {kind}" for name, kind in kinds.items()))
    is_csv = bench.dataset.file_format is FileFormat.CSV
    rows = reader.csv(str(bench.file), header=True) if is_csv else reader.json(str(bench.file))
    typed = [f"try_cast(`{c.name}` AS {c.spark_type}) AS `{c.name}`" for c in bench.dataset.columns]
    rows.selectExpr(*typed).write.parquet(str(bench.out / "rows"))
    return _written(bench), 0


def duckdb_alone(bench: Bench) -> tuple[int, int]:
    """The same in DuckDB; an object stays the struct that its reader makes of it."""
    is_csv = bench.dataset.file_format is FileFormat.CSV
    read = "read_csv('{}', all_varchar = true)" if is_csv else "read_json('{}', format = 'newline_delimited')"
    kinds = {"timestamp": "timestamptz", "string": "varchar"}
    typed = [
        f'"{c.name}"' if c.fields else f'try_cast("{c.name}" AS {kinds.get(c.type, c.type)}) AS "{c.name}"'
        for c in bench.dataset.columns
    ]
    bench.out.mkdir(parents=True, exist_ok=True)
    (bench.out / "rows").mkdir()
    with duckdb.connect() as connection:
        select = f"SELECT {', '.join(typed)} FROM {read.format(bench.file)}"
        connection.execute(f"COPY ({select}) TO '{bench.out}/rows/rows.parquet' (FORMAT parquet)")
    return _written(bench), 0


def _written(bench: Bench) -> int:
    with duckdb.connect() as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM '{bench.out}/rows/*.parquet'").fetchall()[0]
    return int(count)


WAYS: Mapping[str, Callable[[Bench], tuple[int, int]]] = {
    "ingest": ingest,
    "Spark": spark_alone,
    "DuckDB": duckdb_alone,
}


def measured(bench: Bench, engine: str, file_format: str, rows: int, number: int) -> IngestRun:
    """One engine once, into an empty folder; only ingest finds the file in a lake."""
    shutil.rmtree(bench.out, ignore_errors=True)
    landing = Path(Lake.at(str(bench.out)).landing(bench.dataset.domain)) / bench.file.name
    if engine == "ingest":
        landing.parent.mkdir(parents=True)
        os.link(bench.file, landing)
    group = f"{engine}-{uuid.uuid4()}"
    bench.spark.sparkContext.setJobGroup(group, engine)
    start = time.perf_counter()
    taken, kept_out = WAYS[engine](bench)
    seconds = time.perf_counter() - start
    jobs, tasks = jobs_and_tasks(bench.spark, group)
    unfit = sum(map(files.is_unfit, range(rows))) if engine == "ingest" else 0
    run = IngestRun(
        engine, file_format, rows, bench.file.stat().st_size, number, round(seconds, 3), jobs, tasks,
        (taken, kept_out) == (rows - unfit, unfit),
    )  # fmt: skip
    print(f"{time.strftime('%H:%M:%S')} {file_format}, {rows:,} rows, round {number}, {engine}: {seconds:.2f} s, "
          f"{jobs} jobs, {tasks} tasks", file=sys.stderr, flush=True)  # fmt: skip
    return run


def jobs_and_tasks(spark: SparkSession, group: str) -> tuple[int, int]:
    """The Spark jobs of a group, and their tasks."""
    tracker = spark.sparkContext.statusTracker()
    jobs = [job for number in tracker.getJobIdsForGroup(group) if (job := tracker.getJobInfo(number))]
    stages = [tracker.getStageInfo(stage) for job in jobs for stage in job.stageIds]
    return len(jobs), sum(stage.numTasks for stage in stages if stage and stage.numCompletedTasks)


def contest(bench: Bench, file_format: str, rows: int, rounds: int, warm_ups: int) -> list[IngestRun]:
    """Every engine once a round, in an order that turns."""
    runs: list[IngestRun] = []
    for number in range(1 - warm_ups, rounds + 1):
        turn = number % len(ENGINES)
        found = [measured(bench, e, file_format, rows, number) for e in (*ENGINES[turn:], *ENGINES[:turn])]
        if wrong := [run.engine for run in found if not run.right]:
            raise AssertionError(f"{file_format}, {rows:,} rows: {', '.join(wrong)} took other rows than the file has")
        runs += found if number > 0 else []
    return runs


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = command.with_rounds(command.parser("ingest", __doc__, "one round of 2,000 rows"), 3)
    options.add_argument("--rows", default="1000000,4000000", help="sizes (default: %(default)s)")
    options.add_argument("--formats", default=",".join(FORMATS), help="kinds of file (default: %(default)s)")
    return options


def main(argv: list[str]) -> int:
    """Measure, then write the page."""
    return command.run("ingest", parser().parse_args(argv), measure, page.write)


def measure(given: argparse.Namespace, folders: Folders) -> None:
    """Measure each format at each size; results are kept after each."""
    spark = command.start_spark(given, folders.work)
    sizes = [2_000] if given.small else [int(part) for part in given.rows.split(",")]
    rounds, warm_ups = (1, 0) if given.small else (given.rounds, 1)
    setting = IngestSetting(machine.machine(), machine.versions(spark))
    contracts = find_project().contracts
    for rows in sizes:
        for file_format in given.formats.split(","):
            bench = Bench(spark, contracts.dataset(DATASETS[file_format]), Path(), folders.work / "out")
            header = ",".join(bench.dataset.column_names)
            is_csv = bench.dataset.file_format is FileFormat.CSV
            own = folders.work / "files"
            file = files.make_orders(own, rows, header) if is_csv else files.make_events(own, rows)
            runs = contest(replace(bench, file=file), file_format, rows, rounds, warm_ups)
            save(folders.results, setting, runs, today())
    spark.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
