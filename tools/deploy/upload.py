"""Brings files into a bucket so that a second time changes nothing: by the SHA-256 that each object carries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

DIGEST = "sha256"


@dataclass(frozen=True)
class Item:
    """One object to be: its key and its bytes."""

    key: str
    body: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes. An ETag would not do: of an object that KMS encrypts it is no digest of the content."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Shipment:
    """What a bucket shall hold, in the order in which it is written; under `owned` it shall hold nothing else."""

    bucket: str
    items: tuple[Item, ...]
    owned: str | None = None


@dataclass(frozen=True)
class Shipped:
    """Keys written, found as they should be, and removed."""

    written: tuple[str, ...]
    same: tuple[str, ...]
    removed: tuple[str, ...]


def ship(s3: Any, shipment: Shipment, say: Callable[[str], None], dry_run: bool = False) -> Shipped:
    """Write what differs, then remove what is no longer wanted; a dry run only says so. Without `s3`, all differs."""
    written, same = [], []
    for item in shipment.items:
        if s3 is not None and _digest_of(s3, shipment.bucket, item.key) == item.digest:
            same.append(item.key)
            continue
        say(f"{'would upload' if dry_run else 'upload'}  s3://{shipment.bucket}/{item.key}  ({len(item.body):,} bytes)")
        if not dry_run:
            s3.put_object(
                Bucket=shipment.bucket, Key=item.key, Body=item.body, Metadata={DIGEST: item.digest}
            )  # one PUT: an object under its key is always whole
        written.append(item.key)
    stale = _stale(s3, shipment) if s3 is not None and shipment.owned else ()
    for key in stale:
        say(f"{'would remove' if dry_run else 'remove'}  s3://{shipment.bucket}/{key}")
        if not dry_run:
            s3.delete_object(Bucket=shipment.bucket, Key=key)
    return Shipped(tuple(written), tuple(same), stale)


def _digest_of(s3: Any, bucket: str, key: str) -> str | None:
    try:
        found: str | None = s3.head_object(Bucket=bucket, Key=key)["Metadata"].get(DIGEST)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    return found


def _stale(s3: Any, shipment: Shipment) -> tuple[str, ...]:
    wanted = {item.key for item in shipment.items}
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=shipment.bucket, Prefix=shipment.owned)
    return tuple(item["Key"] for page in pages for item in page.get("Contents", ()) if item["Key"] not in wanted)
