"""A crawl, which costs more than a small job, is made once a day and when files have brought new columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.glue.models import glue_backends

from lakehouse.contracts.reader import load_contracts
from tests.dags.airflow_home import ROOT
from tools.airflow.fake_aws import deliver

CRAWLER = "landing_erp"


def test_ingest_crawls_once_a_day_and_when_columns_are_new(run_dags: Callable[..., Any], aws: Any) -> None:
    deliver(aws, load_contracts(ROOT / "contracts"))
    looks = [
        ("the first run", lambda: new_columns(aws, timedelta(hours=-2)), "success"),
        ("an hour later", lambda: None, "skipped"),
        ("the same columns", lambda: new_columns(aws, timedelta(hours=-1)), "skipped"),
        ("a new column", lambda: new_columns(aws, timedelta(seconds=-1), crawled=timedelta(seconds=-2)), "success"),
        ("again an hour later", lambda: None, "skipped"),
        ("yesterday's crawl", lambda: last_crawl(start_time=datetime.now(UTC) - timedelta(days=1)), "success"),
        ("a failed crawl", lambda: last_crawl(status="FAILED"), "success"),
    ]
    crawls = 0
    for name, change, wanted in looks:
        change()
        (run,) = run_dags("ingest_erp")
        assert (run["run"], run["tasks"]["crawl_landing"]) == ("success", wanted), name
        crawls += wanted == "success"
        assert len(aws.glue.list_crawls(CrawlerName=CRAWLER)["Crawls"]) == crawls, name


def last_crawl(**facts: Any) -> None:
    """Change the last crawl; the server runs in this process."""
    crawl = glue_backends["123456789012"]["eu-west-1"].crawlers[CRAWLER].crawls[-1]
    for name, value in facts.items():
        setattr(crawl, name, value)


def new_columns(aws: Any, since: timedelta, crawled: timedelta | None = None) -> None:
    """Let ingest say that all files are to be ingested, and when one last had a new column; crawled: the last crawl."""
    now = datetime.now(UTC)
    if crawled is not None:
        last_crawl(start_time=now + crawled)
    body = json.dumps({"files": {}, "columns": {}, "columns_since": (now + since).isoformat()})
    aws.s3.put_object(Bucket="retail-curated", Key="curated/ops/_landed/erp.json", Body=body.encode())
