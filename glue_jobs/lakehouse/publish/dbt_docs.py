"""Publishes dbt's docs in the lake: the page, the manifest and the catalog, with the lineage from silver to views."""

from __future__ import annotations

from pathlib import Path

from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.layers import MARTS
from lakehouse.lake.files import copy_in
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import dbt_target, ensure_views, register_silver, register_table, run_dbt

FILES = {"manifest.json": "manifest.json", "catalog.json": "catalog.json", "static_index.html": "index.html"}
"""dbt's files and their names in the lake. The page is copied last, after the files that it needs."""


def publish_docs(context: Context) -> None:
    """Build dbt's docs and copy them to `docs/dbt/` of the lake, on a disk or on S3."""
    built = build_docs(context)
    for name, target in FILES.items():
        copy_in(built / name, f"{context.lake.docs}/dbt/{target}")


def build_docs(context: Context) -> Path:
    """Build dbt's documentation; returns the folder with the page, the manifest and the catalog."""
    register_silver(context.spark(), context.lake, context.contracts)
    for name in mart_names(context.project.dbt):
        register_table(context.spark(), MARTS, name, context.lake.table(MARTS, name))
    ensure_views(context)
    run_dbt(context, ["docs", "generate", "--static"])
    return dbt_target(context)
