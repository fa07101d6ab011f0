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

PLACES = (
    "lakehouse.ingest.ingest:record_batches:1",  # a batch planned, no row written
    "lakehouse.ingest.ingest:count_rows_of:1",  # rows read, none written
    "lakehouse.quarantine.table:append:1",  # unreadable rows written, bronze not
    "lakehouse.ingest.ingest:evolve:1",  # bronze ready, no row in it
)
LAST_PLACES = ("lakehouse.lake.tables:append:2", "-")  # bronze written, and nothing said of it


def ingest(place: str, cores: int, lake: Path, delivery: Path) -> None:
    words = ["lakehouse", "run", "--lake", lake, "--landing", delivery, "--domain", "erp", "--until", "ingest"]
    done = subprocess.run(
        [sys.executable, KILLED_RUN, place, *words],
        capture_output=True, text=True, cwd=ROOT, timeout=300, env={**os.environ, "CORES": str(cores)},
    )  # fmt: skip
    wanted = 0 if place == "-" else -signal.SIGKILL
    assert done.returncode == wanted, f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


def write(folder: Path, random: Random) -> tuple[set[str], set[str]]:
    """Files of falling sizes, which other cores pack into other tasks; the good orders and the unreadable ones."""
    folder.mkdir(parents=True)
    good: set[str] = set()
    bad: set[str] = set()
    for number in range(random.randrange(3, 7)):
        lines = []
        for line in range(random.randrange(2, 9)):
            key, pad = f"SO-{number}-{line}", "C" * (900 - 100 * number)
            fate = random.choice(["good", "good", "good", "bad value", "bad quote", "line break"])
            note = {"bad quote": f'"{pad}" C', "line break": f'"{pad}\n{pad}"'}.get(fate, pad)
            lines.append(order(key, "two" if fate == "bad value" else "1", customer_id=note))
            (bad if fate.startswith("bad") else good).add(key)
        lines.append(order(f"SO-{number}-x", "two"))
        bad.add(f"SO-{number}-x")
        (folder / f"erp_orders_{number}.csv").write_text("\n".join([ORDERS, *lines, ""]))
    return good, bad


@pytest.mark.timeout(300 * ROUNDS)
@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_between_any_two_writes_and_run_on_other_cores(project: Project, tmp_path: Path, number: int) -> None:
    random = Random(20 + number)
    good, bad = write(tmp_path / "delivery", random)
    cores = [1, 2, 3, 8]
    random.shuffle(cores)
    # Each round dies after quarantine, which is the only moment at which two attempts can come to differ.
    for place in (random.choice(PLACES[:2]), "lakehouse.quarantine.table:append:1", random.choice(PLACES[2:])):
        ingest(place, cores.pop(), tmp_path / "lake", tmp_path / "delivery")
    ingest(LAST_PLACES[number % 2], cores.pop(), tmp_path / "lake", tmp_path / "delivery")
    ingest("-", 2, tmp_path / "lake", tmp_path / "delivery")

    lake = Lake.at(str(tmp_path / "lake"))
    key = "coalesce(order_id, split_part(_raw_text, ',', 1))"
    landed = rows(lake, project.contracts, "select order_id, _row_id from bronze.erp_orders")
    kept = rows(lake, project.contracts, f"select {key}, _row_id from quarantine.erp_orders where _step = 'ingest'")
    assert sorted(key for key, _ in landed) == sorted(good)
    assert sorted(key for key, _ in kept) == sorted(bad)
    numbers = [number for _, number in (*landed, *kept)]
    assert len(set(numbers)) == len(numbers)
