"""Publishes the docs: from where the jobs write them to where people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.s3 import S3CopyPrefixOperator

# The buckets own their objects and refuse a request that names an ACL; by default the hook asks for "private".
NO_ACL = "no-acl"

if TYPE_CHECKING:
    from airflow.sdk import Context


class SyncPrefix(S3CopyPrefixOperator):
    """S3CopyPrefixOperator that copies only what is missing or older at its destination, and removes what is gone.

    A page of a dataset that was dropped, or of a person who was erased, is no longer made; its copy goes with it. Every
    validated batch adds a page: copying all of them each hour would in time cost more than the jobs. Times are
    compared, not ETags, because those differ between two objects that KMS encrypts.
    """

    def execute(self, context: Context) -> list[str]:
        """Copy what is new and return its names, then remove what is no longer made; an empty source is none."""
        bucket, prefix = self.hook.parse_s3_url(self.source_bucket_prefix)
        to_bucket, to_prefix = self.hook.parse_s3_url(self.dest_bucket_prefix)
        there = self._times(to_bucket, to_prefix)
        delivered = self._times(bucket, prefix)
        new = [name for name, time in delivered.items() if name not in there or there[name] < time]
        # An index after its pages, so that it never has a dead link.
        for name in sorted(new, key=lambda name: (name.endswith("index.html"), name)):
            self.hook.copy_object(f"{prefix}{name}", f"{to_prefix}{name}", bucket, to_bucket, acl_policy=NO_ACL)
        gone = sorted(there.keys() - delivered.keys()) if delivered else []
        if gone:
            self.hook.delete_objects(bucket=to_bucket, keys=[f"{to_prefix}{name}" for name in gone])
        said = "%d of %d files were new in %s, %d were removed there"
        self.log.info(said, len(new), len(delivered), self.dest_bucket_prefix, len(gone))
        return sorted(new)

    def _times(self, bucket: str, prefix: str) -> Mapping[str, datetime]:
        client: Any = self.hook.get_conn()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {
            item["Key"].removeprefix(prefix): item["LastModified"]
            for page in pages
            for item in page.get("Contents", ())
        }
