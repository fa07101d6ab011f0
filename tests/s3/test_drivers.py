"""Several drivers at once on one table of a bad S3: no acknowledged commit is lost, no row is there twice.

`S3_SEEDS` says how many seeds; `make test-s3` takes 20. The same rounds with Delta's own log store lose commits.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse.lake.delta_log import recorded
from tests.rivals.driver import MergingProcess, started
from tests.s3.conftest import Store
from tests.s3.tables import wrong
from tests.s3.test_processes import PROCESS

pytestmark = pytest.mark.s3_drivers

SEEDS = int(os.environ.get("S3_SEEDS", "20"))
# What each driver does, one thing after the other: 2 to 4 of them, by the seed.
DRIVERS = (
    ("merge 2", "append X1", "append X2"),
    ("append X3", "merge 2", "optimize"),
    ("append X4", "optimize", "append X5"),
    ("vacuum", "append X6", "merge 2"),
)


def at_once(processes: list[MergingProcess], path: str, scripts: tuple[tuple[str, ...], ...]) -> list[dict[str, Any]]:
    """Let each driver work its script off, all beginning together; what they answered."""
    for process, script in zip(processes, scripts, strict=False):
        for command in script:
            process.tell(f"{path} {command}")
    pairs = zip(processes, scripts, strict=False)
    return [process.wait_for("done") for process, script in pairs for _ in script]


def round_of(store: Store, processes: list[MergingProcess], path: str, seed: int) -> list[dict[str, Any]]:
    """One table: made over a good road, then written by all drivers over a bad one."""
    store.quiet()
    processes[0].tell(f"{path} merge 1")
    assert "error" not in processes[0].wait_for("done")
    store.will(seed=seed)
    return at_once(processes, path, DRIVERS[: 2 + seed % 3])


def finish(store: Store, process: MergingProcess, path: str) -> list[dict[str, Any]]:
    """Over a good road again, the rerun of whatever ended in an error."""
    faults = dict(store.faults)
    store.quiet()
    process.tell(f"{path} merge 2")
    answer = process.wait_for("done")
    assert "error" not in answer, answer["text"]
    assert recorded(path, "merge") == 2
    return [{**answer, "faults": faults}]


@pytest.fixture(scope="module")
def drivers(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[MergingProcess]]:
    """Four drivers with our log store."""
    with started(str(tmp_path_factory.mktemp("drivers") / "ours"), 4, PROCESS, ("ours",)) as processes:
        yield processes


@pytest.mark.timeout(900)
def test_no_acknowledged_commit_is_lost(store: Store, drivers: list[MergingProcess]) -> None:
    counted = Counter[str]()
    for seed in range(SEEDS):
        path, start = f"s3://lake/ours{seed}/orders", time.monotonic()
        answers = round_of(store, drivers, path, seed)
        answers += finish(store, drivers[0], path)
        failed = [answer for answer in answers if "error" in answer]
        counted.update(faults=sum(n for name, n in answers[-1]["faults"].items() if name != "none"))
        counted.update(rivals=sum(len(answer["rivals"]) for answer in answers), failed=len(failed))
        print(f"seed {seed:2}: {time.monotonic() - start:4.1f} s, {answers[-1]['faults']}", flush=True)
        for answer in failed:
            print(f"         {answer['command']}: {answer['error']}: {answer['text'][:150]!r}", flush=True)
        assert wrong(path, answers, (1, 2)) == [], answers
    print(f"{SEEDS} seeds: {dict(counted)}")
    assert counted["faults"] >= SEEDS  # else the road was good, and nothing was proved


@pytest.mark.timeout(900)
def test_deltas_own_log_store_loses_commits(store: Store, tmp_path: Path) -> None:
    with started(str(tmp_path / "default"), 4, PROCESS, ("default",)) as processes:
        for seed in range(SEEDS):
            path = f"s3://lake/default{seed}/orders"
            answers = round_of(store, processes, path, seed)
            store.quiet()
            found = wrong(path, answers, (1, 2))
            print(f"seed {seed}: {found}", flush=True)
            if any("is lost" in problem for problem in found):
                return
    pytest.fail(f"Delta's own log store lost nothing in {SEEDS} seeds; the test bites nothing")
