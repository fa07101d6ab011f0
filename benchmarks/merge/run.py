"""Measures the merge and its peers and writes docs/benchmarks.md: `make bench`, or `make bench SMALL=1` for a try."""

from __future__ import annotations

import argparse
import dataclasses
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.merge import page, suites
from benchmarks.merge.engines import ROOT
from benchmarks.merge.histories import SMALL, Scale, Stock
from benchmarks.merge.results import SUITES, GivenUp, Results, Run, Setting, save
from benchmarks.merge.suites import Bench, Contest, Found
from benchmarks.shared import machine
from lakehouse.contracts.project import find_project
from lakehouse.runtime.session import local_session
from lakehouse.runtime.spark_settings import INTERPRETED

# A long run pays for the second compiler, and large histories want memory; a try wants neither.
JAVA = {"LAKEHOUSE_JAVA_OPTIONS": "-XX:TieredStopAtLevel=4", "LAKEHOUSE_DRIVER_MEMORY": "6g"}
SESSION = {"spark.databricks.delta.snapshotPartitions": "2"}


@dataclass(frozen=True)
class Sizes:
    """How large 1× is, and which sizes each suite runs at. warm_ups: rounds that do not count."""

    scale: Scale
    histories: tuple[int, ...]
    random: tuple[int, ...]
    scattered: int
    percents: tuple[float, ...]
    rounds: int
    warm_ups: int


@dataclass(frozen=True)
class Order:
    """What is to be measured, and where results and page are to be written."""

    only: tuple[str, ...]
    sizes: Sizes
    limit_seconds: float
    small: bool
    fresh: bool
    render: bool
    work: Path

    @property
    def results(self) -> Path:
        """A try must never take the place of kept results."""
        return self.work / "small" / "results" if self.small else ROOT / "benchmarks" / "results"

    @property
    def docs(self) -> Path:
        """Where the page and its plots are written."""
        return self.work / "small" if self.small else ROOT / "docs"


def parser() -> argparse.ArgumentParser:
    """The words of the command."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.merge.run", description=__doc__, allow_abbrev=False)
    words.add_argument("--only", default=",".join(SUITES), help="suites to run (default: %(default)s)")
    words.add_argument("--histories", default="1,4,16,64", help="multiples of 1 million rows (default: %(default)s)")
    words.add_argument("--rounds", type=int, default=5, help="rounds that count (default: %(default)s)")
    words.add_argument("--limit-seconds", type=float, default=300, help="a slower peer is given up for larger sizes")
    words.add_argument("--work", type=Path, default=ROOT / ".cache" / "benchmarks", help="folder of the histories")
    words.add_argument("--fresh", action="store_true", help="make the histories anew")
    words.add_argument("--small", action="store_true", help="one round of tiny tables; touches no kept result")
    words.add_argument("--render", action="store_true", help="only write the page from the kept results")
    return words


def ordered(argv: list[str]) -> Order:
    """The order of a command line; ends with exit code 2 for words that mean nothing."""
    words = parser()
    given = words.parse_args(argv)
    only = tuple(given.only.split(","))
    unknown = sorted(set(only) - set(SUITES))
    if unknown:
        words.error(f"--only: {', '.join(unknown)} is no suite; there are {', '.join(SUITES)}")
    if not all(part.isdecimal() and int(part) > 0 for part in given.histories.split(",")):
        words.error(f"--histories: {given.histories} is not a list of whole numbers like 1,4,16")
    histories = tuple(sorted({int(part) for part in given.histories.split(",")}))
    sizes = Sizes(Scale(), histories, (4, 16), 4, (0.01, 0.1, 1, 10), given.rounds, 5)
    if given.small:
        sizes = Sizes(SMALL, (1, 2), (2,), 2, (10,), 1, 0)
    return Order(
        only=only,
        sizes=sizes,
        limit_seconds=given.limit_seconds,
        small=given.small,
        fresh=given.fresh,
        render=given.render,
        work=given.work.resolve(),
    )


def bench_of(order: Order) -> Bench:
    """Start Spark and lay out the working folder."""
    for name, value in ({} if order.small else JAVA).items():
        os.environ.setdefault(name, value)
    project = find_project()
    settings = {**SESSION, **(INTERPRETED if order.small else {}), "spark.local.dir": str(order.work / "spark")}
    spark = local_session(project, settings)
    dataset = project.contracts.dataset("erp_orders")
    folder = order.work / ("small" if order.small else "full")
    if order.fresh:
        shutil.rmtree(folder / "histories", ignore_errors=True)
    return Bench(
        spark=spark,
        dataset=dataset,
        stock=Stock(spark, dataset, folder / "histories", order.sizes.scale),
        copies=folder / "copies",
        rounds=order.sizes.rounds,
        warm_ups=order.sizes.warm_ups,
        limit_seconds=order.limit_seconds,
        limit_bytes=machine.memory_bytes() // 2,
    )


def measure(order: Order, bench: Bench) -> None:
    """Run the suites that were asked for; results are kept after each size."""
    setting = Setting(
        machine=machine.machine(),
        versions=machine.versions(bench.spark),
        scale=dataclasses.asdict(order.sizes.scale),
        rounds=order.sizes.rounds,
        limit_seconds=order.limit_seconds,
    )

    def keep(suite: str, runs: Iterable[Run], given_up: Iterable[GivenUp] = ()) -> None:
        if suite in order.only:
            today = time.strftime("%Y-%m-%d", time.gmtime())
            save(order.results, Results(suite, setting, (today,), tuple(runs), tuple(given_up)))

    def contests(suite: str, sizes: Iterable[float], contest_of: Callable[[float], Contest]) -> None:
        found = Found()
        for size in sizes:
            suites.run(bench, contest_of(size), found)
            keep(suite, found.runs, found.given_up.values())
            if found.again:
                engines = {run.engine for run in found.again}
                keep("redelivery", found.again, [note for note in found.given_up.values() if note.engine in engines])

    sizes, again = order.sizes, "redelivery" in order.only
    if "day" in order.only or again:
        contests("day", sizes.histories, lambda size: suites.day_contest(bench, int(size), again))
    if "random" in order.only:
        contests("random", sizes.random, lambda size: suites.random_contest(bench, int(size)))
    if "scattered" in order.only:
        contests("scattered", sizes.percents, lambda size: suites.scattered_contest(bench, sizes.scattered, size))


def main(argv: list[str]) -> int:
    """Measure, then write the page; the exit code is 0 unless something went wrong."""
    order = ordered(argv)
    if not order.render:
        bench = bench_of(order)
        try:
            measure(order, bench)
        finally:
            bench.spark.stop()
            shutil.rmtree(bench.copies, ignore_errors=True)
    for path in page.write(order.results, order.docs):
        print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
