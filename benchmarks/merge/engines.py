"""The ways to take a batch into silver that are compared: ours and the MERGEs of Spark here, the others in peers.py."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from benchmarks.merge.names import DELTA_RS, DUCKDB, LITERALS, ON_KEY, ON_KEY_AND_DAY, OURS, OURS_STILL
from benchmarks.shared.command import ROOT
from benchmarks.shared.table_changes import Listing, with_day
from lakehouse.contracts.dataset import Dataset
from lakehouse.transform.merge import merge_batch


class PeerError(RuntimeError):
    """A peer in a process of its own did not come to an end."""


@dataclass(frozen=True)
class Delivery:
    """A batch (a folder of Parquet, the contract's columns), its number, and the table that is to take it."""

    batch: Path
    number: int
    table: Path
    before: Listing


@dataclass(frozen=True)
class Outcome:
    """How long a delivery took, and what the engine had to open; None where it does not report that."""

    seconds: float
    files_scanned: int | None
    bytes_scanned: int | None


Deliver = Callable[[Delivery], Outcome]


@dataclass(frozen=True)
class Engine:
    """One way to take a batch in. is_ours: it must be right; a peer may not be, and the page says so."""

    name: str
    deliver: Deliver
    is_ours: bool = False
    redelivers: bool = True


def ours(spark: SparkSession, dataset: Dataset, name: str = OURS) -> Engine:
    """The project's merge; what it opened it says itself."""

    def deliver(delivery: Delivery) -> Outcome:
        start = time.perf_counter()
        rows = spark.read.parquet(str(delivery.batch))
        result = merge_batch(spark, dataset, rows, delivery.number, str(delivery.table))
        seconds = time.perf_counter() - start
        return Outcome(seconds, result.files_scanned, result.bytes_scanned)

    return Engine(name, deliver, is_ours=True)


def ours_still(spark: SparkSession, dataset: Dataset) -> Engine:
    """The project's merge under a contract that says that no row changes its day."""
    return ours(spark, dataclasses.replace(dataset, partition_is_stable=True), OURS_STILL)


def spark_merge(spark: SparkSession, dataset: Dataset, name: str) -> Engine:
    """A MERGE of Delta on Spark, on the key and, by name, on the day or on the day and the batch's days as literals."""
    on = [f"t.{column} = s.{column}" for column in dataset.key]
    on += ["t.dt = s.dt"] if name in (ON_KEY_AND_DAY, LITERALS) else []

    def deliver(delivery: Delivery) -> Outcome:
        start = time.perf_counter()
        rows = with_day(spark.read.parquet(str(delivery.batch)))
        rows.withColumn("_batch_id", F.lit(delivery.number).cast("bigint")).createOrReplaceTempView("peer_source")
        days: frozenset[str] | None = None
        if name == LITERALS:
            days = frozenset(str(row[0]) for row in rows.select("dt").distinct().collect())
        spark.sql(
            f"MERGE INTO delta.`{delivery.table}` t USING peer_source s ON {' AND '.join(on + _literal(days))} "
            "WHEN MATCHED AND s.updated_at > t.updated_at THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        ).collect()
        seconds = time.perf_counter() - start
        # Delta prunes the target of a MERGE by literal predicates alone; what is left must be read for its keys.
        opened = delivery.before.all() if days is None else delivery.before.of_days(days)
        return Outcome(seconds, opened.count, opened.bytes)

    return Engine(name, deliver)


def _literal(days: Iterable[str] | None) -> list[str]:
    if days is None:
        return []
    named = ", ".join(f"date'{day}'" for day in sorted(days))
    return [f"t.dt IN ({named})"]


def other_process(name: str, limit_seconds: float, limit_bytes: int) -> Engine:
    """A peer without Spark, in a process of its own, so that it can be limited; its start is not timed."""

    def deliver(delivery: Delivery) -> Outcome:
        asked = {"engine": name, "batch": str(delivery.batch), "table": str(delivery.table), "number": delivery.number}
        words = [sys.executable, "-m", "benchmarks.merge.peers", json.dumps({**asked, "limit_bytes": limit_bytes})]
        try:
            ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=3 * limit_seconds)
        except subprocess.TimeoutExpired:
            raise PeerError(f"stopped after {3 * limit_seconds:g} s") from None
        if ended.returncode:
            said = (ended.stderr.strip().splitlines() or ["no word"])[-1][:200]
            raise PeerError(f"ended with {ended.returncode} (memory limit {limit_bytes >> 30} GiB): {said}")
        answer = json.loads(ended.stdout.splitlines()[-1])
        return _reported(delivery.before, answer)

    return Engine(name, deliver, redelivers=False)


def _reported(before: Listing, answer: Mapping[str, Any]) -> Outcome:
    """DuckDB opens the days it names as literals; delta-rs counts files, whose bytes are known when it is all."""
    if "days" in answer:
        opened = before.of_days(frozenset(answer["days"]))
        return Outcome(answer["seconds"], opened.count, opened.bytes)
    count, everything = answer["files_scanned"], before.all()
    return Outcome(answer["seconds"], count, everything.bytes if count == everything.count else None)


def engines_of_a_day(spark: SparkSession, dataset: Dataset, limit_seconds: float, limit_bytes: int) -> list[Engine]:
    """All engines for a day's batch."""
    merges = [spark_merge(spark, dataset, name) for name in (ON_KEY, ON_KEY_AND_DAY, LITERALS)]
    others = [other_process(name, limit_seconds, limit_bytes) for name in (DELTA_RS, DUCKDB)]
    return [ours(spark, dataset), *merges, *others]


def engines_of_random_keys(spark: SparkSession, dataset: Dataset) -> list[Engine]:
    """The engines for keys that do not grow with time."""
    merges = [spark_merge(spark, dataset, name) for name in (ON_KEY, LITERALS)]
    return [ours(spark, dataset), ours_still(spark, dataset), *merges]
