"""Compares contracts with the tables of a lake by their Delta logs: what a run would refuse, before it runs."""

from __future__ import annotations

from collections.abc import Iterator

from lakehouse.contracts.contract import Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError
from lakehouse.lake.built_with import BuiltWithError, changed_facts
from lakehouse.lake.delta_log import open_table
from lakehouse.lake.evolution import OtherLayoutError, schema_change
from lakehouse.lake.paths import Lake
from lakehouse.publish.engine import tables_of
from lakehouse.publish.query_errors import EmptyLakeError


def lake_problems(lake: Lake, contracts: Contracts) -> list[str]:
    """What each contract says otherwise than its tables were built with, a line each; empty where all agree.

    Raises EmptyLakeError where there is nothing to compare with.
    """
    if not tables_of(lake):
        raise EmptyLakeError(lake)
    lines = (str(error) for dataset in contracts.datasets for error in _refused(lake, dataset))
    return list(dict.fromkeys(lines))  # bronze and silver mostly say the same


def _refused(lake: Lake, dataset: Dataset) -> Iterator[LakehouseError]:
    tables = (
        (lake.silver(dataset.name), dataset.silver_columns),
        (lake.bronze(dataset.name), dataset.bronze_columns),
    )
    for path, columns in tables:
        table = open_table(path)
        if table is None:
            continue
        about = table.metadata()
        if changed := changed_facts(about.configuration, dataset):
            yield BuiltWithError(dataset, changed)
            continue  # the columns that silver adds follow from these facts
        found = tuple(about.partition_columns)
        if path == lake.silver(dataset.name) and found != dataset.partition_by:
            yield OtherLayoutError(dataset.name, found, dataset.partition_by)
            continue
        try:
            schema_change(table.schema().to_json(), columns, dataset)
        except LakehouseError as error:
            yield error
