"""Records what a run did, how long it took and what it cost, in `ops.runs` and `ops.steps`.

The shell of a job, or a full run, opens a recording; the steps say in it what they did for which table. A ledger that
cannot be written stops no run: the work is more than its record.
"""

from __future__ import annotations

import contextlib
import contextvars
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from lakehouse import log
from lakehouse.errors import EXIT_UNEXPECTED, LakehouseError
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import (
    BEGUN,
    DONE,
    FAILED,
    NOTHING_NEW,
    RunRecord,
    record_begin,
    record_run,
    record_steps,
    this_process,
)
from lakehouse.privacy import without_values
from lakehouse.runtime.machine import foreseen
from lakehouse.runtime.recorded_rows import (
    INTERRUPTED_EXIT,
    Recording,
    StepWork,
    Work,
    billed_seconds,
    end_of,
    steps_of,
)

GLUE, GIVEN, LOCAL = "glue", "given session", "local"
"""Where a run worked: only on Glue it costs by the price list."""
WorkerSeconds = Callable[[float], float | None]
"""From the seconds of a run to the DPU seconds that its workers were there; None where they are not known."""


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
    begun = RunRecord(*about, *versions, process=this_process(), started_at=now, recorded_at=now)
    recording = Recording(lake, begun, time.monotonic())
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


def failed_at(table: str) -> None:
    """Say that the step under way failed for a table, and goes on with others."""
    _work_on(table).state = FAILED


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


def _quietly(record: Callable[[], None]) -> None:
    """Write a record; where that fails the run goes on, and its log says so."""
    try:
        record()
    except Exception as error:  # of the store, the disk or Delta: none may stop a run, or hide how it ended
        log.warning("the run is not recorded in ops.runs", reason=without_values(error))
