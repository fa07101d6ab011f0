"""The four suites: each runs its engines in turn on fresh copies of the same table and keeps what a run did."""

from __future__ import annotations

import dataclasses
import gc
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.merge.engines import Delivery, Engine, PeerError, engines_of_a_day, engines_of_random_keys, ours
from benchmarks.merge.histories import Keys, Stock
from benchmarks.merge.names import COPY_ON_WRITE, DELETION_VECTORS
from benchmarks.merge.results import GivenUp, Run
from benchmarks.merge.truth import Truth
from benchmarks.shared.table_changes import copied, listing, on_disk, written
from lakehouse.contracts.choices import MergeMode
from lakehouse.contracts.dataset import Dataset

READS = 5
MODES = {COPY_ON_WRITE: MergeMode.COPY_ON_WRITE, DELETION_VECTORS: MergeMode.DELETION_VECTORS}


class WrongResultError(AssertionError):
    """Our merge left a table that is not the expected one: no figure of it counts."""


@dataclass(frozen=True)
class Bench:
    """What every suite needs. rounds: those that count; so many warm-ups are run before them."""

    spark: SparkSession
    dataset: Dataset
    stock: Stock
    copies: Path
    rounds: int
    warm_ups: int
    limit_seconds: float
    limit_bytes: int


@dataclass(frozen=True)
class Contest:
    """Engines, each with the table it gets, and one batch for all; reads: how often the table is read afterwards."""

    size: float
    batch: Path
    entries: Sequence[tuple[Engine, Path]]
    redeliver: bool = False
    reads: int = 0


@dataclass
class Found:
    """The runs of a suite so far, those of its redelivery, and the engines that take no further part."""

    runs: list[Run] = field(default_factory=list)
    again: list[Run] = field(default_factory=list)
    given_up: dict[str, GivenUp] = field(default_factory=dict)


def day_contest(bench: Bench, history: int, redeliver: bool) -> Contest:
    """A day's batch with late rows, some of which move, into a history; then the same batch once more."""
    table, batch = bench.stock.history(history), bench.stock.day_batch(history)
    engines = engines_of_a_day(bench.spark, bench.dataset, bench.limit_seconds, bench.limit_bytes)
    return Contest(history, batch, [(engine, table) for engine in engines], redeliver)


def random_contest(bench: Bench, history: int) -> Contest:
    """The same with order ids that do not grow with time; no row moves, for one of the contracts says so."""
    table = bench.stock.history(history, Keys.RANDOM)
    batch = bench.stock.day_batch(history, Keys.RANDOM, moves=False)
    return Contest(history, batch, [(engine, table) for engine in engines_of_random_keys(bench.spark, bench.dataset)])


def scattered_contest(bench: Bench, history: int, percent: float) -> Contest:
    """Corrections all over a history, by both merge modes, and five reads of the table afterwards."""
    entries = []
    for name, mode in MODES.items():
        dataset = dataclasses.replace(bench.dataset, merge_mode=mode)
        table = bench.stock.history(history, dataset=dataset)
        entries.append((ours(bench.spark, dataset, name), table))
    return Contest(percent, bench.stock.scattered_batch(history, percent), entries, reads=READS)


def run(bench: Bench, contest: Contest, found: Found) -> None:
    """Every engine once a round, in an order that turns; rounds up to number 0 warm up and do not count."""
    truths = {
        table: Truth(bench.spark, bench.dataset, table, contest.batch)
        for table in {table for _, table in contest.entries}
    }
    for number in range(1 - bench.warm_ups, bench.rounds + 1):
        turn = number % len(contest.entries)
        for engine, table in (*contest.entries[turn:], *contest.entries[:turn]):
            if engine.name in found.given_up:
                continue
            try:
                runs = _once(bench, contest, engine, number, truths[table])
            except PeerError as error:
                found.given_up[engine.name] = GivenUp(engine.name, contest.size, str(error))
                _say(f"{engine.name}: {error}")
                continue
            if number > 0:
                found.runs.append(runs[0])
                found.again += runs[1:]
    _give_up_slow(bench, contest, found)


def _give_up_slow(bench: Bench, contest: Contest, found: Found) -> None:
    """A peer that once took longer than the limit is not asked again at larger sizes."""
    for engine, _ in contest.entries:
        slowest = max((r.seconds for r in found.runs if r.engine == engine.name and r.size == contest.size), default=0)
        if slowest > bench.limit_seconds and not engine.is_ours and engine.name not in found.given_up:
            reason = f"took {slowest:.0f} s at {contest.size:g}×, limit {bench.limit_seconds:g} s"
            found.given_up[engine.name] = GivenUp(engine.name, contest.size, reason)


def _once(bench: Bench, contest: Contest, engine: Engine, number: int, truth: Truth) -> list[Run]:
    """One delivery into a fresh copy, checked, and where asked for the same once more."""
    with copied(truth.table, bench.copies) as copy:
        runs = [_delivered(bench, contest, engine, copy, number, 2, truth)]
        if contest.redeliver and engine.redelivers:
            again = _delivered(bench, contest, engine, copy, number, 3, truth)
            runs.append(dataclasses.replace(again, doubled=runs[0].doubled))
    return runs


def _delivered(
    bench: Bench, contest: Contest, engine: Engine, table: Path, number: int, batch_id: int, truth: Truth
) -> Run:
    before, disk = listing(table), on_disk(table)
    _quiet(bench.spark)
    outcome = engine.deliver(Delivery(contest.batch, batch_id, table, before))
    after, new = listing(table), written(disk, on_disk(table))
    gone = before.gone_in(after)
    reads = sum(_read(bench.spark, table) for _ in range(contest.reads)) if contest.reads else None
    verdict = truth.judge(table, listing(truth.table), after)
    if engine.is_ours and not verdict.right:
        raise WrongResultError(f"{engine.name} at {contest.size:g}, batch {batch_id}: not the expected rows")
    run = Run(
        engine=engine.name,
        size=contest.size,
        round=number,
        seconds=round(outcome.seconds, 3),
        right=verdict.right,
        doubled=verdict.doubled,
        files_scanned=outcome.files_scanned,
        bytes_scanned=outcome.bytes_scanned,
        files_rewritten=gone.count,
        bytes_rewritten=gone.bytes,
        files_written=new.count,
        bytes_written=new.bytes,
        reads_seconds=None if reads is None else round(reads, 3),
    )
    _say(f"{contest.size:g} round {number} batch {batch_id} {engine.name}: {run.seconds:.2f} s, right: {verdict.right}")
    return run


def _read(spark: SparkSession, table: Path) -> float:
    """Seconds of one aggregate over the whole table."""
    start = time.perf_counter()
    spark.read.format("delta").load(str(table)).selectExpr(
        "count(*)", "sum(quantity * unit_price - discount_amount)", "max(updated_at)"
    ).collect()
    return time.perf_counter() - start


def _quiet(spark: SparkSession) -> None:
    """What earlier runs left in memory is cleared before the clock starts, for everybody."""
    gc.collect()
    assert spark._jvm is not None
    spark._jvm.System.gc()


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)
