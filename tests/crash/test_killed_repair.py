"""A repair and an accepted batch land once, although each process on their way is killed and run again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from tests.helpers.lakes import rows
from tests.helpers.quality_deliveries import ORDERS, good, order

pytestmark = pytest.mark.quality

ROOT = Path(__file__).parents[2]
KILLED_RUN = Path(__file__).with_name("killed_run.py")
WHY = ("--why", "the store looked it up", "--by", "Ada")

COMMAND = ("lakehouse.quarantine.repairs:record_changes:1", "lakehouse.quarantine.repairs:write_whole:1")
CYCLE = (
    "lakehouse.ingest.ingest:record_batches:1",  # the repair is planned
    "lakehouse.ingest.ingest:ingest_batch:1",
    "lakehouse.validate.validate:record_validation:1",  # passed, and still open
    "lakehouse.quarantine.repair_outcomes:set_state:1",  # repaired, and not recorded
    "lakehouse.transform.transform:merge_batch:1",
)
DECISION = ("lakehouse.lake.decisions:append_once:1",)
ACCEPTANCE = (
    "lakehouse.quarantine.table:append:1",  # its bad rows are quarantined, and no result says so
    "lakehouse.validate.decided:record_result:1",
    "lakehouse.transform.transform:merge_batch:1",
)


def killed_then_done(places: tuple[str, ...], *words: object, codes: tuple[int, ...] = (0,)) -> None:
    """Run some words, killed at each place in turn, and at last undisturbed."""
    for place in (*places, "-"):
        command = [sys.executable, str(KILLED_RUN), place, *(str(word) for word in words)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
        wanted = codes if place == "-" else (-signal.SIGKILL,)
        assert done.returncode in wanted, f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.mark.timeout(1200)
def test_killed_at_every_step_it_lands_once(project: Project, tmp_path: Path) -> None:
    folder, lake = tmp_path / "lake", Lake.at(str(tmp_path / "lake"))

    def deliver(name: str, *lines: str) -> tuple[object, ...]:
        (tmp_path / name).mkdir()
        (tmp_path / name / f"erp_orders_{name}.csv").write_text("".join(f"{line}\n" for line in (ORDERS, *lines)))
        return "--output-dir", folder, "--landing-dir", tmp_path / name

    def ask(sql: str) -> list[tuple[object, ...]]:
        return rows(lake, project.contracts, sql)

    cycle = deliver("first", *good(), order("A", 0))
    killed_then_done((), *cycle)
    ((batch, number),) = ask("select _batch_id, _row_id from quarantine.erp_orders")
    words = ("lakehouse", "quarantine", "repair", "erp_orders", f"{batch}:{number}", "--set", "quantity=3", *WHY)
    killed_then_done(COMMAND, *words, "--lake", folder)
    killed_then_done(CYCLE, *cycle)
    landed = "select order_id, quantity, _batch_id from silver.erp_orders where order_id not like 'G%' order by 1"
    assert ask(landed) == [("A", 3, 2)]
    assert ask("select _state from quarantine.erp_orders") == [("repaired",)]
    assert ask("select change from ops.quarantine_changes order by recorded_at") == [("repair",), ("repaired",)]

    cycle = deliver("second", order("B", 0), order("C", 5))
    killed_then_done((), *cycle, codes=(3,))
    killed_then_done(DECISION, "lakehouse", "batch", "accept", "erp_orders:3", *WHY, "--lake", folder)
    killed_then_done(ACCEPTANCE, *cycle)
    assert ask(landed) == [("A", 3, 2), ("C", 5, 3)]
    assert ask("select order_id, _state from quarantine.erp_orders order by 1") == [("A", "repaired"), ("B", "open")]
    assert ask("select count(*) from ops.decisions") == [(1,)]
