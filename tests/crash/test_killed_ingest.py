"""An ingest killed between any two of its writes, taken up on other numbers of cores, loses and doubles no row.

    ROUNDS=20 pytest -m crash tests/crash/test_killed_ingest.py

The default is few rounds, each with a delivery, places and cores of its own; the same ones in every run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import rows
from tests.helpers.quality_deliveries import ORDERS, order

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[2]
KILLED_RUN = Path(__file__).with_name("killed_run.py")
ROUNDS = int(os.environ.get("ROUNDS", "3"))

BEFORE = (
    "lakehouse.cycle.cycle:deliver:1",  # files in raw, nothing planned
    "lakehouse.ingest.ingest:record_batches:1",  # a batch planned, no row written
    "lakehouse.ingest.ingest:count_rows_of:1",  # rows read, none written
)
QUARANTINE = "lakehouse.quarantine.table:append:1"  # unreadable rows written, bronze not
AFTER = (
    "lakehouse.ingest.ingest:evolve:1",  # bronze ready, no row in it
    "lakehouse.lake.tables:append:2",  # bronze written, and nothing said of it
    "lakehouse.ingest.ingest:settle:1",  # all is written, and the run not ended
)


def ingest(place: str, cores: int, lake: Path, delivery: Path) -> None:
    words = ["lakehouse", "run", "--lake", lake, "--landing", delivery, "--domain", "erp", "--until", "ingest"]
    done = subprocess.run(
        [sys.executable, KILLED_RUN, place, *words],
        capture_output=True, text=True, cwd=ROOT, timeout=300, env={**os.environ, "CORES": str(cores)},
    )  # fmt: skip
    wanted = 0 if place == "-" else -signal.SIGKILL
    assert done.returncode == wanted, f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def write(folder: Path, random: Random, day: int) -> tuple[set[str], set[str]]:
    """Files of falling sizes, which other cores pack into other tasks; the good orders and the unreadable ones."""
    folder.mkdir(parents=True)
    good: set[str] = set()
    bad: set[str] = set()
    for number in range(random.randrange(3, 7)):
        lines = []
        for line in range(random.randrange(2, 9)):
            key, pad = f"SO-{day}-{number}-{line}", "C" * (900 - 100 * number)
            fate = random.choice(["good", "good", "good", "bad value", "bad quote", "line break"])
            note = {"bad quote": f'"{pad}" C', "line break": f'"{pad}\n{pad}"'}.get(fate, pad)
            lines.append(order(key, "two" if fate == "bad value" else "1", customer_id=note))
            (bad if fate.startswith("bad") else good).add(key)
        lines.append(order(f"SO-{day}-{number}-x", "two"))
        bad.add(f"SO-{day}-{number}-x")
        (folder / f"erp_orders_{day}_{number}.csv").write_text("\n".join([ORDERS, *lines, ""]))
    return good, bad


@pytest.mark.timeout(300 * ROUNDS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_between_any_two_writes_and_run_on_other_cores(project: Project, tmp_path: Path, number: int) -> None:
    random = Random(20 + number)
    days = [write(tmp_path / f"day{day}", random, day) for day in (1, 2)]
    cores = random.choices((1, 2, 3, 8), k=6)
    # Between quarantine and bronze is the only moment at which two attempts can come to differ, so each round has it.
    for place in (random.choice(BEFORE), QUARANTINE, AFTER[number % len(AFTER)], "-"):
        ingest(place, cores.pop(), tmp_path / "lake", tmp_path / "day1")
    for place in (random.choice((*BEFORE, QUARANTINE, *AFTER)), "-"):
        ingest(place, cores.pop(), tmp_path / "lake", tmp_path / "day2")

    lake = Lake.at(str(tmp_path / "lake"))
    key = "coalesce(order_id, split_part(_raw_text, ',', 1))"
    landed = rows(lake, project.contracts, "select order_id, _batch_id, _row_id from bronze.erp_orders")
    unreadable = f"select {key}, _batch_id, _row_id from quarantine.erp_orders where _step = 'ingest'"
    kept = rows(lake, project.contracts, unreadable)
    assert sorted(key for key, *_ in landed) == sorted(key for good, _ in days for key in good)
    assert sorted(key for key, *_ in kept) == sorted(key for _, bad in days for key in bad)
    assert {(key.split("-")[1], batch) for key, batch, _ in (*landed, *kept)} == {("1", 1), ("2", 2)}
    places = [place for _, *place in (*landed, *kept)]
    assert len(set(map(tuple, places))) == len(places), "a number that bronze and quarantine share loses a good row"
