"""The plan has a place for each part of a lake; the search does not read the plan, and finds what it lacks."""

from __future__ import annotations

import base64
import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lakehouse.contracts.findings import Commands, Level
from lakehouse.contracts.project import Project
from lakehouse.cycle.erase import plan_erasure
from lakehouse.cycle.erase_places import PLACES, place_of
from lakehouse.cycle.erase_verification import search_lake
from lakehouse.cycle.erase_work import NotSettledError, ReasonNamesSubjectError, SubjectError, Work
from lakehouse.cycle.erase_work import work_of as read_work
from lakehouse.cycle.status import status_of
from lakehouse.errors import UnknownNameError
from lakehouse.lake.decisions import Signature
from lakehouse.lake.erasures import ErasureState, Subject, begin_erasure, end_erasure
from lakehouse.lake.paths import DATA_DOCS_PAGE, DBT_DOCS_PAGE, LEDGERS, Lake
from lakehouse.runtime.context import Context

WHO = "ann@example.com"
BY = Signature("ada", "ticket 1")
SUBJECT = "crm/crm_leads:email=" + WHO


@pytest.fixture
def work(project: Project, lake: Lake) -> Work:
    context = Context(project, lake, lambda: pytest.fail("no table, so no Spark"))
    return Work(context, (Subject("crm", "crm_leads", "email", WHO, WHO),), BY)


def test_each_part_of_a_lake_has_its_place(lake: Lake) -> None:
    layers = ("bronze", "quarantine", "silver", "marts", "pinned", "ops")
    paths = {layer: lake.table(layer, "x") for layer in layers}
    paths |= {f"ops {ledger}": lake.ops(ledger) for ledger in LEDGERS}
    paths |= {"raw": lake.landing("crm"), "docs": f"{lake.docs}/a", "data docs": f"{lake.root}/{DATA_DOCS_PAGE}"}
    paths |= {"dbt docs": f"{lake.root}/{DBT_DOCS_PAGE}", "dbt": f"{lake.root}/.dbt/manifest.json"}
    paths |= {"report": f"{lake.root}/report.html", "landed": lake.landed("crm")}
    paths |= {"docs that people read": f"{lake.root}/docs/site/index.html"}
    paths |= {"results": f"{lake.curated}/athena_results/publish/x.csv"}
    found = {name: place_of(path.removeprefix(f"{lake.root}/")) for name, path in paths.items()}
    wanted = {name: name.split()[0] for name in paths}
    wanted |= dict.fromkeys(("docs", "data docs", "dbt docs", "dbt", "report", "docs that people read"), "pages") | {
        "landed": "ops"
    }
    assert {name: place.name if place else None for name, place in found.items()} == wanted
    assert [place.name for place in PLACES] == ["raw", *layers, "history", "pages", "results", "versions"]


@pytest.mark.parametrize(
    ("path", "content", "finding"),
    [
        ("curated/exports/x.csv", WHO.encode(), "no place of the plan: curated/exports/x.csv (UTF-8)"),
        ("curated/silver/t/.part.crc", WHO.encode("utf-16-le"), "silver: curated/silver/t/.part.crc (UTF-16LE)"),
        (".dbt/x.bin", base64.b64encode(b"a" + WHO.encode()), "pages: .dbt/x.bin (base64)"),
        (f"raw/crm/{WHO}.csv", b"", "raw: raw/crm/***.csv (name of the file, UTF-8)"),
        ("raw/crm/joann.csv", b"joann@example.com", None),
    ],
)
def test_every_file_is_searched_and_named_without_the_value(
    work: Work, path: str, content: bytes, finding: str | None
) -> None:
    file = Path(work.context.lake.root, path)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    verification = search_lake(work)
    assert verification.findings == (() if finding is None else (finding,))
    assert sum(one.files for one in verification.searched.values()) == 1


@pytest.mark.parametrize(("column", "is_text"), [("email", True), ("created_at", False), ("is_deleted", False)])
def test_a_value_with_several_spellings_is_not_looked_for_in_raw_files(work: Work, column: str, is_text: bool) -> None:
    """A file may write 2026-10-05T00:00:00+02:00 for what the table writes otherwise, so every file is read."""
    other = dataclasses.replace(work, subjects=(Subject("crm", "crm_leads", column, "x", "x"),))
    assert other.is_text(work.context.contracts.dataset("crm_leads")) is is_text


def test_a_file_that_waits_for_ingest_is_refused(work: Work) -> None:
    file = Path(work.context.lake.landing("crm"), "v1", "crm_leads.csv")
    file.parent.mkdir(parents=True)
    file.write_text(WHO, encoding="utf-8")
    with pytest.raises(NotSettledError, match="crm_leads: a raw file waits for ingest, so nothing was erased; run"):
        plan_erasure(work)
    assert file.read_text(encoding="utf-8") == WHO


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("crm_leads.email", SubjectError),
        ("crm/crm_leads:email=", SubjectError),
        ("crm/crm_lead:email=x", UnknownNameError),
        ("erp/crm_leads:email=x", UnknownNameError),
        ("crm/crm_leads:mail=x", UnknownNameError),
    ],
)
def test_a_subject_that_cannot_be_read_is_refused(project: Project, lake: Lake, word: str, error: type) -> None:
    with pytest.raises(error):
        read_work(Context(project, lake, lambda: pytest.fail("no Spark")), [word], BY)


def test_a_reason_must_not_name_the_person(project: Project, lake: Lake) -> None:
    context = Context(project, lake, lambda: pytest.fail("no Spark"))
    with pytest.raises(ReasonNamesSubjectError):
        read_work(context, [SUBJECT], Signature("ada", f"mail of Ann@example.com, {WHO.upper()}"))


def test_an_erasure_that_was_not_finished_is_found_by_status(work: Work) -> None:
    lake, contracts = work.context.lake, work.context.contracts

    def found() -> list[tuple[Level, str, str]]:
        every = status_of(lake, contracts, Commands("x", True), datetime.now(UTC)).findings
        return [(one.level, one.subject, one.found) for one in every]

    begun = begin_erasure(lake, work.subjects, BY)
    assert found() == [(Level.PERSON, "crm_leads", f"erasure {begun.request} was begun and not verified")]
    end_erasure(lake, begun, ErasureState.FOUND, "")
    assert len(found()) == 1
    end_erasure(lake, begun, ErasureState.VERIFIED, "")
    assert found() == []
