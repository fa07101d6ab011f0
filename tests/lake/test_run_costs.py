"""Sums over the records of runs: what a step did for one table is no end of the step; a span has no last moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lakehouse.lake.delta_log import open_table
from lakehouse.lake.paths import Lake
from lakehouse.lake.run_costs import costs_since, done_times
from lakehouse.lake.runs import DONE, FAILED, NOTHING_NEW
from tests.helpers.seeded_ledgers import NOON, stepped

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("step", "table", "state", "hours", "is_done"),
    [
        ("publish", None, DONE, 0, True),
        ("publish", None, NOTHING_NEW, 1, True),
        ("publish", None, FAILED, 1, False),
        ("publish", "products", DONE, 1, False),
        ("ingest", None, DONE, 1, False),
        ("publish", None, DONE, -1, False),
    ],
)
def test_a_step_is_done_when_the_whole_of_it_ended_well(
    lake: Lake, step: str, table: str | None, state: str, hours: int, is_done: bool
) -> None:
    at = NOON + hours * HOUR
    stepped(lake, step=step, table_name=table, state=state, recorded_at=at)
    assert done_times(open_table(lake.ops("steps")), "publish", NOON) == ({"products": [at]} if is_done else {})


def test_a_span_has_its_first_moment_and_not_its_last(lake: Lake) -> None:
    for hours in (0, 1, 2):
        stepped(lake, attempt_id=str(hours), recorded_at=NOON + hours * HOUR, cost_usd=float(2**hours))
    (found,) = costs_since(lake, NOON, ("domain",), until=NOON + 2 * HOUR)
    assert (found.runs, found.cost_usd, found.last) == (2, 3.0, NOON + HOUR)
