"""What a run enters in `ops.runs` and `ops.steps`: once, whatever ends it, and its cost recomputed by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from lakehouse.contracts.prices import price_list
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import (
    BEGUN,
    DIED,
    DONE,
    FAILED,
    INTERRUPTED,
    NOTHING_NEW,
    RUNNING,
    RunRecord,
    StepRecord,
    record_run,
    record_steps,
    runs_of,
    runs_since,
    steps_since,
    this_process,
)
from lakehouse.runtime import recording
from lakehouse.runtime.dpu import Worker, dpu_seconds_of, worker_seconds
from lakehouse.runtime.recorded_rows import billed_seconds
from lakehouse.runtime.recording import GLUE, did, recorded, step_recorded, timed

EVER = datetime(2020, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
VERSIONS = ("0.1.0+code", "1.0.0+text")
BEGUN_AT_NOON = RunRecord(
    "a", "r", "ingest_erp", GLUE, BEGUN, *VERSIONS, process="elsewhere:7", started_at=NOON, recorded_at=NOON
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.at(str(tmp_path / "lake"))


def work(lake: Lake, do: Callable[[], None]) -> None:
    with recorded(lake, "ingest_erp", "r", VERSIONS), step_recorded("ingest_erp", "ingest", "erp"):
        do()


def nothing() -> None:
    """Find nothing new."""


def something() -> None:
    with timed("erp_orders"):
        did("erp_orders", rows_read=10, rows_written=9, bytes_read=1000)
        did("erp_orders", rows_read=5, rows_written=5, bytes_read=500)


def refused() -> None:
    with timed("erp_orders"):
        raise LakehouseError("erp: a.csv: no column")


def unreachable() -> None:
    raise TransientError("S3 did not answer")


def wrong() -> None:
    raise ValueError("cannot read 'jane@doe.example'")


def stopped() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("do", "state", "exit_code", "reason"),
    [
        (nothing, NOTHING_NEW, 0, None),
        (something, DONE, 0, None),
        (refused, FAILED, 3, "erp: a.csv: no column"),
        (unreachable, FAILED, 75, "S3 did not answer"),
        (wrong, FAILED, 1, "unexpected error: ValueError: ***"),
        (stopped, INTERRUPTED, 130, "interrupted"),
    ],
)
def test_a_run_says_how_it_ended(
    lake: Lake, do: Callable[[], None], state: str, exit_code: int, reason: str | None
) -> None:
    if do in (nothing, something):
        work(lake, do)
    else:
        with pytest.raises(BaseException):  # noqa: B017, PT011 (each of the errors above)
            work(lake, do)
    (run,) = runs_since(lake, EVER)
    assert (run.job, run.state, run.exit_code, run.reason) == ("ingest_erp", state, exit_code, reason)
    assert (run.code_version, run.contract_version, run.process) == (*VERSIONS, this_process())
    assert (run.engine, run.dpu_seconds, run.cost_usd) == ("local", 0.0, 0.0)
    assert [row["state"] for row in read_rows(lake.ops("runs"))].count(BEGUN) == 1


def test_the_steps_say_what_was_read_and_written(lake: Lake) -> None:
    work(lake, something)
    found = [(s.step, s.domain, s.table_name, s.state, s.rows_read, s.rows_written, s.bytes_read) for s in steps(lake)]
    assert found == [
        ("around", "erp", None, DONE, 0, 0, 0),
        ("ingest", "erp", None, DONE, 0, 0, 0),
        ("ingest", "erp", "erp_orders", DONE, 15, 14, 1500),
    ]


def steps(lake: Lake) -> list[StepRecord]:
    return sorted(steps_since(lake, EVER), key=lambda step: (step.step, step.table_name or ""))


def test_a_table_that_failed_is_named_though_the_others_went_on(lake: Lake) -> None:
    def in_part() -> None:
        something()
        with pytest.raises(LakehouseError), timed("erp_stock"):
            raise LakehouseError("erp_stock: no")

    work(lake, in_part)
    states = {step.table_name: step.state for step in steps(lake) if step.step == "ingest"}
    assert states == {"erp_orders": DONE, "erp_stock": FAILED, None: FAILED}


@pytest.mark.parametrize(
    ("process", "after", "state"),
    [
        ("elsewhere:7", timedelta(minutes=149), RUNNING),
        ("elsewhere:7", timedelta(minutes=151), DIED),
        ("here:{own}", timedelta(minutes=1), RUNNING),
        ("here:{gone}", timedelta(minutes=1), DIED),
    ],
)
def test_a_run_without_an_end_is_running_or_died(process: str, after: timedelta, state: str) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    row = replace(BEGUN_AT_NOON, process=process.format(own=os.getpid(), gone=int(gone.stdout)))
    (run,) = runs_of([vars(row)], NOON + after, "here:1")
    assert run.state == state


def test_an_end_that_was_written_twice_is_read_once(lake: Lake) -> None:
    ended = replace(BEGUN_AT_NOON, state=DONE, seconds=1.0)
    for row in (BEGUN_AT_NOON, ended, ended):
        record_run(lake, row)
    step = StepRecord("a", "r", "ingest_erp", "ingest", "erp", None, DONE, 0, 0, 0, 1.0, 2.0, 0.1, NOON)
    record_steps(lake, [step])
    record_steps(lake, [step])
    assert [run.state for run in runs_since(lake, EVER)] == [DONE]
    assert steps_since(lake, EVER) == [step]
    assert (runs_since(lake, NOON + timedelta(seconds=1)), steps_since(lake, NOON + timedelta(seconds=1))) == ([], [])


KILLED = """
import sys, time
from lakehouse.lake.paths import Lake
from lakehouse.runtime.recording import recorded, step_recorded
with recorded(Lake.at(sys.argv[1]), "ingest_erp", "r", ("c", "t")), step_recorded("ingest_erp", "ingest", "erp"):
    print("begun", flush=True)
    time.sleep(60)
"""


def test_a_killed_run_shows_as_died(lake: Lake) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, lake.root], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "begun\n"
    assert [run.state for run in runs_since(lake, EVER)] == [RUNNING]
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [(run.state, run.exit_code) for run in runs_since(lake, EVER)] == [(DIED, None)]


def test_a_ledger_that_cannot_be_written_stops_no_run(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording, "record_run", full)
    monkeypatch.setattr(recording, "record_begin", full)
    work(lake, something)
    with pytest.raises(TransientError, match="S3 did not answer"):
        work(lake, unreachable)


def test_the_cost_of_a_run_by_hand(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver and two executors, one of which left; 300 s, of which ingest took 240, and 180 of these the orders."""
    workers = [Worker("driver", 0, None), Worker("1", 1000.0, None), Worker("2", 1100.0, 1200.0)]
    counted = worker_seconds(workers, seconds=300, now=1250.0)
    print("driver 300 + executor 250 + executor 100 =", counted, "worker seconds, of one DPU each")
    assert counted == 300 + 250 + 100

    clock = iter([0, 20, 30, 210, 260, 300])  # run, step, orders begin; orders, step, run end
    monkeypatch.setattr(recording, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    about = (lake, "ingest_erp", "r", VERSIONS, GLUE, lambda seconds: counted)
    with recorded(*about), step_recorded("ingest_erp", "ingest", "erp"), timed("erp_orders"):
        did("erp_orders", rows_read=1)

    (run,) = runs_since(lake, EVER)
    print(f"650 DPU seconds x 0.308 $ / 3600 s = {650 * 0.308 / 3600:.6f} $, recorded: {run.cost_usd:.6f} $")
    assert price_list().prices["glue_dpu_hour"] == 0.308
    assert (run.seconds, run.dpu_seconds, run.prices_entered) == (300, 650, price_list().entered)
    assert run.cost_usd == pytest.approx(0.055611, abs=5e-7)
    parts = {(step.step, step.table_name): (step.seconds, step.dpu_seconds, step.cost_usd) for step in steps(lake)}
    print(*parts.items(), sep="\n")
    assert parts == {
        ("ingest", "erp_orders"): (180, pytest.approx(390), pytest.approx(0.033367, abs=5e-7)),  # 180 / 300
        ("ingest", None): (60, pytest.approx(130), pytest.approx(0.011122, abs=5e-7)),  # 240 - 180
        ("around", None): (60, pytest.approx(130), pytest.approx(0.011122, abs=5e-7)),  # 300 - 240
    }
    assert sum(cost for *_, cost in parts.values()) == pytest.approx(run.cost_usd)


def test_glue_bills_a_minute_at_least() -> None:
    assert billed_seconds(counted=2 * 30.0, seconds=30.0) == 2 * 60.0
    assert billed_seconds(counted=2 * 90.0, seconds=90.0) == 2 * 90.0
    assert billed_seconds(counted=None, seconds=90.0) is None


def test_where_spark_cannot_be_asked_the_cost_is_not_known(lake: Lake) -> None:
    lost = dpu_seconds_of(lambda: SimpleNamespace())  # type: ignore[arg-type, return-value]
    with recorded(lake, "ingest_erp", "r", VERSIONS, GLUE, lost):
        pass
    assert [(run.dpu_seconds, run.cost_usd) for run in runs_since(lake, EVER)] == [(None, None)]
