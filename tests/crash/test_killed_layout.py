"""Maintenance and a new layout, killed at every step and run again: the same rows, and nothing left to do."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.contracts.project import Project
from lakehouse.lake.delta_log import select
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import FACT
from tests.helpers.lakes_without_spark import write_lake

pytestmark = pytest.mark.layout

ROOT = Path(__file__).parents[2]
KILLED_RUN = Path(__file__).with_name("killed_run.py")
MAINTAIN = (
    "lakehouse.layout.maintain:describe:1",  # described, nothing rewritten
    "lakehouse.lake.rewrite:_refuse_loss:1",  # new files written, no commit
    "lakehouse.layout.maintain:carry_out:1",  # one table committed, the others not
)
APPLY = ("lakehouse.lake.rewrite:_refuse_loss:1",)


def run(place: str, *words: str) -> str:
    command = [sys.executable, str(KILLED_RUN), place, "lakehouse", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    wanted = 0 if place == "-" else -signal.SIGKILL
    assert done.returncode == wanted, f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rows(path: str) -> list[str]:
    return sorted(str(row) for row in select(DeltaTable(path), "SELECT * FROM t"))


@pytest.mark.timeout(600)
def test_killed_maintenance_and_layout_change_no_row(project: Project, tmp_path: Path) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    write_lake(project, lake)
    scattered = ("erp_orders", "web_events", "crm_leads")
    for name in scattered:  # each day's rows over four files, in no order
        whole = DeltaTable(lake.silver(name)).to_pyarrow_table()
        parts = list(project.contracts.dataset(name).partition_by)
        for part in range(4):
            some = whole.take(list(range(part, whole.num_rows, 4)))
            write_deltalake(lake.silver(name), some, mode="append" if part else "overwrite", partition_by=parts)
    paths = [*(lake.silver(name) for name in (*scattered, "products")), lake.table("marts", FACT)]
    before = [rows(path) for path in paths]

    for place in MAINTAIN:
        run(place, "maintain", "--lake", lake.root)
        assert [rows(path) for path in paths] == before, place
    assert "silver.crm_leads" not in run("-", "maintain", "--lake", lake.root)  # was committed when it was killed
    for place in APPLY:
        run(place, "layout", "apply", FACT, "--lake", lake.root)
        assert [rows(path) for path in paths] == before, place
    assert "instead of 14" in run("-", "layout", "apply", FACT, "--lake", lake.root)
    assert [rows(path) for path in paths] == before
    versions = [DeltaTable(path).version() for path in paths]
    assert run("-", "maintain", "--lake", lake.root).strip() == "nothing to do"
    assert [DeltaTable(path).version() for path in paths] == versions
