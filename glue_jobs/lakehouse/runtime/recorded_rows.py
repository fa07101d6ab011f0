"""The rows that a run enters in `ops.runs` and `ops.steps`, from what its steps said while it lasted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from lakehouse.contracts.prices import LEAST_BILLED_SECONDS, price_list
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import DONE, FAILED, INTERRUPTED, NOTHING_NEW, RunRecord, StepRecord

AROUND = "around"
"""The step of what lies around the others: the session's start, the report."""
INTERRUPTED_EXIT = 130
_LONGEST_REASON = 600


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
    start: float
    steps: list[StepWork] = field(default_factory=list)
    exit_code: int | None = None
    reason: str | None = None

    def end(self, exit_code: int, reason: str | None = None) -> None:
        """How the run ended, for who says so without an exception."""
        self.exit_code, self.reason = exit_code, reason


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
