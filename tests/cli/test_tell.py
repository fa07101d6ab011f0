"""`lakehouse tell` over real connections: a server that keeps what it got, and an SNS topic that a queue listens to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lakehouse.cli.main import main
from lakehouse.contracts.alerts import NO_ALERTS, Alerts
from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.findings import Commands, message_of
from lakehouse.contracts.project import Project
from lakehouse.cycle.status import status_of
from lakehouse.cycle.tell import alerts_of, record_sent, sent_before, to_tell
from lakehouse.lake.paths import Lake
from lakehouse.message import Message
from lakehouse.runtime import channels as channels_module
from lakehouse.runtime.channels import TOPIC, WEBHOOK, channels
from tests.helpers.seeded_ledgers import NOON, planned, ran, refused, stepped

LATER = NOON + timedelta(hours=1)
SECRET = "T0/B0/secret"


class Keeper(HTTPServer):
    """A server that keeps what it got, and answers as it is asked to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, str, dict[str, Any]]] = []
        self.answer = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{SECRET}"


class _Handler(BaseHTTPRequestHandler):
    server: Keeper

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(self.server.answer)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    monkeypatch.delenv(TOPIC, raising=False)
    with Keeper() as server:
        monkeypatch.setenv(WEBHOOK, server.address)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def lake(project: Project, tmp_path: Path) -> Lake:
    """A refused file of erp, and a batch of products that ingest has not taken."""
    lake = Lake.at(str(tmp_path / "lake"))
    refused(lake, project.contracts.dataset("erp_orders"))
    planned(lake, project.contracts.dataset("products"))
    return lake


def test_a_test_message_reaches_the_webhook(keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tell", "--test", "--lake", "s3://lake/prod"]) == 0
    assert capsys.readouterr().out == "webhook: sent\n"
    ((path, kind, body),) = keeper.got
    assert (path, kind) == (f"/{SECRET}", "application/json")
    words = "test (s3://lake/prod)\na test of `lakehouse tell`; nothing is wrong"
    assert body == {"text": words, "subject": "test (s3://lake/prod)", "lake": "s3://lake/prod", "findings": []}


def test_what_the_status_found_is_sent_once(lake: Lake, keeper: Keeper, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tell", "--lake", lake.root]) == 0
    assert main(["tell", "--lake", lake.root]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing to tell"
    ((_, _, body),) = keeper.got
    assert body["subject"] == f"erp_orders: manual action, and 1 more ({lake.root})"
    assert [(one["level"], one["subject"]) for one in body["findings"]] == [
        ("manual action", "erp_orders"), ("run again", "products"),
    ]  # fmt: skip
    assert body["text"].splitlines()[1].startswith("manual action: erp_orders: refused, nothing delivered since: ")


def test_every_channel_gets_the_message(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    got: dict[str, list[Message]] = {"webhook": [], "topic": []}
    monkeypatch.setattr(channels_module, "channels", lambda: {name: kept.append for name, kept in got.items()})
    assert main(["tell", "--lake", lake.root]) == 0
    assert [len(kept) for kept in got.values()] == [1, 1]
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["webhook", "topic"]


@pytest.mark.parametrize("answer", [404, 500])
def test_a_webhook_that_refuses_is_one_line_without_its_address(
    lake: Lake, keeper: Keeper, answer: int, capsys: pytest.CaptureFixture[str]
) -> None:
    keeper.answer = answer
    assert main(["tell", "--lake", lake.root]) == 75
    said = capsys.readouterr().err
    assert said.startswith(f"error: The webhook did not take the message (HTTP {answer})")
    assert "secret" not in said
    keeper.answer = 200
    assert main(["tell", "--lake", lake.root]) == 0
    assert len(keeper.got) == 2, "what was not taken is sent by the next call"


@pytest.mark.parametrize("address", [f"http://127.0.0.1:9/{SECRET}", f"no-address/{SECRET}"])
def test_a_webhook_that_is_not_there(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(WEBHOOK, address)
    monkeypatch.delenv(TOPIC, raising=False)
    assert main(["tell", "--test"]) == 75
    assert "secret" not in capsys.readouterr().err


def test_without_a_channel(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name in (WEBHOOK, TOPIC):
        monkeypatch.delenv(name, raising=False)
    assert main(["tell", "--test"]) == 3
    assert "No channel is set, so nobody can be notified" in capsys.readouterr().err


def test_a_topic_passes_the_same_words_on(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        topic = boto3.client("sns").create_topic(Name="on-call")["TopicArn"]
        queue = boto3.client("sqs").create_queue(QueueName="kept")["QueueUrl"]
        boto3.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:kept"
        )
        monkeypatch.setenv(TOPIC, topic)
        monkeypatch.delenv(WEBHOOK, raising=False)
        (send,) = channels().values()
        send(Message("Grüße " + 200 * "x", ("one", "two")))
        (kept,) = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"]
        body = json.loads(kept["Body"])
        assert body["Subject"] == "Gr??e " + 94 * "x", "SNS takes 100 ASCII characters"
        assert body["Message"] == "Grüße " + 200 * "x" + "\none\ntwo"
    finally:
        server.stop()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)


NIGHT = Alerts(quiet=(time(22), time(6)), repeat=timedelta(hours=4))
NOON_BREAK = Alerts(quiet=(time(12), time(13)))


@pytest.mark.parametrize(
    ("alerts", "last", "now", "wanted"),
    [
        (NO_ALERTS, None, at(3), True),
        (NO_ALERTS, at(2), at(3), False),
        (NO_ALERTS, at(3) - timedelta(days=1), at(3), True),
        (NIGHT, None, at(21, 59), True),
        (NIGHT, None, at(22), False),
        (NIGHT, None, at(3), False),
        (NIGHT, None, at(6), True),
        (NIGHT, at(6), at(9, 59), False),
        (NIGHT, at(6), at(10), True),
        (NOON_BREAK, None, at(12, 30), False),
        (NOON_BREAK, None, at(13), True),
    ],
)
def test_quiet_hours_and_repeats(alerts: Alerts, last: datetime | None, now: datetime, wanted: bool) -> None:
    assert alerts.is_time(last, now) is wanted


def test_each_contract_says_when(lake: Lake, project: Project) -> None:
    quiet = Alerts(quiet=(time(12), time(14)))
    contracts = Contracts(
        tuple(replace(one, alerts=quiet) if one.domain == "erp" else one for one in project.contracts)
    )
    ran(lake, "ingest_erp", state="failed", exit_code=3)
    ran(lake, "transform_marts", state="failed", exit_code=3)
    status = status_of(lake, contracts, Commands("lake"), LATER)
    assert {one.subject: alerts_of(one, contracts) for one in status.findings} == {
        "erp_orders": quiet, "ingest_erp": quiet, "products": NO_ALERTS, "transform_marts": NO_ALERTS,
    }  # fmt: skip
    assert [one.subject for one in to_tell(status, contracts, {})] == ["transform_marts", "products"]


def test_what_is_over_and_comes_back_is_sent_again(lake: Lake, project: Project) -> None:
    contracts = project.contracts
    status = status_of(lake, contracts, Commands("lake"), LATER)
    record_sent(lake, status, {}, to_tell(status, contracts, {}))
    assert to_tell(status, contracts, sent_before(lake)) == []
    over = replace(status, findings=())
    record_sent(lake, over, sent_before(lake), [])
    assert sent_before(lake) == {}
    assert len(to_tell(status, contracts, sent_before(lake))) == 2


def test_a_passed_budget_is_sent_and_an_open_row_is_not(lake: Lake, project: Project) -> None:
    budget = replace(project.contracts.of("crm").budget, month=0.01)
    contracts = Contracts((replace(project.contracts.of("crm"), budget=budget),))
    stepped(lake, domain="crm", cost_usd=0.5)
    (sent,) = to_tell(status_of(lake, contracts, Commands("lake"), LATER), contracts, {})
    assert sent.found == "runs of this month cost 0.50 $, budget 0.01 $"
    assert message_of([sent], "lake").subject == "crm: look (lake)"
