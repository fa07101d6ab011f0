"""Two full runs at once on one lake both end well; what the machine refuses is one line beside the row counts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.cycle.test_bad_input import ROOT, SAMPLES
from tests.helpers.lakes import FACT, rows
from tests.oracle import expected

pytestmark = pytest.mark.deliveries

RUNNER = (sys.executable, "local_runner.py")


def started(lake: Path, delivery: Path) -> subprocess.Popen[str]:
    words = [*RUNNER, "--output-dir", str(lake), "--landing-dir", str(delivery)]
    env = {**os.environ, "NO_COLOR": "1", "LAKEHOUSE_DRIVER_MEMORY": "1g"}
    return subprocess.Popen(words, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("second", ["samples", "samples/day2"])
def test_two_runs_at_once(project: Project, tmp_path: Path, second: str) -> None:
    """Of the same delivery, and of two."""
    deliveries = [SAMPLES, ROOT / second]
    runs = [started(tmp_path / "lake", delivery) for delivery in deliveries]
    said = [run.communicate(timeout=500)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(said)[-6000:]
    assert "Traceback" not in "".join(said)
    lake, ordered = Lake.at(str(tmp_path / "lake")), list(dict.fromkeys(deliveries))
    # Of a web event in two versions the first to land stays, so the order of the two deliveries is one or the other.
    wanted, reverse = expected(ordered), expected(ordered[::-1])
    if len(set(deliveries)) == 2:  # the fact of a run that was overtaken has what it saw; the next run brings the rest
        assert started(tmp_path / "lake", ROOT / second).wait(timeout=300) == 0
    columns = ", ".join(wanted.fact.columns)
    found = rows(lake, project.contracts, f"select {columns} from marts.{FACT} order by dt, store_id")
    assert found in [[tuple(row) for row in answer.fact.rows] for answer in (wanted, reverse)]
    landed = {name: sum(batch.landed for batch in batches) for name, batches in wanted.batches.items()}
    for name, number in landed.items():
        unreadable = f"select count(*) from quarantine.{name} where _step = 'ingest'"
        sql = f"select (select count(*) from bronze.{name}), ({unreadable})"
        assert sum(rows(lake, project.contracts, sql)[0]) == number, name
