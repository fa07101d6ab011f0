"""Tells, for each line it is sent, what the sensor of the landing does early and after its time, as JSON."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException, TaskDeferred
from read_once import share_services

sys.path.insert(0, sys.argv[1])

from lakehouse_factory.landing import NewLandingSensor


def outcome(sensor: NewLandingSensor, waited: timedelta) -> str:
    """What the sensor does when it wakes after so long."""
    context: Any = {"ti": SimpleNamespace(start_date=datetime.now(UTC) - waited)}
    try:
        sensor.execute_complete(context)
    except TaskDeferred as deferred:
        return f"waits on with {type(deferred.trigger).__name__}"
    except AirflowSensorTimeout:
        return "gives up"
    return "goes on"


def in_backfill(sensor: NewLandingSensor) -> str:
    """What the sensor does when a backfill starts it."""
    context: Any = {"dag_run": SimpleNamespace(run_type="backfill")}
    try:
        sensor.execute(context)
    except AirflowSkipException:
        return "skips in a backfill"
    return "goes on in a backfill"


def new_sensor() -> NewLandingSensor:
    """The sensor as a fresh task has it."""
    return NewLandingSensor(
        task_id="wait",
        job_name="ingest_erp",
        file_patterns=("erp_orders*.csv",),
        bucket_key="s3://retail-raw/raw/erp/*",
        landed_key="s3://retail-curated/curated/ops/_landed/erp.json",
        aws_conn_id=None,
        deferrable=True,
        soft_fail=True,
        poke_interval=300,
        timeout=3600,
    )


def main() -> None:
    """Answer until the other side has no more questions."""
    share_services()
    for _ in sys.stdin:
        answers = [outcome(new_sensor(), timedelta(minutes=minutes)) for minutes in (5, 65)]
        answers.append(in_backfill(new_sensor()))
        print(f"answer: {json.dumps(answers)}", flush=True)


if __name__ == "__main__":
    main()
