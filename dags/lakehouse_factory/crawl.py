"""Crawls the landing of a domain where the catalogue may be out of date, for a crawl costs more than a small job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.glue_crawler import GlueCrawlerRunOperator
from airflow.sdk.exceptions import AirflowSkipException

from lakehouse.lake.landed import last_new_column

if TYPE_CHECKING:
    from airflow.sdk import Context


class LandingCrawl(GlueCrawlerRunOperator):
    """Crawls once a day, and when a file has brought a column that no file of its dataset had; is skipped otherwise.

    Args:
        landed_key: the file in which the job of ingest says when that was.
    """

    template_fields = (*GlueCrawlerRunOperator.template_fields, "landed_key")

    def __init__(self, *, landed_key: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.landed_key = landed_key

    def execute(self, context: Context) -> str:
        """Crawl, or skip."""
        last = self.hook.get_crawler(self.crawler_name).get("LastCrawl", {})
        if not is_due(last, self._last_new_column(), datetime.now(UTC)):
            raise AirflowSkipException("Today's crawl has seen all columns that have landed.")
        return str(super().execute(context))

    def _last_new_column(self) -> datetime | None:
        bucket, key = S3Hook.parse_s3_url(self.landed_key)
        s3 = S3Hook(aws_conn_id=self.aws_conn_id, region_name=self.region_name)
        # Listed first, because asking for an object that is not there is refused to who may not list the whole bucket.
        return last_new_column(s3.read_key(key, bucket)) if key in s3.list_keys(bucket, prefix=key) else None


def is_due(last: dict[str, Any], last_new_column: datetime | None, now: datetime) -> bool:
    """Whether the last crawl is not of today (UTC), came to no end of its own, or began before the last new column."""
    begun = last.get("StartTime")
    if begun is None or last.get("Status") in ("CANCELLED", "FAILED") or begun.astimezone(UTC).date() != now.date():
        return True
    return last_new_column is not None and begun < last_new_column
