"""The twin's Airflow: the DAGs as they lie in the bucket, MWAA's options, and what its API says of a run."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.airflow.local import airflow_settings
from tools.deploy.artifacts import DAGS, MWAA
from tools.twin.account import Clients
from tools.twin.calls import Caller
from tools.twin.job_process import surroundings
from tools.twin.plan import ROOT, Plan
from tools.twin.ports import free_port

ROLE = "airflow"
PARTS = ("scheduler", "triggerer", "dag_processor")


def fetch(clients: Clients, plan: Plan, folder: Path) -> None:
    """Bring what MWAA takes from the bucket: the DAGs, and the code of its plug-in archive."""
    s3, bucket = clients.of("s3", Caller(ROLE)), plan.bucket("artefacts")
    (mwaa,) = plan.of_type("aws_mwaa_environment")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{mwaa['dag_s3_path']}/"):
        for item in page.get("Contents", ()):
            target = folder / DAGS / item["Key"].removeprefix(f"{mwaa['dag_s3_path']}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())
    plugins = folder / MWAA / "plugins.zip"
    plugins.parent.mkdir(parents=True, exist_ok=True)
    plugins.write_bytes(s3.get_object(Bucket=bucket, Key=mwaa["plugins_s3_path"])["Body"].read())
    _unpack(plugins, folder / MWAA)


def _unpack(plugins: Path, target: Path) -> None:
    """The modules of the wheel; its name is known to Airflow already, and a second one would double the plug-in."""
    with zipfile.ZipFile(plugins) as outer:
        outer.extractall(target)
    for wheel in target.glob("*.whl"):
        with zipfile.ZipFile(wheel) as inner:
            inner.extractall(target / "code", [name for name in inner.namelist() if ".dist-info/" not in name])


def environment(home: Path, port: int, address: str, plan: Plan) -> dict[str, str]:
    """Airflow's environment: that of a laptop, with MWAA's options and the role of Airflow."""
    (mwaa,) = plan.of_type("aws_mwaa_environment")
    options = {
        f"AIRFLOW__{name.replace('.', '__').upper()}": value
        for name, value in mwaa["airflow_configuration_options"].items()
    }
    return {
        **airflow_settings(home / "home", port, home / DAGS),
        **options,
        **surroundings(address, plan.region, Caller(ROLE)),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        # Its two servers of logs have ports of their own, which another Airflow of this machine may hold.
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "PYTHONPATH": str(home / MWAA / "code"),
        "PYTHONPYCACHEPREFIX": str(ROOT / ".cache" / "compiled"),
    }


def start(env: Mapping[str, str], home: Path) -> subprocess.Popen[bytes]:
    """Start all parts of Airflow, in the session of the twin."""
    (home / "home").mkdir(parents=True, exist_ok=True)
    with (home / "airflow.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"], env=dict(env), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, cwd=home,
        )  # fmt: skip


@dataclass(frozen=True)
class Airflow:
    """Airflow's API."""

    address: str

    def is_ready(self, dags: int) -> bool:
        """Whether every part is up and so many DAGs are known."""
        try:
            health = self.get("monitor/health")
            up = all((health.get(part) or {}).get("status") == "healthy" for part in PARTS)
            return bool(up and self.get("dags?limit=1")["total_entries"] >= dags)
        except OSError:
            return False

    def dag_ids(self) -> list[str]:
        """Every DAG."""
        return [dag["dag_id"] for dag in self.get("dags?limit=200")["dags"]]

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The runs of a DAG."""
        found: list[dict[str, Any]] = self.get(f"dags/{dag_id}/dagRuns?limit=100")["dag_runs"]
        return found

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """The tasks of a run, by name."""
        found = self.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {task["task_id"]: task for task in found}

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run."""
        self.send("PATCH", f"dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str) -> str:
        """Start a run; returns its name."""
        return str(self.send("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None})["dag_run_id"])

    def clear(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Let a task that waits look again at once."""
        body = {"dag_run_id": run_id, "task_ids": [task_id], "dry_run": False, "only_failed": False,
                "reset_dag_runs": False}  # fmt: skip
        self.send("POST", f"dags/{dag_id}/clearTaskInstances", body)

    def get(self, path: str) -> Any:
        """Ask the API."""
        return self.send("GET", path, None)

    def send(self, method: str, path: str, body: Any) -> Any:
        """Call the API; SQLite, in which a local Airflow keeps its books, may be locked for a moment."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.address}/api/v2/{path}", data, {"Content-Type": "application/json"}, method=method
        )
        for last in (False, False, True):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 500 or last:
                    raise
        raise AssertionError("unreachable")
