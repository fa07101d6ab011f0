"""A lake in two buckets that keep versions, with a person in every place, and what a test finds of her by itself."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pyarrow.parquet as pq

from lakehouse.ingest.ingest import ingest_domain
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.transform.transform import merge_domain
from lakehouse.validate.validate import validate_domain
from tests.cycle.test_erase import HEADER, WHO

CURATED, RAW = "lake", "landed"
OTHERS = "curated/silver/others/part-1"
"""An object of a dataset that no subject names."""
PLANTED: tuple[tuple[str, tuple[str | None, ...]], ...] = (
    # In a bucket each content takes the place of the one before; None deletes it.
    (f"{RAW}/raw/shop/v0/visits.csv", (f"id,note\n9,{WHO}\n", None)),  # deleted before ingest saw it
    (f"{RAW}/raw/shop/v0/{WHO}.csv", ("of no dataset", None)),
    (f"{CURATED}/curated/docs/site/runs/x.html", (f"<td>{WHO}</td>", f"<td>{WHO}, again</td>")),
    (f"{CURATED}/docs/site/runs/x.html", (f"<td>{WHO}</td>", "<td>later</td>")),
    (f"{CURATED}/curated/docs/dbt/manifest.json", (f'"{WHO}"', None)),
    (f"{CURATED}/curated/athena_results/analysts/1.csv", (f'"{WHO}"\n',)),
    (f"{CURATED}/curated/athena_results/analysts/2.csv", ('"others"\n',)),
    (f"{CURATED}/curated/ops/_landed/old.json", (WHO, "{}")),
    (f"{CURATED}/{OTHERS}", (WHO, "of others", "of others, later")),
)


def make_buckets(prefix: str) -> Lake:
    """The lake below a prefix of both buckets."""
    s3 = boto3.client("s3")
    for bucket in (CURATED, RAW):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return Lake.at(f"s3://{CURATED}/{prefix}", f"s3://{RAW}/{prefix}/raw")


def deliver(context: Context, number: int, lines: Sequence[str]) -> None:
    """A file of visits, taken to silver."""
    bucket, key = context.lake.landing("shop").removeprefix("s3://").split("/", 1)
    body = "\n".join([HEADER, *lines, ""]).encode()
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{key}/v{number}/visits.csv", Body=body)
    run_steps(context)


def run_steps(context: Context) -> None:
    for step in (ingest_domain, validate_domain, merge_domain):
        step(context, context.contracts.of("shop"))


def plant(prefix: str) -> None:
    """Put her where nobody would think of, and begin an upload that nobody completes."""
    s3 = boto3.client("s3")
    for place, contents in PLANTED:
        bucket, key = place.split("/", 1)
        for content in contents:
            if content is None:
                s3.delete_object(Bucket=bucket, Key=f"{prefix}/{key}")
            else:
                s3.put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=content.encode())
    s3.create_multipart_upload(Bucket=CURATED, Key=f"{prefix}/curated/silver/visits/part-9")


def copied(before: str, after: str) -> Lake:
    """A copy of a lake below another prefix, with the history of each object."""
    s3 = boto3.client("s3")
    for bucket in (CURATED, RAW):
        for key, version, is_marker in reversed(list(versions(bucket, before))):
            name = after + key.removeprefix(before)
            if is_marker:
                s3.delete_object(Bucket=bucket, Key=name)
            else:
                body = s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
                s3.put_object(Bucket=bucket, Key=name, Body=body)
    s3.create_multipart_upload(Bucket=CURATED, Key=f"{after}/curated/silver/visits/part-9")
    return Lake.at(f"s3://{CURATED}/{after}", f"s3://{RAW}/{after}/raw")


def versions(bucket: str, prefix: str) -> Iterator[tuple[str, str, bool]]:
    """Key and version of all there ever was, of each object the newest first, and whether it is a marker."""
    pages = boto3.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    found = [
        (item, is_marker)
        for page in pages
        for name, is_marker in (("Versions", False), ("DeleteMarkers", True))
        for item in page.get(name, ())
    ]
    # S3 gives them newest first; of the same second the one that readers see is the newer.
    found.sort(key=lambda each: (each[0]["LastModified"], each[0]["IsLatest"]), reverse=True)
    found.sort(key=lambda each: each[0]["Key"])
    yield from ((item["Key"], item["VersionId"], is_marker) for item, is_marker in found)


def holding(lake: Lake) -> list[str]:
    """The objects of which a version holds her, and uploads that are not complete."""
    s3, prefix = boto3.client("s3"), lake.root.rpartition("/")[2]
    found = set()
    for bucket in (CURATED, RAW):
        for key, version, is_marker in versions(bucket, prefix):
            content = b"" if is_marker else s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
            if key.endswith(".parquet"):
                content += repr(pq.read_table(io.BytesIO(content)).to_pydict()).encode()
            if WHO.encode() in (content + key.encode()).replace(b"joann.", b"jo_nn."):
                found.add(f"{bucket}/{key.removeprefix(f'{prefix}/')}")
        uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix=f"{prefix}/").get("Uploads", ())
        found |= {f"upload {upload['Key']}" for upload in uploads}
    return sorted(found)


def history(bucket: str, key: str) -> list[Any]:
    """What an object is and was, oldest first."""
    s3 = boto3.client("s3")
    found = [version for name, version, is_marker in versions(bucket, key.rpartition("/")[0]) if name == key]
    return [s3.get_object(Bucket=bucket, Key=key, VersionId=one)["Body"].read().decode() for one in reversed(found)]
