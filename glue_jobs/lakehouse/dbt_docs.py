"""dbt's docs beside the lake: the static site, the manifest and the catalogue, with the road from landing to views."""

from __future__ import annotations

import mimetypes
import shutil
from pathlib import Path

from lakehouse.context import Context
from lakehouse.lake import Lake, is_s3
from lakehouse.storage import split_s3

FILES = {"static_index.html": "index.html", "manifest.json": "manifest.json", "catalog.json": "catalog.json"}
"""What dbt writes, and what it is called beside the lake."""


def publish_docs(context: Context) -> None:
    """Build dbt's docs and put them beside the lake, on a disk or on S3."""
    from lakehouse.models import build_docs

    built = build_docs(context)
    if not context.lake.is_local:
        upload(built, context.lake)
        return
    target = docs_folder(context.lake)
    target.mkdir(parents=True, exist_ok=True)
    for name, shown in FILES.items():
        shutil.copyfile(built / name, target / shown)


def docs_folder(lake: Lake) -> Path:
    """Where the docs of a lake on a disk lie."""
    return Path(lake.docs) / "dbt"


def upload(folder: Path, lake: Lake) -> None:
    """Write the docs to `docs/dbt/` of a lake on S3, the page last, so that it never shows what is not there yet."""
    import boto3

    assert is_s3(lake.docs)
    client, (bucket, prefix) = boto3.client("s3"), split_s3(lake.docs)
    for name, shown in sorted(FILES.items(), key=lambda pair: pair[1] == "index.html"):
        key = f"{prefix}/dbt/{shown}"
        kind = mimetypes.guess_type(shown)[0] or "application/octet-stream"
        client.upload_file(str(folder / name), bucket, key, ExtraArgs={"ContentType": kind})
