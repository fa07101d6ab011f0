"""What a bucket keeps beside the objects that readers see: earlier versions, markers of deleted ones, failed uploads.

Before anything is deleted `require_versions_are_free` and `require_writing` ask whether the bucket lets go of
versions, and whether these credentials may do what is needed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lakehouse.errors import LakehouseError
from lakehouse.lake.every_file import MOST_AT_ONCE, FileVersion, delete_objects, in_parts, prefix_of, s3, version_pages
from lakehouse.lake.files import split_s3

_PROBE = ".lakehouse-may-delete"
"""A hidden name, which no reader of a lake takes for a file."""
_ABORT = "s3:AbortMultipartUpload"
_STANDS_FOR_NONE = {
    "NoSuchUpload",
    "ObjectLockConfigurationNotFoundError",
    "ReplicationConfigurationNotFoundError",
}
UPLOAD_HOURS = 24
"""An upload that was begun so long ago is no longer under way."""


class VersionsAreLockedError(LakehouseError):
    """A bucket lets nobody delete versions by a plain request."""

    def __init__(self, bucket: str, found: str) -> None:
        self.bucket, self.found = bucket, found
        super().__init__(
            f"s3://{bucket} has {found}, so earlier versions of objects cannot be deleted and nothing was changed; "
            f"an erasure needs buckets without it (docs/how-to/erase-a-person.md)."
        )


class NotAllowedOnS3Error(LakehouseError):
    """The credentials may not do what an erasure needs."""

    def __init__(self, place: str, action: str, code: str) -> None:
        self.place, self.action, self.code = place, action, code
        super().__init__(
            f"{place}: these credentials may not {action} ({code}), so nothing was changed; run it with credentials "
            f"that may (docs/how-to/erase-a-person.md has the policy)."
        )


class UploadUnderWayError(LakehouseError):
    """Somebody puts a large file into the raw layer, whose parts nobody can read yet."""

    def __init__(self, address: str, upload: str, begun: datetime) -> None:
        self.address, self.upload, self.begun = address, upload, begun
        bucket, key = split_s3(address)
        super().__init__(
            f"{address}: an upload begun at {begun:%Y-%m-%d %H:%M} is not complete, so nothing was changed; wait for "
            f"it and run the lakehouse, or end it: `aws s3api abort-multipart-upload --bucket {bucket} --key '{key}' "
            f"--upload-id {upload}`."
        )


@dataclass(frozen=True)
class Upload:
    """An upload in parts that was begun and is not complete. begun: when."""

    root: str
    key: str
    upload: str
    begun: datetime

    @property
    def address(self) -> str:
        """Where its object would be."""
        return f"s3://{split_s3(self.root)[0]}/{self.key}"

    @property
    def is_left(self) -> bool:
        """Whether it is so old that nobody goes on with it."""
        return datetime.now(UTC) - self.begun > timedelta(hours=UPLOAD_HOURS)


def uploads_below(root: str) -> Iterator[Upload]:
    """The uploads below a prefix that are not complete."""
    bucket, before = prefix_of(root)
    for page in s3().get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=before):
        for item in page.get("Uploads", ()):
            yield Upload(root, item["Key"], item["UploadId"], item["Initiated"])


def end_uploads(uploads: Iterable[Upload]) -> None:
    """End uploads, with which S3 lets go of their parts."""
    client = s3()
    for one in list(uploads):
        with _may(one.address, _ABORT):
            client.abort_multipart_upload(Bucket=split_s3(one.root)[0], Key=one.key, UploadId=one.upload)


def delete_earlier(
    root: str, goes: Callable[[list[FileVersion]], list[FileVersion]], whole: Callable[[str], bool]
) -> int:
    """Delete earlier versions of objects below a prefix, and the markers of those that are deleted.

    goes: those of a page's versions that go; none of them is seen by a reader. whole: whether all versions of an object
    go, by its path. The marker of a deleted object goes after its versions, or the last of them would be seen again.
    Returns how many went.
    """
    number = 0
    for page in version_pages(root):
        number += _delete(root, goes([file for file in page if not file.is_latest]))
    for page in version_pages(root):
        number += _delete(root, [file for file in page if file.is_latest and file.is_marker and whole(file.path)])
    return number


def _delete(root: str, versions: list[FileVersion]) -> int:
    bucket = split_s3(root)[0]
    for some in in_parts(versions, MOST_AT_ONCE):
        delete_objects(bucket, [{"Key": file.key, "VersionId": file.version} for file in some])
    return len(versions)


def require_versions_are_free(roots: Iterable[str]) -> None:
    """Raise VersionsAreLockedError where nobody deletes versions, NotAllowedOnS3Error where they cannot be listed."""
    client = s3()
    for root in roots:
        _require_unlocked(client, split_s3(root)[0])
        _require_listing(client, root)
        replicas_of(root)


def require_writing(folders: Iterable[str]) -> None:
    """Raise NotAllowedOnS3Error where these credentials could not put, read and delete an object and its versions.

    In each folder a small hidden object is put and deleted again, after it was asked whether it may be.
    """
    client = s3()
    for folder in folders:
        _require_writing(client, folder)


def replicas_of(root: str) -> list[str]:
    """The buckets to which S3 copies what is written to that of a root."""
    bucket = split_s3(root)[0]
    with _may(f"s3://{bucket}", "s3:GetReplicationConfiguration"):
        found = s3().get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]["Rules"]
        return sorted({f"s3://{rule['Destination']['Bucket'].rsplit(':', 1)[-1]}" for rule in found})
    return []


def _require_unlocked(client: Any, bucket: str) -> None:
    with _may(f"s3://{bucket}", "s3:GetBucketObjectLockConfiguration"):
        lock = client.get_object_lock_configuration(Bucket=bucket).get("ObjectLockConfiguration", {})
        if lock.get("ObjectLockEnabled") == "Enabled":
            raise VersionsAreLockedError(bucket, "Object Lock")
    with _may(f"s3://{bucket}", "s3:GetBucketVersioning"):
        if client.get_bucket_versioning(Bucket=bucket).get("MFADelete") == "Enabled":
            raise VersionsAreLockedError(bucket, "MFA delete")


def _require_listing(client: Any, root: str) -> None:
    bucket, before = prefix_of(root)
    with _may(root, "s3:ListBucket"):
        client.list_objects_v2(Bucket=bucket, Prefix=before, MaxKeys=1)
    with _may(root, "s3:ListBucketVersions"):
        client.list_object_versions(Bucket=bucket, Prefix=before, MaxKeys=1)
    with _may(root, "s3:ListBucketMultipartUploads"):
        client.list_multipart_uploads(Bucket=bucket, Prefix=before, MaxUploads=1)


def _require_writing(client: Any, folder: str) -> None:
    bucket, before = prefix_of(folder)
    probe = {"Bucket": bucket, "Key": f"{before}{_PROBE}-{os.getpid()}"}
    with _may(folder, "s3:DeleteObjectVersion"):  # of an object that is not there, so that nothing can be left
        client.delete_object(**probe, VersionId="null")
    with _may(folder, _ABORT):
        client.abort_multipart_upload(**probe, UploadId="none")
    with _may(folder, "s3:PutObject, or use the key"):
        put = client.put_object(**probe, Body=b"?").get("VersionId", "null")
    try:
        with _may(folder, "s3:GetObject, or use the key"):
            client.get_object(**probe)["Body"].read()
        with _may(folder, "s3:GetObjectVersion"):
            client.get_object(**probe, **({} if put == "null" else {"VersionId": put}))["Body"].read()
        with _may(folder, "s3:DeleteObject"):
            client.delete_object(**probe)
    finally:
        found = client.list_object_versions(Bucket=bucket, Prefix=probe["Key"])
        for version in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
            client.delete_object(**probe, VersionId=version["VersionId"])


@contextlib.contextmanager
def _may(place: str, action: str) -> Iterator[None]:
    """Raise NotAllowedOnS3Error for a refused request; what is not configured is no refusal."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except BotoCoreError as error:  # no credentials, no answer
        raise NotAllowedOnS3Error(place, action, type(error).__name__) from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in _STANDS_FOR_NONE:
            raise NotAllowedOnS3Error(place, action, code) from None
