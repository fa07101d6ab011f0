"""Ctrl-C ends a local Airflow with all of its parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.dags.airflow_home import ROOT

# A program whose part does not listen to Ctrl-C, as one of Airflow's once did not.
STUBBORN = """
import signal, subprocess, sys, time
part = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(2, signal.SIG_IGN); time.sleep(60)"])
print(part.pid, flush=True)
time.sleep(60)
"""
# A shell lets what it starts beside itself ignore Ctrl-C, and the tests may have been started so.
CALL = """
import os, signal, sys
from tools.airflow.local import run_whole
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(run_whole(sys.argv[1:], os.environ))
"""


def test_no_part_outlives_ctrl_c() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "glue_jobs")])}
    command = [sys.executable, "-c", CALL, sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        part = int(process.stdout.readline())
        assert is_alive(part)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    time.sleep(0.2)
    assert not is_alive(part)


def is_alive(process: int) -> bool:
    """Whether a process still runs; one that has ended may wait for its parent to ask."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
