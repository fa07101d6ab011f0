"""What the sensor of the landing calls new: files of the contract that no successful ingest can have seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from moto.glue.models import glue_backends
from moto.s3.models import s3_backends

from tests.dags.airflow_home import DAGS

MOTO_ACCOUNT = "123456789012"
FILE = "raw/erp/1f2e3d/erp_orders.csv"
# What it does after five minutes, after its time is over, and when a backfill starts it.
NEW = ["goes on", "goes on", "goes on in a backfill"]
NOTHING_NEW = ["waits on with TimeDeltaTrigger", "gives up", "skips in a backfill"]

Ask = Callable[[], list[str]]


def test_before_the_first_ingest(landing_answers: Ask, aws: Any) -> None:
    assert landing_answers() == NOTHING_NEW
    aws.s3.put_object(Bucket="retail-raw", Key="raw/erp/readme.txt", Body=b"not ours")
    assert landing_answers() == NOTHING_NEW
    aws.s3.put_object(Bucket="retail-raw", Key=FILE, Body=b"order_id\n")
    assert landing_answers() == NEW


def test_after_an_ingest(landing_answers: Ask, aws: Any) -> None:
    begun = ingested(aws)
    set_landed(begun - timedelta(minutes=10))
    assert landing_answers() == NOTHING_NEW
    set_landed(begun + timedelta(seconds=10))
    assert landing_answers() == NEW


def test_a_file_of_the_second_in_which_the_last_ingest_began_is_new(landing_answers: Ask, aws: Any) -> None:
    """S3 reports whole seconds, so it may have come after the job had looked, and even bear the second before."""
    begun = ingested(aws)
    for seconds, answer in ((0, NEW), (1, NOTHING_NEW)):
        set_landed(begun.replace(microsecond=0) - timedelta(seconds=seconds))
        assert landing_answers() == answer, seconds


def test_after_an_ingest_that_failed(landing_answers: Ask, aws: Any) -> None:
    begun = ingested(aws)
    set_landed(begun - timedelta(minutes=10))
    set_state("FAILED")
    assert landing_answers() == NEW


def test_new_is_what_ingest_has_not_dealt_with(landing_answers: Ask, aws: Any) -> None:
    """S3 dates a large file by the begin of its upload, so a file can be new and older than the last ingest."""
    begun = ingested(aws)
    dealt_with(aws, {})
    set_landed(begun - timedelta(minutes=10))
    assert landing_answers() == NEW
    version = aws.s3.head_object(Bucket="retail-raw", Key=FILE)["ETag"].strip('"')
    dealt_with(aws, {FILE.removeprefix("raw/erp/"): version})
    set_landed(begun + timedelta(minutes=10))
    assert landing_answers() == NOTHING_NEW
    aws.s3.put_object(Bucket="retail-raw", Key=FILE, Body=b"order_id\nagain\n")  # the same name, another delivery
    assert landing_answers() == NEW


def test_hidden_files_and_those_of_others_are_not_new(landing_answers: Ask, aws: Any) -> None:
    dealt_with(aws, {})
    for key in ("_temporary/0/erp_orders.csv", ".erp_orders.csv", "a/erp_orders.csv.gz", "a/products.csv"):
        aws.s3.put_object(Bucket="retail-raw", Key=f"raw/erp/{key}", Body=b"order_id\n")
    assert landing_answers() == NOTHING_NEW


def test_only_the_end_of_its_own_time_is_a_skip(run_script: Any, aws: Any, aws_variables: dict[str, str]) -> None:
    aws.s3.put_object(Bucket="retail-raw", Key="raw/erp/a.txt", Body=b"")
    found = run_script("landing_faults.py", str(DAGS), **aws_variables)
    assert found == {
        "Trigger failure": "TaskDeferralError",
        "Trigger timeout": "TaskDeferralTimeout",
        "AccessDenied": "ClientError",
        "time over": "AirflowSkipException",
    }


def dealt_with(aws: Any, files: dict[str, str]) -> None:
    """Let the job say which files it has dealt with."""
    body = json.dumps({"files": files}).encode()
    aws.s3.put_object(Bucket="retail-curated", Key="curated/ops/_landed/erp.json", Body=body)


def ingested(aws: Any) -> datetime:
    """Deliver one file, run the job, and return when it began."""
    aws.s3.put_object(Bucket="retail-raw", Key=FILE, Body=b"order_id\n")
    run = aws.glue.start_job_run(JobName="ingest_erp")["JobRunId"]
    begun: datetime = aws.glue.get_job_run(JobName="ingest_erp", RunId=run)["JobRun"]["StartedOn"]
    return begun


def set_landed(when: datetime) -> None:
    """Give the file another time of delivery; the server runs in this process."""
    s3_backends[MOTO_ACCOUNT]["aws"].buckets["retail-raw"].keys[FILE].last_modified = when


def set_state(state: str) -> None:
    """Give the one run of ingest_erp another outcome."""
    (run,) = glue_backends[MOTO_ACCOUNT]["eu-west-1"].jobs["ingest_erp"].job_runs
    run.status = state
