"""A merge that is killed at any moment and run again ends as if nothing had happened."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.lake.delta_log import commits_since, recorded
from tests.rivals.deliveries import assert_holds
from tests.rivals.driver import MergingProcess, started

pytestmark = pytest.mark.rivals

ROUNDS = 20
# From which moment of the merge on, and how many seconds later at most: before and while the batch is compared with
# silver, while rows are written and committed, right after the commit. Written stands for itself, and the rest is
# about as long as a small merge takes; a machine that is quicker is killed a step later.
MOMENTS = (("told", 0.4), ("plan", 1.5), ("write", 1.5), ("write", 0.6), ("written", 0.05))


def killed(process: MergingProcess, path: str, number: int, rng: random.Random) -> str:
    """Kill a process that merges a batch; says how far the merge had come."""
    moment, seconds = MOMENTS[number % len(MOMENTS)]
    # The JVM that outlives its Python for a while is a rival of the rerun.
    alone = number % 4 == 0
    process.tell(f"merge {number} {number}")
    if moment != "told":
        process.wait_for(moment)
    time.sleep(rng.uniform(0, seconds))
    process.kill(alone=alone)
    committed = recorded(path, "merge") == number
    if alone:
        return f"Python alone, {'committed' if committed else 'not committed yet'}"
    last = [moment, *(said["at"] for said in process.said_to_the_end())][-1]
    return f"{last}, {'committed' if committed else 'not committed'}"


def rerun(process: MergingProcess, path: str, number: int) -> bool:
    """Merge a batch that a killed process may have merged; true when it had. Silver is then what it should be."""
    process.tell(f"merge {number} {number}")
    answer = process.wait_for("done")
    assert "error" not in answer, answer
    assert_holds(path, range(1, number + 1))
    commits = [commit["lakehouse"]["batch_id"] for commit in commits_since(path, -1)]
    assert commits == list(range(1, number + 1))
    return bool(answer["skipped"])


@pytest.mark.timeout(900)
def test_twenty_rounds(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    path, rng, reached, place = str(tmp_path / "orders"), random.Random(20), Counter[str](), ""
    with contextlib.ExitStack() as stack:
        for number in range(1, ROUNDS + 2):
            (process,) = stack.enter_context(started(path))
            if number > 1:
                found = rerun(process, path, number - 1)
                assert found or not place.endswith(", committed"), place
                print(f"round {number - 1:2}: killed at {place}; then {'skipped' if found else 'merged'}", flush=True)
            if number <= ROUNDS:
                place = killed(process, path, number, rng)
                reached[place] += 1
    print(f"{ROUNDS} rounds: {dict(sorted(reached.items()))}")
    record_property("killed", dict(reached))
    committed = sum(count for place, count in reached.items() if place.endswith(", committed"))
    assert committed >= 3, reached
    assert ROUNDS - committed >= 3, reached
