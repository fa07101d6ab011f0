"""What an erasure deletes of that which a bucket keeps beside its objects, and what it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lakehouse.contracts.project import Project
from lakehouse.cycle import erase_versions
from lakehouse.cycle.erase_files import remove_results
from lakehouse.cycle.erase_versions import (
    clear_versions,
    is_given_up,
    kept_beside,
    not_searched,
    require_raw,
    require_versions_can_go,
)
from lakehouse.cycle.erase_work import Work
from lakehouse.lake import raw_layer
from lakehouse.lake.decisions import Signature
from lakehouse.lake.erasures import Subject
from lakehouse.lake.every_file import every_version
from lakehouse.lake.files import StoredFile
from lakehouse.lake.object_versions import Upload, UploadUnderWayError
from lakehouse.lake.paths import Lake
from lakehouse.lake.raw_layer import RawNotThereError
from lakehouse.runtime.context import Context

WHO = "ann@example.com"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two buckets that keep versions."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        for bucket in ("curated", "landed"):
            client.create_bucket(Bucket=bucket)
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        yield client


def work_for(project: Project, value: str = WHO, lake: Lake | None = None) -> Work:
    lake = lake or Lake.at("s3://curated/prod", "s3://landed/raw")
    context = Context(project, lake, lambda: pytest.fail("no Spark"))
    return Work(context, (Subject("crm", "crm_leads", "email", value, value),), Signature("ada", "ticket 1"))


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("raw/crm/v1/crm_leads.csv", True),
        ("raw/crm/v1/of nobody.txt", True),
        ("raw/erp/v1/erp_orders.csv", False),
        ("curated/bronze/crm_leads/part-1.parquet", True),
        ("curated/silver/crm_leads/_delta_log/00000000000000000000.json", True),
        ("curated/silver/erp_orders/part-1.parquet", False),
        ("curated/marts/fct_daily_store_metrics/part-1.parquet", True),
        ("curated/pinned/erp_orders_v1/part-1.parquet", True),
        ("curated/ops/batches/part-1.parquet", True),
        ("curated/docs/site/index.html", True),
        ("docs/site/index.html", True),
        ("curated/athena_results/analysts/1.csv", True),
        ("curated/exports/1.csv", False),
        ("other/1.csv", False),
    ],
)
def test_earlier_versions_of_what_an_erasure_changes_all_go(project: Project, path: str, goes: bool) -> None:
    assert is_given_up(work_for(project), path) is goes


def put(s3: Any, place: str, *contents: str | None) -> None:
    """Each content in the place of the one before; None deletes the object."""
    bucket, key = place.split("/", 1)
    for content in contents:
        if content is None:
            s3.delete_object(Bucket=bucket, Key=key)
        else:
            s3.put_object(Bucket=bucket, Key=key, Body=content.encode())


def left(work: Work) -> list[tuple[str, int, bool]]:
    """Path, size and whether readers see it, of all that the buckets keep."""
    roots = (work.context.lake.root, work.context.lake.raw)
    return sorted((file.path, file.size, file.is_shown) for root in roots for file in every_version(root))


def test_what_holds_a_value_goes_and_the_rest_can_be_brought_back(s3: Any, project: Project) -> None:
    work = work_for(project)
    put(s3, "landed/raw/crm/v1/crm_leads.csv", "1", "22", None)
    put(s3, "landed/raw/erp/v1/erp_orders.csv", f"4711 {WHO}", "22", "333")
    put(s3, f"landed/raw/erp/v1/{WHO}.csv", "1", None)
    put(s3, "curated/prod/curated/silver/erp_orders/part-1", "1", "22", None)
    put(s3, "curated/prod/curated/exports/x.parquet", "PAR1 and no more", "22")
    put(s3, "curated/production/x", WHO, "of another lake")
    s3.create_multipart_upload(Bucket="curated", Key="prod/curated/bronze/part-9")
    kept = kept_beside(work)
    assert (kept.earlier, kept.markers, kept.uploads) == (3, 2, 1)
    clear_versions(work)
    assert left(work) == [
        ("curated/exports/x.parquet", 2, True),
        ("curated/silver/erp_orders/part-1", 0, False),
        ("curated/silver/erp_orders/part-1", 1, False),
        ("curated/silver/erp_orders/part-1", 2, False),
        ("erp/v1/erp_orders.csv", 2, False),
        ("erp/v1/erp_orders.csv", 3, True),
    ]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="curated")
    assert len(s3.list_object_versions(Bucket="curated", Prefix="production/")["Versions"]) == 2
    assert (kept_beside(work).in_words, left(work)) == ([], left(work))


def test_an_upload_that_is_under_way_is_nobodys_to_end(
    s3: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, now = work_for(project), datetime.now(UTC)
    ended: list[str] = []
    monkeypatch.setattr(erase_versions, "end_uploads", lambda uploads: ended.extend(one.upload for one in uploads))

    def under(root: str) -> Iterator[Upload]:
        for name, hours in (("old", 25), ("new", 1)):
            yield Upload(root, f"{root.split('/', 3)[3]}/x", f"{name} of {root}", now - timedelta(hours=hours))

    monkeypatch.setattr(erase_versions, "uploads_below", under)
    with pytest.raises(UploadUnderWayError, match=r"s3://landed/raw/x: an upload begun at .* --upload-id new of"):
        require_raw(work)
    clear_versions(work)
    assert ended == ["old of s3://curated/prod", "new of s3://curated/prod", "old of s3://landed/raw"]


def test_a_raw_layer_without_the_ingested_files_is_refused(
    s3: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, known = work_for(project), set[StoredFile]()
    monkeypatch.setattr(raw_layer, "known_files", lambda lake, dataset: known)
    require_raw(work)
    known.add(StoredFile("v1/x.csv", 1, "1"))
    with pytest.raises(RawNotThereError, match="s3://landed/raw has none of the files that were ingested"):
        require_raw(work)
    put(s3, "landed/raw/web/v1/web_events.json", "1")
    require_raw(work)


def test_results_of_queries_go_with_a_value_or_where_it_cannot_be_found(s3: Any, project: Project) -> None:
    for value, wanted in ((WHO, ["curated/athena_results/a/2.csv"]), ("Ann", [])):
        put(s3, "curated/prod/curated/athena_results/a/1.csv", f'"{WHO}"')
        put(s3, "curated/prod/curated/athena_results/a/2.csv", '"others"')
        work = work_for(project, value)
        remove_results(work, ("curated/athena_results",))
        assert [path for path, _, is_shown in left(work) if is_shown] == wanted


def test_rights_are_asked_for_where_something_is_written(
    s3: Any, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(erase_versions, "require_writing", asked.extend)
    require_versions_can_go(work_for(project), ("raw", "curated/bronze", "docs", "report.html", ".dbt"))
    assert asked == ["s3://landed/raw/crm", "s3://curated/prod/curated/bronze", "s3://curated/prod/docs"]


def test_a_lake_on_a_disk_has_nothing_of_it(project: Project, lake: Lake) -> None:
    work = work_for(project, lake=lake)
    require_raw(work)
    require_versions_can_go(work, ("curated/bronze",))
    clear_versions(work)
    assert kept_beside(work).in_words == []
    assert not any("bucket" in place for place in not_searched(lake))


def test_what_is_not_searched_is_said(s3: Any, project: Project) -> None:
    rule = {"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::copy"}, "Filter": {}, "Priority": 1}
    rules = [{**rule, "DeleteMarkerReplication": {"Status": "Disabled"}}]
    s3.create_bucket(Bucket="copy")
    s3.put_bucket_versioning(Bucket="copy", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket="landed", ReplicationConfiguration={"Role": "x", "Rules": rules})
    said = not_searched(work_for(project).context.lake)
    assert said[-1] == "the replica s3://copy"
    assert any("access logs, Spark's event logs" in place for place in said)
