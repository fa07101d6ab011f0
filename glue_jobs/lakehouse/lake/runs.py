"""What every run did and cost: `ops.runs` and `ops.steps`. Append-only; a run that died has no end.

A run enters a row when it begins and one when it ends, whatever ended it. Nothing is written for a process that was
killed: who reads the ledger sees that its end is missing, and that the process is gone or its time is over. An entry
that was written twice, because an answer of the store was lost, is read once: `attempt_id` is new for each process.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pyarrow as pa

from lakehouse.lake.paths import Lake

BEGUN, DONE, NOTHING_NEW, FAILED, INTERRUPTED = "begun", "done", "nothing new", "failed", "interrupted"
RUNNING, DIED = "running", "died"
"""States that no row has: a run has begun and not ended."""

LONGEST_RUN = timedelta(minutes=150)
"""Above the 120 minutes after which Glue ends a job: a run that began before and has no end died."""
FULL_RUN = "run"
"""The job of a full run, which does the work of all jobs in one process."""

RUNS = pa.schema(
    [
        ("attempt_id", pa.string()),
        ("run_id", pa.string()),
        ("job", pa.string()),
        ("engine", pa.string()),
        ("state", pa.string()),
        ("exit_code", pa.int64()),
        ("reason", pa.string()),
        ("code_version", pa.string()),
        ("contract_version", pa.string()),
        ("process", pa.string()),
        ("started_at", pa.timestamp("us", "UTC")),
        ("seconds", pa.float64()),
        ("dpu_seconds", pa.float64()),
        ("cost_usd", pa.float64()),
        ("prices_entered", pa.string()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)
STEPS = pa.schema(
    [
        ("attempt_id", pa.string()),
        ("run_id", pa.string()),
        ("job", pa.string()),
        ("step", pa.string()),
        ("domain", pa.string()),
        ("table_name", pa.string()),
        ("state", pa.string()),
        ("rows_read", pa.int64()),
        ("rows_written", pa.int64()),
        ("bytes_read", pa.int64()),
        ("seconds", pa.float64()),
        ("dpu_seconds", pa.float64()),
        ("cost_usd", pa.float64()),
        ("recorded_at", pa.timestamp("us", "UTC")),
    ]
)


@dataclass(frozen=True)
class RunRecord:
    """One run. state: how it ended, or `running` or `died`, which follow from what is missing; None of what is unknown.

    code_version and contract_version: what it ran under. process: machine (a digest) and process. seconds: from the
    first line of the script on. cost_usd: by the price list entered on `prices_entered`.
    """

    attempt_id: str
    run_id: str
    job: str
    engine: str
    state: str
    code_version: str
    contract_version: str
    process: str
    started_at: datetime
    recorded_at: datetime
    exit_code: int | None = None
    reason: str | None = None
    seconds: float | None = None
    dpu_seconds: float | None = None
    cost_usd: float | None = None
    prices_entered: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it ended or died."""
        return self.state != RUNNING


@dataclass(frozen=True)
class StepRecord:
    """What a run did for one table in one step; without a table, what a step took for none of them in particular.

    The seconds, DPU seconds and costs of a run's steps add up to those of the run.
    """

    attempt_id: str
    run_id: str
    job: str
    step: str
    domain: str
    table_name: str | None
    state: str
    rows_read: int
    rows_written: int
    bytes_read: int
    seconds: float
    dpu_seconds: float
    cost_usd: float
    recorded_at: datetime


def this_process() -> str:
    """This machine, as a digest because its name can be a person's, and the process on it."""
    return f"{hashlib.sha256(platform.node().encode()).hexdigest()[:12]}:{os.getpid()}"


def _delta_log() -> ModuleType:
    """The reader and writer of Delta logs, when it is needed: a job's script is imported without an engine."""
    from lakehouse.lake import delta_log

    return delta_log


def record_run(lake: Lake, run: RunRecord) -> None:
    """Enter that a run has begun, or how it ended."""
    _delta_log().append_rows(lake.ops("runs"), [vars(run)], RUNS)


def record_begin(lake: Lake, run: RunRecord) -> None:
    """Enter that a run has begun; of a new lake make `ops.steps` too, for a view of it is published before its end."""
    record_run(lake, run)
    delta_log = _delta_log()
    if delta_log.table_version(lake.ops("steps")) < 0:
        delta_log.append_rows(lake.ops("steps"), [], STEPS)


def record_steps(lake: Lake, steps: Sequence[StepRecord]) -> None:
    """Enter what a run did, in one commit."""
    _delta_log().append_rows(lake.ops("steps"), [vars(step) for step in steps], STEPS)


def runs_since(lake: Lake, since: datetime, now: datetime | None = None) -> list[RunRecord]:
    """The runs that began after a moment, oldest first; of each the end where there is one."""
    rows = _delta_log().read_rows(lake.ops("runs"), f"started_at >= {instant(since)}")
    return runs_of(rows, now or datetime.now(UTC), this_process())


def runs_of(rows: Iterable[Mapping[str, Any]], now: datetime, here: str) -> list[RunRecord]:
    """The runs that rows of the ledger speak of, oldest first, each once; here: the process that asks."""
    ended: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["attempt_id"] not in ended or ended[row["attempt_id"]]["state"] == BEGUN:
            ended[row["attempt_id"]] = row
    found = [RunRecord(**{name: row[name] for name in RunRecord.__dataclass_fields__}) for row in ended.values()]
    return sorted((_with_state(run, now, here) for run in found), key=lambda run: (run.started_at, run.attempt_id))


def _with_state(run: RunRecord, now: datetime, here: str) -> RunRecord:
    if run.state != BEGUN:
        return run
    is_gone = now - run.started_at > LONGEST_RUN or not _may_live(run.process, here)
    return replace(run, state=DIED if is_gone else RUNNING)


def _may_live(process: str, here: str) -> bool:
    """Whether a process may be there still; of another machine nobody knows."""
    machine, _, number = process.partition(":")
    if machine != here.partition(":")[0] or not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def steps_since(lake: Lake, since: datetime) -> list[StepRecord]:
    """What runs that ended after a moment did, each entry once."""
    rows = _delta_log().read_rows(lake.ops("steps"), f"recorded_at >= {instant(since)}")
    found = {tuple(row[name] for name in ("attempt_id", "job", "step", "table_name")): row for row in rows}
    names = StepRecord.__dataclass_fields__
    steps = [StepRecord(**{name: row[name] for name in names}) for row in found.values()]
    return sorted(
        steps, key=lambda step: (step.recorded_at, step.attempt_id, step.job, step.step, step.table_name or "")
    )


def instant(moment: datetime) -> str:
    """A moment as a literal in SQL of delta-rs."""
    return f"to_timestamp_micros({int(moment.timestamp() * 1_000_000)})"
