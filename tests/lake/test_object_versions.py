"""Earlier versions of objects on S3: found page by page, deleted so that none comes back, refused before, not amid."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from lakehouse.lake import every_file, object_versions
from lakehouse.lake.every_file import (
    ArchivedObjectError,
    FileVersion,
    NotDeletedError,
    NotReadableOnS3Error,
    every_version,
    files_below,
    opened,
    remove_all,
    version_pages,
    write_over,
)
from lakehouse.lake.object_versions import (
    NotAllowedOnS3Error,
    Upload,
    VersionsAreLockedError,
    delete_earlier,
    end_uploads,
    replicas_of,
    require_versions_are_free,
    require_writing,
    uploads_below,
)

ROOT = "s3://lake/prod"
Refuse = Callable[..., None]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket that keeps versions."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="lake")
        client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        yield client


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Let S3 refuse an operation, where its arguments have, or lack, a name."""
    ask = botocore.client.BaseClient._make_api_call

    def begin(operation: str, has: str = "", lacks: str = "", code: str = "AccessDenied") -> None:
        def answer(self: Any, name: str, given: dict[str, Any]) -> Any:
            if name == operation and (not has or has in given) and (not lacks or lacks not in given):
                raise ClientError({"Error": {"Code": code}}, name)
            return ask(self, name, given)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", answer)

    return begin


def put(s3: Any, path: str, *contents: bytes) -> None:
    """Each content in the place of the one before; None is a deletion."""
    for content in contents:
        s3.put_object(Bucket="lake", Key=f"prod/{path}", Body=content)


def held() -> dict[str, list[tuple[bytes | None, bool]]]:
    """What each object was, newest first, and whether readers see it; None for a marker of a deleted one."""
    found: dict[str, list[tuple[bytes | None, bool]]] = {}
    for file in every_version(ROOT):
        content = None
        if not file.is_marker:
            with opened(file) as stream:
                content = stream.read()
        found.setdefault(file.path, []).append((content, file.is_shown))
    return found


def going(*contents: bytes) -> Callable[[list[FileVersion]], list[FileVersion]]:
    """Versions go by their content, markers go."""

    def chosen(versions: list[FileVersion]) -> list[FileVersion]:
        found = []
        for file in versions:
            if file.is_marker:
                found.append(file)
                continue
            with opened(file) as stream:
                if stream.read() in contents:
                    found.append(file)
        return found

    return chosen


def test_every_version_is_listed_and_read_hidden_ones_too(s3: Any) -> None:
    put(s3, "a/.x", b"1", b"2")
    put(s3, "b/", b"")
    put(s3, "c", b"3")
    s3.delete_object(Bucket="lake", Key="prod/c")
    s3.put_object(Bucket="lake", Key="production/d", Body=b"not below")
    assert held() == {
        "a/.x": [(b"2", True), (b"1", False)],
        "b/": [(b"", True)],
        "c": [(b"3", False), (None, False)],
    }
    assert [file.path for file in files_below(ROOT)] == ["a/.x", "b/"]


def test_earlier_versions_go_and_what_is_seen_stays(s3: Any) -> None:
    put(s3, "a", b"ann", b"bob", b"cy")
    put(s3, "deleted", b"ann")
    put(s3, "deleted, of others", b"bob")
    for name in ("deleted", "deleted, of others"):
        s3.delete_object(Bucket="lake", Key=f"prod/{name}")
    assert delete_earlier(ROOT, going(b"ann"), lambda path: path == "deleted") == 3
    assert held() == {"a": [(b"cy", True), (b"bob", False)], "deleted, of others": [(b"bob", False), (None, False)]}
    assert delete_earlier(ROOT, going(b"ann"), lambda path: path == "deleted") == 0


def test_a_deleted_object_is_never_seen_again(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its marker goes last: a process that is killed before leaves it deleted."""
    put(s3, "x", b"1", b"2")
    s3.delete_object(Bucket="lake", Key="prod/x")
    put(s3, "y", b"1")
    seen: list[list[str]] = []
    delete = every_file.delete_objects

    def watched(bucket: str, named: list[dict[str, str]]) -> None:
        delete(bucket, named)
        seen.append([file.path for file in files_below(ROOT)])

    monkeypatch.setattr(object_versions, "delete_objects", watched)
    delete_earlier(ROOT, lambda versions: versions, lambda path: True)
    assert seen == [["y"], ["y"]]
    assert held() == {"y": [(b"1", True)]}


def test_more_versions_than_a_page_has(s3: Any) -> None:
    store = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]  # straight into moto's own: 1,020 requests would take seconds
    for number in range(510):
        for content in (b"1", b"2"):
            store.put_object("lake", f"prod/{number:04}", content)
    assert [len(page) for page in version_pages(ROOT) if page] == [1000, 20]
    assert delete_earlier(ROOT, lambda versions: versions, lambda path: True) == 510
    assert {file.is_shown for file in every_version(ROOT)} == {True}
    assert remove_all(files_below(ROOT)) == 510
    assert list(files_below(ROOT)) == []


def test_a_page_that_s3_deleted_in_part_is_an_error(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 answers 200 for a request of which it did nothing."""
    put(s3, "a", b"1", b"2")
    refused = {"Errors": [{"Key": "prod/a", "Code": "AccessDenied"}]}
    monkeypatch.setattr(every_file, "s3", lambda: type("", (), {"delete_objects": lambda *_, **__: refused})())
    with pytest.raises(NotDeletedError, match=r"s3://lake: 1 objects or versions were not deleted, prod/a among them"):
        every_file.delete_objects("lake", [{"Key": "prod/a"}])


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        ("InvalidObjectState", ArchivedObjectError, "s3://lake/prod/a, version .* lies in an archive of S3"),
        ("403", NotReadableOnS3Error, "s3://lake/prod/a, version .*: S3 answers 403, so it cannot be searched"),
        ("404", FileNotFoundError, "s3://lake/prod/a"),
    ],
)
def test_an_object_that_cannot_be_read(s3: Any, refuse: Refuse, code: str, error: type[Exception], said: str) -> None:
    put(s3, "a", b"1")
    (file,) = every_version(ROOT)
    refuse("HeadObject", code=code)
    with pytest.raises(error, match=said), opened(file):
        pass


def test_another_content_keeps_its_kind(s3: Any) -> None:
    s3.put_object(Bucket="lake", Key="prod/a.html", Body=b"1", ContentType="text/html")
    (file,) = files_below(ROOT)
    write_over(file, b"2")
    assert s3.head_object(Bucket="lake", Key="prod/a.html")["ContentType"] == "text/html"
    assert held()["a.html"] == [(b"2", True), (b"1", False)]


def ask_all() -> None:
    require_versions_are_free([ROOT])
    require_writing([ROOT])


REFUSED = [
    ("ListObjectVersions", "", "", "s3:ListBucketVersions"),
    ("ListObjectsV2", "", "", "s3:ListBucket"),
    ("ListMultipartUploads", "", "", "s3:ListBucketMultipartUploads"),
    ("GetBucketVersioning", "", "", "s3:GetBucketVersioning"),
    ("GetObjectLockConfiguration", "", "", "s3:GetBucketObjectLockConfiguration"),
    ("GetBucketReplication", "", "", "s3:GetReplicationConfiguration"),
    ("DeleteObject", "VersionId", "", "s3:DeleteObjectVersion"),
    ("DeleteObject", "", "VersionId", "s3:DeleteObject"),
    ("AbortMultipartUpload", "", "", "s3:AbortMultipartUpload"),
    ("PutObject", "", "", "s3:PutObject, or use the key"),
    ("GetObject", "", "VersionId", "s3:GetObject, or use the key"),
    ("GetObject", "VersionId", "", "s3:GetObjectVersion"),
]


@pytest.mark.parametrize(("operation", "has", "lacks", "action"), REFUSED, ids=[action for *_, action in REFUSED])
def test_what_is_refused_is_said_before_and_leaves_nothing(
    s3: Any, refuse: Refuse, operation: str, has: str, lacks: str, action: str
) -> None:
    put(s3, "a", b"1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", botocore.client.BaseClient._make_api_call)
        refuse(operation, has, lacks)
        with pytest.raises(NotAllowedOnS3Error) as found:
            ask_all()
    assert str(found.value).startswith(f"{found.value.place}: these credentials may not {action} (AccessDenied), so")
    assert found.value.exit_code == 3
    assert held() == {"a": [(b"1", True)]}


def test_the_policy_of_the_page_has_the_rights_that_are_asked_for() -> None:
    page = (Path(__file__).parents[2] / "docs/how-to/erase-a-person.md").read_text(encoding="utf-8")
    (policy,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    named = [action for statement in json.loads(policy)["Statement"] for action in statement["Action"]]
    asked = {action.partition(",")[0] for *_, action in REFUSED}
    assert sorted(named) == sorted([*asked, "kms:Decrypt", "kms:GenerateDataKey"])


def test_who_may_do_everything_is_not_refused_and_nothing_is_left(s3: Any) -> None:
    put(s3, "a", b"1")
    require_versions_are_free([ROOT])
    require_writing([ROOT, f"{ROOT}/curated/bronze"])
    assert held() == {"a": [(b"1", True)]}


def test_a_bucket_without_versions_is_as_good(s3: Any) -> None:
    s3.create_bucket(Bucket="plain")
    s3.put_object(Bucket="plain", Key="prod/a", Body=b"1")
    require_versions_are_free(["s3://plain/prod"])
    require_writing(["s3://plain/prod"])
    (file,) = every_version("s3://plain/prod")
    assert (file.path, file.is_shown) == ("a", True)
    with opened(file) as stream:
        assert stream.read() == b"1"
    assert delete_earlier("s3://plain/prod", lambda versions: versions, lambda path: True) == 0


def test_a_bucket_that_lets_nobody_delete_versions_is_refused(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    with pytest.raises(VersionsAreLockedError, match="s3://locked has Object Lock, so earlier versions of"):
        require_versions_are_free(["s3://locked/prod"])
    ask = botocore.client.BaseClient._make_api_call

    def with_mfa(self: Any, name: str, given: dict[str, Any]) -> Any:
        return {"MFADelete": "Enabled"} if name == "GetBucketVersioning" else ask(self, name, given)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", with_mfa)
    with pytest.raises(VersionsAreLockedError, match="s3://lake has MFA delete") as found:
        require_versions_are_free([ROOT])
    assert found.value.exit_code == 3


def test_uploads_that_were_not_completed_end(s3: Any) -> None:
    s3.create_multipart_upload(Bucket="lake", Key="prod/a")
    s3.create_multipart_upload(Bucket="lake", Key="other/a")
    found = list(uploads_below(ROOT))
    assert [(upload.address, upload.is_left) for upload in found] == [("s3://lake/prod/a", True)]
    assert not Upload(ROOT, "prod/a", "1", datetime.now(UTC)).is_left
    end_uploads(found)
    assert [item["Key"] for item in s3.list_multipart_uploads(Bucket="lake")["Uploads"]] == ["other/a"]


def test_replicas_are_named(s3: Any) -> None:
    assert replicas_of(ROOT) == []
    s3.create_bucket(Bucket="copy")
    s3.put_bucket_versioning(Bucket="copy", VersioningConfiguration={"Status": "Enabled"})
    rule = {"Status": "Enabled", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
    rules = [{**rule, "Destination": {"Bucket": "arn:aws:s3:::copy"}}]
    s3.put_bucket_replication(Bucket="lake", ReplicationConfiguration={"Role": "x", "Rules": rules})
    assert replicas_of(ROOT) == ["s3://copy"]
