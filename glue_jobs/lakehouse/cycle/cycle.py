"""The whole cycle in one process: deliver, ingest, validate, transform, marts, publish, and what came of it."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lakehouse import log
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.marts import FACT
from lakehouse.cycle.display import Progress, Step
from lakehouse.cycle.reconciliation import count_batches, held_of_delivery, rule_counts
from lakehouse.cycle.summary import FactDay, Failure, Link, RunSummary, StepState, StepTime
from lakehouse.errors import EXIT_BUG, EXIT_TERMINAL, LakehouseError
from lakehouse.ingest.landing import Delivery, deliver
from lakehouse.lake.files import exists
from lakehouse.privacy import trace_of, without_values
from lakehouse.publish.query import ask, tables_of
from lakehouse.runtime.context import Context
from lakehouse.validate.gx import import_gx

STEPS = ("ingest", "validate", "transform", "publish")
"""The steps of every domain; the marts have a transform and a publish of their own."""

Work = Callable[[Step], bool]


@dataclass
class _Run:
    """What a run has done so far; a failed domain takes no further step."""

    context: Context
    progress: Progress
    run_id: str
    steps: list[StepTime] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    exit_code: int = 0
    judged: set[tuple[str, int]] = field(default_factory=set)
    merged: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def step(self, name: str, domain: str, work: Work) -> None:
        """Do one step of a domain; an error stops the domain, never the others."""
        if any(failure.domain == domain for failure in self.failures):
            self.steps.append(StepTime(name, 0.0, "skipped"))
            return
        start = time.monotonic()
        with log.about(domain=domain), self.progress.step(name) as progress:
            state: StepState = "failed"
            try:
                state = "done" if work(progress) else "nothing new"
            except LakehouseError as error:
                self._fail(domain, str(error), error.exit_code)
            except Exception as error:
                log.warning("a bug of ours", trace=trace_of(error))
                said = without_values(error)
                self._fail(domain, f"a bug of ours in {name}: {type(error).__name__}: {said}", EXIT_BUG)
            if state != "done":
                progress.end(state)
        self.steps.append(StepTime(name, round(time.monotonic() - start, 3), state))

    def _fail(self, domain: str, message: str, exit_code: int) -> None:
        self.failures.append(Failure(domain, message.removeprefix(f"{domain}: ")))
        self.exit_code = self.exit_code or exit_code


@dataclass(frozen=True)
class CycleResult:
    """The summary of a cycle and the exit code that says how it ended."""

    summary: RunSummary
    exit_code: int


def run_cycle(context: Context, landing: Path, progress: Progress) -> CycleResult:
    """Bring a delivery through the whole lake; raises LandingError or LakeNotWritableError before anything is done."""
    started, start = datetime.now(UTC), time.monotonic()
    run = _Run(context, progress, log.new_run_id())
    with log.about(run=run.run_id):
        context.lake.require_writable()
        delivery = deliver(landing, context.lake, context.contracts)
        run.warnings += [
            f"{name}: no contract's file pattern matches it, so it was left alone" for name in delivery.unmatched
        ]
        if delivery.new_files:
            _import_in_background()
        for contract in context.contracts:
            run.step(f"ingest_{contract.domain}", contract.domain, _ingest(run, contract))
        for contract in context.contracts:
            run.step(f"validate_{contract.domain}", contract.domain, _validate(run, contract))
        for contract in context.contracts:
            run.step(f"transform_{contract.domain}", contract.domain, _transform(run, contract))
        run.step("transform_marts", "marts", _marts(run))
        for contract in context.contracts:
            run.step(f"publish_{contract.domain}", contract.domain, _publish(run, contract))
        run.step("publish_marts", "marts", _publish_marts(run))
        return _result(run, delivery, landing, started, start)


def _import_in_background() -> None:
    """Great Expectations and dbt take seconds to import, which the JVM's start leaves room for."""

    def work() -> None:
        import_gx()
        importlib.import_module("dbt.cli.main")

    threading.Thread(target=work, name="imports", daemon=True).start()


def _ingest(run: _Run, contract: Contract) -> Work:
    def work(progress: Step) -> bool:
        from lakehouse.ingest.ingest import FileRefusedError, ingest_domain

        try:
            results = ingest_domain(run.context, contract)
        except FileRefusedError as error:
            run.warnings += [line for result in error.taken for line in result.drift]
            raise
        for result in results:
            progress.note(result.dataset, f"{result.rows_readable} rows, {result.rows_unreadable} unreadable")
            run.warnings += result.drift
        return bool(results)

    return work


def _validate(run: _Run, contract: Contract) -> Work:
    def work(progress: Step) -> bool:
        from lakehouse.lake.batches import to_validate
        from lakehouse.validate.decided import to_carry_out
        from lakehouse.validate.validate import validate_domain

        for dataset in contract.datasets:
            lake = run.context.lake
            run.judged |= {(dataset.name, batch.batch_id) for batch in to_validate(lake, dataset)}
            run.judged |= {(dataset.name, decision.batch_id) for decision in to_carry_out(lake, dataset)}
        results = validate_domain(run.context, contract)
        for result in results:
            bad = result.rows_unreadable + result.rows_quarantined
            progress.note(result.dataset, f"{result.rows_passed} good, {bad} quarantined")
        return bool(results)

    return work


def _transform(run: _Run, contract: Contract) -> Work:
    def work(progress: Step) -> bool:
        from lakehouse.transform.transform import build_domain, merge_domain

        results = merge_domain(run.context, contract)
        for result in results:
            run.merged[(result.dataset, result.batch_id)] = {
                "inserted": result.inserted, "updated": result.updated, "deleted": result.deleted,
                "ignored": result.ignored,
            }  # fmt: skip
            progress.note(result.dataset, f"{result.news} rows merged, {result.ignored} ignored")
        return build_domain(run.context, contract) or bool(results)

    return work


def _marts(run: _Run) -> Work:
    def work(progress: Step) -> bool:
        from lakehouse.transform.fact import build_marts

        result = build_marts(run.context)
        if result.built:
            progress.note(FACT, "built whole" if result.full else f"{result.store_days} store days recomputed")
        return result.built

    return work


def _publish(run: _Run, contract: Contract) -> Work:
    def work(progress: Step) -> bool:
        from lakehouse.publish.publish import publish_domain

        published = publish_domain(run.context, contract)
        for table in published:
            progress.note(table, "reads as its log says")
        return bool(published)

    return work


def _publish_marts(run: _Run) -> Work:
    def work(progress: Step) -> bool:
        from lakehouse.publish.publish import publish_marts

        views = publish_marts(run.context)
        for view in views:
            progress.note(view, "view answers")
        return bool(views)

    return work


def _result(run: _Run, delivery: Delivery, landing: Path, started: datetime, start: float) -> CycleResult:
    context = run.context
    told = {failure.domain for failure in run.failures}
    held = held_of_delivery(context, delivery)
    run.failures += [failure for failure in held if failure.domain not in told]
    fact = _fact(context)
    summary = RunSummary(
        run_id=run.run_id,
        started_at=started,
        delivery=str(landing),
        lake=context.lake.root,
        seconds=round(time.monotonic() - start, 3),
        steps=tuple(run.steps),
        datasets=count_batches(context, run.run_id, run.judged, run.merged),
        rules=rule_counts(context, run.judged),
        fact=fact,
        fact_rows=len(fact),
        warnings=tuple(run.warnings),
        failures=tuple(run.failures),
        links=_links(context),
    )
    return CycleResult(summary, run.exit_code or (EXIT_TERMINAL if held else 0))


def _fact(context: Context) -> tuple[FactDay, ...]:
    if ("marts", FACT) not in tables_of(context.lake):
        return ()
    sql = (
        "SELECT dt, store_id, orders, net_revenue, gross_margin, sessions, conversion_rate "
        f"FROM marts.{FACT} ORDER BY dt, store_id"
    )
    return tuple(FactDay(*row) for row in ask(context.lake, context.contracts, sql).rows)


def _links(context: Context) -> tuple[Link, ...]:
    pages = (("Data Docs", "curated/docs/data_docs/index.html"), ("dbt docs", "curated/docs/dbt/index.html"))
    return tuple(Link(title, path) for title, path in pages if exists(f"{context.lake.root}/{path}"))
