"""The published tables with their columns and descriptions, from contracts, dbt models and the ops tables."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import pyarrow as pa
import yaml

from lakehouse.contracts.columns import (
    BATCH_ID,
    BROKEN_RULES,
    QUARANTINED_AT,
    RAW_TEXT,
    REPAIR_OF,
    RESCUED,
    ROW_ID,
    SOURCE_FILE,
    STATE,
    STEP,
    UTC_OFFSET,
)
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.dbt_files import mart_names
from lakehouse.contracts.layers import BRONZE, MARTS, OPS, QUARANTINE, SILVER
from lakehouse.contracts.marts import Described, models
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import BATCHES, VALIDATION_RESULTS
from lakehouse.lake.milestones import MILESTONES
from lakehouse.lake.paths import PUBLISHED_LEDGERS
from lakehouse.lake.published import PINS, PUBLISHED, ROLLBACKS
from lakehouse.lake.runs import RUNS, STEPS
from lakehouse.lake.ties import TIES

_QUARANTINE = {
    RAW_TEXT: "Delivered line of a row that could not be split into columns.",
    BROKEN_RULES: "Every rule that the row broke.",
    SOURCE_FILE: "File below raw/<domain>/ that delivered the row.",
    BATCH_ID: "Batch of the row.",
    ROW_ID: "ID of the row within its batch.",
    STEP: "Step that quarantined the row: ingest or validate.",
    QUARANTINED_AT: "Time at which the row was quarantined, UTC.",
    STATE: "State of the row: open, repaired or discarded.",
}
_ADDED_BY_INGEST = (RESCUED, REPAIR_OF, UTC_OFFSET, SOURCE_FILE, BATCH_ID, ROW_ID, "_ingested_at")
_OPS = {
    "batches": "The files of each batch, and whether the batch was planned, refused or is a repeat.",
    "validation_results": "The validation result of each batch.",
    "quality_results": "The number of rows of each batch that each rule checked, and that failed.",
    "milestones": "The progress of steps that write no table of their own.",
    "published": "Every published version of each table.",
    "pins": "Versions of tables that were copied to tables of their own.",
    "ties": "Keys that were delivered with several contents and one sequence: silver was corrected, rows quarantined.",
    "runs": "Every run: how it began and how it ended, what it ran under and what it cost; a run that died has no end.",
    "steps": "What each run did for each table, step by step, how long it took and its share of the run's cost.",
    "rollbacks": "Tables that were restored to an earlier version: both versions, who did it and why.",
}


def ops_schemas() -> dict[str, pa.Schema]:
    """The published tables of the ops layer, with their schemas."""
    from lakehouse.lake.quality_results import QUALITY_RESULTS  # imports Spark, which is slow

    schemas = {
        "batches": BATCHES, "validation_results": VALIDATION_RESULTS, "quality_results": QUALITY_RESULTS,
        "milestones": MILESTONES, "ties": TIES, "published": PUBLISHED, "pins": PINS, "rollbacks": ROLLBACKS,
        "runs": RUNS, "steps": STEPS,
    }  # fmt: skip
    return {name: schemas[name] for name in PUBLISHED_LEDGERS}


def queryable_tables(project: Project) -> dict[str, tuple[str, ...]]:
    """The columns of every table that views can read, by layer.table; needs no lake."""
    found = {f"{SILVER}.{d.name}": d.silver_column_names for d in project.contracts.datasets}
    found |= {f"{QUARANTINE}.{d.name}": (*d.column_names, *_QUARANTINE) for d in project.contracts.datasets}
    tables = mart_names(project.dbt)
    found |= {f"{MARTS}.{name}": tuple(m.comments) for name, m in models(project.dbt).items() if name in tables}
    return found | {f"{OPS}.{name}": tuple(schema.names) for name, schema in ops_schemas().items()}


def described(project: Project, layer: str, name: str) -> Described:
    """The description of a table and its columns, from its contract, its dbt model, or this module."""
    if layer == MARTS:
        return models(project.dbt).get(name, Described())
    if layer == OPS:
        return _of_ledger(name)
    datasets = {dataset.name: dataset for dataset in project.contracts.datasets}
    return _of_dataset(datasets[name], layer) if name in datasets else Described()


@cache
def meanings() -> Mapping[str, str]:
    """The meaning of columns that neither a contract nor a dbt model describes: `column`, or `table.column`."""
    text = resources.files("lakehouse.publish").joinpath("table_columns.yaml").read_text("utf-8")
    found: dict[str, str] = yaml.safe_load(text)
    return found


def _of_ledger(name: str) -> Described:
    own = {word.removeprefix(f"{name}."): text for word, text in meanings().items() if word.startswith(f"{name}.")}
    return Described(_OPS.get(name) or meanings().get(f"{OPS}.{name}", ""), {**meanings(), **own})


def _of_dataset(dataset: Dataset, layer: str) -> Described:
    if layer == BRONZE:
        return Described(
            f"Every row of every delivery of {dataset.name} that could be parsed, as often as it was delivered; "
            f"{SILVER}.{dataset.name} has what holds of them.",
            {**{column.name: column.description for column in dataset.columns}, **_added(_ADDED_BY_INGEST)},
        )
    if layer == QUARANTINE:
        delivered = {column.name: f"As delivered: {column.description}" for column in dataset.columns}
        return Described(
            f"Quarantined rows of {dataset.name}, with the rules that they broke.",
            {**delivered, **_added((RESCUED, REPAIR_OF)), **_QUARANTINE},
        )
    return Described(dataset.description, {c.name: c.description for c in dataset.silver_columns})


def _added(names: tuple[str, ...]) -> dict[str, str]:
    return {name: meanings()[name] for name in names}
