"""Writes the rows of a batch that failed validation to quarantine."""

from __future__ import annotations

from pyspark.sql import DataFrame

from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.suite import Suite
from lakehouse.lake.paths import Lake
from lakehouse.quarantine.table import append, from_typed
from lakehouse.validate.evaluate import is_quarantined, with_broken_rules


def keep_out(rows: DataFrame, suite: Suite, lake: Lake, dataset: Dataset, app_id: str, number: int) -> None:
    """Quarantine the rows that broke a rule, with all the rules that they broke.

    app_id, number: under which the quarantine records it, so that a second time writes nothing.
    """
    failed = with_broken_rules(rows, suite.row_rules).where(is_quarantined(suite))
    append(from_typed(failed, dataset), lake, dataset, app_id, number)
