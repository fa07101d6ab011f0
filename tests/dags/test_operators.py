"""What the lakehouse's own operators do, each asked directly: no database, no scheduler, no AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dags.airflow_home import DAGS

GOOD, BAD = "GlueRunFailed", "GlueRunFailedForGood"


@pytest.fixture(scope="module")
def answers(run_script: Callable[..., Any]) -> dict[str, Any]:
    """All answers of one process."""
    found: dict[str, Any] = run_script("operator_answers.py", str(DAGS))
    return found


def test_a_retry_takes_the_newest_run_of_its_request(answers: dict[str, Any]) -> None:
    """In whatever order Glue lists them; an older success does not hide a newer failure."""
    assert answers["glue"]["newest succeeded"] == ["b", "b"]
    assert answers["glue"]["newest runs"] == ["waits for b", "waits for b"]
    assert answers["glue"]["newest waits"] == "waits for b"
    assert answers["glue"]["newest failed"] == "waits for a new run"


def test_clearing_a_task_runs_the_job_again(answers: dict[str, Any]) -> None:
    assert answers["glue"]["cleared"] == "waits for a new run"


def test_what_a_retry_does_not_fix_is_not_retried(answers: dict[str, Any]) -> None:
    codes = {1: GOOD, 2: BAD, 3: BAD, 75: GOOD, 130: GOOD}
    assert answers["glue"]["failures"] == {f"SystemExit: {code}": kind for code, kind in codes.items()} | {"": GOOD}
    under_way = dict.fromkeys(("STARTING", "RUNNING", "STOPPING", "WAITING"), GOOD)
    assert answers["glue"]["states"] == under_way | {"TIMEOUT": BAD, "STOPPED": BAD, "ERROR": GOOD}


def test_a_call_that_glue_refuses_for_good_is_not_retried(answers: dict[str, Any]) -> None:
    refused = ("EntityNotFoundException", "AccessDeniedException", "InvalidInputException")
    assert answers["glue"]["refusals"] == dict.fromkeys(refused, BAD) | {"ThrottlingException": "ClientError"}


def test_a_run_that_succeeds_while_nobody_looks_is_a_success(answers: dict[str, Any]) -> None:
    assert (answers["glue"]["ended meanwhile"], answers["glue"]["ended badly"]) == ("old", GOOD)


def test_of_an_engines_message_only_glues_own_words_are_shown(answers: dict[str, Any]) -> None:
    assert answers["glue"]["engine"] == "j: Out of memory"


def test_why_a_run_did_not_begin_is_shown_whole(answers: dict[str, Any]) -> None:
    assert answers["glue"]["not begun"] == "j: LAUNCH ERROR | No matching distribution for a==1"


def test_an_index_is_copied_after_its_pages(answers: dict[str, Any]) -> None:
    assert answers["order"] == [f"site/docs/dbt/{name}" for name in ("a.html", "z/page.html", "index.html")]


def test_the_copy_of_a_page_goes_with_it_behind_the_index(answers: dict[str, Any]) -> None:
    """Of a dataset that was dropped, or a person who was erased; where nothing is made, nothing goes."""
    index = ["lake/curated/docs/dbt/index.html", "site/docs/dbt/index.html"]
    assert answers["gone"] == [index, ["site/docs/dbt/runs/old.html", ""]]
    assert answers["nothing made"] == []


def test_docs_that_are_newer_than_their_copies_are_copied(answers: dict[str, Any]) -> None:
    wanted = ("newer.html", "index.html")
    assert answers["changed"] == [[f"lake/curated/docs/dbt/{name}", f"site/docs/dbt/{name}"] for name in wanted]


def test_failed_parts_fail_the_run_and_their_absence_does_not(answers: dict[str, Any]) -> None:
    asked = {"task_ids": "ingest", "key": "failed_parts"}
    assert answers["parts"] == [[BAD, asked], [None, asked]]


def test_only_a_table_that_is_not_there_counts_as_unpublished(answers: dict[str, Any]) -> None:
    """A refusal is an error: taken for an empty table it would skip the query of every view."""
    assert answers["views"] == {"found": True, "EntityNotFoundException": False, "AccessDeniedException": "ClientError"}


def test_waiting_for_files_ends_before_the_shortest_gap_between_two_runs(answers: dict[str, Any]) -> None:
    assert answers["patience"] == {"0 3 * * *": 7200, "0 * * * *": 2700, "0 3,4 * * *": 2700}


def test_hidden_names_and_folders_are_no_files(answers: dict[str, Any]) -> None:
    assert answers["hidden"] == {"a/": True, "a/b.csv": False, "a/_b.csv": True, ".a/b.csv": True}


def test_what_a_view_reads_is_in_its_sql_and_not_in_its_comments(answers: dict[str, Any]) -> None:
    assert answers["reads"] == ["analytics.u", "silver.b"]


def test_a_backfill_has_no_deadline_and_every_other_run_the_next_time_of_day(answers: dict[str, Any]) -> None:
    six = "2026-11-25T06:00:00+00:00"
    assert answers["due"] == {"scheduled": six, "asset_triggered": six, "manual": six, "backfill": None}


def test_the_pool_of_the_marts_has_one_slot_and_counts_deferred_tasks(answers: dict[str, Any]) -> None:
    """Made by whichever part of Airflow starts first, and never by a task, which has no database."""
    made = ["marts_writers", 1, True]
    assert answers["pools"] == [[made], [], [made], []]
