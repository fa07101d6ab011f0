"""Counts what a run reads and writes on S3 as a function of its number: `make bench-year`.

Figures are kept in benchmarks/results/year.json; docs/benchmarks/year.md is written from them and from nothing else.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from benchmarks.shared import command, machine
from benchmarks.shared.command import ROOT, Folders
from benchmarks.shared.store import today
from benchmarks.year import page
from benchmarks.year.earlier_runs import enter_runs
from benchmarks.year.idle_runs import idle_runs
from benchmarks.year.results import YearResults, YearRun, save
from benchmarks.year.s3 import BUCKET, CountingS3, counting_s3, reads_and_writes
from lakehouse.contracts.layers import LAYERS
from lakehouse.contracts.project import find_project
from lakehouse.lake.paths import Lake

PREFIX = "year"
DATASET, LINES = "erp_orders", 20
HEADER = (
    "order_id,line_number,store_id,customer_id,product_id,quantity,unit_price,discount_amount,status,ordered_at,"
    "updated_at,is_deleted"
)
IDLE = (10, 100, 1000, 3000)
FIRST_DAY = datetime(2026, 10, 20, tzinfo=UTC)


def parser() -> argparse.ArgumentParser:
    """The options of the benchmark."""
    options = command.parser("year", __doc__, "60 runs, of which the first 3 and the last 3 are whole")
    options.add_argument("--runs", type=int, default=3_050, help="runs of the lake (default: %(default)s)")
    options.add_argument("--early", type=int, default=10, help="whole runs before (default: %(default)s)")
    options.add_argument("--late", type=int, default=50, help="whole runs at the end (default: %(default)s)")
    return options


def delivery(folder: Path, number: int) -> Path:
    """The file of a run: order lines of an hour, which no other run delivers."""
    hour = f"{FIRST_DAY + timedelta(hours=number):%Y-%m-%dT%H:00:00Z}"
    lines = [
        f"SO-{number:05}{line:02},1,S00{line % 3 + 1},,P0040,1,50.00,0.00,paid,{hour},{hour},false"
        for line in range(LINES)
    ]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / f"{DATASET}_{number}.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    return folder


def whole_run(s3: CountingS3, landing: Path, number: int) -> YearRun:
    """Run the whole lakehouse on a delivery, as a person does, and count its requests."""
    s3.requests()
    start = time.monotonic()
    words = ["local_runner.py", "--output-dir", f"s3://{BUCKET}/{PREFIX}", "--landing-dir", str(landing)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"run {number} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    run = YearRun(number, *reads_and_writes(s3.requests()), round(time.monotonic() - start, 1))
    print(run, flush=True)
    return run


def enter(s3: CountingS3, folder: Path, until: int) -> None:
    """Enter runs up to that number: on a disk, for there it is quick, and back on S3."""
    shutil.rmtree(folder, ignore_errors=True)
    s3.download(PREFIX, folder)
    contracts = find_project().contracts
    dataset = contracts.dataset(DATASET)
    enter_runs(Lake.at(str(folder)), contracts.of(dataset.domain), dataset, until)
    s3.upload(folder / "curated", f"{PREFIX}/curated")


def life(work: Path, runs: int, early: int, late: int) -> list[YearRun]:
    """A lake's life: whole runs, runs that are only entered, whole runs."""
    import boto3

    with counting_s3() as s3:
        for database in (*LAYERS, "pinned"):  # as Terraform does
            boto3.client("glue").create_database(DatabaseInput={"Name": database})
        whole_run(s3, ROOT / "samples", 1)
        counted = [whole_run(s3, delivery(work / "landing", n), n) for n in range(2, early + 2)]
        enter(s3, work / "lake", runs - late - 1)
        whole_run(s3, delivery(work / "landing", runs - late), runs - late)
        return counted + [whole_run(s3, delivery(work / "landing", n), n) for n in range(runs - late + 1, runs + 1)]


def measure(given: argparse.Namespace, folders: Folders) -> None:
    """Count the requests of runs that find nothing, then those of a lake's life, and keep the results."""
    runs, early, late = (60, 3, 3) if given.small else (given.runs, given.early, given.late)
    with counting_s3() as s3:
        shutil.rmtree(folders.work / "idle", ignore_errors=True)
        idle = tuple(idle_runs(s3, find_project(), folders.work / "idle", IDLE[:2] if given.small else IDLE))
    counted = life(folders.work, runs, early, late)
    names = ("pyspark", "delta-spark", "deltalake", "moto")
    versions = {name: version(name) for name in names} | {"Python": platform.python_version()}
    entered = runs - early - late - 2
    save(folders.results, YearResults(machine.machine(), versions, today(), entered, tuple(counted), idle))


def main(argv: list[str]) -> int:
    """Measure, then write the page."""
    return command.run("year", parser().parse_args(argv), measure, page.write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
