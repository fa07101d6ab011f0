"""Runs Airflow on this machine with the DAGs of this folder, unpaused, against a stand-in for AWS; Ctrl-C ends both.

Glue jobs that it starts do nothing and succeed: it shows the DAGs, their order and their messages, not the data.
AIRFLOW_PORT names another port than 8080.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lakehouse.contracts.reader import load_contracts
from tools.airflow.fake_aws import DAGS, Cloud, deliver, furnish, publish_tables, serving, surroundings

ROOT = DAGS.parent


def airflow_settings(home: Path, port: int, dags: Path = DAGS) -> dict[str, str]:
    """The environment of every part of a local Airflow: nobody logs in, nothing is reported, DAGs run at once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "AWS_", "LAKEHOUSE_"))}
    address = f"http://localhost:{port}"
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "glue_jobs"), os.environ.get("PYTHONPATH", "")]),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def main() -> int:
    """Start the stand-in, fill it as a first day would, and run Airflow in the foreground."""
    home, port = ROOT / ".cache" / "airflow", int(os.environ.get("AIRFLOW_PORT", "8080"))
    shutil.rmtree(home, ignore_errors=True)  # what it remembers belongs to the stand-in, which starts empty
    home.mkdir(parents=True)
    contracts = load_contracts(ROOT / "contracts")
    with serving() as address:
        cloud = Cloud.at(address)
        furnish(cloud, contracts)
        deliver(cloud, contracts)
        publish_tables(cloud, contracts)
        print(f"Airflow comes up at http://localhost:{port} (half a minute), AWS is played at {address}", flush=True)
        env = airflow_settings(home, port) | surroundings(address)
        return run_whole([sys.executable, "-m", "airflow", "standalone"], env)


def run_whole(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a program that starts others, and let none of them outlive Ctrl-C: it is told once, then all are ended."""
    process = subprocess.Popen(command, env=dict(env), start_new_session=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        return 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
