"""What jobs report to CloudWatch: the share of failed rows, and ties; on a disk nothing, and no batch fails by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse.lake.paths import Lake
from lakehouse.runtime.metrics import NAMESPACE, report_quarantined, report_ties

ON_S3 = Lake("s3://retail-raw/raw", "s3://retail-curated/curated")
ON_A_DISK = Lake.at("/tmp/lake")


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("cloudwatch")


def sent(cloudwatch: Any) -> dict[str, tuple[float, str]]:
    """The sum and the unit of each metric of orders."""
    found = {}
    now = datetime.now(UTC)
    for metric in cloudwatch.list_metrics(Namespace=NAMESPACE)["Metrics"]:
        named = {pair["Name"]: pair["Value"] for pair in metric["Dimensions"]}
        assert named == {"dataset": "erp_orders", "lake": ON_S3.root}
        asked = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1), "Period": 7200}
        points = cloudwatch.get_metric_statistics(**metric, **asked, Statistics=["Sum"])["Datapoints"]
        found[metric["MetricName"]] = (sum(point["Sum"] for point in points), points[0]["Unit"])
    return found


def test_failed_rows_and_ties_are_sent_by_dataset_and_lake(cloudwatch: Any) -> None:
    report_quarantined(ON_S3, "erp_orders", 1, 4)
    report_ties(ON_S3, "erp_orders", tied=3, corrected=2)
    report_ties(ON_S3, "erp_orders", tied=1, corrected=0)
    assert sent(cloudwatch) == {
        "QuarantinePercent": (25.0, "Percent"), "TiedKeys": (4.0, "Count"), "CorrectedRows": (2.0, "Count"),
    }  # fmt: skip


def test_nothing_is_sent_for_a_disk_an_empty_batch_or_one_without_ties(cloudwatch: Any) -> None:
    report_quarantined(ON_A_DISK, "erp_orders", 1, 4)
    report_ties(ON_A_DISK, "erp_orders", tied=3, corrected=2)
    report_quarantined(ON_S3, "erp_orders", 0, 0)
    report_ties(ON_S3, "erp_orders", tied=0, corrected=0)
    assert sent(cloudwatch) == {}


def test_a_cloudwatch_that_does_not_answer_stops_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[tuple[str, dict[str, Any]]] = []

    def refused(*_: object, **__: object) -> None:
        raise OSError("no route to S001")

    monkeypatch.setattr(boto3, "client", refused)
    monkeypatch.setattr("lakehouse.runtime.metrics.log.warning", lambda line, **facts: logged.append((line, facts)))
    report_ties(ON_S3, "erp_orders", tied=1, corrected=1)
    ((line, facts),) = logged
    assert line == "could not send metrics to CloudWatch"
    assert facts["metrics"] == ["TiedKeys", "CorrectedRows"]
