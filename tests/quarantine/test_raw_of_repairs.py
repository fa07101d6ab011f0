"""A repair goes where ingest looks: on S3 the raw layer may be a bucket of its own, which the command has to name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse.contracts.keep_days import KeepDays
from lakehouse.contracts.project import Project
from lakehouse.lake import raw_layer
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake
from lakehouse.lake.raw_layer import RawNotThereError, require_raw_of

UNNAMED, NAMED = Lake.at("s3://curated/prod"), Lake.at("s3://curated/prod", "s3://landed/raw")


@pytest.fixture
def landed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The bucket of the raw layer, of which one file was ingested."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(raw_layer, "known_files", lambda lake, dataset: {StoredFile("v1/erp_orders.csv", 1, "1")})
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("curated", "landed"):
            client.create_bucket(Bucket=bucket)
        yield client


def test_a_repair_is_refused_where_the_raw_layer_has_no_file(landed: Any, project: Project) -> None:
    orders = project.contracts.dataset("erp_orders")
    for lake in (UNNAMED, NAMED):
        with pytest.raises(RawNotThereError, match=r"has none of the files .* name it: --raw-root s3://BUCKET/raw"):
            require_raw_of(lake, orders)
    landed.put_object(Bucket="landed", Key="raw/erp/v1/erp_orders.csv", Body=b"1")
    require_raw_of(NAMED, orders)
    with pytest.raises(RawNotThereError):
        require_raw_of(UNNAMED, orders)
    landed.put_object(Bucket="curated", Key="prod/raw/erp/v1/erp_orders.csv", Body=b"1")
    require_raw_of(UNNAMED, orders)


def test_where_old_files_were_let_go_the_bucket_is_named(landed: Any, project: Project) -> None:
    orders = replace(project.contracts.dataset("erp_orders"), keep_days=KeepDays(raw=30))
    require_raw_of(NAMED, orders)
    with pytest.raises(RawNotThereError):
        require_raw_of(UNNAMED, orders)


def test_on_a_disk_the_raw_layer_lies_in_the_lake(
    project: Project, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    for look in ("list_files", "known_files"):
        monkeypatch.setattr(raw_layer, look, lambda *given: asked.append(given))
    require_raw_of(lake, project.contracts.dataset("erp_orders"))
    assert asked == [], "nothing is listed or read"
