"""A running Airflow: scheduler, triggerer, DAG processor and API of their own processes, and what is asked of it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tests.dags.airflow_home import DAGS
from tools.airflow.local import airflow_settings

LONGEST_SECONDS = 150
ENDED = {"success", "failed"}
T = TypeVar("T")
# The DAGs as they are, but with retries and looks at Glue that follow at once. Their first line is for Airflow, which
# passes over a file without its name.
HURRIED = f"""# Read by airflow.
import sys
from datetime import timedelta
sys.path.insert(0, {str(DAGS)!r})
from lakehouse_dags import DAGS
for dag in DAGS.values():
    for task in dag.tasks:
        task.retry_delay, task.retry_exponential_backoff = timedelta(seconds=1), 0
        if hasattr(task, "waiter_delay"):
            task.waiter_delay = 1
globals().update(DAGS)
"""


@dataclass(frozen=True)
class Live:
    """An Airflow that runs, by its API; every process of it is in one session."""

    address: str
    session: int
    log: Path

    def get(self, path: str) -> Any:
        """Ask its API."""
        return self._send("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Tell its API; raises HTTPError for what it refuses."""
        return self._send("POST", path, body)

    def unpause(self, *dag_ids: str) -> None:
        """Let DAGs run; an ingest then has its latest scheduled run at once."""
        for dag_id in dag_ids:
            until(lambda dag_id=dag_id: self._is_unpaused(dag_id), bool)

    def _is_unpaused(self, dag_id: str) -> bool:
        try:
            return not self._send("PATCH", f"dags/{dag_id}", {"is_paused": False})["is_paused"]
        except urllib.error.HTTPError as error:
            if error.code == 500:  # SQLite, which a local Airflow keeps its books in, was locked for too long
                return False
            raise

    def trigger(self, dag_id: str, run_id: str) -> None:
        """Let a DAG run, and start a run of it under a name."""
        self.unpause(dag_id)
        self.post(f"dags/{dag_id}/dagRuns", {"dag_run_id": run_id, "logical_date": None})

    def runs(self, dag_id: str) -> dict[str, str]:
        """The state of each run of a DAG."""
        return {run["dag_run_id"]: run["state"] for run in self.get(f"dags/{dag_id}/dagRuns?limit=100")["dag_runs"]}

    def ended(self, dag_id: str, run_id: str) -> str:
        """The state of a run once it has ended."""
        return until(lambda: self.runs(dag_id).get(run_id), lambda state: state in ENDED)

    def tasks(self, dag_id: str, run_id: str) -> dict[str, tuple[str, int]]:
        """State and number of tries of each task of a run."""
        found = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: (task["state"], task["try_number"]) for task in found}

    def task(self, dag_id: str, run_id: str, task_id: str) -> tuple[str, int]:
        """State and number of tries of one task; ("", 0) before it is there."""
        return self.tasks(dag_id, run_id).get(task_id, ("", 0))

    def kill_workers(self) -> int:
        """SIGKILL every worker that is busy, and the task that it runs; returns how many died."""
        titles = {process: title(process) for process in processes(self.session)}
        busy = [
            process for process, name in titles.items() if name.startswith("airflow worker --") and "<idle>" not in name
        ]
        for process in busy:
            os.kill(process, signal.SIGKILL)
        return len(busy)

    def _send(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/api/v2/{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def until(look: Callable[[], T], right: Callable[[T], Any], seconds: float = LONGEST_SECONDS) -> T:
    """Look until it is right, and return what was seen; fails with the last look when the time is over."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if right(seen):
            return seen
        assert time.monotonic() < end, f"still {seen!r} after {seconds} s"
        time.sleep(0.5)


@contextmanager
def living(home: Path, variables: Mapping[str, str], dags: str = HURRIED) -> Iterator[Live]:
    """Start Airflow with one DAG file and end all of it with the block."""
    folder = home / "dags"
    folder.mkdir(parents=True)
    (folder / "all.py").write_text(dags)
    port = free_port()
    env = airflow_settings(home, port, folder) | {
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
        **variables,
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PYTHONPYCACHEPREFIX"] = str(DAGS.parent / ".cache" / "compiled")
    log = home / "log"
    command = [sys.executable, "-m", "airflow", "standalone"]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    live = Live(f"http://localhost:{port}", process.pid, log)
    try:
        until(lambda: process.poll() is not None or healthy(live), bool)
        assert process.poll() is None, log.read_text()[-3000:]
        yield live
    finally:
        for one in processes(process.pid):
            os.kill(one, signal.SIGKILL)
        process.wait()


def healthy(live: Live) -> bool:
    """Whether every part is up and the DAGs are known."""
    try:
        health = live.get("monitor/health")
        parts = ("scheduler", "triggerer", "dag_processor")
        up = all((health.get(part) or {}).get("status") == "healthy" for part in parts)
        return bool(up and live.get("dags?limit=1")["total_entries"] >= 19)
    except (OSError, urllib.error.URLError):
        return False


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def processes(session: int) -> list[int]:
    """The processes of a session, by what Linux says of each."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            found.append(int(folder.name))
    return found


def title(process: int) -> str:
    """What a process calls itself."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
