"""Whole runs on a disk, each on a copy of one lake, with a delivery of 1, 4 and 16 times a size."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.ingest.files import make_orders
from benchmarks.scale.results import StepRun, Written
from benchmarks.shared.command import ROOT
from benchmarks.year.run import HEADER
from lakehouse.lake.delta_log import open_table, read_rows
from lakehouse.lake.paths import Lake

DOMAINS = ("erp", "marts")
TABLES = ("bronze/erp_orders", "silver/erp_orders")


def whole_runs(work: Path, sizes: list[int]) -> tuple[list[StepRun], list[Written]]:
    """The steps of the domain that gets the delivery and of the marts, and what was written."""
    steps: list[StepRun] = []
    written: list[Written] = []
    first = work / "first"
    shutil.rmtree(first, ignore_errors=True)
    _run(first, ROOT / "samples")
    for lines in sizes:
        lake, landing = work / f"lake-{lines}", work / f"landing-{lines}"
        shutil.rmtree(lake, ignore_errors=True)
        shutil.copytree(first, lake)
        delivered = make_orders(landing, lines, HEADER).stat().st_size
        before = {table: _files(lake, table) for table in TABLES}
        _run(lake, landing)
        steps += _steps(Lake.at(str(lake)), delivered)
        for table in TABLES:
            new = _files(lake, table).keys() - before[table].keys()
            sizes_of = _files(lake, table)
            written.append(Written(delivered, table.split("/")[0], len(new), sum(sizes_of[name] for name in new)))
    return steps, written


def _run(lake: Path, landing: Path) -> None:
    words = ["local_runner.py", "--output-dir", str(lake), "--landing-dir", str(landing)]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the run on {landing} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def _files(lake: Path, table: str) -> dict[str, int]:
    opened = open_table(f"{lake}/curated/{table}")
    assert opened is not None
    found = opened.file_uris()
    return {uri: Path(uri.removeprefix("file://")).stat().st_size for uri in found}


def _steps(lake: Lake, delivered: int) -> Iterator[StepRun]:
    """The seconds of each step in the newest run, by the run's own record."""
    rows = read_rows(lake.ops("steps"))
    newest = max(rows, key=lambda row: row["recorded_at"])["run_id"]
    seconds: Counter[str] = Counter()
    for row in rows:
        if row["run_id"] == newest and row["domain"] in DOMAINS:
            seconds[f"{row['step']} {row['domain']}"] += row["seconds"]
    yield from (StepRun(delivered, step, round(took, 2)) for step, took in sorted(seconds.items()))
