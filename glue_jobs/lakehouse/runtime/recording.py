"""Records what a run did, how long it took and what it cost, in `ops.runs` and `ops.steps`.

The shell of a job, or a full run, opens a recording; the steps say in it what they did for which table. A ledger that
cannot be written stops no run: the work is more than its record.
"""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lakehouse import log
from lakehouse.contracts.prices import LEAST_BILLED_SECONDS, price_list
from lakehouse.errors import EXIT_UNEXPECTED, LakehouseError
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import (
    BEGUN,
    DONE,
    FAILED,
    INTERRUPTED,
    NOTHING_NEW,
    RunRecord,
    StepRecord,
    record_begin,
    record_run,
    record_steps,
    this_process,
)
from lakehouse.privacy import without_values
from lakehouse.runtime.machine import foreseen

GLUE, GIVEN, LOCAL = "glue", "given session", "local"
"""Where a run worked: only on Glue it costs by the price list."""
AROUND = "around"
"""The step of what lies around the others: the session's start, the report."""
INTERRUPTED_EXIT = 130
_LONGEST_REASON = 600

WorkerSeconds = Callable[[float], float | None]
"""From the seconds of a run to the DPU seconds that its workers were there; None where they are not known."""


@dataclass
class Work:
    """What one step did for one table."""

    rows_read: int = 0
    rows_written: int = 0
    bytes_read: int = 0
    seconds: float = 0.0
    state: str = NOTHING_NEW


@dataclass
class StepWork:
    """One step of a run while it lasts; tables: the work by dataset or mart."""

    job: str
    step: str
    domain: str
    seconds: float = 0.0
    state: str = NOTHING_NEW
    tables: dict[str, Work] = field(default_factory=dict)

    @property
    def done(self) -> dict[str, Work]:
        """The tables for which something was done or failed."""
        return {name: work for name, work in self.tables.items() if work.state != NOTHING_NEW}


@dataclass
class Recording:
    """A run that is being recorded."""

    lake: Lake
    begun: RunRecord
    start: float = field(default_factory=lambda: time.monotonic())
    steps: list[StepWork] = field(default_factory=list)
    exit_code: int | None = None
    reason: str | None = None

    def end(self, exit_code: int, reason: str | None = None) -> None:
        """How the run ended, for who says so without an exception."""
        self.exit_code, self.reason = exit_code, reason


_recording: contextvars.ContextVar[Recording | None] = contextvars.ContextVar("lakehouse_recording", default=None)


@contextlib.contextmanager
def recorded(
    lake: Lake,
    job: str,
    run_id: str,
    versions: tuple[str, str],
    engine: str = LOCAL,
    dpu_seconds: WorkerSeconds = lambda seconds: 0.0,
) -> Iterator[Recording]:
    """Record a run from here to the end of the block, however it ends; versions: of the code and the contracts."""
    now = datetime.now(UTC)
    about = (log.new_run_id(), run_id, job, engine, BEGUN)
    recording = Recording(lake, RunRecord(*about, *versions, process=this_process(), started_at=now, recorded_at=now))
    _quietly(lambda: record_begin(lake, recording.begun))
    token = _recording.set(recording)
    try:
        yield recording
        recording.exit_code = recording.exit_code or 0
    except BaseException as error:
        recording.end(*_ending_of(error))
        raise
    finally:
        _recording.reset(token)
        _quietly(lambda: _record_end(recording, dpu_seconds))


@contextlib.contextmanager
def step_recorded(job: str, step: str, domain: str) -> Iterator[None]:
    """Record one step of a run from here to the end of the block; without a recording, do nothing."""
    recording = _recording.get()
    work, start = StepWork(job, step, domain), time.monotonic()
    if recording is not None:
        recording.steps.append(work)
    try:
        yield
    except BaseException:
        work.state = FAILED
        raise
    finally:
        work.seconds = time.monotonic() - start
        if work.state == NOTHING_NEW and work.done:
            work.state = FAILED if any(done.state == FAILED for done in work.done.values()) else DONE


def step_failed() -> None:
    """Say that the step under way failed, for who keeps its exception."""
    recording = _recording.get()
    if recording is not None and recording.steps:
        recording.steps[-1].state = FAILED


@contextlib.contextmanager
def timed(table: str) -> Iterator[None]:
    """Count the seconds of a block as work for a table; an error in it is the table's."""
    start = time.monotonic()
    try:
        yield
    except BaseException:
        _work_on(table).state = FAILED
        raise
    finally:
        _work_on(table).seconds += time.monotonic() - start


def did(table: str, rows_read: int = 0, rows_written: int = 0, bytes_read: int = 0, seconds: float = 0.0) -> None:
    """Say what the step under way did for a table; what is said twice adds up."""
    work = _work_on(table)
    work.rows_read += rows_read
    work.rows_written += rows_written
    work.bytes_read += bytes_read
    work.seconds += seconds
    work.state = DONE if work.state == NOTHING_NEW else work.state


def _work_on(table: str) -> Work:
    recording = _recording.get()
    if recording is None or not recording.steps:
        return Work()  # nobody asks
    return recording.steps[-1].tables.setdefault(table, Work())


def _ending_of(error: BaseException) -> tuple[int, str]:
    if isinstance(error, LakehouseError):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED_EXIT, "interrupted"
    if isinstance(error, Exception) and (known := foreseen(error)):
        return known.exit_code, str(known)
    return EXIT_UNEXPECTED, f"unexpected error: {without_values(error)}"


def _record_end(recording: Recording, dpu_seconds: WorkerSeconds) -> None:
    seconds = time.monotonic() - recording.start
    billed = billed_seconds(dpu_seconds(seconds), seconds)
    ended = end_of(recording, seconds, billed, datetime.now(UTC))
    record_steps(recording.lake, steps_of(recording, ended))
    record_run(recording.lake, ended)


def billed_seconds(counted: float | None, seconds: float) -> float | None:
    """The DPU seconds that Glue bills of a run: those of its workers, and for a minute at least."""
    return counted * max(1.0, LEAST_BILLED_SECONDS / seconds) if counted and seconds else counted


def end_of(recording: Recording, seconds: float, dpu_seconds: float | None, now: datetime) -> RunRecord:
    """The row with which a run ends; what its DPU seconds cost is not known where they are not."""
    prices, billed = price_list(), None if dpu_seconds is None else round(dpu_seconds, 3)
    return replace(
        recording.begun,
        state=_state_of(recording),
        exit_code=recording.exit_code,
        reason=None if recording.reason is None else recording.reason[:_LONGEST_REASON],
        seconds=round(seconds, 3),
        dpu_seconds=billed,
        cost_usd=None if billed is None else prices.cost_of(billed),
        prices_entered=prices.entered,
        recorded_at=now,
    )


def _state_of(recording: Recording) -> str:
    if recording.exit_code == INTERRUPTED_EXIT:
        return INTERRUPTED
    if recording.exit_code:
        return FAILED
    return DONE if any(step.state == DONE for step in recording.steps) else NOTHING_NEW


def steps_of(recording: Recording, ended: RunRecord) -> list[StepRecord]:
    """A row per step and table; what is left of a step's seconds, and of the run's, has a row without a table."""
    total = ended.seconds or 0.0
    domains = {step.domain for step in recording.steps}
    around = StepWork(ended.job, AROUND, domains.pop() if len(domains) == 1 else "", state=ended.state)
    around.seconds = max(0.0, total - sum(step.seconds for step in recording.steps))
    rows: list[StepRecord] = []
    for step in (*recording.steps, around):
        own = max(0.0, step.seconds - sum(work.seconds for work in step.done.values()))
        parts: list[tuple[str | None, Work]] = [*step.done.items(), (None, Work(seconds=own, state=step.state))]
        rows += [_row(step, name, work, ended, total) for name, work in parts]
    return rows


def _row(step: StepWork, table: str | None, work: Work, ended: RunRecord, total: float) -> StepRecord:
    share = work.seconds / total if total else 0.0
    return StepRecord(
        attempt_id=ended.attempt_id,
        run_id=ended.run_id,
        job=step.job,
        step=step.step,
        domain=step.domain,
        table_name=table,
        state=work.state,
        rows_read=work.rows_read,
        rows_written=work.rows_written,
        bytes_read=work.bytes_read,
        seconds=round(work.seconds, 3),
        dpu_seconds=share * (ended.dpu_seconds or 0.0),
        cost_usd=share * (ended.cost_usd or 0.0),
        recorded_at=ended.recorded_at,
    )


def _quietly(record: Callable[[], None]) -> None:
    """Write a record; where that fails the run goes on, and its log says so."""
    try:
        record()
    except Exception as error:  # of the store, the disk or Delta: none may stop a run, or hide how it ended
        log.warning("the run is not recorded in ops.runs", reason=without_values(error))
