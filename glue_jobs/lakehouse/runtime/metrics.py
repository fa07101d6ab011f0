"""Tells CloudWatch what nobody else can: which part of a batch went to quarantine."""

from __future__ import annotations

import json
from importlib import resources

from lakehouse import log
from lakehouse.lake.paths import Lake

# Terraform reads the same file, for the alarm that looks at the metric.
_NAMES: dict[str, str] = json.loads(resources.files("lakehouse.runtime").joinpath("metrics.json").read_text("utf-8"))
NAMESPACE, QUARANTINE_PERCENT = _NAMES["namespace"], _NAMES["quarantine_percent"]


def tell_quarantined(lake: Lake, dataset: str, quarantined: int, landed: int) -> None:
    """Send the percentage of a batch that is in quarantine; a lake on a disk has nobody to tell.

    The verdict counts, not the metric: when CloudWatch does not answer, the batch goes on.
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
    except Exception as error:  # botocore raises many kinds, and none of them is worth a batch
        log.warning("CloudWatch was not told of the quarantined rows", reason=str(error)[:200])
