"""An erasure killed in the middle and run again leaves fact and silver as they are without the person's deliveries."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import FACT, rows
from tests.oracle import expected

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
KILLED_RUN = Path(__file__).with_name("killed_run.py")
CUSTOMER, LEAD = "C-0081", "L-10001"
SUBJECTS = ["--subject", f"erp/erp_orders:customer_id={CUSTOMER}", "--also", f"web/web_events:customer_id={CUSTOMER}",
            "--also", f"crm/crm_leads:lead_id={LEAD}"]  # fmt: skip
PLACES = (
    "lakehouse.cycle.erase_places:blank:1",  # one raw file blanked, others not
    "lakehouse.cycle.erase_places:rebuild:2",  # silver of two datasets without the person, of the third not
    "lakehouse.cycle.erase_places:purge_history:5",
)


def command(place: str, *words: str) -> subprocess.CompletedProcess[str]:
    whole = [sys.executable, str(KILLED_RUN), place, *words]
    return subprocess.run(whole, capture_output=True, text=True, cwd=ROOT, timeout=600)


def without_the_person(folder: Path) -> Path:
    """The samples as if the person had never been there."""
    for file in SAMPLES.iterdir():
        if file.is_file():
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if CUSTOMER not in line and not line.startswith(f"{LEAD},")]
            (folder / file.name).write_text("".join(kept), encoding="utf-8")
    return folder


@pytest.mark.timeout(1800)
def test_killed_and_run_again(project: Project, tmp_path: Path) -> None:
    folder, samples = tmp_path / "lake", tmp_path / "samples"
    samples.mkdir()
    for file in SAMPLES.iterdir():
        if file.is_file():
            shutil.copy(file, samples)
    done = command("-", "--output-dir", str(folder), "--landing-dir", str(samples))
    assert done.returncode == 0, done.stderr
    words = ["lakehouse", "erase", *SUBJECTS, "--reason", "ticket 1", "--yes", "--lake", str(folder)]
    for place in PLACES:
        done = command(place, *words)
        assert done.returncode == -signal.SIGKILL, f"{place} was never reached\n{done.stdout}\n{done.stderr}"
    done = command("-", *words)
    assert done.returncode == 0, done.stderr
    assert "nothing found in" in done.stdout
    lake = Lake.at(str(folder))
    (tmp_path / "wanted").mkdir()
    wanted = expected([without_the_person(tmp_path / "wanted")])
    columns = ", ".join(wanted.fact.columns)
    found = rows(lake, project.contracts, f"select {columns} from marts.{FACT} order by dt, store_id")
    assert found == [tuple(row) for row in wanted.fact.rows]
    for dataset in project.contracts.datasets:
        name = dataset.name
        count = rows(lake, project.contracts, f"select count(*) from delta_scan('{lake.silver(name)}')")
        assert count == [(len(wanted.silver[name].rows),)], name
    customers = rows(lake, project.contracts, "select customer_id from marts.fct_customer_value")
    assert customers
    assert (CUSTOMER,) not in customers
    assert [file for file in folder.rglob("*") if file.is_file() and CUSTOMER.encode() in file.read_bytes()] == []
