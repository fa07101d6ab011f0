"""Waits for files that the last ingest has not seen yet."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

if TYPE_CHECKING:
    from airflow.sdk import Context


class NewLandingSensor(S3KeySensor):
    """Waits for a file newer than the start of the last successful ingest, by Glue's record of its runs.

    S3KeySensor alone succeeds as soon as any file exists, however old. Its `check_fn` would not do either:
    while deferred it sees only the objects directly under the prefix, and each look restarts the timeout.

    Args:
        job_name: the Glue job that ingests.
        file_patterns: names that the contract's datasets have; other files do not count.
    """

    def __init__(self, *, job_name: str, file_patterns: Sequence[str], **kwargs: Any) -> None:
        super().__init__(wildcard_match=True, **kwargs)
        self.job_name = job_name
        self.file_patterns = tuple(file_patterns)

    def poke(self, context: Context) -> bool:
        """Tell whether a file of the contract is new."""
        since = self._last_ingest()
        bucket, key = S3Hook.parse_s3_url(str(self.bucket_key))
        keys = self.hook.list_keys(bucket, prefix=key.rstrip("*"), from_datetime=since)
        new = [key for key in keys if self._is_ours(key)]
        self.log.info("%d new files under %s since %s", len(new), self.bucket_key, since or "ever")
        return bool(new)

    def execute(self, context: Context) -> None:
        """Look, and wait for what is not there yet; a backfill, whose dates are past, looks once."""
        run_type = getattr(context.get("dag_run"), "run_type", None)
        if run_type == "backfill" and not self.poke(context):
            raise AirflowSkipException(f"Nothing new under {self.bucket_key}, and a backfill does not wait.")
        if run_type != "backfill":
            super().execute(context)

    def execute_complete(self, context: Context, event: Any = None) -> None:
        """Look again, and give up when the time is over; soft_fail makes that a skip."""
        if self.poke(context):
            return
        begun = context["ti"].start_date
        if begun and datetime.now(UTC) - begun > timedelta(seconds=self.timeout):
            raise AirflowSensorTimeout(f"Nothing new under {self.bucket_key} in {self.timeout:.0f} s.")
        self._defer()

    def _defer(self) -> None:
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.poke_interval)), method_name="execute_complete")

    def _is_ours(self, key: str) -> bool:
        name = key.rsplit("/", 1)[-1]
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.file_patterns)

    def _last_ingest(self) -> datetime | None:
        """When the newest successful run began; a run that failed leaves its files new."""
        glue: Any = GlueJobHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn
        pages = glue.get_paginator("get_job_runs").paginate(JobName=self.job_name)
        begun = ([run["StartedOn"] for run in page["JobRuns"] if run["JobRunState"] == "SUCCEEDED"] for page in pages)
        newest: datetime | None = next((max(starts) for starts in begun if starts), None)
        # S3 reports whole seconds, so a file of the second in which the run began may be new.
        return newest and newest.replace(microsecond=0) - timedelta(seconds=1)
