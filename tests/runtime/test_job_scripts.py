"""Each Glue job in a process of its own, as `spark_local.sh` runs it, from landing to the published fact."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import FACT, rows, versions
from tests.oracle import expected

ROOT = Path(__file__).parents[2]
LOG_LINE = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) run=\S+ domain=\S+ dataset=\S+ batch=\S+ .*message=\".+\"$"
)


def job(*words: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LAKEHOUSE_PYTHON": sys.executable}
    command = ["./spark_local.sh", *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, timeout=180)


def log_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What the script printed: spark-submit sends both of its streams to standard output."""
    return done.stdout.splitlines()


@pytest.mark.deliveries
@pytest.mark.timeout(400)
def test_a_domain_job_by_job(project: Project, tmp_path: Path) -> None:
    folder, delivery = tmp_path / "lake", tmp_path / "delivery"
    delivery.mkdir()
    shutil.copy(ROOT / "samples" / "crm_leads.csv", delivery)
    landed = folder / "raw" / "crm"
    landed.mkdir(parents=True)
    shutil.copy(delivery / "crm_leads.csv", landed)
    steps = [(name, "crm") for name in ("ingest", "validate", "transform", "publish")]
    for name, domain in [*steps, ("transform", "marts"), ("publish", "marts")]:
        done = job(name, "--domain", domain, "--lake_root", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        assert all(LOG_LINE.match(line) for line in log_lines(done)), done.stdout
        assert any(f"domain={domain}" in line for line in log_lines(done))
    lake, wanted = Lake.at(str(folder)), expected([delivery])
    columns = ", ".join(wanted.fact.columns)
    found = rows(lake, project.contracts, f"select {columns} from marts.{FACT} order by dt, store_id")
    assert found == [tuple(row) for row in wanted.fact.rows]
    assert (folder / "curated/docs/dbt/index.html").stat().st_size > 100_000
    before = versions(lake)
    assert job("transform", "--domain", "crm", "--lake_root", folder).returncode == 0
    assert versions(lake) == before


@pytest.mark.timeout(200)
def test_a_refused_file_ends_the_job_with_one_line_and_its_exit_code(tmp_path: Path) -> None:
    landed = tmp_path / "lake" / "raw" / "erp"
    landed.mkdir(parents=True)
    shutil.copy(ROOT / "samples" / "broken" / "erp_orders.csv", landed)
    done = job("ingest", "--domain", "erp", "--lake_root", tmp_path / "lake")
    assert done.returncode == 3
    last = log_lines(done)[-1]
    assert last.startswith("error: erp: erp_orders.csv: required column unit_price missing")
    assert "Traceback" not in done.stdout + done.stderr
    again = job("ingest", "--domain", "erp", "--lake_root", tmp_path / "lake")
    assert again.returncode == 0, "a refused file is told once; it does not block what comes later"
