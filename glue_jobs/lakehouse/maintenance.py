"""Maintenance: clusters the partitions that hold more than one file, and removes files that no reader needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from lakehouse import log
from lakehouse.context import Context
from lakehouse.contract import Dataset
from lakehouse.delta_log import open_table
from lakehouse.lake import for_spark


@dataclass(frozen=True)
class MaintenanceResult:
    """What maintenance did to one table."""

    table: str
    partitions: int
    files_removed: int
    files_added: int


def maintain_lake(context: Context) -> list[MaintenanceResult]:
    """Z-Order the silver partitions that need it, then vacuum; a second run rewrites nothing."""
    results = [maintain_table(context, dataset) for dataset in context.contracts.datasets]
    return [result for result in results if result is not None]


def maintain_table(context: Context, dataset: Dataset) -> MaintenanceResult | None:
    """Cluster one silver table's scattered partitions; None when there is nothing to do."""
    path = context.lake.silver(dataset.name)
    scattered = scattered_partitions(path, dataset)
    if not scattered:
        return None
    with log.about(domain=dataset.domain, dataset=dataset.name):
        spark, target = context.spark(), f"delta.`{for_spark(path)}`"
        where = ""
        if dataset.partition_by:
            values = [" AND ".join(f"`{name}` = '{value}'" for name, value in part) for part in scattered]
            where = "WHERE " + " OR ".join(f"({value})" for value in values)
        row = spark.sql(f"OPTIMIZE {target} {where} ZORDER BY ({', '.join(dataset.cluster_by)})").first()
        assert row is not None  # OPTIMIZE answers with one row
        spark.sql(f"VACUUM {target}").collect()
        metrics = row["metrics"]
        result = MaintenanceResult(dataset.name, len(scattered), metrics["numFilesRemoved"], metrics["numFilesAdded"])
        log.info("clustered", partitions=result.partitions, files_removed=result.files_removed)
        return result


def scattered_partitions(path: str, dataset: Dataset) -> list[tuple[tuple[str, str], ...]]:
    """The partitions with more than one file, as (column, value) pairs; (()) for an unpartitioned table."""
    table = open_table(path)
    if table is None:
        return []
    parts = (
        [tuple((name, str(partition[name])) for name in dataset.partition_by) for partition in table.partitions()]
        if dataset.partition_by
        else [()]
    )
    files = Counter(_partition_of(uri, dataset) for uri in table.file_uris())
    return sorted(part for part in parts if files[part] > 1)


def _partition_of(uri: str, dataset: Dataset) -> tuple[tuple[str, str], ...]:
    words = dict(part.split("=", 1) for part in uri.split("/") if "=" in part)
    return tuple((name, words[name]) for name in dataset.partition_by)
