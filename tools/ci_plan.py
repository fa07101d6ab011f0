"""Which slow suites CI runs in the time it has, what finds most first: `tools.ci_plan SECONDS [TOOK] | --all`.

A clean checkout knows of no earlier run. So each suite has its turn in one of seven runs in a row: the number of the
run, or of the commits where nobody counts runs, says whose turn it is. Then come those that stand on what the newest
commits have changed. Prints the targets of make to run; what is left out is named on the error output. TOOK says
how many seconds `make test` took just now: on a slow machine the suites are given as many times theirs. `--all` prints
every suite as a JSON list, for the nightly workflow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TURNS = 7
DEFAULT_TESTS = 900
"""The seconds of `make test` on two cores on which the suites take theirs."""
NEWEST_COMMITS = 30
RUN_NUMBER = "GITHUB_RUN_NUMBER"


@dataclass(frozen=True)
class Suite:
    """A slow suite: its seconds on two cores, the run of seven in which it has its turn, and the rooms it stands on."""

    target: str
    seconds: int
    turn: int
    rooms: tuple[str, ...]


STEPS = ("ingest", "validate", "transform", "publish", "cycle")
SUITES = (
    Suite("test-docs", 900, 0, ("docs", "cli", "terraform", "tools")),
    Suite("test-model", 800, 0, ("transform", "dbt")),
    Suite("test-kinds", 850, 1, ("ingest", "validate", "transform")),
    Suite("test-rivals", 560, 1, ("transform", "lake")),
    Suite("test-twin", 1300, 2, ("dags", "airflow", "terraform", "tools")),
    Suite("test-s3", 130, 2, ("jvm",)),
    Suite("test-crash", 1150, 3, (*STEPS, "lake")),
    Suite("test-trino", 500, 3, ("publish", "analysts")),
    Suite("test-quality", 1150, 4, ("quarantine", "validate", "great_expectations")),
    Suite("test-layout", 220, 4, ("layout",)),
    Suite("test-policy", 340, 4, ("terraform", "s3")),
    Suite("test-s3-drivers", 600, 5, ("jvm", "s3")),
    Suite("test-deliveries", 570, 5, STEPS),
    Suite("test-contracts", 200, 5, ("contracts", "dbt")),
    Suite("test-airflow", 140, 5, ("dags", "airflow")),
    Suite("test-lineage", 160, 5, ("dags",)),
    Suite("test-foreign", 600, 6, ("contracts", "ingest")),
    Suite("test-cluster", 440, 6, ("runtime", "transform")),
    Suite("test-rollback", 450, 6, ("layout",)),
)
NIGHTLY = ("test-twin-days",)
"""Takes longer than CI has."""


def chosen(suites: Sequence[Suite], run: int, changed: Collection[str], seconds: int) -> list[Suite]:
    """The suites that fit one after the other: those whose turn it is, then those on most of what has changed.

    A suite that does not fit leaves its place to a shorter one behind it.
    """

    def rank(suite: Suite) -> tuple[bool, int, int]:
        return suite.turn != run % TURNS, -len(set(suite.rooms) & set(changed)), suite.seconds

    found: list[Suite] = []
    for suite in sorted(suites, key=rank):
        if sum(other.seconds for other in found) + suite.seconds <= seconds:
            found.append(suite)
    return found


def rooms_of(files: Collection[str]) -> set[str]:
    """The rooms that files lie in: a folder of the library or the tests, or else of the project."""
    parts = [file.removeprefix("glue_jobs/lakehouse/").removeprefix("tests/").split("/") for file in files]
    return {part[0] for part in parts if len(part) > 1}


def main(seconds: int, took: int = 0) -> None:
    """Print the targets, one a line."""
    seconds = int(seconds / max(1.0, took / DEFAULT_TESTS))
    run = int(os.environ.get(RUN_NUMBER) or _git("rev-list", "--count", "HEAD") or 0)
    files = _git("log", f"-{NEWEST_COMMITS}", "--name-only", "--format=").splitlines()
    taken = chosen(SUITES, run, rooms_of(files), seconds)
    for suite in taken:
        print(suite.target)
    for suite in SUITES:
        if suite not in taken:
            print(f"left out of run {run}: {suite.target}, about {suite.seconds} s", file=sys.stderr)


def _git(*words: str) -> str:
    """What git says; nothing where the checkout is a plain folder."""
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    if sys.argv[1] == "--all":
        print(json.dumps(sorted([*(suite.target for suite in SUITES), *NIGHTLY])))
    else:
        main(*map(int, sys.argv[1:]))
