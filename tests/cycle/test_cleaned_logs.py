"""A lake whose Delta logs were cleaned up to their newest checkpoint: the next run is right, and one more idle."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse.runtime.context import Context
from tests.cycle.test_cycle import DAY2, SAMPLES, fact_rows, sampled, silver_rows
from tests.helpers.cleaned_logs import clean_logs
from tests.helpers.lakes import run, versions
from tests.oracle import expected

pytestmark = pytest.mark.deliveries


def clean(context: Context) -> None:
    """Delete the old commits of every table of the lake, and what Spark remembers of them."""
    assert clean_logs(context.lake.curated) > 15
    assert all(len(list(log.glob("[0-9]*.json"))) == 1 for log in Path(context.lake.curated).rglob("_delta_log"))
    context.spark()._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]


@pytest.mark.timeout(600)
def test_a_run_after_the_logs_were_cleaned_up(context: Context) -> None:
    assert run(context, SAMPLES).exit_code == 0
    clean(context)
    before = versions(context.lake)
    assert run(context, SAMPLES).exit_code == 0
    assert versions(context.lake) == before, "all progress is known: there is nothing to do"
    assert run(context, DAY2).exit_code == 0
    clean(context)
    assert run(context, DAY2).exit_code == 0
    wanted = expected([SAMPLES, DAY2])
    assert fact_rows(context) == [tuple(row) for row in wanted.fact.rows]
    for dataset in sampled(context):
        assert silver_rows(context, dataset) == [tuple(row) for row in wanted.silver[dataset.name].rows]
