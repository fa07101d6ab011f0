"""dbt's docs beside the lake: the static site, the manifest and the catalogue, with the road from landing to views."""

from __future__ import annotations

from pathlib import Path

from lakehouse.contracts.marts import FACT
from lakehouse.lake.files import copy_in
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import dbt_target, ensure_views, register_silver, register_table, run_dbt

FILES = {"manifest.json": "manifest.json", "catalog.json": "catalog.json", "static_index.html": "index.html"}
"""What dbt writes, and what it is called beside the lake. The page comes last: it never shows what is missing."""


def publish_docs(context: Context) -> None:
    """Build dbt's docs and put them into `docs/dbt/` of the lake, on a disk or on S3."""
    pass

    built = build_docs(context)
    for name, shown in FILES.items():
        copy_in(built / name, f"{context.lake.docs}/dbt/{shown}")


def build_docs(context: Context) -> Path:
    """Build dbt's documentation; returns the folder with the page, the manifest and the catalogue."""
    register_silver(context.spark(), context.lake, context.contracts)
    register_table(context.spark(), "marts", FACT, context.lake.table("marts", FACT))
    ensure_views(context)
    run_dbt(context, ["docs", "generate", "--static"])
    return dbt_target(context)
