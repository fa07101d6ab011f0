"""Uploads files to a bucket, idempotently: each object carries the SHA-256 of its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

DIGEST = "sha256"


@dataclass(frozen=True)
class Artifact:
    """One file to upload: its key in the bucket and its bytes."""

    key: str
    body: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes. An ETag is none where KMS encrypts the object."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Upload:
    """What a bucket is to hold, in the order of writing; other keys under `owned` are removed."""

    bucket: str
    artifacts: tuple[Artifact, ...]
    owned: str | None = None


@dataclass(frozen=True)
class Uploaded:
    """Keys that were written, unchanged and removed."""

    written: tuple[str, ...]
    same: tuple[str, ...]
    removed: tuple[str, ...]


def upload(s3: Any, wanted: Upload, say: Callable[[str], None], dry_run: bool = False) -> Uploaded:
    """Write what differs, then remove what is no longer wanted; a dry run only says so. Without `s3` all differs."""
    written, same = [], []
    for artifact in wanted.artifacts:
        if s3 is not None and _digest_of(s3, wanted.bucket, artifact.key) == artifact.digest:
            same.append(artifact.key)
            continue
        doing = "would upload" if dry_run else "upload"
        say(f"{doing}  s3://{wanted.bucket}/{artifact.key}  ({len(artifact.body):,} bytes)")
        if not dry_run:
            s3.put_object(
                Bucket=wanted.bucket, Key=artifact.key, Body=artifact.body, Metadata={DIGEST: artifact.digest}
            )  # one PUT: an object under its key is always whole
        written.append(artifact.key)
    stale = _stale(s3, wanted) if s3 is not None and wanted.owned else ()
    for key in stale:
        say(f"{'would remove' if dry_run else 'remove'}  s3://{wanted.bucket}/{key}")
        if not dry_run:
            s3.delete_object(Bucket=wanted.bucket, Key=key)
    return Uploaded(tuple(written), tuple(same), stale)


def _digest_of(s3: Any, bucket: str, key: str) -> str | None:
    try:
        found: str | None = s3.head_object(Bucket=bucket, Key=key)["Metadata"].get(DIGEST)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    return found


def _stale(s3: Any, wanted: Upload) -> tuple[str, ...]:
    keys = {artifact.key for artifact in wanted.artifacts}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=wanted.bucket, Prefix=wanted.owned)
    return tuple(item["Key"] for page in pages for item in page.get("Contents", ()) if item["Key"] not in keys)
