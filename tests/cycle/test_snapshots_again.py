"""A rebuild that validates snapshots again leaves what today's suite would have left from the start."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.project import Project
from lakehouse.cycle import rebuild as rebuilding
from lakehouse.cycle.rebuild import plan_rebuild, rebuild
from lakehouse.lake.batches import validation_results_of
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from tests.helpers.small_project import rule, write_project
from tests.helpers.snapshot_shop import CONTRACTS, Row, context_of, deliver

pytestmark = [pytest.mark.kinds, pytest.mark.timeout(300)]


def named(name: str, expectation: dict[str, Any]) -> dict[str, Any]:
    return {**expectation, "meta": {**expectation["meta"], "rule": name}}


PRESENT = named("id_is_there", rule("expect_column_values_to_not_be_null", column="id"))
NOTE = named("note_is_known", rule("expect_column_values_to_not_be_in_set", column="note", value_set=["x"]))
CHEAP = named("amount_is_small", rule("expect_column_values_to_be_between", column="amount", max_value=55))
BEFORE, TODAY = [PRESENT, NOTE], [PRESENT, CHEAP]
DELIVERIES: list[list[Row]] = [
    [(1, "a", "5.00"), (2, "b", "50.00"), (3, "x", "7.00"), (4, "c", ""), (5, "", "60.00")],
    # 1 and 5 are too dear today, so that their former rows stay; 3 is there, whose note was refused once; 4 is deleted.
    [(1, "a", "70.00"), (2, "b", "50.00"), (3, "x", "8.00"), (5, "", "61.00"), (6, "c", "1.00")],
    [(1, "a", "5.00"), (2, "x", "51.00"), (6, "c", "1.00")],
]


@pytest.fixture(autouse=True)
def without_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave models, marts and catalogue to the next run."""
    monkeypatch.setattr(rebuilding, "bring_after", lambda context, dataset: None)


def made(folder: Path, spark: SparkSession, contract: str, suite: list[Any]) -> Context:
    context = context_of(folder, spark, contract, suite)
    for number, rows in enumerate(DELIVERIES, start=1):
        deliver(context, number, rows)
    return context


def state(context: Context) -> dict[str, Any]:
    """Silver cell by cell, what is in quarantine and why, and the newest result of each batch."""
    dataset, kept = context.contracts.dataset("visits"), ("_batch_id", "_row_id", "_broken_rules", "_state", "id")
    counts = ("batch_id", "status", "rows_landed", "rows_quarantined", "rows_passed", "snapshot_times")
    quarantine = [{name: str(row[name]) for name in kept} for row in read_rows(context.lake.quarantine("visits"))]
    results = [{name: vars(one)[name] for name in counts} for one in validation_results_of(context.lake, dataset)]
    silver = sorted(map(str, read_rows(context.lake.silver("visits"))))
    return {"silver": silver, "quarantine": sorted(map(str, quarantine)), "results": results}


@pytest.mark.parametrize("kind", CONTRACTS)
def test_snapshots_are_validated_again_as_under_todays_suite_from_the_start(
    spark: SparkSession, tmp_path: Path, kind: str
) -> None:
    new = made(tmp_path / "new", spark, CONTRACTS[kind], TODAY)
    wanted = state(new)
    old = made(tmp_path / "old", spark, CONTRACTS[kind], BEFORE)
    before = state(old)
    write_project(old.project.root, CONTRACTS[kind], TODAY)
    context = dataclasses.replace(old, project=Project(old.project.root))
    plan = plan_rebuild(context, context.contracts.dataset("visits"), validate_rows=True)
    assert plan.again is not None
    assert (plan.again.caught, plan.again.freed) == (3, 3)
    assert state(context) == before, "a plan writes nothing"
    rebuild(context, plan, Signature("ann", "the suite has changed"))
    assert state(context) == wanted
    assert wanted["silver"] != before["silver"]
    assert merge_domain(context, context.contracts.of("shop")) == []
    deliver(context, 4, DELIVERIES[1])
    deliver(new, 4, DELIVERIES[1])
    assert state(context) == state(new), "the next snapshot finds what the rebuild left"
