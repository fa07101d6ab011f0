"""dbt's docs beside the lake: the static site, the manifest and the catalogue, with the road from landing to views."""

from __future__ import annotations

from lakehouse.context import Context
from lakehouse.storage import copy_in

FILES = {"manifest.json": "manifest.json", "catalog.json": "catalog.json", "static_index.html": "index.html"}
"""What dbt writes, and what it is called beside the lake. The page comes last: it never shows what is missing."""


def publish_docs(context: Context) -> None:
    """Build dbt's docs and put them into `docs/dbt/` of the lake, on a disk or on S3."""
    from lakehouse.models import build_docs

    built = build_docs(context)
    for name, shown in FILES.items():
        copy_in(built / name, f"{context.lake.docs}/dbt/{shown}")
