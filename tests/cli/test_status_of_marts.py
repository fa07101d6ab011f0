"""The deadline of each mart as `lakehouse status` finds it: built from what was due last, and published, in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dbt_files import read_marts
from lakehouse.contracts.findings import Commands
from lakehouse.contracts.mart_deadlines import MartPromise, mart_promises
from lakehouse.contracts.project import Project
from lakehouse.cycle.status import MartFacts, status_of
from lakehouse.lake.paths import Lake
from lakehouse.lake.runs import DONE, FAILED, NOTHING_NEW
from tests.helpers.seeded_ledgers import NOON, ran, stepped
from tests.helpers.statuses import LATER

# The deliveries come at 03:00 and, of the second domain, at 04:00; the marts are promised by 06:00.
FACT = MartPromise("fct_a", "06:00", ("erp", "web"), ("0 3 * * *", "0 4 * * *"))
OTHER = MartPromise("fct_b", "06:00", ("erp",), ("0 3 * * *",))
COMMAND = "./spark_local.sh transform --domain marts --lake_root lake"
NONE = Contracts(())

Seed = Callable[[Lake], None]


def at(hours: float) -> dict[str, object]:
    return {"recorded_at": NOON.replace(hour=0) + timedelta(hours=hours), "domain": "marts"}


def built(lake: Lake, hours: float, states: dict[str | None, str], step: str = "transform") -> None:
    """A step of the marts with an entry of its own, of name None, and one of each mart that it touched."""
    for name, state in states.items():
        stepped(lake, attempt_id=f"{step}{hours}", step=step, table_name=name, state=state, **at(hours))


def facts(lake: Lake) -> dict[str, MartFacts]:
    found = status_of(lake, NONE, Commands("lake"), LATER, (FACT, OTHER)).marts
    return {one.promise.name: one for one in found}


@pytest.mark.parametrize(
    ("builds", "publishes", "wanted"),
    [
        ([(5, {"fct_a": DONE, "fct_b": DONE, None: DONE})], [5.5], ("met", "met")),
        # There was nothing to build for one of them, or for any.
        ([(5, {"fct_b": DONE, None: DONE})], [5.5], ("met", "met")),
        ([(5, {None: NOTHING_NEW})], [5.5], ("met", "met")),
        # Before the second domain came: of the mart that reads it this is yesterday's build.
        ([(3.5, {None: DONE})], [5.5], ("late", "met")),
        # It was built and not published, or published before it was built.
        ([(5, {None: DONE})], [], ("late", "late")),
        ([(5, {None: DONE})], [4.5], ("late", "late")),
        ([(5, {None: DONE})], [6.5], ("late", "late")),
        # One mart's tests failed, the other was built, or had nothing to do.
        ([(5, {"fct_a": FAILED, "fct_b": DONE, None: FAILED})], [5.5], ("late", "met")),
        ([(5, {"fct_a": FAILED, None: FAILED})], [5.5], ("late", "met")),
        # The job died before it came to any mart.
        ([(5, {None: FAILED})], [5.5], ("late", "late")),
        ([], [], ("late", "late")),
    ],
)
def test_a_mart_is_published_in_time_or_late(
    lake: Lake, builds: list[tuple[float, dict[str | None, str]]], publishes: list[float], wanted: tuple[str, str]
) -> None:
    ran(lake, at=NOON - timedelta(days=3))
    for hours, states in builds:
        built(lake, hours, states)
    for hours in publishes:
        built(lake, hours, {None: DONE}, "publish")
    found = facts(lake)
    assert (found["fct_a"].deadline.state, found["fct_b"].deadline.state) == wanted


def test_a_mart_that_is_late_and_not_there_yet_is_a_finding_with_the_job_that_builds_it(lake: Lake) -> None:
    ran(lake, at=NOON - timedelta(days=3))
    built(lake, 5, {"fct_a": FAILED, None: FAILED})
    built(lake, 5.5, {None: DONE}, "publish")
    (late,) = status_of(lake, NONE, Commands("lake"), LATER, (FACT, OTHER)).findings
    assert (late.level.label, late.subject, late.found, late.command) == (
        "run again", "fct_a", "not published by 06:00 UTC", COMMAND,
    )  # fmt: skip
    built(lake, 7, {"fct_a": DONE, None: DONE})
    built(lake, 7.5, {None: DONE}, "publish")
    again = status_of(lake, NONE, Commands("lake"), LATER, (FACT, OTHER))
    assert again.findings == ()
    assert again.marts[0].deadline.state == "late"


def test_nothing_was_late_before_the_lake_began(lake: Lake) -> None:
    ran(lake, at=NOON.replace(hour=7))
    assert {one.deadline.state for one in facts(lake).values()} == {"not due yet"}


def test_what_is_promised_of_the_projects_marts(project: Project) -> None:
    promises = {one.name: one for one in mart_promises(project.contracts, read_marts(project.dbt))}
    fact = promises["fct_daily_store_metrics"]
    assert fact.domains == tuple(sorted(project.contracts.domains))
    assert fact.due_by == max(contract.deadline for contract in project.contracts)
    assert promises["fct_customer_value"].domains == ("erp",)
    assert promises["fct_customer_value"].schedules == (project.contracts.of("erp").schedule,)
