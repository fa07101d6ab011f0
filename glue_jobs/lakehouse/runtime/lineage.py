"""Tells a lineage server what Spark's listener does not see, so that one graph runs from landing file to view.

The listener loses what a merge was given once its plan is kept in memory; results and records are written without
Spark, and views are made by Athena. Lineage is told besides the work and never breaks it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from lakehouse.contracts.columns import BATCH_COLUMN
from lakehouse.contracts.contract import Dataset, MergeStrategy
from lakehouse.contracts.layers import ANALYTICS, MARTS
from lakehouse.contracts.marts import FACT
from lakehouse.lake.files import StoredFile
from lakehouse.lake.paths import Lake
from lakehouse.runtime.context import Context
from lakehouse.runtime.glue import on_glue
from lakehouse.runtime.lineage_events import ColumnSource, Place, Told, place_at, send, server_of
from lakehouse.runtime.lineage_settings import lineage_from_environment


def emit_ingested(context: Context, dataset: Dataset, files: Iterable[StoredFile]) -> None:
    """These files of the landing became rows of bronze and quarantine."""
    landing, lake = context.lake.landing(dataset.domain), context.lake
    read = [place_at(f"{landing}/{file.path}") for file in files]
    written = [place_at(lake.bronze(dataset.name)), place_at(lake.quarantine(dataset.name))]
    _tell(context, Told(f"ingest_{dataset.domain}.{dataset.name}", read, written))


def emit_validated(context: Context, dataset: Dataset) -> None:
    """Batches of bronze were validated: quarantine, results, and what each rule found."""
    lake = context.lake
    written = [
        place_at(path)
        for path in (lake.quarantine(dataset.name), *map(lake.ops, ("validation_results", "quality_results")))
    ]
    _tell(context, Told(f"validate_{dataset.domain}.{dataset.name}", [place_at(lake.bronze(dataset.name))], written))


def emit_merged(context: Context, dataset: Dataset) -> None:
    """Silver has the latest of what was good in bronze, column by column."""
    lake = context.lake
    bronze, silver = place_at(lake.bronze(dataset.name)), place_at(lake.silver(dataset.name))
    read = [bronze, place_at(lake.quarantine(dataset.name))]
    _tell(context, Told(f"transform_{dataset.domain}.{dataset.name}", read, [silver], silver_sources(dataset, bronze)))


def silver_sources(dataset: Dataset, bronze: Place) -> dict[str, ColumnSource]:
    """Where each column of silver comes from: delivered as it is, or computed from the date or the sequence."""
    computed_from = dataset.sequence_by if dataset.merge_strategy is MergeStrategy.SCD2 else dataset.date_column
    same = {name: ColumnSource(bronze, name) for name in (*dataset.column_names, BATCH_COLUMN.name)}
    if computed_from is None:
        return same
    return same | {c.name: ColumnSource(bronze, computed_from, is_same=False) for c in dataset.derived_columns}


def emit_built(context: Context) -> None:
    """The fact was brought up to date with silver."""
    read = [place_at(context.lake.silver(dataset.name)) for dataset in context.contracts.datasets]
    _tell(context, Told(f"transform_marts.{FACT}", read, [place_at(context.lake.table(MARTS, FACT))]))


def emit_published(context: Context, layer: str, name: str) -> None:
    """A version of a table was recorded as shown."""
    lake = context.lake
    _tell(
        context, Told(f"publish.{layer}.{name}", [place_at(lake.table(layer, name))], [place_at(lake.ops("published"))])
    )


def emit_views(context: Context, views: Mapping[str, Iterable[str]]) -> None:
    """Each view, by its name, shows these tables of the lake (`layer.table`)."""
    for view, tables in views.items():
        read = [place_at(context.lake.table(*name.split("."))) for name in tables]
        _tell(context, Told(f"publish_marts.{view}", read, [place_of_view(context.lake, view)]))


def place_of_view(lake: Lake, name: str) -> Place:
    """A view: of Athena, or of this machine's DuckDB."""
    if lake.is_local:
        return Place("file", f"{lake.curated}/{ANALYTICS}/{name}")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Place(f"awsathena://athena.{region}.amazonaws.com", f"AwsDataCatalog.{ANALYTICS}.{name}")


def _tell(context: Context, told: Told) -> None:
    """On Glue by the session's settings, to which the DAG hands its run; elsewhere by what the environment says."""
    settings = dict(context.spark().sparkContext.getConf().getAll()) if on_glue() else lineage_from_environment()
    if server := server_of(settings):
        send(server, told)
