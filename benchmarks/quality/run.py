"""Times judging a batch against Great Expectations itself and against no check at all: `make bench-quality`.

One batch of orders at each size, 16 row-level expectations of the sample suite, every engine in turn. Figures are
kept in benchmarks/results/quality.json; docs/benchmarks/quality.md is written from them and from nothing else.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from benchmarks.quality import page
from benchmarks.quality.results import ENGINES, QualityRun, QualitySetting, save
from benchmarks.shared import command, machine
from benchmarks.shared.command import Folders
from benchmarks.shared.store import today
from lakehouse.contracts.project import find_project
from lakehouse.contracts.suite import Suite, load_suite
from lakehouse.contracts.suite_types import UNEXPECTED_ROWS
from lakehouse.lake import tables
from lakehouse.lake.delta_log import Commit
from lakehouse.validate.evaluate import evaluate_batch, is_quarantined, with_broken_rules
from lakehouse.validate.gx import import_gx

EXPECTATIONS = 16
FAULTY = "id % 100 < {percent}"

Failed = Mapping[str, int] | None
"""Rows that broke each rule, by its name; None from an engine that judges nothing."""


@dataclass(frozen=True)
class Bench:
    """What every engine is given."""

    spark: SparkSession
    suite: Suite
    batch: Path
    out: Path

    def rows(self) -> DataFrame:
        """The batch, from its files; with its schema given, for finding it out would be a job of its own."""
        return self.spark.read.schema(batch_schema()).parquet(str(self.batch))


def batch_schema() -> str:
    """The columns of a batch as bronze has them."""
    columns = find_project().contracts.dataset("erp_orders").columns
    return ", ".join(
        [*(f"{column.name} {column.spark_type}" for column in columns), "_row_id bigint, _batch_id bigint"]
    )


def write_without_checks(bench: Bench) -> Failed:
    """The batch into a new Delta table, as any job would that checks nothing."""
    tables.append(bench.rows(), str(bench.out), Commit("bench", 1))
    return None


def ours(bench: Bench) -> Failed:
    """The result, with examples of bad values."""
    result = evaluate_batch(bench.rows(), bench.suite, limit_percent=100)
    return {result.rule.name: result.failed for result in result.results}


def ours_and_quarantine(bench: Bench) -> Failed:
    """The result, and every bad row with the rules that it broke into a new Delta table, as validate does."""
    failed = ours(bench)
    bad = with_broken_rules(bench.rows(), bench.suite.row_rules).where(is_quarantined(bench.suite))
    tables.append(bad, str(bench.out), Commit("bench", 1))
    return failed


def great_expectations(result_format: str) -> Callable[[Bench], Failed]:
    """Great Expectations as its documentation uses it, with one of its result formats."""

    def judged(bench: Bench) -> Failed:
        gx = import_gx()
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        asset = context.data_sources.add_spark("bench").add_dataframe_asset("batch")
        definition = asset.add_batch_definition_whole_dataframe("whole")
        told = [
            {"type": rule.type, "kwargs": dict(rule.kwargs), "meta": {"rule": rule.name}}
            for rule in bench.suite.expectations
        ]
        suite = gx.ExpectationSuite("bench", expectations=told)
        asked: dict[str, Any] = {"result_format": result_format}
        if result_format == "COMPLETE":
            asked["unexpected_index_column_names"] = ["_row_id"]
        result = definition.get_batch({"dataframe": bench.rows()}).validate(suite, result_format=asked)
        return {r.expectation_config.meta["rule"]: r.result["unexpected_count"] for r in result.results}

    return judged


JUDGES: Mapping[str, Callable[[Bench], Failed]] = {
    "no check": write_without_checks,
    "ours": ours,
    "ours with quarantine": ours_and_quarantine,
    "GX BASIC": great_expectations("BASIC"),
    "GX SUMMARY": great_expectations("SUMMARY"),
    "GX COMPLETE": great_expectations("COMPLETE"),
}


def make_batch(spark: SparkSession, folder: Path, rows: int, percent: int) -> Path:
    """Orders of which so many percent break four rules; made from their number alone."""
    path = folder / f"orders-{rows}-{percent}"
    if (path / "_SUCCESS").is_file():
        return path
    bad = FAULTY.format(percent=percent)
    values = {
        "order_id": "concat('O', lpad(cast(id AS string), 10, '0'))",
        "line_number": "1",
        "store_id": f"if({bad}, 'S1', concat('S', lpad(cast(id % 100 AS string), 3, '0')))",
        "customer_id": "concat('C', cast(pmod(hash(id), 100000) AS string))",
        "product_id": "concat('P', cast(pmod(hash(id, 1), 5000) AS string))",
        "quantity": f"if({bad}, 0, 1 + pmod(hash(id, 2), 5))",
        "unit_price": f"if({bad}, -1, pmod(hash(id, 3), 10000) / 100)",
        "discount_amount": "0",
        "status": f"if({bad}, 'unknown', 'paid')",
        "ordered_at": "timestamp_micros(1609459200000000 + id * 1000000)",
        "updated_at": "timestamp_micros(1609459200000000 + id * 1000000 + 60000000)",
        "is_deleted": "false",
    }
    columns = find_project().contracts.dataset("erp_orders").columns
    told = [f"CAST({values[column.name]} AS {column.type}) AS `{column.name}`" for column in columns]
    batch = spark.range(0, rows, 1, 4).selectExpr(*told, "id AS _row_id", "1L AS _batch_id")
    batch.write.mode("overwrite").parquet(str(path))
    return path


def suite_of_16() -> Suite:
    """The first 16 row-level expectations of the orders' suite that Great Expectations counts rows for."""
    project = find_project()
    suite = load_suite(project.suites, "erp_orders", project.contracts.dataset("erp_orders").known_columns)
    rules = [rule for rule in suite.row_rules if rule.type != UNEXPECTED_ROWS]
    return Suite(suite.dataset, tuple(rules[:EXPECTATIONS]))


def measured(bench: Bench, engine: str, rows: int, percent: int, number: int) -> tuple[QualityRun, Failed]:
    """One engine once, on a quiet JVM."""
    shutil.rmtree(bench.out, ignore_errors=True)
    bench.spark.catalog.clearCache()
    gc.collect()
    jvm = bench.spark._jvm
    assert jvm is not None
    jvm.System.gc()
    group = f"{engine}-{uuid.uuid4()}"
    bench.spark.sparkContext.setJobGroup(group, engine)
    before = reset_peak()
    start = time.perf_counter()
    failed = JUDGES[engine](bench)
    seconds = time.perf_counter() - start
    jobs = bench.spark.sparkContext.statusTracker().getJobIdsForGroup(group)
    grown = max(peak_bytes() - before, 0)
    run = QualityRun(engine, rows, percent, number, round(seconds, 3), len(jobs), grown, failed is None)
    print(f"{time.strftime('%H:%M:%S')} {rows:,} rows, {percent} % bad, round {number}, {engine}: {seconds:.2f} s, "
          f"{len(jobs)} jobs, {grown / 1e6:.0f} MB", file=sys.stderr, flush=True)  # fmt: skip
    return run, failed


def reset_peak() -> int:
    """Forget the largest size that this Python process has had; its size now, in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak_bytes()


def peak_bytes() -> int:
    """The largest size that this Python process has had, in bytes: what an engine brings to the driver's Python."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def contest(bench: Bench, rows: int, percent: int, rounds: int, warm_ups: int, given: list[str]) -> list[QualityRun]:
    """Every engine once a round, in an order that turns; all must find the same bad rows."""
    runs: list[QualityRun] = []
    for number in range(1 - warm_ups, rounds + 1):
        turn = number % len(given)
        for engine in (*given[turn:], *given[:turn]):
            run, failed = measured(bench, engine, rows, percent, number)
            truth = truth_of(bench.suite, rows, percent)
            right = failed is None or failed == truth
            if engine.startswith("ours") and not right:
                raise AssertionError(f"{engine}: found {failed}, wanted {truth}")
            if number > 0:
                runs.append(QualityRun(**{**vars(run), "right": right}))
    return runs


def truth_of(suite: Suite, rows: int, percent: int) -> dict[str, int]:
    """The bad rows by rule, from how the batch is made."""
    seeded = {"store_id_well_formed", "quantity_at_least_1", "unit_price_not_negative", "status_known"}
    whole, rest = divmod(rows, 100)
    bad = whole * percent + min(rest, percent)
    return {rule.name: bad if rule.name in seeded else 0 for rule in suite.expectations}


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    options = command.with_rounds(command.parser("quality", __doc__, "one round of 2,000 rows"), 3)
    options.add_argument("--rows", default="1000000,3000000,10000000", help="sizes (default: %(default)s)")
    options.add_argument("--bad", default="1,100", help="percent of rows that break rules (default: %(default)s)")
    options.add_argument("--engines", default=",".join(ENGINES), help="engines (default: all)")
    return options


def main(argv: list[str]) -> int:
    """Measure, then write the page."""
    return command.run("quality", parser().parse_args(argv), measure, page.write)


def measure(given: argparse.Namespace, folders: Folders) -> None:
    """Run every contest that was asked for; results are kept after each."""
    work, spark = folders.work, command.start_spark(given, folders.work)
    sizes = [2_000] if given.small else [int(part) for part in given.rows.split(",")]
    rounds, warm_ups = (1, 0) if given.small else (given.rounds, 1)
    setting = QualitySetting(machine.machine(), machine.versions(spark), EXPECTATIONS)
    for rows in sizes:
        for percent in (int(part) for part in given.bad.split(",")):
            bench = Bench(spark, suite_of_16(), make_batch(spark, work, rows, percent), work / "out")
            runs = contest(bench, rows, percent, rounds, warm_ups, given.engines.split(","))
            save(folders.results, setting, runs, today())
    spark.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
