"""Measures the merge and its peers, and writes docs/benchmarks/merge.md: `make bench`, or `make bench SMALL=1`."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.merge import page, suites
from benchmarks.merge.histories import SMALL, Scale, Stock
from benchmarks.merge.results import SUITES, GivenUp, Results, Run, Setting, save
from benchmarks.merge.suites import Bench, Contest, Found
from benchmarks.shared import command, machine
from benchmarks.shared.command import Folders
from benchmarks.shared.store import today
from lakehouse.contracts.project import find_project

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
    folders: Folders
    given: argparse.Namespace


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = command.with_rounds(command.parser("merge", __doc__, "one round of tiny tables"), 5)
    options.add_argument("--only", default=",".join(SUITES), help="suites to run (default: %(default)s)")
    options.add_argument("--histories", default="1,4,16,64", help="multiples of 1 million rows (default: %(default)s)")
    options.add_argument("--limit-seconds", type=float, default=300, help="a slower peer is given up for larger sizes")
    options.add_argument("--fresh", action="store_true", help="make the histories again")
    return options


def ordered(argv: list[str]) -> Order:
    """The order of a command line; ends with exit code 2 for invalid values."""
    options = parser()
    given = options.parse_args(argv)
    only = tuple(given.only.split(","))
    unknown = sorted(set(only) - set(SUITES))
    if unknown:
        options.error(f"--only: {', '.join(unknown)} is no suite; there are {', '.join(SUITES)}")
    if not all(part.isdecimal() and int(part) > 0 for part in given.histories.split(",")):
        options.error(f"--histories: {given.histories} is not a list of whole numbers like 1,4,16")
    histories = tuple(sorted({int(part) for part in given.histories.split(",")}))
    sizes = Sizes(Scale(), histories, (4, 16), 4, (0.01, 0.1, 1, 10), given.rounds, 5)
    if given.small:
        sizes = Sizes(SMALL, (1, 2), (2,), 2, (10,), 1, 0)
    return Order(only, sizes, command.folders("merge", given), given)


def bench_of(order: Order) -> Bench:
    """Start Spark and lay out the working folder."""
    folder = order.folders.work
    spark = command.start_spark(order.given, folder, SESSION)
    dataset = find_project().contracts.dataset("erp_orders")
    if order.given.fresh:
        shutil.rmtree(folder / "histories", ignore_errors=True)
    return Bench(
        spark=spark,
        dataset=dataset,
        stock=Stock(spark, dataset, folder / "histories", order.sizes.scale),
        copies=folder / "copies",
        rounds=order.sizes.rounds,
        warm_ups=order.sizes.warm_ups,
        limit_seconds=order.given.limit_seconds,
        limit_bytes=machine.memory_bytes() // 2,
    )


def measure(order: Order, bench: Bench) -> None:
    """Run the suites that were asked for; results are kept after each size."""
    setting = Setting(
        machine=machine.machine(),
        versions=machine.versions(bench.spark),
        scale=dataclasses.asdict(order.sizes.scale),
        rounds=order.sizes.rounds,
        limit_seconds=order.given.limit_seconds,
    )

    def keep(suite: str, runs: Iterable[Run], given_up: Iterable[GivenUp] = ()) -> None:
        if suite in order.only:
            save(order.folders.results, Results(suite, setting, (today(),), tuple(runs), tuple(given_up)))

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
    if not order.given.render:
        bench = bench_of(order)
        try:
            measure(order, bench)
        finally:
            bench.spark.stop()
            shutil.rmtree(bench.copies, ignore_errors=True)
    command.print_written(page.write(order.folders.results, order.folders.docs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
