"""A rebuild that validates again leaves silver, quarantine and counts as if today's suite had always been there."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.choices import Ties
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.project import Project
from lakehouse.cycle import rebuild as rebuilding
from lakehouse.cycle.rebuild import plan_rebuild, rebuild
from lakehouse.cycle.validate_again import TiesAgainError, validate_again
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.batches import validation_results_of
from lakehouse.lake.built_with import HalfRebuiltError
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import read_rows, table_version
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.repairs import discard
from lakehouse.quarantine.rows import Selection, rows_of
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.helpers.small_project import rule, spoiled, with_docs, write_project

BY = Signature("ann", "the suite has changed")
HEADER = "id,note,amount,seq,at,gone"
FIRST = [
    "1,a,5.00,1,2026-01-01T10:00:00Z,false",
    "2,b,50.00,1,2026-01-01T10:00:00Z,false",
    "3,x,7.00,1,2026-01-02T10:00:00Z,false",
    "4,x,8.00,1,2026-01-02T10:00:00Z,false",
    "5,,60.00,1,2026-01-03T10:00:00Z,false",
]
SECOND = [
    "1,a,70.00,2,2026-02-01T10:00:00Z,false",
    "6,x,90.00,2,2026-02-01T10:00:00Z,false",
    "oops,x,1.00,2,2026-02-01T10:00:00Z,false",
    "7,c,9.00,2,2026-02-01T10:00:00Z,false",
]


def named(name: str, expectation: dict[str, Any]) -> dict[str, Any]:
    return {**expectation, "meta": {**expectation["meta"], "rule": name}}


PRESENT = named("id_is_there", rule("expect_column_values_to_not_be_null", column="id"))
NOTE = named("note_is_known", rule("expect_column_values_to_not_be_in_set", column="note", value_set=["x"]))
CHEAP = named("amount_is_small", rule("expect_column_values_to_be_between", column="amount", max_value=55))
ODD = named("note_is_there", rule("expect_column_values_to_not_be_null", "warn", column="note"))
BEFORE, TODAY = [PRESENT, NOTE], [PRESENT, CHEAP, ODD]


CONTRACT_90 = spoiled("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 90")


def made(folder: Path, spark: SparkSession, suite: list[Any], deliveries: list[list[str]]) -> Context:
    """A lake with its own project, whose deliveries were validated by a suite and merged."""
    project = with_docs(write_project(folder, CONTRACT_90, suite))
    context = Context(project, Lake.at(str(folder / "lake")), lambda: spark)
    raw = Path(context.lake.landing("shop"))
    raw.mkdir(parents=True)
    for number, lines in enumerate(deliveries):
        (raw / f"visits_{number}.csv").write_text("\n".join([HEADER, *lines, ""]))
        for step in (ingest_domain, validate_domain, merge_domain):
            step(context, context.contracts.of("shop"))
    return context


@pytest.fixture(scope="module")
def both(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Context, dict[str, Any]]:
    """A lake of two deliveries under the former suite, and what it holds where it was always under today's."""
    folder = tmp_path_factory.mktemp("lakes")
    wanted = state(made(folder / "new", spark, TODAY, [FIRST, SECOND]))
    return made(folder / "old", spark, BEFORE, [FIRST, SECOND]), wanted


@pytest.fixture
def old(both: tuple[Context, dict[str, Any]], tmp_path: Path) -> Context:
    """A copy of the lake under the former suite, with today's suite beside it."""
    context, _ = both
    shutil.copytree(context.project.root, tmp_path / "copy")
    copied = dataclasses.replace(context, project=Project(tmp_path / "copy"), lake=Lake.at(str(tmp_path / "copy/lake")))
    return with_suite(copied, TODAY)


@pytest.fixture(autouse=True)
def without_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave models, marts and catalogue to the next run."""
    monkeypatch.setattr(rebuilding, "bring_after", lambda context, dataset: None)


def with_suite(context: Context, suite: list[Any]) -> Context:
    """The same lake under another suite."""
    write_project(context.project.root, CONTRACT_90, suite)
    return dataclasses.replace(context, project=Project(context.project.root))


def visits(context: Context) -> Dataset:
    return context.contracts.dataset("visits")


def state(context: Context) -> dict[str, Any]:
    """Silver cell by cell, what is in quarantine and why, and the newest result of each batch."""
    kept = ("_batch_id", "_row_id", "_broken_rules", "_step", "_state", "id", "note", "amount")
    counts = ("batch_id", "status", "rows_landed", "rows_unreadable", "rows_quarantined", "rows_passed")
    quarantine = [{name: str(row[name]) for name in kept} for row in read_rows(context.lake.quarantine("visits"))]
    results = validation_results_of(context.lake, visits(context))
    return {
        "silver": sorted(map(str, read_rows(context.lake.silver("visits")))),
        "quarantine": sorted(map(str, quarantine)),
        "results": [{name: vars(result)[name] for name in counts} for result in results],
    }


def versions(context: Context) -> list[int]:
    lake = context.lake
    return [table_version(path) for path in (lake.silver("visits"), lake.quarantine("visits"), lake.ops("batches"))]


@pytest.mark.rollback
def test_what_is_validated_again_is_as_under_todays_suite_from_the_start(
    old: Context, both: tuple[Context, dict[str, Any]]
) -> None:
    context, (_, wanted) = old, both
    before = versions(context)
    plan = plan_rebuild(context, visits(context), validate_rows=True)
    assert versions(context) == before, "a plan writes nothing"
    assert plan.again is not None
    assert (plan.again.caught, plan.again.freed, plan.again.renamed) == (2, 2, 1)
    assert plan.again.rules == {"amount_is_small": 2}
    rebuild(context, plan, BY)
    assert state(context) == wanted
    entry = changes_of_dataset(context.lake, "visits")[-1]
    assert (entry.state, entry.what) == ("done", "validated again: 2 to quarantine, 2 back; 4 → 5 rows")
    after = versions(context)
    plan = plan_rebuild(context, visits(context), validate_rows=True)
    assert plan.changes_nothing
    rebuild(context, plan, BY)
    assert versions(context) == after
    assert merge_domain(context, context.contracts.of("shop")) == []


def test_rows_go_and_come_and_what_somebody_decided_stays(tmp_path: Path, spark: SparkSession) -> None:
    context = with_suite(made(tmp_path, spark, BEFORE, [FIRST]), TODAY)
    (row,) = (row for row in rows_of(context.lake, visits(context), Selection()) if row.values["id"] == "4")
    discard(context.lake, visits(context), [row], BY)
    assert sorted(row["id"] for row in read_rows(context.lake.silver("visits"))) == [1, 2, 5]
    rebuild(context, plan_rebuild(context, visits(context), validate_rows=True), BY)
    assert sorted(row["id"] for row in read_rows(context.lake.silver("visits"))) == [1, 2, 3]
    (caught,) = rows_of(context.lake, visits(context), Selection())
    assert (caught.values["id"], caught.broken_rules) == ("5", ("amount_is_small", "note_is_there"))
    (kept,) = rows_of(context.lake, visits(context), Selection(refs=(row.ref,), state=None))
    assert kept.state == "discarded"


KILLS = [("write_quarantine", False), ("write_quarantine", True), ("correct_results", False), ("replace_rows", False),
         ("replace_rows", True), ("close_change", False)]  # fmt: skip


@pytest.mark.rollback
@pytest.mark.parametrize(("killed_in", "is_done"), KILLS, ids=[f"{name} {done}" for name, done in KILLS])
def test_killed_anywhere_the_next_rebuild_completes_it(
    killed_in: str, is_done: bool, old: Context, both: tuple[Context, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    context, (_, wanted) = old, both
    work = getattr(rebuilding, killed_in)

    def killed(*words: Any) -> None:
        if is_done:
            work(*words)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rebuilding, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            rebuild(context, plan_rebuild(context, visits(context), validate_rows=True), BY)
    if (killed_in, is_done) not in (("replace_rows", True), ("close_change", False)):
        with pytest.raises(HalfRebuiltError, match=r"complete it with `lakehouse dataset rebuild shop\.visits"):
            merge_domain(context, context.contracts.of("shop"))
    for _ in range(2):  # the first completes what was begun, and the second asks again
        rebuild(context, plan_rebuild(context, visits(context), validate_rows=True), BY)
    assert state(context) == wanted
    assert merge_domain(context, context.contracts.of("shop")) == []
    last = changes_of_dataset(context.lake, "visits")[-1]
    assert last.state == "done"


def test_which_of_two_contents_passed_first_is_not_asked_again(project: Project, lake: Lake) -> None:
    orders = dataclasses.replace(project.contracts.dataset("erp_orders"), ties=Ties.QUARANTINE)
    context = Context(project, lake, lambda: pytest.fail("it is refused before Spark starts"))
    with pytest.raises(TiesAgainError, match="rebuild it without --validate-again"):
        validate_again(context, orders)
