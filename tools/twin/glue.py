"""Glue's job runs: each is a process that really runs the job's script; states, times and words are those of Glue."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tools.twin.calls import Asked, AwsError
from tools.twin.faults import Faults

UNDER_WAY = ("STARTING", "RUNNING", "STOPPING")
DPU_OF_WORKER = {"G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0}
KILLED_AFTER = 3.0
"""Seconds that a job lives which the fault `job-killed` strikes."""


class Process(Protocol):
    """A job's process, as a run needs it."""

    def wait(self, seconds: float) -> bool:
        """Wait for its end; False when the time is over first."""

    def kill(self) -> None:
        """End it and all that it started."""

    def ending(self) -> str:
        """Why it failed; empty where it succeeded."""

    @property
    def folder(self) -> Path:
        """Where it runs, and leaves its log."""


Launch = Callable[["Run"], Process]


class LaunchError(Exception):
    """What Glue says of a run whose script or libraries it could not fetch."""


@dataclass
class Run:
    """One run of a job."""

    id: str
    job: Mapping[str, Any]
    given: Mapping[str, str]
    timeout_minutes: float
    attempt: int = 0
    previous: str = ""
    started: float = field(default_factory=time.time)
    state: str = "STARTING"
    begun: float | None = None
    ended: float | None = None
    error: str = ""
    stopped: bool = False
    process: Process | None = None

    @property
    def name(self) -> str:
        """The name of the job."""
        return str(self.job["name"])

    @property
    def arguments(self) -> dict[str, str]:
        """The job's own arguments with those of the run over them."""
        return {**self.job["default_arguments"], **self.given}

    @property
    def seconds(self) -> int:
        """How long it ran, or has been running: Glue's execution time, which does not count the start."""
        return round((self.ended or time.time()) - self.begun) if self.begun else 0

    @property
    def dpus(self) -> float:
        """The DPUs that it may use."""
        return float(self.job["number_of_workers"]) * DPU_OF_WORKER[self.job["worker_type"]]

    def shown(self) -> dict[str, Any]:
        """The run as Glue shows it."""
        words: dict[str, Any] = {
            "Id": self.id, "Attempt": self.attempt, "JobName": self.name, "StartedOn": self.started,
            "LastModifiedOn": self.ended or self.begun or self.started, "JobRunState": self.state,
            "Arguments": dict(self.given), "PredecessorRuns": [], "ExecutionTime": self.seconds,
            "Timeout": int(self.timeout_minutes), "WorkerType": self.job["worker_type"],
            "NumberOfWorkers": self.job["number_of_workers"], "MaxCapacity": self.dpus,
            "AllocatedCapacity": int(self.dpus), "GlueVersion": self.job["glue_version"],
            "LogGroupName": "/aws-glue/jobs", "SecurityConfiguration": self.job["security_configuration"],
        }  # fmt: skip
        if self.ended:
            words |= {"CompletedOn": self.ended, "DPUSeconds": self.seconds * self.dpus}
        if self.error:
            words["ErrorMessage"] = self.error
        if self.previous:
            words["PreviousRunId"] = self.previous
        return words


@dataclass
class JobRuns:
    """All runs of all jobs. ended: called with each that has run. slots: how many run
    at once on this machine; more of them wait as STARTING."""

    jobs: Mapping[str, Mapping[str, Any]]
    launch: Launch
    faults: Faults
    ended: Callable[[Run, Path], None] = lambda run, folder: None
    slots: int = 2
    minute: float = 60.0
    runs: dict[str, Run] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._free = threading.Semaphore(self.slots)

    # ---- what Glue is asked

    def start_job_run(self, asked: Asked) -> dict[str, Any]:
        """Begin a run; refused while as many are under way as the job allows."""
        words = asked.words
        job = self._job(words["JobName"])
        minutes = float(words.get("Timeout") or job["timeout"])
        return {"JobRunId": self._begin(job, words.get("Arguments") or {}, minutes).id}

    def get_job_run(self, asked: Asked) -> dict[str, Any]:
        """One run."""
        return {"JobRun": self._run(asked.words["JobName"], asked.words["RunId"]).shown()}

    def get_job_runs(self, asked: Asked) -> dict[str, Any]:
        """The runs of a job, the newest first, in pages."""
        words = asked.words
        self._job(words["JobName"])
        found = sorted((run for run in self.all() if run.name == words["JobName"]), key=lambda run: -run.started)
        begin, size = int(words.get("NextToken") or 0), int(words.get("MaxResults") or 200)
        more = {"NextToken": str(begin + size)} if len(found) > begin + size else {}
        return {"JobRuns": [run.shown() for run in found[begin : begin + size]], **more}

    def batch_stop_job_run(self, asked: Asked) -> dict[str, Any]:
        """Stop runs; one that has ended is an error of its own."""
        name, stopped, errors = asked.words["JobName"], [], []
        for run_id in asked.words["JobRunIds"]:
            try:
                self._stop(self._run(name, run_id))
                stopped.append({"JobName": name, "JobRunId": run_id})
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    # ---- how a run goes

    def all(self) -> list[Run]:
        """Every run so far."""
        with self._lock:
            return list(self.runs.values())

    def end_all(self) -> None:
        """Kill every process."""
        for run in self.all():
            if run.process and run.state in UNDER_WAY:
                run.process.kill()

    def _begin(
        self, job: Mapping[str, Any], given: Mapping[str, str], minutes: float, attempt: int = 0, previous: str = ""
    ) -> Run:
        most = job["execution_property"][0]["max_concurrent_runs"]
        with self._lock:
            busy = [run for run in self.runs.values() if run.name == job["name"] and run.state in UNDER_WAY]
            if len(busy) >= most:
                raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job['name']}")
            run = Run(f"jr_{secrets.token_hex(32)}", job, given, minutes, attempt, previous)
            self.runs[run.id] = run
        threading.Thread(target=self._live, args=(run,), daemon=True).start()
        return run

    def _live(self, run: Run) -> None:
        with self._free:
            if not run.stopped:
                self._work(run)
        if run.process:
            try:
                self.ended(run, run.process.folder)
            except (BotoCoreError, ClientError) as error:  # a log that is lost must not lose the run
                logging.getLogger(__name__).warning("no log of %s: %s", run.id, error)
        state = "STOPPED" if run.stopped else run.state
        run.ended = time.time()
        run.state = state if state in ("STOPPED", "TIMEOUT") else "FAILED" if run.error else "SUCCEEDED"
        if run.state == "FAILED" and run.attempt < int(run.job["max_retries"] or 0):
            self._begin(run.job, run.given, run.timeout_minutes, run.attempt + 1, run.id)

    def _work(self, run: Run) -> None:
        try:
            run.process = self.launch(run)
        except LaunchError as error:
            run.begun, run.error = time.time(), f"LAUNCH ERROR | {error}"
            return
        run.begun, run.state = time.time(), "STOPPING" if run.stopped else "RUNNING"
        if self.faults.strikes("job-killed"):
            run.process.wait(KILLED_AFTER)
            run.process.kill()
        if run.stopped:
            run.process.kill()
        if not run.process.wait(run.timeout_minutes * self.minute):
            run.process.kill()
            run.process.wait(30)
            run.state, run.error = "TIMEOUT", "Job run timed out"
            return
        run.error = run.process.ending()

    def _stop(self, run: Run) -> None:
        if run.state not in UNDER_WAY:
            raise AwsError("IllegalSessionStateException", f"Job run {run.id} is {run.state} and cannot be stopped.")
        run.stopped, run.state = True, "STOPPING"
        if run.process:
            run.process.kill()

    def _job(self, name: str) -> Mapping[str, Any]:
        if name not in self.jobs:
            raise AwsError("EntityNotFoundException", f"Failed to start job run due to missing metadata: {name}")
        return self.jobs[name]

    def _run(self, name: str, run_id: str) -> Run:
        self._job(name)
        run = self.runs.get(run_id)
        if run is None or run.name != name:
            raise AwsError("EntityNotFoundException", f"Job Run {run_id} not found")
        return run
