"""A cycle killed at every boundary, again and again, ends in the lake of an undisturbed run."""

from __future__ import annotations

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
SAMPLES, DAY2 = ROOT / "samples", ROOT / "samples" / "day2"
KILLED_RUN = Path(__file__).with_name("killed_run.py")

# Each place is reached by a run that takes up what the one before left.
FIRST = (
    "lakehouse.cycle.cycle:deliver:1",  # files in raw, nothing planned
    "lakehouse.ingest.ingest:record_batches:1",  # a batch planned, no row written
    "lakehouse.quarantine.table:append:1",  # unreadable rows written, bronze not
    "lakehouse.ingest.ingest:ingest_batch:1",  # one dataset in bronze, the others not
    "step:ingest_web",
    "lakehouse.quarantine.table:append:1",  # bad rows written, no result
    "lakehouse.validate.validate:_record_results:1",  # quality results written, no result
    "step:validate_web",
    "lakehouse.transform.transform:merge_batch:1",  # silver written, models not built
    "lakehouse.transform.transform:run_dbt:2",  # models built, no milestone
    "step:transform_web",
    "dbt.task.run:track_model_run:5",  # after the four views of this session, the fact: built, not tested
    "lakehouse.transform.marts:build_models:1",  # tested, not shown
    "lakehouse.transform.mart_candidate:commits_since:1",  # shown, its candidate not removed
    "step:transform_marts",
    "lakehouse.publish.publish:publish_docs:1",  # docs written, no milestone
)
SECOND = (
    "lakehouse.transform.transform:merge_batch:2",
    "lakehouse.transform.marts:build_models:1",
    "lakehouse.transform.mart_candidate:commits_since:1",
)


def cycle(place: str, lake: Path, delivery: Path) -> int:
    command = [sys.executable, KILLED_RUN, place, "--output-dir", lake, "--landing-dir", delivery]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    if done.returncode not in (0, -signal.SIGKILL):
        raise AssertionError(f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.returncode


@pytest.mark.timeout(1200)
def test_killed_at_every_boundary_and_run_again(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    for places, delivery in ((FIRST, SAMPLES), (SECOND, DAY2)):
        for place in places:
            assert cycle(place, folder, delivery) == -signal.SIGKILL, f"{place} was never reached"
        assert cycle("-", folder, delivery) == 0
    wanted, lake = expected([SAMPLES, DAY2]), Lake.at(str(folder))

    def count(sql: str) -> int:
        return int(rows(lake, project.contracts, f"select count(*) from {sql}")[0][0])

    columns = ", ".join(wanted.fact.columns)
    found = rows(lake, project.contracts, f"select {columns} from marts.{FACT} order by dt, store_id")
    assert found == [tuple(row) for row in wanted.fact.rows]
    for dataset in project.contracts.datasets:
        batches = [batch for batch in wanted.batches[dataset.name] if batch]
        landed, bad = sum(b.landed for b in batches), sum(b.quarantined for b in batches)
        name = dataset.name
        unreadable = count(f"quarantine.{name} where _step = 'ingest'")
        assert count(f"quarantine.{name}") == bad
        assert count(f"bronze.{name}") + unreadable == landed
        assert count(f"delta_scan('{lake.silver(name)}')") == len(wanted.silver[name].rows)
        assert count(f"ops.validation_results where dataset = '{name}'") == len(batches)
        assert count(f"(select distinct _batch_id, _row_id from quarantine.{name})") == bad
