"""Sends to CloudWatch what share of a batch failed validation, and how many ties it had."""

from __future__ import annotations

import json
from importlib import resources

from lakehouse import log
from lakehouse.lake.paths import Lake
from lakehouse.privacy import without_values

# Terraform reads the same file, for the alarm that looks at the metric.
_NAMES: dict[str, str] = json.loads(resources.files("lakehouse.runtime").joinpath("metrics.json").read_text("utf-8"))
NAMESPACE, QUARANTINE_PERCENT = _NAMES["namespace"], _NAMES["quarantine_percent"]
TIED_KEYS, CORRECTED_ROWS = _NAMES["tied_keys"], _NAMES["corrected_rows"]

Metric = tuple[str, float, str]
"""Name, value and unit."""


def report_quarantined(lake: Lake, dataset: str, quarantined: int, landed: int) -> None:
    """Send the percentage of a batch's rows that failed validation."""
    if landed:
        _send(lake, dataset, (QUARANTINE_PERCENT, 100 * quarantined / landed, "Percent"))


def report_ties(lake: Lake, dataset: str, tied: int, corrected: int) -> None:
    """Send how many keys of a batch had several contents and one sequence, and how many rows of silver that corrected.

    Only of a batch with ties: most have none, and a metric costs by the hour in which it was sent.
    """
    if tied:
        _send(lake, dataset, (TIED_KEYS, tied, "Count"), (CORRECTED_ROWS, corrected, "Count"))


def _send(lake: Lake, dataset: str, *metrics: Metric) -> None:
    """Send metrics of a dataset; a lake on a disk sends nothing.

    If CloudWatch does not answer, the batch continues: what it would say is recorded in the lake anyway.
    """
    if lake.is_local:
        return
    dimensions = [{"Name": "dataset", "Value": dataset}, {"Name": "lake", "Value": lake.root}]
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": unit} for name, value, unit in metrics
    ]
    try:
        import boto3

        boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
    except Exception as error:  # botocore raises many types, and none of them may stop a batch
        log.warning(
            "could not send metrics to CloudWatch", metrics=[name for name, *_ in metrics], reason=without_values(error)
        )
