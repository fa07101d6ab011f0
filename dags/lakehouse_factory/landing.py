"""Waits for files that ingest has not dealt with yet."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk.bases.operator import BaseOperator
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from lakehouse.lake.landed import landed_in

if TYPE_CHECKING:
    from airflow.sdk import Context

MOST_NAMED = 20


class NewLandingSensor(S3KeySensor):
    """Waits for a file that ingest has not dealt with: none of a batch, and none that no dataset takes.

    The job itself says which these are, in the file `landed_key`. Before it has written one, what came since the start
    of the last successful run is new. A time alone would lose files: S3 dates a large one by the begin of its upload.

    S3KeySensor alone succeeds as soon as any file exists, however old. Its `check_fn` would not do either:
    while deferred it sees only the objects directly under the prefix, and each look restarts the timeout.

    Args:
        job_name: the Glue job that ingests.
        file_patterns: names that the contract's datasets have; other files do not count.
        landed_key: the file in which the job says what it has dealt with.
    """

    template_fields = (*S3KeySensor.template_fields, "landed_key")

    def __init__(
        self, *, job_name: str, file_patterns: Sequence[str], landed_key: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(wildcard_match=True, **kwargs)
        self.job_name = job_name
        self.file_patterns = tuple(file_patterns)
        self.landed_key = landed_key

    def poke(self, context: Context) -> bool:
        """Tell whether a file of the contract is new."""
        bucket, key = S3Hook.parse_s3_url(str(self.bucket_key))
        prefix = key.rstrip("*")
        found = [item for item in self.hook.iter_file_metadata(prefix, bucket) if not _is_hidden(item["Key"], prefix)]
        ours = [item for item in found if self._is_ours(item["Key"])]
        self._name_others([item["Key"] for item in found if not self._is_ours(item["Key"])])
        new = list(self._new(ours, prefix))
        self.log.info("%d of %d files under %s are new", len(new), len(ours), self.bucket_key)
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

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Wake up; only the end of the sensor's own time is a skip.

        The base class skips for whatever went wrong: a dead trigger would look as if nothing had come.
        """
        try:
            return BaseOperator.resume_execution(self, next_method, next_kwargs, context)
        except AirflowSensorTimeout as over:
            if self.soft_fail:
                raise AirflowSkipException(str(over)) from over
            raise

    def _defer(self) -> None:
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.poke_interval)), method_name="execute_complete")

    def _is_ours(self, key: str) -> bool:
        name = key.rsplit("/", 1)[-1]
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.file_patterns)

    def _name_others(self, keys: Sequence[str]) -> None:
        for key in keys[:MOST_NAMED]:
            self.log.warning("No filePattern of the contract matches %s; it is not ingested", key)
        if len(keys) > MOST_NAMED:
            self.log.warning("%d more files match none", len(keys) - MOST_NAMED)

    def _new(self, items: Sequence[Mapping[str, Any]], prefix: str) -> Iterator[Mapping[str, Any]]:
        known = self._landed()
        if known is not None:
            return (item for item in items if known.get(item["Key"].removeprefix(prefix)) != item["ETag"].strip('"'))
        since = self._last_ingest()
        return (item for item in items if since is None or item["LastModified"] > since)

    def _landed(self) -> Mapping[str, str] | None:
        """What ingest has dealt with: versions by path; None before it has said so."""
        if self.landed_key is None:
            return None
        bucket, key = S3Hook.parse_s3_url(self.landed_key)
        # Listed first, because asking for an object that is not there is refused to who may not list the whole bucket.
        if key not in self.hook.list_keys(bucket, prefix=key):
            return None
        return landed_in(self.hook.read_key(key, bucket))

    def _last_ingest(self) -> datetime | None:
        """When the newest successful run began; a run that failed leaves its files new."""
        glue: Any = GlueJobHook(aws_conn_id=self.aws_conn_id, region_name=self.region_name).conn
        pages = glue.get_paginator("get_job_runs").paginate(JobName=self.job_name)
        begun = ([run["StartedOn"] for run in page["JobRuns"] if run["JobRunState"] == "SUCCEEDED"] for page in pages)
        newest: datetime | None = next((max(starts) for starts in begun if starts), None)
        # S3 reports whole seconds, so a file of the second in which the run began may be new.
        return newest and newest.replace(microsecond=0) - timedelta(seconds=1)


def _is_hidden(key: str, prefix: str) -> bool:
    """Ingest passes over hidden and temporary files, and what stands for a folder."""
    path = key.removeprefix(prefix)
    return path.endswith("/") or any(part[:1] in "._" for part in path.split("/") if part)
