"""Publishes the current version of each table to analysts, after verifying that other readers can read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deltalake import DeltaTable

from lakehouse import log
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.layers import MARTS, OPS, PINNED, QUARANTINE, SILVER
from lakehouse.errors import LakehouseError
from lakehouse.lake.delta_log import table_version
from lakehouse.lake.milestones import reached, record_milestone, silver_version
from lakehouse.lake.published import is_recorded, last_recorded, pins_of, record_published
from lakehouse.lake.table_files import totals_of
from lakehouse.publish.athena import Athena
from lakehouse.publish.catalogue import CatalogueBusyError, GlueCatalogue, PublishedTable, table_input
from lakehouse.publish.dbt_docs import publish_docs
from lakehouse.publish.descriptions import described, ops_schemas
from lakehouse.publish.parity import ParityError, open_readable, require_parity, require_same_schema
from lakehouse.publish.publish_views import publish_views
from lakehouse.runtime.context import Context
from lakehouse.runtime.lineage import emit_published
from lakehouse.runtime.recording import did, failed_at


def publish_domain(context: Context, contract: Contract) -> list[str]:
    """Verify and publish the silver and quarantine tables of a domain; returns their names, none if nothing is new.

    A table that fails keeps its last published version; the others are published, then its error is raised.
    """
    step, version = f"publish_{contract.domain}", silver_version(context.lake, contract.datasets)
    if _is_done(context, step, version):
        return []
    wanted = [(layer, dataset.name) for dataset in contract.datasets for layer in (SILVER, QUARANTINE)]
    published = _each(wanted, lambda layer, name: publish_table(context, layer, name))
    record_milestone(context.lake, step, version)
    return [f"{table.database}.{table.name}" for table in published]


def publish_marts(context: Context, with_docs: bool = True) -> list[str]:
    """Verify and publish the marts and the ops tables, then the views, then dbt's docs; returns the views' names."""
    marts = mart_names(context.project.dbt)
    # One number that grows with every commit to a mart; 0 before the first.
    step, version = "publish_marts", sum(table_version(context.lake.table(MARTS, name)) + 1 for name in marts)
    if version == 0 or _is_done(context, step, version):
        return []
    _each([(MARTS, name) for name in marts], lambda layer, name: publish_table(context, layer, name))
    if not context.lake.is_local:
        _each([(OPS, name) for name in ops_schemas()], lambda layer, name: publish_table(context, layer, name))
        _publish_pins(context)
        drop_obsolete(context)
    views = publish_views(context)
    if with_docs and reached(context.lake, step) < version:
        publish_docs(context)
        record_milestone(context.lake, step, version)
    return views


def publish_pins(context: Context) -> list[str]:
    """Publish every pinned version, then the views, one per pin included; returns the views' names."""
    _publish_pins(context)
    return publish_views(context)


def _publish_pins(context: Context) -> None:
    _each(
        [(PINNED, pin.pinned_as) for pin in pins_of(context.lake)],
        lambda layer, name: publish_table(context, layer, name),
    )


def _is_done(context: Context, step: str, version: int) -> bool:
    """On AWS somebody else can have changed the catalog, so it is compared at every run; a local lake has none."""
    return context.lake.is_local and reached(context.lake, step) >= version


def _each(
    tables: Sequence[tuple[str, str]], publish: Callable[[str, str], PublishedTable | None]
) -> list[PublishedTable]:
    """Publish each table; the first error is raised after all have been tried."""
    done: list[PublishedTable] = []
    failed: list[LakehouseError] = []
    for layer, name in tables:
        try:
            published = publish(layer, name)
        except LakehouseError as error:
            log.warning("not published", table=f"{layer}.{name}", reason=str(error))
            failed_at(name)
            failed.append(error)
        else:
            done += [published] if published else []
    if failed:
        raise failed[0]
    return done


def publish_table(context: Context, layer: str, name: str) -> PublishedTable | None:
    """Verify and publish one table; None if it does not exist. Raises ParityError or UnreadableFeatureError."""
    path = context.lake.table(layer, name)
    table = open_readable(f"{layer}.{name}", path)
    if table is None:
        return None
    changed = False
    if context.lake.is_local:
        _require_parity(context, layer, name, table)
    else:
        changed = _publish_to_glue(context, layer, name, table)
    if layer not in (OPS, PINNED) and not is_recorded(context.lake, layer, name, table.version()):
        record_published(context.lake, layer, name, table)
        emit_published(context, layer, name)
        did(name)
    log.info("published", table=f"{layer}.{name}", version=table.version(), changed=changed)
    return PublishedTable(layer, name, table.version(), changed)


def _require_parity(context: Context, layer: str, name: str, table: DeltaTable) -> None:
    """Raise ParityError for a file that is new since the last published version and not as the log says."""
    require_parity(f"{layer}.{name}", table, context.spark, last_recorded(context.lake, layer, name))


def _publish_to_glue(context: Context, layer: str, name: str, table: DeltaTable) -> bool:
    """Update the table's entry in Glue if it differs from the Delta log; on a failure the earlier entry is restored."""
    import boto3

    glue, path = GlueCatalogue(boto3.client("glue")), context.lake.table(layer, name)
    wanted = table_input(name, path, table, described(context.project, layer, name))
    if glue.matches(layer, wanted):
        return False
    _require_parity(context, layer, name, table)
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
    """Raise ParityError unless Athena counts as many rows as the Delta log, or the table has a newer version."""
    athena = Athena.of(context.lake, context.athena_workgroup)
    query, _ = athena.run(f'SELECT count(*) FROM "{layer}"."{name}"', f"read {layer}.{name}", layer)
    rows = list(athena.rows(query)[1])
    if not rows or rows[0][0] is None:  # a mock of Athena without data
        return
    seen, logged = int(rows[0][0]), totals_of(table).rows
    if seen != logged and table_version(context.lake.table(layer, name)) == table.version():
        raise ParityError(f"{layer}.{name}", f"Athena counts {seen} rows, but its Delta log says {logged}")


def drop_obsolete(context: Context) -> list[str]:
    """Drop published tables that no contract, model or pin declares any more from the catalog; their data stays."""
    import boto3

    glue = GlueCatalogue(boto3.client("glue"))
    datasets = {dataset.name for dataset in context.contracts.datasets}
    wanted = {
        SILVER: datasets,
        QUARANTINE: datasets,
        MARTS: set(mart_names(context.project.dbt)),
        OPS: set(ops_schemas()),
        PINNED: {pin.pinned_as for pin in pins_of(context.lake)},
    }
    return [f"{layer}.{name}" for layer, names in wanted.items() for name in glue.drop_others(layer, names)]
