"""A rebuild killed after its commit: the next run brings the marts after it and closes its entry."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.delta_log import existing_table
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import FACT, rows

pytestmark = pytest.mark.crash

ROOT = Path(__file__).parents[2]
KILLED_RUN = Path(__file__).with_name("killed_run.py")
WHY = ("--why", "a price was overwritten by hand", "--by", "Ada", "--yes")
STARTED, UNDONE, DONE = (("rebuild", state) for state in ("started", "undone", "done"))
BEFORE_THE_COMMIT = ("lakehouse.cycle.rebuild:record_change:1", [STARTED])
AFTER_THE_COMMIT = (
    ("lakehouse.cycle.rebuild:replace_rows:1", [STARTED, UNDONE, STARTED, DONE]),
    ("lakehouse.cycle.rebuild:close_change:1", [STARTED, DONE]),
    ("lakehouse.cycle.rebuild:build_domain:1", [STARTED, DONE]),
    ("lakehouse.cycle.rebuild:build_marts:1", [STARTED, DONE]),
)
"""Where the process dies, and the entries that the lake has after the next run, but for those of the places before."""


def words(place: str, *of_command: object) -> int:
    command = [sys.executable, str(KILLED_RUN), place, *(str(word) for word in of_command)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode in (0, -signal.SIGKILL), f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.returncode


@pytest.mark.timeout(1800)
def test_a_killed_rebuild_is_followed_by_the_marts_and_is_closed(project: Project, tmp_path: Path) -> None:
    folder, lake = tmp_path / "lake", Lake.at(str(tmp_path / "lake"))
    run = ("--output-dir", folder, "--landing-dir", project.samples)
    rebuild = ("lakehouse", "dataset", "rebuild", "erp.erp_orders", *WHY, "--lake", folder)

    def fact() -> list[tuple[object, ...]]:
        return rows(lake, project.contracts, f"select * from marts.{FACT} order by dt, store_id")

    def overwrite_a_price() -> None:
        silver = existing_table(lake.silver("erp_orders"))
        silver.update(updates={"unit_price": "unit_price + 1"}, predicate="line_number = 1 and not is_deleted")
        assert words("-", *run) == 0
        assert fact() != right

    assert words("-", *run) == 0
    right, entries = fact(), list[tuple[str, str]]()
    overwrite_a_price()
    assert words(BEFORE_THE_COMMIT[0], *rebuild) == -signal.SIGKILL
    assert words("-", *run) == 0
    assert fact() != right, "nothing was rebuilt"
    for place, since in AFTER_THE_COMMIT:
        assert words(place, *rebuild) == -signal.SIGKILL, f"{place} was never reached"
        assert words("-", *run) == 0
        assert fact() == right, place
        entries += since
        found = changes_of_dataset(lake, "erp_orders")
        assert [(change.change, change.state.value) for change in found] == entries, place
        overwrite_a_price()
    assert words("-", *rebuild) == 0
    assert fact() == right
