"""Days by the clock that wrote a row, from file to silver: repairs keep them, a rebuild finds them, none is guessed."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from lakehouse.cli.check_lake import lake_problems
from lakehouse.contracts.columns import DELIVERED
from lakehouse.contracts.project import Project
from lakehouse.cycle import rebuild as rebuilding
from lakehouse.cycle.rebuild import plan_rebuild, rebuild
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.built_with import BuiltWithError
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.changes import ChangeKind
from lakehouse.quarantine.repairs import Edit, send_back
from lakehouse.quarantine.rows import Selection, open_rows
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.contracts.test_date_zone import contract
from tests.helpers.small_project import rule, with_docs, write_project

pytestmark = pytest.mark.rollback

BY = Signature("ann", "the shops' own day")
HEADER = "id,note,amount,seq,at,gone"
SMALL = rule("expect_column_values_to_be_between", column="amount", max_value=55)
FIRST = [
    "1,berlin,1.00,1,2026-10-31T23:30:00Z,false",
    "2,berlin,1.00,1,2026-11-01T00:30:00+01:00,false",
    "3,recife,1.00,1,2026-10-31T22:30:00-03:00,false",
    "4,st johns,1.00,1,2026-11-01 00:15:00-0230,false",
    "5,too much,99.00,1,2026-11-01T00:30:00.5+02,false",
    "6,berlin,1.00,1,2026-11-01T01:00:00+01:00,false",
]
SECOND = ["6,berlin,1.00,1,2026-11-01T00:00:00Z,false", "2,berlin,2.00,2,2026-10-31T23:30:00+00:00,false"]
"""6: the same instant by another clock, on the same day; 2: a newer version by another clock, on another."""
BY_ITS_CLOCK = {1: (31, 10), 2: (31, 10), 3: (31, 10), 4: (1, 11), 6: (1, 11)}
BY_BERLIN = {1: (1, 11), 2: (1, 11), 3: (1, 11), 4: (1, 11), 6: (1, 11)}
STEPS = (ingest_domain, validate_domain, merge_domain)


def take(context: Context) -> None:
    for step in STEPS:
        step(context, context.contracts.of("shop"))


def with_zone(context: Context, zone: str | None) -> Context:
    """The same lake under a contract with another clock."""
    write_project(context.project.root, contract(zone), [SMALL])
    return dataclasses.replace(context, project=Project(context.project.root))


def made(folder: Path, spark: SparkSession, zone: str | None) -> Context:
    project = with_docs(write_project(folder, contract(zone), [SMALL]))
    context = Context(project, Lake.at(str(folder / "lake")), lambda: spark)
    raw = Path(context.lake.landing("shop"))
    raw.mkdir(parents=True)
    for number, lines in enumerate((FIRST, SECOND)):
        (raw / f"visits_{number}.csv").write_text("\n".join([HEADER, *lines, ""]))
        take(context)
    return context


def days(context: Context) -> dict[int, tuple[int, int]]:
    """Day and month of each row of silver, whose partition agrees."""
    rows = read_rows(context.lake.silver("visits"))
    assert {row["id"] for row in rows if row["month"] != f"{row['dt']:%Y-%m}"} == set()
    return {row["id"]: (row["dt"].day, row["dt"].month) for row in rows}


@pytest.fixture(autouse=True)
def without_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave models, marts and catalogue to the next run."""
    monkeypatch.setattr(rebuilding, "bring_after", lambda context, dataset: None)


def test_the_delivered_day_stays_through_quarantine_repair_and_rebuild(spark: SparkSession, tmp_path: Path) -> None:
    context = made(tmp_path, spark, DELIVERED)
    visits = context.contracts.dataset("visits")
    assert days(context) == BY_ITS_CLOCK
    (caught,) = open_rows(context.lake, visits, Selection())
    assert caught.values["at"] == "2026-11-01T00:30:00.500000+02:00", "by its own clock"
    send_back(context.lake, visits, [Edit(caught, {"amount": "5.00"})], ChangeKind.REPAIR, BY)
    take(context)
    assert days(context) == {**BY_ITS_CLOCK, 5: (1, 11)}, "by UTC it was on 31 October"
    assert plan_rebuild(context, visits).changes_nothing
    assert lake_problems(context.lake, context.contracts) == []
    of_utc = with_zone(context, None)
    rebuild(of_utc, plan_rebuild(of_utc, of_utc.contracts.dataset("visits")), BY)
    assert days(of_utc)[5] == (31, 10)


def test_another_clock_is_refused_until_a_rebuild_and_never_guessed(spark: SparkSession, tmp_path: Path) -> None:
    context = made(tmp_path, spark, None)
    assert days(context)[4] == (1, 11)
    berlin = with_zone(context, "Europe/Berlin")
    with pytest.raises(BuiltWithError, match=r"dateZone UTC .* run `lakehouse dataset rebuild shop\.visits"):
        ingest_domain(berlin, berlin.contracts.of("shop"))
    (line,) = lake_problems(berlin.lake, berlin.contracts)
    assert "dateZone UTC and its contract says Europe/Berlin" in line
    rebuild(berlin, plan_rebuild(berlin, berlin.contracts.dataset("visits")), BY)
    assert days(berlin) == BY_BERLIN
    take(berlin)
    delivered = with_zone(berlin, DELIVERED)
    with pytest.raises(BuiltWithError, match="no offset was kept of what has landed"):
        plan_rebuild(delivered, delivered.contracts.dataset("visits"))
    assert {row["dt"] for row in read_rows(berlin.lake.silver("visits"))} == {date(2026, 11, 1)}
