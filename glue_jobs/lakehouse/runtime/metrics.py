"""Sends the percentage of a batch's rows that failed validation to CloudWatch."""

from __future__ import annotations

import json
from importlib import resources

from lakehouse import log
from lakehouse.lake.paths import Lake
from lakehouse.privacy import without_values

# Terraform reads the same file, for the alarm that looks at the metric.
_NAMES: dict[str, str] = json.loads(resources.files("lakehouse.runtime").joinpath("metrics.json").read_text("utf-8"))
NAMESPACE, QUARANTINE_PERCENT = _NAMES["namespace"], _NAMES["quarantine_percent"]


def report_quarantined(lake: Lake, dataset: str, quarantined: int, landed: int) -> None:
    """Send the percentage of a batch's rows that failed validation; a lake on a disk sends nothing.

    If CloudWatch does not answer, the batch continues: the validation result is recorded in the lake anyway.
    """
    if lake.is_local or not landed:
        return
    metric = {
        "MetricName": QUARANTINE_PERCENT,
        "Dimensions": [{"Name": "dataset", "Value": dataset}, {"Name": "lake", "Value": lake.root}],
        "Value": 100 * quarantined / landed,
        "Unit": "Percent",
    }
    try:
        import boto3

        boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[metric])
    except Exception as error:  # botocore raises many types, and none of them may stop a batch
        log.warning("could not send the metric of failed rows to CloudWatch", reason=without_values(error))
