"""The process that is the twin: it serves AWS, keeps Airflow running, and leaves nothing behind when it ends.

`python -m tools.twin.keeper HOME …` is started by `up`. A second process, its warden, waits for its end by a pipe, be
it by SIGKILL; it then ends every process that carries the twin's mark, and removes the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from lakehouse.contracts.project import Project
from lakehouse.errors import EXIT_UNEXPECTED, LakehouseError
from lakehouse.runtime.java import find_java
from lakehouse.runtime.session import require_jars
from tools.twin import airflow
from tools.twin.deploy import deploy
from tools.twin.job_process import Machine
from tools.twin.plan import ROOT, find_plan

if TYPE_CHECKING:
    from tools.twin.server import Server

MARK = "TWIN_HOME"
"""The variable by which each process of a twin is known: the folder of the twin."""
STATE = "twin.json"
PLANS = ROOT / ".cache" / "plans"


def main(home: Path, environment: str, with_airflow: bool, port: int) -> int:
    """Come up, say so in the state file, and stay until told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    said = _Said(home / STATE)
    try:
        server = _served(home, environment, said)
        said.say(stage="deploying", aws=server.address, region=server.plan.region)
        deploy(server.address, server.plan, home)
        process = _airflow(home, server, said, port) if with_airflow else None
        said.say(stage="ready", ready_seconds=round(time.time() - said.words["begun"], 1))
        _stay(process)
    except LakehouseError as error:
        said.say(stage="failed", error=str(error), exit_code=error.exit_code)
        return error.exit_code
    except Exception as error:  # whoever waits for the twin is to read why it does not come
        said.say(stage="failed", error=f"The twin ended: {type(error).__name__}: {error}", exit_code=EXIT_UNEXPECTED)
        raise
    return 0


class _Said:
    """The state file: what the other commands know of a twin."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.words: dict[str, Any] = {"pid": os.getpid(), "begun": time.time(), "stage": "planning"}
        self.say()

    def say(self, **words: Any) -> None:
        """Write it, whole or not at all."""
        self.words |= words
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.words))
        part.replace(self._file)


def _served(home: Path, environment: str, said: _Said) -> Server:
    from tools.twin.server import Server  # moto and all it knows, which no command needs

    plan, project = find_plan(environment, PLANS), Project(ROOT)
    java = find_java(project.cache)
    require_jars(project, java, for_s3=True)
    jars = tuple(jar for name in ("jars", "jars-s3") for jar in sorted((project.cache / name).glob("*.jar")))
    server = Server(plan, Machine(home / "runs", jars, java))
    said.say(stage="serving")
    server.start()
    return server


def _airflow(home: Path, server: Server, said: _Said, port: int) -> subprocess.Popen[bytes]:
    airflow.fetch(server.clients, server.plan, home)
    env = airflow.environment(home, port, server.address, server.plan)
    address = env["AIRFLOW__API__BASE_URL"]
    said.say(stage="starting Airflow", airflow=address)
    process = airflow.start(env, home)
    api = airflow.Airflow(address)
    while not api.is_ready(len(server.plan.jobs)):
        if process.poll() is not None:
            raise AirflowEndedError((home / "airflow.log").read_text(errors="replace")[-600:])
        time.sleep(0.5)
    return process


class AirflowEndedError(LakehouseError):
    """Airflow did not come up."""

    def __init__(self, log: str) -> None:
        self.log = log
        super().__init__(f"The twin's Airflow ended before it was ready; its last words: {' '.join(log.split())}")


def _stay(process: subprocess.Popen[bytes] | None) -> None:
    """Until the twin is ended, or its Airflow is."""
    while process is None or process.poll() is None:
        time.sleep(1)


# ---- the warden


def guard(home: Path, pipe: int) -> None:
    """Wait until the keeper is gone, then end what it has left, and remove the folder unless it tells of a failure."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    session = _session(home)
    while os.read(pipe, 1):
        pass
    end_all(home, session)
    if state_of(home).get("stage") != "failed":
        shutil.rmtree(home, ignore_errors=True)


def state_of(home: Path) -> dict[str, Any]:
    """What the state file says; empty where there is none."""
    try:
        found: dict[str, Any] = json.loads((home / STATE).read_text())
    except (OSError, ValueError):
        return {}
    return found


def _session(home: Path) -> int:
    """The keeper's session, once it has said who it is."""
    for _ in range(100):
        if found := state_of(home).get("pid"):
            return int(found)
        time.sleep(0.1)
    return 0


def end_all(home: Path, session: int = 0) -> int:
    """Kill every process of this twin but this one; returns how many there were."""
    ended, session = 0, session or int(state_of(home).get("pid", 0))
    for _ in range(5):
        found = [one for one in psutil.process_iter() if one.pid != os.getpid() and is_of(one, home, session)]
        for process in found:
            ended += 1
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        if not found:
            break
        psutil.wait_procs(found, timeout=5)
    return ended


def is_of(process: psutil.Process, home: Path, session: int) -> bool:
    """Whether a process is one of this twin: by its mark, as jobs and warden have it, or by the keeper's session.

    Parts of Airflow write their titles over the place where Linux shows their variables.
    """
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return (session > 0 and os.getsid(process.pid) == session) or process.environ().get(MARK) == str(home)
    except (psutil.Error, OSError):
        return False


def begin(home: Path, environment: str, with_airflow: bool, port: int) -> subprocess.Popen[bytes]:
    """Start keeper and warden, both away from the terminal; returns the keeper."""
    env = {**os.environ, MARK: str(home)}
    reads, writes = os.pipe()
    quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "cwd": ROOT, "start_new_session": True}
    module = [sys.executable, "-m", "tools.twin.keeper", str(home)]
    with (home / "keeper.log").open("ab") as log:
        words = [*module, environment, "yes" if with_airflow else "no", str(port)]
        keeper = subprocess.Popen(words, env=env, stdout=log, pass_fds=(writes,), **quiet)  # type: ignore[call-overload]
        os.close(writes)
        subprocess.Popen([*module, str(reads)], env=env, stdout=log, pass_fds=(reads,), **quiet)  # type: ignore[call-overload]
    os.close(reads)
    return keeper  # type: ignore[no-any-return]


if __name__ == "__main__":
    threading.current_thread().name = "twin"
    folder = Path(sys.argv[1])
    if len(sys.argv) == 3:
        guard(folder, int(sys.argv[2]))
    else:
        sys.exit(main(folder, sys.argv[2], sys.argv[3] == "yes", int(sys.argv[4])))
