"""Maintenance killed while it removes old rows, at every place, and run again: each place is as if it had not been."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import CONTRACT, spoiled, with_docs, write_project

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[2]
KILLED_RUN = Path(__file__).with_name("killed_run.py")
DAYS = "      - {property: keepDays, value: {raw: 20, bronze: 40, quarantine: 20, silver: 30}}\n    properties:\n"
PLACES = (
    "lakehouse.cycle.keep:record_change:1",  # what goes is written down, and nothing has gone
    "lakehouse.cycle.keep_rows:_keep_since:1",  # what comes again stays out, and is still there
    "lakehouse.cycle.keep_rows:remove_rows:1",  # silver
    "lakehouse.cycle.keep_rows:_remove_files:1",  # raw
    "lakehouse.cycle.keep_rows:remove_rows:1",  # bronze
    "lakehouse.cycle.keep_rows:remove_rows:1",  # bronze's rows of quarantine
    "lakehouse.cycle.keep_rows:remove_rows:2",  # quarantine
    "lakehouse.cycle.keep:correct_counts:1",
)
"""Where the process dies, one after the other; each finds what those before it left."""


def maintain(place: str, lake: Lake, project: Project) -> str:
    command = [sys.executable, str(KILLED_RUN), place, "lakehouse", "maintain", "--lake", lake.root]
    environment = {**os.environ, "LAKEHOUSE_PROJECT": str(project.root), "LAKEHOUSE_CACHE": str(ROOT / ".cache")}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300, env=environment)
    wanted = 0 if place == "-" else -signal.SIGKILL
    assert done.returncode == wanted, f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def held(lake: Lake) -> dict[str, Any]:
    tables = ("bronze", "quarantine", "silver")
    found = {name: sorted(row["note"] for row in read_rows(lake.table(name, "visits"))) for name in tables}
    return {**found, "raw": [file.name for file in list_files(lake.landing("shop"))]}


@pytest.mark.timeout(1200)
def test_killed_at_each_place_and_run_again(spark: SparkSession, tmp_path: Path) -> None:
    text = spoiled("    properties:\n", DAYS).replace("Percent, value: 50", "Percent, value: 100")
    assert text != CONTRACT
    project, lake = with_docs(write_project(tmp_path / "project", text)), Lake.at(str(tmp_path / "lake"))
    context = Context(project, lake, lambda: spark)
    now = datetime.now(UTC)
    for name, age in (("old", 90), ("new", 1)):
        at = f"{now - timedelta(days=age):%Y-%m-%dT00:00:00Z}"
        rows = [f"{age},{name},1.00,1,{at},false", f",{name} without key,1.00,1,{at},false"]
        file = Path(lake.landing("shop"), name, f"visits_{name}.csv")
        file.parent.mkdir(parents=True)
        file.write_text("\n".join(["id,note,amount,seq,at,gone", *rows, ""]), encoding="utf-8")
        for step in (ingest_domain, validate_domain, merge_domain):
            step(context, context.contracts.of("shop"))
    for place in PLACES:
        maintain(place, lake, project)
        (started,) = changes_of_dataset(lake, "visits")
        assert started.state.value == "started", place
    maintain("-", lake, project)
    assert held(lake) == {
        "bronze": ["new", "new without key"], "quarantine": ["new without key"], "silver": ["new"],
        "raw": ["visits_new.csv"],
    }  # fmt: skip
    assert [change.state.value for change in changes_of_dataset(lake, "visits")] == ["started", "done"]
    assert maintain("-", lake, project).strip().endswith("nothing to do")
