"""What a message to people says; what asks Airflow is stood in for, since it would configure all logging anew."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.airflow import messages
from lakehouse.airflow.messages import docs_link, failure_text, lateness, reason
from lakehouse.errors import LakehouseError

Settings = Callable[..., None]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Gives Airflow's Variables their values."""

    def give(**values: str) -> None:
        monkeypatch.setattr(messages, "setting", lambda name, wanted=True: values.get(name))

    return give


def test_the_reason_is_the_first_line_of_an_error() -> None:
    """What follows is a hint or a trace, and no reason."""
    assert reason({"exception": LakehouseError("erp: 3 rows broke a test.\nhint: look there\n  at line 7")}) == (
        "erp: 3 rows broke a test."
    )
    assert reason({"exception": LakehouseError("\n erp: after a blank line")}) == "erp: after a blank line"


def test_a_long_reason_is_shown_as_far_as_slack_shows_it() -> None:
    assert reason({"exception": LakehouseError("x" * 600)}) == "x" * 600
    assert reason({"exception": LakehouseError("x" * 601)}) == "x" * 600


@pytest.mark.parametrize(
    ("task_id", "place"), [("ingest", "step ingest"), ("crawl_landing", "step ingest, task crawl_landing")]
)
def test_a_failure_names_the_task_where_it_is_not_the_job(
    task_id: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "glue_run_link", lambda _: None)
    monkeypatch.setattr(messages, "docs_link", lambda: "https://docs")
    ti = SimpleNamespace(dag_id="ingest_erp", task_id=task_id, log_url="https://log")
    line, links = failure_text({"ti": ti, "exception": LakehouseError("no")}).splitlines()
    assert line == f":red_circle: *ingest_erp* failed (domain erp, {place}): no"
    assert links == "<https://log|task log> · <https://docs|Data Docs>"


@pytest.mark.parametrize(
    ("values", "link"),
    [
        ({"lakehouse_docs_url": "https://docs.example/"}, "https://docs.example/data_docs/index.html"),
        ({"lakehouse_lake_root": "s3://lake"}, "{s3}/lake?prefix=docs/data_docs/index.html"),
        ({"lakehouse_lake_root": "s3://lake/retail/"}, "{s3}/lake?prefix=retail/docs/data_docs/index.html"),
        ({"lakehouse_docs_url": "https://docs", "lakehouse_lake_root": "s3://lake"}, "https://docs/data_docs/index.html"),
        ({"lakehouse_lake_root": "/a/disk"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_data_docs_are_linked_where_a_browser_finds_them(
    values: dict[str, str], link: str | None, settings: Settings
) -> None:
    settings(**values)
    assert docs_link() == (link and link.format(s3="https://s3.console.aws.amazon.com/s3/object"))


def test_lateness_says_until_when_and_links_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "base_url", lambda: "https://airflow")
    context: dict[str, Any] = {
        "dag_run": {"dag_run_id": "asset/1"},
        "deadline": {"deadline_time": "2026-11-24T06:30:59+00:00"},
    }
    subject, link = lateness("publish_erp", "erp", "publish", context)
    assert subject == "erp is late: publish was not done by 2026-11-24 06:30 UTC"
    assert link == "https://airflow/dags/publish_erp/runs/asset%2F1"
    assert lateness("publish_erp", "erp", "publish", {})[0] == ("erp is late: publish was not done by its deadline UTC")


def test_what_cannot_be_sent_is_logged_once_without_a_value(caplog: pytest.LogCaptureFixture) -> None:
    def break_off() -> None:
        raise ValueError("jane@doe.example")

    messages.log_once.cache_clear()
    for _ in range(2):
        assert messages._quietly("reach Slack", break_off) is None
    assert [record.message for record in caplog.records] == ["Could not reach Slack: ValueError: ***"]
