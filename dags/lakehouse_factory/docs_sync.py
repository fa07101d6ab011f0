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
    """S3CopyPrefixOperator that copies only what is missing or older at its destination.

    Every validated batch adds a page: copying all of them each hour would in time cost more than the jobs. Times are
    compared, not ETags, because those differ between two objects that KMS encrypts.
    """

    def execute(self, context: Context) -> list[str]:
        """Copy what is new and return its names; with nothing new, or nothing there, do nothing."""
        bucket, prefix = self.hook.parse_s3_url(self.source_bucket_prefix)
        to_bucket, to_prefix = self.hook.parse_s3_url(self.dest_bucket_prefix)
        there = self._times(to_bucket, to_prefix)
        delivered = self._times(bucket, prefix)
        new = [name for name, time in delivered.items() if name not in there or there[name] < time]
        # An index after its pages, so that it never has a dead link.
        for name in sorted(new, key=lambda name: (name.endswith("index.html"), name)):
            self.hook.copy_object(f"{prefix}{name}", f"{to_prefix}{name}", bucket, to_bucket, acl_policy=NO_ACL)
        self.log.info("%d of %d files were new in %s", len(new), len(delivered), self.dest_bucket_prefix)
        return sorted(new)

    def _times(self, bucket: str, prefix: str) -> Mapping[str, datetime]:
        client: Any = self.hook.get_conn()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {
            item["Key"].removeprefix(prefix): item["LastModified"]
            for page in pages
            for item in page.get("Contents", ())
        }
