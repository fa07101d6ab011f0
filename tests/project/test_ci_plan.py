"""CI runs each slow suite that fits at least once in seven runs, and what has changed before what has not."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from tools.ci_plan import NIGHTLY, SUITES, TURNS, Suite, chosen, main, rooms_of

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tools.ci_plan")
# What .ci/run leaves the suites when all before them has taken 20 minutes.
LEAST = 3000 - 20 * 60
A, B, C = (Suite(f"test-{name}", 100, turn, rooms) for name, turn, rooms in (
    ("a", 0, ("ingest",)), ("b", 1, ("layout",)), ("c", 2, ("layout", "lake")),
))  # fmt: skip


def names(suites: list[Suite]) -> list[str]:
    return [suite.target[-1] for suite in suites]


@pytest.mark.parametrize(
    ("run", "changed", "seconds", "wanted"),
    [
        (0, (), 300, ["a", "b", "c"]),
        (2, (), 300, ["c", "a", "b"]),
        (15, (), 199, ["b"]),
        (0, ("layout", "lake"), 300, ["a", "c", "b"]),
        (0, ("layout",), 200, ["a", "b"]),
        (0, (), 99, []),
    ],
    ids=["its turn first", "another run", "no more fits", "most changed next", "as many seconds as fit", "none fits"],
)
def test_whose_turn_it_is_comes_first_then_what_changed(
    run: int, changed: tuple[str, ...], seconds: int, wanted: list[str]
) -> None:
    assert names(chosen((A, B, C), run, changed, seconds)) == wanted


def test_a_long_suite_that_does_not_fit_leaves_its_place() -> None:
    long = Suite("test-l", 900, 0, ())
    assert names(chosen((long, B, C), 0, (), 250)) == ["b", "c"]


def test_every_suite_runs_in_one_of_seven_runs_whatever_has_changed() -> None:
    for changed in (set(), {"docs"}, {"layout", "contracts"}, {room for suite in SUITES for room in suite.rooms}):
        runs = [set(chosen(SUITES, run, changed, LEAST)) for run in range(2 * TURNS)]
        for first in range(TURNS + 1):
            assert set().union(*runs[first : first + TURNS]) == set(SUITES), changed
        assert all(one != other for one, other in pairwise(runs))


def test_every_slow_suite_is_in_the_plan_and_stands_on_rooms_that_are_there() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    targets = {"test-" + line.split(":")[0].replace("_", "-") for line in settings["markers"]} | {"test-s3"}
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert re.findall(r"make (test-[a-z0-9-]+)", script) == []
    assert {suite.target for suite in SUITES} == targets - set(NIGHTLY)
    nightly = subprocess.run([*COMMAND, "--all"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(json.loads(nightly.stdout)) == targets
    places = (ROOT, ROOT / "glue_jobs/lakehouse", ROOT / "tests")
    rooms = {room for suite in SUITES for room in suite.rooms}
    assert {room for room in rooms if not any((place / room).is_dir() for place in places)} == set()


def test_the_rooms_of_files() -> None:
    files = ["glue_jobs/lakehouse/lake/files.py", "tests/s3/test_a.py", "dbt/models/a.sql", "README.md"]
    assert rooms_of(files) == {"lake", "s3", "dbt"}


def test_the_command_prints_targets_and_names_what_is_left_out() -> None:
    env = {"GITHUB_RUN_NUMBER": "4", "PATH": os.environ["PATH"]}
    done = subprocess.run([*COMMAND, "260"], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    taken = done.stdout.split()
    left = re.findall(r"^left out of run 4: (test-\S+), about \d+ s$", done.stderr, re.M)
    assert sorted([*taken, *left]) == sorted(suite.target for suite in SUITES)
    assert {suite.turn for suite in SUITES if suite.target in taken} == {4}


@pytest.mark.parametrize(("took", "fits"), [(450, True), (900, True), (1350, False)])
def test_a_slow_machine_is_given_less(took: int, fits: bool, capsys: pytest.CaptureFixture[str]) -> None:
    shortest = min(suite.seconds for suite in SUITES)
    main(shortest, took)
    assert bool(capsys.readouterr().out) == fits


def test_a_plain_folder_has_the_first_turn(tmp_path: Path) -> None:
    """CI may get the files without their history."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "ci_plan.py").write_bytes((ROOT / "tools" / "ci_plan.py").read_bytes())
    env = {name: value for name, value in os.environ.items() if name != "GITHUB_RUN_NUMBER"}
    done = subprocess.run([*COMMAND, "3000"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] in {suite.target for suite in SUITES if suite.turn == 0}
