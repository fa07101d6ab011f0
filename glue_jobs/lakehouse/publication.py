"""Publish: shows analysts the last good version of each table, once it is proved readable."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from deltalake import DeltaTable

from lakehouse import log
from lakehouse.catalogue import publish_table
from lakehouse.changes import FACT
from lakehouse.context import Context
from lakehouse.contract import Contract
from lakehouse.delta_log import open_table, promised_rows, rows_in_files, table_version
from lakehouse.errors import LakehouseError
from lakehouse.milestones import reach, reached, silver_version
from lakehouse.query import ask, tables_of
from lakehouse.views import View, create_view, read_views


class ParityError(LakehouseError):
    """A table that a reader does not see as its log says; it keeps its last published state."""

    def __init__(self, table: str, problem: str) -> None:
        self.table, self.problem = table, problem
        super().__init__(
            f"{table}: {problem}. It was not published; look for files removed or changed by hand, "
            f"or restore the table to an earlier version."
        )


def publish_domain(context: Context, contract: Contract) -> list[str]:
    """Prove and publish the silver and quarantine tables of a domain; returns their names, none when none is new."""
    step, version = f"publish_{contract.domain}", silver_version(context.lake, contract.datasets)
    if _is_done(context, step, version):
        return []
    wanted = [
        (layer, dataset.name, dataset.description)
        for dataset in contract.datasets
        for layer in ("silver", "quarantine")
    ]
    published = [f"{layer}.{name}" for layer, name, text in wanted if _publish(context, layer, name, text)]
    reach(context.lake, step, version)
    return published


def _is_done(context: Context, step: str, version: int) -> bool:
    """On a disk nobody else writes the catalogue; on AWS somebody may have, so there it is compared every time."""
    return context.lake.is_local and reached(context.lake, step) >= version


def publish_marts(context: Context) -> list[str]:
    """Prove and publish the fact, then the views over it, then dbt's docs; returns the names of the views."""
    step, version = "publish_marts", table_version(context.lake.table("marts", FACT)) + 1
    if _is_done(context, step, version) or not _publish(context, "marts", FACT, "Metrics of every store and day."):
        return []
    known = {f"{layer}.{name}" for layer, name in tables_of(context.lake)}
    views = [view for view in read_views(context.project.dbt / "athena_views") if _can_stand(view, known)]
    for view in views:
        ask(context.lake, context.contracts, f"SELECT * FROM ({view.for_duckdb}) LIMIT 1")
    if not context.lake.is_local:
        _create_views(context, views)
    publish_docs(context)
    reach(context.lake, step, version)
    return [view.name for view in views]


def _can_stand(view: View, known: set[str]) -> bool:
    """A view over a table that was never delivered waits for it; `make check` has proved its names."""
    missing = sorted(set(view.tables) - known)
    if missing:
        log.warning("view left out, its table holds nothing yet", view=view.name, missing=", ".join(missing))
    return not missing


def _publish(context: Context, layer: str, name: str, description: str) -> bool:
    table = open_table(context.lake.table(layer, name))
    if table is None:
        return False
    require_parity(layer, name, table)
    if not context.lake.is_local:
        import boto3

        done = publish_table(boto3.client("glue"), context.lake, layer, name, table, description)
        log.info("published", table=f"{layer}.{name}", version=done.version, changed=done.changed)
    return True


def require_parity(layer: str, name: str, table: DeltaTable) -> None:
    """Raise ParityError unless a reader that is not Spark counts the rows that the log promises."""
    promised = promised_rows(table)
    try:
        seen = rows_in_files(table)
    except Exception as error:  # delta-rs raises what its reader raised, of no common kind
        reason = str(error).splitlines()[0][:200]
        raise ParityError(f"{layer}.{name}", f"a file that its log names cannot be read ({reason})") from None
    if seen != promised:
        raise ParityError(f"{layer}.{name}", f"a reader counts {seen} rows, its log says {promised}")


def _create_views(context: Context, views: Sequence[View]) -> None:
    import boto3

    athena = boto3.client("athena")
    workgroup = os.environ.get("LAKEHOUSE_ATHENA_WORKGROUP", "primary")
    for view in views:
        create_view(athena, view, f"{context.lake.curated}/athena_results/", workgroup)


def publish_docs(context: Context) -> Path | None:
    """Build dbt's static docs beside the lake; None when the lake is not on a disk."""
    if not context.lake.is_local:
        return None
    from lakehouse.models import build_docs

    page = build_docs(context)
    target = Path(context.lake.docs) / "dbt" / "index.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(page, target)
    return target
