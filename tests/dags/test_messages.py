"""What a message to people says; what asks Airflow is stood in for, since it would configure all logging anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.airflow import messages
from lakehouse.airflow.messages import docs_link, failure, failure_links, failure_notifier, lateness, reason, sent_of
from lakehouse.contracts.alerts import NO_ALERTS, Alerts
from lakehouse.contracts.findings import Level
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
    ("task_id", "place"), [("ingest", "failed"), ("crawl_landing", "failed at the task crawl_landing")]
)
def test_a_failure_names_the_task_where_it_is_not_the_job(
    task_id: str, place: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(lakehouse_lake_root="s3://lake")
    monkeypatch.setattr(messages, "glue_run_link", lambda _: None)
    monkeypatch.setattr(messages, "docs_link", lambda: "https://docs")
    ti = SimpleNamespace(dag_id="ingest_erp", task_id=task_id, log_url="https://log")
    context = {"ti": ti, "exception": LakehouseError("no")}
    assert failure(context).line == f"run again: ingest_erp: run {place}: no → airflow dags trigger ingest_erp"
    assert failure_links(context) == {"task log": "https://log", "Data Docs": "https://docs"}


class AirflowFailException(Exception):  # noqa: N818
    """As Airflow names what no retry fixes."""


class GlueRunFailedForGood(AirflowFailException):
    """As our operator raises it."""


def test_what_no_retry_fixes_needs_a_person(settings: Settings) -> None:
    settings()
    ti = SimpleNamespace(dag_id="ingest_erp", task_id="ingest")
    assert failure({"ti": ti, "exception": GlueRunFailedForGood("no")}).level is Level.PERSON
    assert failure({"ti": ti}).level is Level.RETRY


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


def test_lateness_says_until_when_and_links_the_run(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings(lakehouse_lake_root="s3://lake")
    monkeypatch.setattr(messages, "base_url", lambda: "https://airflow")
    context: dict[str, Any] = {
        "dag_run": {"dag_run_id": "asset/1"},
        "deadline": {"deadline_time": "2026-11-24T06:30:59+00:00"},
    }
    told = lateness("publish_erp", "erp", "06:30", context)
    assert told.subject == "erp: run again (s3://lake)"
    assert told.lines == ("run again: erp: not published by 06:30 UTC → airflow dags trigger publish_erp",)
    assert told.links == {"the run": "https://airflow/dags/publish_erp/runs/asset%2F1"}
    (line,) = lateness("maintain_lakehouse", "lakehouse", "06:30", {}).lines
    assert line.startswith("run again: lakehouse: not done by 06:30 UTC → ")


QUIET_NOW = Alerts(quiet=(time(0, 0), time(23, 59)))
EARLIER = datetime.now(UTC) - timedelta(hours=2)


@pytest.mark.parametrize(
    ("alerts", "kept", "success", "wanted"),
    [
        (NO_ALERTS, None, None, 1),
        (NO_ALERTS, EARLIER, None, 0),
        (NO_ALERTS, EARLIER, EARLIER + timedelta(hours=1), 1),
        (NO_ALERTS, EARLIER, EARLIER - timedelta(hours=1), 0),
        (Alerts(repeat=timedelta(hours=1)), EARLIER, None, 1),
        (QUIET_NOW, None, None, 0),
    ],
    ids=["first", "again", "came back", "well before it", "time is over", "quiet"],
)
def test_a_failure_is_sent_as_often_as_the_contract_says(
    alerts: Alerts, kept: datetime | None, success: datetime | None, wanted: int, monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:  # fmt: skip
    key = "run again|ingest_erp|run failed: no"
    sent = json.dumps({key: kept.isoformat()} if kept else {})
    settings(lakehouse_sent_ingest_erp=sent, lakehouse_webhook_url="https://hook")
    posted: list[Any] = []
    monkeypatch.setattr(messages, "post", lambda address, message: posted.append((address, message)))
    noted: list[Any] = []
    monkeypatch.setattr(messages, "_keep_sent", lambda context, sent: noted.append(list(sent)))
    monkeypatch.setattr(messages, "failure_links", lambda _: {"task log": "https://log"})
    ti = SimpleNamespace(dag_id="ingest_erp", task_id="ingest")
    failure_notifier(alerts)({"ti": ti, "exception": LakehouseError("no"), "prev_end_date_success": success})
    assert len(posted) == wanted
    assert noted == [[key]] * wanted
    if posted:
        address, message = posted[0]
        assert address == "https://hook"
        assert message.facts["findings"][0]["found"] == "run failed: no"
        assert message.text.endswith("task log: https://log")


def test_what_no_channel_took_is_sent_by_the_next_failure(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings(lakehouse_webhook_url="http://127.0.0.1:9/secret")
    noted: list[Any] = []
    monkeypatch.setattr(messages, "_keep_sent", lambda *words: noted.append(words))
    monkeypatch.setattr(messages, "failure_links", lambda _: {})
    ti = SimpleNamespace(dag_id="ingest_erp", task_id="ingest")
    failure_notifier(NO_ALERTS)({"ti": ti, "exception": LakehouseError("no")})
    assert noted == []


def test_what_was_sent_and_cannot_be_read_is_nothing(settings: Settings) -> None:
    settings(lakehouse_sent_ingest_erp="no JSON")
    assert sent_of({"ti": SimpleNamespace(dag_id="ingest_erp")}) == {}


def test_what_cannot_be_sent_is_logged_once_without_a_value(caplog: pytest.LogCaptureFixture) -> None:
    def break_off() -> None:
        raise ValueError("jane@doe.example")

    messages.log_once.cache_clear()
    for _ in range(2):
        assert messages._quietly("reach Slack", break_off) is None
    assert [record.message for record in caplog.records] == ["Could not reach Slack: ValueError: ***"]
