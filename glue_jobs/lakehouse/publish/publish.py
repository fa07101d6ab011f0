"""Publish: shows analysts the last good version of each table, once it is proved readable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deltalake import DeltaTable

from lakehouse import log
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.marts import FACT
from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import promised_rows, table_version
from lakehouse.lake.milestones import reach, reached, silver_version
from lakehouse.lake.published import is_recorded, pins_of, record_published
from lakehouse.publish.athena import Athena
from lakehouse.publish.catalogue import CatalogueBusyError, GlueCatalogue, Published, table_input
from lakehouse.publish.dbt_docs import publish_docs
from lakehouse.publish.descriptions import described, ops_schemas
from lakehouse.publish.parity import ParityError, open_readable, require_parity, require_same_schema
from lakehouse.publish.publish_views import show_views
from lakehouse.runtime.context import Context
from lakehouse.runtime.lineage import tell_published


def publish_domain(context: Context, contract: Contract) -> list[str]:
    """Prove and publish the silver and quarantine tables of a domain; returns their names, none when none is new.

    A table that fails keeps its last good state; the others are published, then its error is raised.
    """
    step, version = f"publish_{contract.domain}", silver_version(context.lake, contract.datasets)
    if _is_done(context, step, version):
        return []
    wanted = [(layer, dataset.name) for dataset in contract.datasets for layer in ("silver", "quarantine")]
    published = _each(wanted, lambda layer, name: show_table(context, layer, name))
    reach(context.lake, step, version)
    return [f"{table.database}.{table.name}" for table in published]


def publish_marts(context: Context, with_docs: bool = True) -> list[str]:
    """Prove and publish the fact and our ledgers, then the views, then dbt's docs; returns the names of the views."""
    step, version = "publish_marts", table_version(context.lake.table("marts", FACT)) + 1
    if version == 0 or _is_done(context, step, version):
        return []
    show_table(context, "marts", FACT)
    if not context.lake.is_local:
        _each([("ops", name) for name in ops_schemas()], lambda layer, name: show_table(context, layer, name))
        _show_pins(context)
        drop_gone(context)
    views = show_views(context)
    if with_docs and reached(context.lake, step) < version:
        publish_docs(context)
        reach(context.lake, step, version)
    return views


def publish_pins(context: Context) -> list[str]:
    """Show every pinned version, then the views, which hold one for each; returns the names of the views."""
    _show_pins(context)
    return show_views(context)


def _show_pins(context: Context) -> None:
    _each(
        [("pinned", pin.pinned_as) for pin in pins_of(context.lake)],
        lambda layer, name: show_table(context, layer, name),
    )


def _is_done(context: Context, step: str, version: int) -> bool:
    """On a disk nobody else writes the catalogue; on AWS somebody may have, so there it is compared every time."""
    return context.lake.is_local and reached(context.lake, step) >= version


def _each(tables: Sequence[tuple[str, str]], show: Callable[[str, str], Published | None]) -> list[Published]:
    """Publish each table; the first error is raised once the others had their turn."""
    done: list[Published] = []
    failed: list[LakehouseError] = []
    for layer, name in tables:
        try:
            published = show(layer, name)
        except LakehouseError as error:
            log.warning("not published", table=f"{layer}.{name}", reason=str(error))
            failed.append(error)
        else:
            done += [published] if published else []
    if failed:
        raise failed[0]
    return done


def show_table(context: Context, layer: str, name: str) -> Published | None:
    """Prove one table and show it; None where there is none. Raises ParityError or UnreadableFeatureError."""
    path = context.lake.table(layer, name)
    table = open_readable(f"{layer}.{name}", path)
    if table is None:
        return None
    changed = False
    if context.lake.is_local:
        require_parity(f"{layer}.{name}", table)
    else:
        changed = _show_in_glue(context, layer, name, table)
    if layer not in ("ops", "pinned") and not is_recorded(context.lake, layer, name, table.version()):
        record_published(context.lake, layer, name, table)
        tell_published(context, layer, name)
    log.info("published", table=f"{layer}.{name}", version=table.version(), changed=changed)
    return Published(layer, name, table.version(), changed)


def _show_in_glue(context: Context, layer: str, name: str, table: DeltaTable) -> bool:
    """Bring the table's entry in Glue to its log, unless it says the same; what fails is put back as it was."""
    import boto3

    glue, path = GlueCatalogue(boto3.client("glue")), context.lake.table(layer, name)
    wanted = table_input(name, path, table, described(context.project, layer, name))
    if glue.shows(layer, wanted):
        return False
    require_parity(f"{layer}.{name}", table)
    earlier = glue.entry(layer, name)
    if not glue.put(layer, wanted, path):
        return False
    try:
        entry = glue.entry(layer, name)
        if entry is None:
            raise CatalogueBusyError(f"{layer}.{name}")  # dropped a moment ago
        require_same_schema(f"{layer}.{name}", table, entry, wanted)
        _require_athena_counts(context, layer, name, table)
    except LakehouseError:
        glue.restore(layer, name, earlier)
        raise
    return True


def _require_athena_counts(context: Context, layer: str, name: str, table: DeltaTable) -> None:
    """Raise ParityError unless Athena counts what the log promises, or the table has moved on meanwhile."""
    athena = Athena.of(context.lake)
    query, _ = athena.run(f'SELECT count(*) FROM "{layer}"."{name}"', f"read {layer}.{name}", layer)
    rows = list(athena.rows(query)[1])
    if not rows or rows[0][0] is None:  # an endpoint that stands in for Athena and has no data
        return
    seen, promised = int(rows[0][0]), promised_rows(table)
    if seen != promised and table_version(context.lake.table(layer, name)) == table.version():
        raise ParityError(f"{layer}.{name}", f"Athena counts {seen} rows, its log says {promised}")


def drop_gone(context: Context) -> list[str]:
    """Drop from the catalogue what we published and what no contract, model or pin names any more."""
    import boto3

    glue = GlueCatalogue(boto3.client("glue"))
    datasets = {dataset.name for dataset in context.contracts.datasets}
    wanted = {
        "silver": datasets,
        "quarantine": datasets,
        "marts": {FACT},
        "ops": set(ops_schemas()),
        "pinned": {pin.pinned_as for pin in pins_of(context.lake)},
    }
    return [f"{layer}.{name}" for layer, names in wanted.items() for name in glue.drop_others(layer, names)]
