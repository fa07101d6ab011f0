"""Measures steps, ledgers and logs at 1, 4 and 16 times a size, and reads a model at five years: `make bench-scale`.

Figures are kept in benchmarks/results/scale.json; docs/scale.md is written from them and from nothing else.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from importlib.metadata import version

from benchmarks.scale import page
from benchmarks.scale.results import ScaleResults, save
from benchmarks.scale.whole_runs import whole_runs
from benchmarks.scale.without_spark import files_known, table_log
from benchmarks.shared import command, machine
from benchmarks.shared.command import Folders
from benchmarks.shared.store import today
from lakehouse.contracts.project import find_project

TIMES = (1, 4, 16)


def measure(given: argparse.Namespace, folders: Folders) -> None:
    """Measure each size, and keep the results."""
    part = 10 if given.small else 1
    shutil.rmtree(folders.work, ignore_errors=True)
    known = [files_known(find_project(), folders.work, 20_000 * times // part) for times in TIMES]
    logs = [table_log(folders.work, 1_000 * times // part) for times in TIMES]
    steps, written = whole_runs(folders.work, [25_000 * times // part for times in TIMES])
    versions = {name: version(name) for name in ("pyspark", "delta-spark", "deltalake")}
    about = (machine.machine(), versions | {"Python": platform.python_version()}, today(), os.cpu_count() or 1)
    save(folders.results, ScaleResults(*about, tuple(known), tuple(logs), tuple(steps), tuple(written)))


def main(argv: list[str]) -> int:
    """Measure, then write the page."""
    given = command.parser("scale", __doc__, "a tenth of each size").parse_args(argv)
    return command.run("scale", given, measure, page.write)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
