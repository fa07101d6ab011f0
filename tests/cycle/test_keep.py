"""What a contract keeps no longer goes from every place, stays out when it comes again, and the rest stays as it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from lakehouse.contracts.dataset import Dataset
from lakehouse.cycle import keep_rows
from lakehouse.cycle.keep import keep_lake, plan_keeping
from lakehouse.cycle.rebuild import plan_rebuild
from lakehouse.ingest.ingest import ingest_domain
from lakehouse.ingest.landing import deliver
from lakehouse.lake.batches import validation_results_of
from lakehouse.lake.dataset_changes import changes_of_dataset
from lakehouse.lake.delta_log import existing_table, read_rows
from lakehouse.lake.files import list_files
from lakehouse.lake.paths import Lake
from lakehouse.publish.parity import require_parity
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import ask_replay, merge_domain
from lakehouse.validate.validate import BatchStoppedError, validate_domain
from tests.helpers.small_project import spoiled, with_docs, write_project

pytestmark = pytest.mark.quality

HEADER = "id,note,amount,seq,at,gone"
TODAY = date(2026, 6, 30)
KEPT = "{raw: 30, bronze: 100, quarantine: 60, silver: 90}"  # 31 May, 22 March, 1 May, 1 April
OLD = [
    "1,old,1.00,1,2026-03-01T00:00:00Z,false",
    "2,moved,2.00,1,2026-05-10T00:00:00Z,false",
    "2,moved back,2.00,2,2026-01-10T00:00:00Z,false",  # its newest version says an earlier day
    "3,deleted,3.00,1,2026-02-01T00:00:00Z,true",
    "4,kept in bronze,4.00,1,2026-03-25T00:00:00Z,false",
    ",no key,5.00,1,2026-02-01T00:00:00Z,false",
]
NO_DAY = "7,no day,7.00,1,some day,false"
NEW = ["5,new,5.00,1,2026-06-01T00:00:00Z,false", ",no key,6.00,1,2026-06-02T00:00:00Z,false"]


def contract(days: str = KEPT, strategy: str = "upsert") -> str:
    text = spoiled("    properties:\n", f"      - {{property: keepDays, value: {days}}}\n    properties:\n")
    text = text.replace("quarantineLimitPercent, value: 50", "quarantineLimitPercent, value: 100")
    if strategy == "append":
        for line in ("      - {property: sequenceBy, value: seq}\n", "      - {property: deleteFlag, value: gone}\n"):
            text = text.replace(line, "")
        text = text.replace("primaryKey: true, primaryKeyPosition: 1, ", "")
    return text.replace("value: upsert", f"value: {strategy}")


LakeUnder = Callable[..., Context]


@pytest.fixture
def lake_under(spark: SparkSession, tmp_path: Path) -> LakeUnder:
    """The lake of this test, under a contract."""

    def under(text: str = contract()) -> Context:
        project = with_docs(write_project(tmp_path / f"project {abs(hash(text))}", text))
        return Context(project, Lake.at(str(tmp_path / "lake")), lambda: spark)

    return under


def visits(context: Context) -> Dataset:
    return context.contracts.dataset("visits")


def bring(context: Context, name: str, lines: list[str]) -> tuple[str, ...]:
    """Deliver a file and take it to silver; returns the files that were new."""
    folder = Path(context.lake.root).parent / "landing"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / name).write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    new = deliver(folder, context.lake, context.contracts).new_files
    for step in (ingest_domain, validate_domain, merge_domain):
        step(context, context.contracts.of("shop"))
    return new


def held(context: Context) -> dict[str, list[Any]]:
    """The notes of every place, and the names of raw files."""
    found = {
        layer: sorted(row["note"] for row in read_rows(context.lake.table(layer, "visits")))
        for layer in ("bronze", "quarantine", "silver")
    }
    return {**found, "raw": sorted(file.name for file in list_files(context.lake.landing("shop")))}


def counted(context: Context, today: date = TODAY) -> dict[str, int]:
    return {old.place: old.number for old in plan_keeping(context, today)}


def landed(context: Context) -> list[tuple[int, int, int]]:
    found = validation_results_of(context.lake, visits(context))
    return [(one.rows_landed, one.rows_quarantined, one.rows_passed) for one in found]


def versions(context: Context) -> list[int]:
    tables = [context.lake.table(layer, "visits") for layer in ("bronze", "quarantine", "silver")]
    return [existing_table(path).version() for path in (*tables, context.lake.ops("dataset_changes"))]


def difference(context: Context) -> tuple[int, int]:
    plan = plan_rebuild(context, visits(context))
    return plan.difference.going, plan.difference.coming


def test_each_place_keeps_its_days_and_nothing_comes_back(lake_under: LakeUnder) -> None:
    context = lake_under()
    bring(context, "visits_1.csv", OLD)
    bring(context, "visits_2.csv", NEW)
    before = held(context)
    assert before["silver"] == ["deleted", "kept in bronze", "moved back", "new", "old"]
    assert counted(context) == {"silver": 3, "raw": 1, "bronze": 2, "quarantine": 1}
    assert held(context) == before, "a plan changes nothing"
    keep_lake(context, TODAY)
    assert held(context) == {
        "silver": ["moved back", "new"],  # its key has a row of May, which would come back in its place
        "bronze": ["kept in bronze", "moved", "moved back", "new", "no key"],
        "quarantine": ["no key"],
        "raw": ["visits_2.csv"],  # the newest row of the other is of 10 May
    }
    assert landed(context) == [(3, 0, 3), (2, 1, 1)], "every row that is left is accounted for"
    entries = [(one.change, one.state.value) for one in changes_of_dataset(context.lake, "visits")]
    assert entries == [("keep", "started"), ("keep", "done")]
    what = changes_of_dataset(context.lake, "visits")[0].what
    assert what == (
        "silver: 3 rows before 2026-04-01; raw: 1 file before 2026-05-31; bronze: 2 rows before 2026-03-22; "
        "quarantine: 1 row before 2026-05-01"
    )
    now = versions(context)
    assert (keep_lake(context, TODAY), versions(context)) == ([], now), "a second run does nothing"
    assert difference(context) == (0, 0), "silver is what a rebuild makes of bronze"
    require_parity("silver.visits", existing_table(context.lake.silver("visits")))
    # The same rows under another name are a delivery; a late row of a day that is kept is one too.
    bring(context, "visits_3.csv", [*OLD, "6,late,7.00,1,2026-05-20T00:00:00Z,false"])
    assert held(context)["silver"] == ["late", "moved back", "new"]
    assert landed(context)[-1] == (7, 1, 6)
    assert difference(context) == (0, 0)
    ask_replay(context, context.contracts.of("shop"), "visits:1")
    merge_domain(context, context.contracts.of("shop"))
    assert held(context)["silver"] == ["late", "moved back", "new"]


def test_a_raw_file_goes_with_its_last_row_and_is_known_when_it_comes_again(lake_under: LakeUnder) -> None:
    context = lake_under(contract("{raw: 30}", "append"))
    bring(context, "visits_1.csv", [OLD[0], NO_DAY])
    bring(context, "visits_2.csv", NEW)
    assert counted(context, date(2026, 3, 20)) == {}
    assert counted(context) == {}, "a row without a day is as old as its delivery"
    later = date(2027, 6, 1)
    assert counted(context, later) == {"raw": 2}
    keep_lake(context, later)
    assert held(context)["raw"] == []
    before = held(context)
    assert before["silver"] == ["new", "old"]
    assert bring(context, "visits_1.csv", [OLD[0], NO_DAY]) == ()
    assert held(context) == before, "a file that is no longer kept is not added twice"


def test_rows_without_a_key_go_one_by_one(lake_under: LakeUnder) -> None:
    context = lake_under(contract("{bronze: 100, silver: 90}", "append"))
    bring(context, "visits_1.csv", OLD[:5])
    keep_lake(context, TODAY)
    assert held(context)["silver"] == ["moved"]
    assert held(context)["bronze"] == ["kept in bronze", "moved"]
    assert difference(context) == (0, 0)
    bring(context, "visits_2.csv", OLD)
    assert held(context)["silver"] == ["moved", "moved"]
    assert difference(context) == (0, 0)


def test_a_correction_to_an_earlier_day_is_taken(lake_under: LakeUnder) -> None:
    context = lake_under()
    bring(context, "visits_1.csv", [*OLD, *NEW])
    keep_lake(context, TODAY)
    bring(context, "visits_2.csv", ["5,of last year,5.00,2,2025-06-01T00:00:00Z,false"])
    assert held(context)["silver"] == ["moved back", "of last year"]
    assert difference(context) == (0, 0)
    keep_lake(context, TODAY)
    assert held(context)["silver"] == ["moved back", "of last year"], "until the day that it had has passed"
    keep_lake(context, date(2026, 9, 30))
    assert held(context)["silver"] == []


def test_a_batch_that_waits_for_a_decision_keeps_its_rows(lake_under: LakeUnder) -> None:
    context = lake_under(contract().replace("Percent, value: 100", "Percent, value: 10"))
    with pytest.raises(BatchStoppedError):
        bring(context, "visits_1.csv", [OLD[0], OLD[5]])
    assert [one.passed for one in validation_results_of(context.lake, visits(context))] == [False]
    assert counted(context, date(2027, 6, 1)) == {}


@pytest.mark.parametrize("at", range(4))
def test_one_that_was_killed_is_completed(lake_under: LakeUnder, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    context = lake_under()
    bring(context, "visits_1.csv", OLD)
    calls, real = 0, keep_rows.remove_rows

    def until(*args: Any, **kwargs: Any) -> None:
        nonlocal calls
        if calls == at:
            raise KeyboardInterrupt
        calls += 1
        real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(keep_rows, "remove_rows", until)
        with pytest.raises(KeyboardInterrupt):
            keep_lake(context, TODAY)
    keep_lake(context, TODAY)
    assert held(context)["silver"] == ["moved back"]
    assert held(context)["bronze"] == ["kept in bronze", "moved", "moved back"]
    assert held(context)["quarantine"] == []
    assert landed(context) == [(3, 0, 3)]
    states = [one.state.value for one in changes_of_dataset(context.lake, "visits")]
    assert states == ["started", "done"]
    assert keep_lake(context, TODAY) == []
