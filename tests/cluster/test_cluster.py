"""A Spark cluster of one master and two workers: executors in processes and folders of their own.

    ROUNDS=5 pytest -m cluster tests/cluster

Two deliveries go through the jobs by `spark_local.sh --master`, as a person would type it, and one executor is killed
in the middle of each step that writes. The lake equals that of a laptop, table by table.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import FACT, rows

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

ROOT = Path(__file__).parents[2]
DELIVERIES = (ROOT / "samples", ROOT / "samples" / "day2")
FILES = "crm_leads*.csv"
STEPS = (("ingest", "crm"), ("validate", "crm"), ("transform", "crm"), ("transform", "marts"), ("publish", "marts"))
ROUNDS = int(os.environ.get("ROUNDS", "1"))
TABLES = ("silver.crm_leads", f"marts.{FACT}")
WHEN = ("_ingested_at", "_merged_at", "_built_at")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    env = {
        **os.environ,
        "CLUSTER_DIR": str(tmp_path_factory.mktemp("cluster") / "up"),
        "LAKEHOUSE_PYTHON": sys.executable,
    }
    up = subprocess.run(["tools/cluster.sh", "up"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)
    assert up.returncode == 0, up.stderr
    yield up.stdout.strip()
    assert subprocess.run(["tools/cluster.sh", "down"], cwd=ROOT, env=env, timeout=60).returncode == 0


def job(master: str, *words: object) -> subprocess.Popen[str]:
    """Start a job on the cluster."""
    command = ["./spark_local.sh", "--master", master, "--conf", "spark.executor.memory=900m", *map(str, words)]
    env = {**os.environ, "LAKEHOUSE_PYTHON": sys.executable}
    return subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip


def executors() -> list[int]:
    found = subprocess.run(["pgrep", "-f", "CoarseGrainedExecutorBackend"], capture_output=True, text=True).stdout
    return [int(number) for number in found.split()]


def kill_one(running: subprocess.Popen[str], after: float) -> bool:
    """SIGKILL one executor some time after the first is there; whether there was one."""
    while running.poll() is None and not executors():
        time.sleep(0.1)
    time.sleep(after)
    if running.poll() is None and (alive := executors()):
        os.kill(alive[0], signal.SIGKILL)
        return True
    return False


def finish(running: subprocess.Popen[str]) -> None:
    said, _ = running.communicate(timeout=900)
    assert running.returncode == 0, said[-3000:]


def deliver(delivery: Path, lake: Path, day: int) -> None:
    for file in delivery.glob(FILES):
        folder = lake / "raw" / "crm" / str(day)
        folder.mkdir(parents=True)
        shutil.copy(file, folder)


def content(lake: Path, project: Project) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the tables, without the time at which it was written."""
    found = Lake.at(str(lake))
    return {
        table: sorted(rows(found, project.contracts, f"select columns(c -> c not in {WHEN}) from {table}"), key=repr)
        for table in TABLES
    }


def on_a_laptop(lake: Path) -> None:
    for day, delivery in enumerate(DELIVERIES):
        deliver(delivery, lake, day)
        for name, domain in STEPS:
            words = ["./spark_local.sh", name, "--domain", domain, "--lake_root", str(lake)]
            env = {**os.environ, "LAKEHOUSE_PYTHON": sys.executable}
            subprocess.run(words, cwd=ROOT, env=env, check=True, timeout=300, capture_output=True)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_lake_of_a_cluster_that_loses_executors_equals_that_of_a_laptop(
    master: str, project: Project, tmp_path: Path, number: int
) -> None:
    random, killed = Random(number), []
    lake, wanted = tmp_path / "cluster", tmp_path / "laptop"
    on_a_laptop(wanted)
    for day, delivery in enumerate(DELIVERIES):
        deliver(delivery, lake, day)
        for name, domain in STEPS:
            running = job(master, name, "--domain", domain, "--lake_root", lake)
            killed.append(kill_one(running, random.uniform(0.5, 6)))
            finish(running)
    assert any(killed), "no executor was ever there to be killed"
    assert content(lake, project) == content(wanted, project)
    maintaining = job(master, "maintain", "--lake_root", lake)
    kill_one(maintaining, random.uniform(0.5, 4))
    finish(maintaining)
    assert content(lake, project) == content(wanted, project)


def test_an_executor_without_the_jars_is_one_line(master: str, tmp_path: Path, project: Project) -> None:
    """The driver has Delta on its class path, the executors have not."""
    deliver(DELIVERIES[0], tmp_path, 0)
    jars = ":".join(str(jar) for jar in (project.cache / "jars").glob("*.jar"))
    submit = Path(sys.modules["pyspark"].__file__ or "").parent / "bin" / "spark-submit"
    words = [submit, "--master", master, "--conf", "spark.executor.memory=900m", "--driver-class-path", jars]
    words += ["glue_jobs/ingest.py", "--domain", "crm", "--lake_root", tmp_path]
    env = {**os.environ, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run([str(w) for w in words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 3, done.stdout[-3000:]
    last = [line for line in done.stdout.splitlines() if line][-1]
    assert last.startswith("error: an executor has no jar with Delta or the log store; give it to the session")
