"""A delivery on its way: put into the raw bucket, then followed through the DAGs by Airflow's API to its end."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.plan import MAINTAIN
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.ingest.landing import LandingError, dataset_of
from lakehouse.say import format_seconds
from tools.twin.airflow import Airflow

SENSOR = "wait_for_landing"
QUIET_SECONDS = 12.0
"""So long nothing may be under way: the scheduler starts what an asset starts within a few seconds."""
LONGEST_SECONDS = 2400.0
UNDER_WAY = ("queued", "running")


class DeliveryFailedError(LakehouseError):
    """DAGs failed on the way of a delivery."""

    def __init__(self, dags: Sequence[str], address: str) -> None:
        self.dags = tuple(dags)
        super().__init__(f"{', '.join(dags)} failed; {address} says why, the run book of each DAG what to do.")


class TooLongError(TransientError):
    """A delivery did not come to its end."""

    def __init__(self, dags: Sequence[str]) -> None:
        self.dags = tuple(dags)
        super().__init__(
            f"After {LONGEST_SECONDS / 60:.0f} minutes {', '.join(dags)} still run; look at them in Airflow."
        )


@dataclass(frozen=True)
class DagRun:
    """A run of a DAG, as Airflow shows it."""

    dag_id: str
    run_id: str
    state: str
    seconds: float
    waits: bool = False


@dataclass(frozen=True)
class Followed:
    """What became of a delivery: the domains that got files, the runs that ended, the ingests that wait for files."""

    domains: tuple[str, ...]
    runs: tuple[DagRun, ...]
    waiting: tuple[str, ...]
    seconds: float

    @property
    def failed(self) -> list[str]:
        """The DAGs that failed."""
        return sorted({run.dag_id for run in self.runs if run.state == "failed"})


def deliver(s3: Any, bucket: str, contracts: Contracts, folder: Path) -> tuple[str, ...]:
    """Put a folder's files where their sources would, each under a digest of the delivery; returns their domains."""
    patterns = tuple(dataset.file_pattern for dataset in contracts.datasets)
    if not folder.is_dir():
        raise LandingError(folder, "does not exist", patterns)
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and dataset_of(contracts, file.name)]
    if not files:
        raise LandingError(folder, "has none", patterns)
    whole = hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()[:12]
    domains: dict[str, None] = {}
    for file in files:
        dataset = dataset_of(contracts, file.name)
        assert dataset is not None
        s3.put_object(Bucket=bucket, Key=f"raw/{dataset.domain}/{whole}/{file.name}", Body=file.read_bytes())
        domains[dataset.domain] = None
    return tuple(domains)


@dataclass
class Follower:
    """Lets the DAGs run, and sees how they go. say: gets one line for each DAG that has come further."""

    airflow: Airflow
    say: Callable[[str], None]
    before: frozenset[tuple[str, str]] = frozenset()
    _told: dict[tuple[str, str], str] = field(default_factory=dict)

    def follow(self, domains: Sequence[str]) -> Followed:
        """Wake the ingests of these domains, and wait until nothing is under way any more."""
        begun = time.time()
        self._release()
        for domain in domains:
            self._wake(f"ingest_{domain}")
        quiet_since: float | None = None
        while True:
            runs = list(self._runs())
            self._tell(runs)
            if any(run.state in UNDER_WAY and not run.waits for run in runs):
                quiet_since = None
            elif quiet_since is None:
                quiet_since = time.time()
            elif time.time() - quiet_since > QUIET_SECONDS:
                waiting = tuple(sorted(run.dag_id for run in runs if run.waits))
                ended = tuple(run for run in runs if not run.waits)
                return Followed(tuple(domains), ended, waiting, quiet_since - begun)
            if time.time() - begun > LONGEST_SECONDS:
                raise TooLongError(sorted({run.dag_id for run in runs if run.state in UNDER_WAY and not run.waits}))
            time.sleep(2)

    def _release(self) -> None:
        """Let every DAG run but the nightly one; what has ended before is no part of this delivery."""
        dags = self.airflow.get("dags?limit=200")["dags"]
        self.before = frozenset(
            (run["dag_id"], run["dag_run_id"]) for run in self._all_runs() if run["state"] not in UNDER_WAY
        )
        for dag in dags:
            if dag["is_paused"] and not dag["dag_id"].startswith(f"{MAINTAIN}_"):
                self.airflow.unpause(dag["dag_id"])

    def _wake(self, dag_id: str) -> None:
        """Let an ingest look at once: that of its schedule, which may wait for files, else a new run."""
        until = time.time() + 10
        while time.time() < until:
            for run in self.airflow.runs(dag_id):
                if run["state"] in UNDER_WAY:
                    if self._waits(dag_id, run["dag_run_id"]):
                        self.airflow.clear(dag_id, run["dag_run_id"], SENSOR)
                    return
            if any(known == dag_id for known, _ in self.before):
                break  # its schedule has had its turn
            time.sleep(1)
        self.airflow.trigger(dag_id)

    def _runs(self) -> Iterator[DagRun]:
        for run in self._all_runs():
            name = (run["dag_id"], run["dag_run_id"])
            if name not in self.before and run["state"]:
                waits = run["state"] == "running" and run["dag_id"].startswith("ingest_") and self._waits(*name)
                yield DagRun(*name, run["state"], _seconds(run), waits)

    def _all_runs(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.airflow.get("dags/~/dagRuns?limit=1000&order_by=-id")["dag_runs"]
        return found

    def _waits(self, dag_id: str, run_id: str) -> bool:
        task = self.airflow.tasks(dag_id, run_id).get(SENSOR, {})
        return bool(task.get("state") == "deferred")

    def _tell(self, runs: Sequence[DagRun]) -> None:
        for run in sorted(runs, key=lambda run: run.dag_id):
            shown = "waits for files" if run.waits else run.state
            if self._told.get((run.dag_id, run.run_id)) != shown and shown != "queued":
                self._told[run.dag_id, run.run_id] = shown
                took = format_seconds(run.seconds) if run.state in ("success", "failed") else ""
                self.say(f"{run.dag_id:<22} {shown:<16} {took}".rstrip())


def _seconds(run: Mapping[str, Any]) -> float:
    begun, ended = run.get("start_date"), run.get("end_date")
    if not begun:
        return 0.0
    end = datetime.fromisoformat(ended).timestamp() if ended else time.time()
    return end - datetime.fromisoformat(begun).timestamp()
