"""After a run's last job there is the site, on S3 without a look at raw files; a topic gets what is new, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from lakehouse.contracts.project import Project
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.site import after
from lakehouse.site.after import show_and_tell
from tests.helpers.seeded_ledgers import planned, refused

REGION = "eu-central-1"


def no_spark() -> None:
    raise AssertionError("no Spark is needed")


@pytest.fixture
def context(project: Project, tmp_path: Path) -> Context:
    """A refused file of erp, and a batch of products that ingest has not taken."""
    lake = Lake.at(str(tmp_path / "lake"))
    refused(lake, project.contracts.dataset("erp_orders"))
    planned(lake, project.contracts.dataset("products"))
    return Context(project, lake, no_spark)  # type: ignore[arg-type]


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield boto3.client("sns").create_topic(Name="operations")["TopicArn"]


def received(topic: str) -> list[str]:
    """What a queue behind the topic got since it was asked last."""
    sqs = boto3.client("sqs")
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:123456789012:people")
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["Message"] for message in found]


def test_the_site_is_built_and_people_are_told_once(context: Context, topic: str) -> None:
    assert received(topic) == []
    show_and_tell(context, topic)
    assert (Path(context.lake.docs) / "site/index.html").is_file()
    (message,) = received(topic)
    assert "erp_orders" in message
    assert "products" in message
    show_and_tell(context, topic)
    assert received(topic) == [], "nothing is new"


def test_a_topic_that_is_not_there_is_a_warning_and_what_was_not_sent_is_sent_by_the_next_run(
    context: Context, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    show_and_tell(context, f"{topic}-gone")
    assert "nobody was notified" in caplog.text
    assert received(topic) == []
    show_and_tell(context, topic)
    assert len(received(topic)) == 1


def test_without_a_topic_nobody_is_told(context: Context, topic: str) -> None:
    show_and_tell(context, None)
    assert (Path(context.lake.docs) / "site/index.html").is_file()
    assert received(topic) == []
    assert not Path(context.lake.ops("_sent")).exists()


def test_in_an_account_no_raw_file_is_looked_for(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(after, "build_site", lambda *given: asked.append(given[-1]))
    monkeypatch.setattr(Lake, "is_local", property(lambda lake: False))
    show_and_tell(context, None)
    assert asked == [False]
