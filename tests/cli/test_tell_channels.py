"""Slack, mail and the webhook get the same words, by `lakehouse tell` and at a run's end; small servers keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse.cli.main import main
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.message import Message, plain_in_slack
from lakehouse.runtime.channels import MAIL_SERVER, MAIL_TO, SLACK, TOPIC, WEBHOOK
from tests.dags.receivers import MailBox, Receiver
from tests.helpers.seeded_ledgers import planned, stepped

LINE = "run again: products: 1 batch pending at ingest → ./spark_local.sh ingest --domain products --lake_root "


@pytest.fixture
def lake(project: Project, tmp_path: Path) -> Lake:
    lake = Lake.at(str(tmp_path / "lake"))
    planned(lake, project.contracts.dataset("products"))
    return lake


@pytest.fixture(autouse=True)
def no_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (WEBHOOK, SLACK, TOPIC, MAIL_SERVER, MAIL_TO):
        monkeypatch.delenv(name, raising=False)


def test_each_channel_has_the_same_line(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Receiver().serving() as hook, Receiver().serving() as slack, MailBox().serving() as mail:
        monkeypatch.setenv(WEBHOOK, hook.address)
        monkeypatch.setenv(SLACK, slack.address)
        monkeypatch.setenv(MAIL_SERVER, f"smtp://ops%40retail.example@127.0.0.1:{mail.port}")
        monkeypatch.setenv(MAIL_TO, "ops@retail.example, night@retail.example")
        assert main(["tell", "--lake", lake.root]) == 0
    subject = f"products: run again ({lake.root})"
    assert capsys.readouterr().out.splitlines() == [f"{name}: {subject}" for name in ("webhook", "Slack", "mail")]
    assert hook.bodies[0]["text"] == f"{subject}\n{LINE}{lake.root}"
    assert slack.texts == [plain_in_slack(LINE + lake.root)]
    (message,) = mail.messages
    assert (message["Subject"], message["From"]) == (subject, "ops@retail.example")
    assert message["To"] == "ops@retail.example, night@retail.example"
    assert message.get_content().replace("\r\n", "\n") == f"{subject}\n{LINE}{lake.root}\n"


@pytest.mark.parametrize("server", ["smtp://127.0.0.1:9", "smtp://ops:secret@127.0.0.1:9", "nonsense", "smtp://h:x"])
def test_a_mail_server_that_is_not_there_is_one_line(
    server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(MAIL_SERVER, server)
    monkeypatch.setenv(MAIL_TO, "ops@retail.example")
    assert main(["tell", "--test"]) == 75
    said = capsys.readouterr().err
    assert said.startswith("error: The mail did not take the message (")
    assert "secret" not in said


def test_what_slack_would_read_as_markup_stays_text() -> None:
    message = Message("s", ("a <b> & *c* :x: `d`",), {}, {"log": "https://log"})
    assert message.slack_text == "a &lt;b&gt; &amp; *\u2060c* :\u2060x: `\u2060d`\u2060\n<https://log|log>"
    assert message.text == "s\na <b> & *c* :x: `d`\nlog: https://log"


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that has done its work and its pages."""
    summary: Any = SimpleNamespace(summary=None, exit_code=0)
    monkeypatch.setattr("lakehouse.cycle.cycle.run_cycle", lambda *_: summary)
    monkeypatch.setattr("lakehouse.site.build.write_pages", lambda *_: None)
    monkeypatch.setattr("lakehouse.cycle.closing_table.print_summary", lambda *_: None)


@pytest.mark.usefixtures("ended")
def test_a_run_tells_at_its_end_what_is_pending_and_which_budget_it_passed(
    lake: Lake, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = replace(project.contracts.of("crm").budget, month=0.01, run=0.02)
    with_budget = Contracts(tuple(replace(one, budget=budget) if one.domain == "crm" else one
                                  for one in project.contracts))  # fmt: skip
    monkeypatch.setattr(Project, "contracts", with_budget)
    stepped(lake, domain="crm", cost_usd=0.5, recorded_at=datetime.now(UTC))
    with Receiver().serving() as hook:
        monkeypatch.setenv(WEBHOOK, hook.address)
        assert main(["run", "--lake", lake.root]) == 0
        assert main(["run", "--lake", lake.root]) == 0
    (body,) = hook.bodies
    found = [(one["subject"], one["found"]) for one in body["findings"]]
    assert found == [
        ("products", "1 batch pending at ingest"),
        ("crm", "a run of the last 24 hours cost 0.50 $, budget of a run 0.02 $"),
        ("crm", "runs of this month cost 0.50 $, budget 0.01 $"),
    ]


@pytest.mark.usefixtures("ended")
def test_that_nobody_was_reached_is_said_and_changes_no_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(WEBHOOK, "http://127.0.0.1:9/secret")
    assert main(["run", "--lake", lake.root]) == 0
    said = capsys.readouterr().err
    assert said.startswith("error: Nobody was notified: The webhook did not take the message (")
    assert "secret" not in said


@pytest.mark.usefixtures("ended")
def test_without_a_channel_a_run_tells_nobody(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--lake", lake.root]) == 0
    assert capsys.readouterr() == ("", "")
