"""Sends the lineage events that Spark's listener does not send, so that one graph leads from landing file to view.

The listener does not see the inputs of a merge whose plan is cached; validation results and records are written without
Spark, and Athena creates the views. A failure to send events never stops a job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.columns import BATCH_COLUMN, DELETED_COLUMN, ROW_COLUMN
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layers import ANALYTICS, MARTS
from lakehouse.contracts.mart_graph import Mart
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.glue import on_glue
from lakehouse.runtime.lineage_events import ColumnSource, DatasetName, LineageEvent, dataset_at, send, server_of
from lakehouse.runtime.lineage_settings import lineage_from_environment
from lakehouse.runtime.region import DEFAULT_REGION, named_region


def emit_ingested(context: Context, dataset: Dataset, files: Iterable[StoredFile]) -> None:
    """Files of the raw layer → bronze and quarantine."""
    landing, lake = context.lake.landing(dataset.domain), context.lake
    read = [dataset_at(f"{landing}/{file.path}") for file in files]
    written = [dataset_at(lake.bronze(dataset.name)), dataset_at(lake.quarantine(dataset.name))]
    _emit(context, LineageEvent(f"ingest_{dataset.domain}.{dataset.name}", read, written))


def emit_validated(context: Context, dataset: Dataset) -> None:
    """Bronze → quarantine, validation results, quality results."""
    lake = context.lake
    written = [
        dataset_at(path)
        for path in (lake.quarantine(dataset.name), *map(lake.ops, ("validation_results", "quality_results")))
    ]
    _emit(
        context,
        LineageEvent(f"validate_{dataset.domain}.{dataset.name}", [dataset_at(lake.bronze(dataset.name))], written),
    )


def emit_merged(context: Context, dataset: Dataset) -> None:
    """Bronze without the quarantined rows → silver, with column lineage."""
    lake = context.lake
    bronze, silver = dataset_at(lake.bronze(dataset.name)), dataset_at(lake.silver(dataset.name))
    read = [bronze, dataset_at(lake.quarantine(dataset.name))]
    _emit(
        context,
        LineageEvent(f"transform_{dataset.domain}.{dataset.name}", read, [silver], silver_sources(dataset, bronze)),
    )


def silver_sources(dataset: Dataset, bronze: DatasetName) -> dict[str, ColumnSource]:
    """The source of each silver column: the same column of bronze, or computed from the date or the sequence."""
    computed_from = dataset.sequence_by[0] if dataset.merge_strategy is MergeStrategy.SCD2 else dataset.date_column
    own = [column.name for column in (BATCH_COLUMN, ROW_COLUMN) if column in dataset.silver_columns]
    same = {name: ColumnSource(bronze, name) for name in (*dataset.column_names, *own)}
    computed = {}
    if computed_from is not None:
        computed = {c.name: ColumnSource(bronze, computed_from, is_same=False) for c in dataset.derived_columns}
    if dataset.operations:
        computed[DELETED_COLUMN.name] = ColumnSource(bronze, dataset.operations.column, is_same=False)
    elif dataset.is_snapshot:
        computed[DELETED_COLUMN.name] = ColumnSource(bronze, dataset.key[0], is_same=False)
    return same | computed


def emit_built(context: Context, mart: Mart) -> None:
    """What a mart reads → the mart."""
    read = [dataset_at(context.lake.table(*table.split("."))) for table in mart.reads]
    written = [dataset_at(context.lake.table(MARTS, mart.name))]
    _emit(context, LineageEvent(f"transform_marts.{mart.name}", read, written))


def emit_published(context: Context, layer: str, name: str) -> None:
    """A table → the record that its version was published."""
    lake = context.lake
    _emit(
        context,
        LineageEvent(
            f"publish.{layer}.{name}", [dataset_at(lake.table(layer, name))], [dataset_at(lake.ops("published"))]
        ),
    )


def emit_views(context: Context, views: Mapping[str, Iterable[str]]) -> None:
    """Tables, as `layer.table` → views, by name."""
    for view, tables in views.items():
        read = [dataset_at(context.lake.table(*name.split("."))) for name in tables]
        _emit(context, LineageEvent(f"publish_marts.{view}", read, [dataset_of_view(context.lake, view)]))


def dataset_of_view(lake: Lake, name: str) -> DatasetName:
    """The dataset name of a view in Athena, or in DuckDB on this machine."""
    if lake.is_local:
        return DatasetName("file", f"{lake.curated}/{ANALYTICS}/{name}")
    region = named_region() or DEFAULT_REGION
    return DatasetName(f"awsathena://athena.{region}.amazonaws.com", f"AwsDataCatalog.{ANALYTICS}.{name}")


def _emit(context: Context, event: LineageEvent) -> None:
    """Send an event to the server in the session's settings (on Glue; the DAG sets them) or in the environment."""
    settings = dict(context.spark().sparkContext.getConf().getAll()) if on_glue() else lineage_from_environment()
    if server := server_of(settings):
        send(server, event)
