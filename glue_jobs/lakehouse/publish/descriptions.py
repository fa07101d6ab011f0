"""The tables that a project fills, their columns and what people are told of them: by contracts, models and ledgers."""

from __future__ import annotations

import pyarrow as pa

from lakehouse.contracts.contract import Dataset
from lakehouse.contracts.layers import MARTS, OPS, QUARANTINE, SILVER
from lakehouse.contracts.marts import Described, models
from lakehouse.contracts.project import Project
from lakehouse.lake.batches import BATCHES, VALIDATION_RESULTS
from lakehouse.lake.milestones import MILESTONES
from lakehouse.lake.paths import PUBLISHED_LEDGERS
from lakehouse.lake.published import PINS, PUBLISHED, ROLLBACKS

_QUARANTINE = {
    "_raw_text": "Line of a row that could not be split into columns.",
    "_broken_rules": "Every rule that the row broke.",
    "_source_file": "File below raw/<domain>/ that brought the row.",
    "_batch_id": "Batch of the row.",
    "_row_id": "Identity of the row within its dataset.",
    "_step": "Step that kept the row: ingest or validate.",
    "_quarantined_at": "When it was kept.",
    "_state": "Where the row stands now.",
}
_OPS = {
    "batches": "Which files make up which batch, and what became of it.",
    "validation_results": "What the suite said of each batch.",
    "quality_results": "How many rows of each batch broke each rule.",
    "milestones": "How far steps without a table of their own have come.",
    "published": "Every version of a table that was shown to analysts.",
    "pins": "Versions that were kept as tables of their own.",
    "rollbacks": "Tables that were taken back to an earlier version, and from which.",
}


def ops_schemas() -> dict[str, pa.Schema]:
    """The published tables of the ops layer."""
    from lakehouse.lake.quality_results import QUALITY_RESULTS  # imports Spark, which is slow

    schemas = {
        "batches": BATCHES, "validation_results": VALIDATION_RESULTS, "quality_results": QUALITY_RESULTS,
        "milestones": MILESTONES, "published": PUBLISHED, "pins": PINS, "rollbacks": ROLLBACKS,
    }  # fmt: skip
    return {name: schemas[name] for name in PUBLISHED_LEDGERS}


def known_tables(project: Project) -> dict[str, tuple[str, ...]]:
    """The columns of every table that views may read, by layer.table; needs no lake."""
    found = {f"{SILVER}.{d.name}": d.silver_column_names for d in project.contracts.datasets}
    found |= {f"{QUARANTINE}.{d.name}": (*d.column_names, *_QUARANTINE) for d in project.contracts.datasets}
    found |= {f"{MARTS}.{name}": tuple(model.comments) for name, model in models(project.dbt).items()}
    return found | {f"{OPS}.{name}": tuple(schema.names) for name, schema in ops_schemas().items()}


def described(project: Project, layer: str, name: str) -> Described:
    """What the contract, the model or we say of a table."""
    if layer == MARTS:
        return models(project.dbt).get(name, Described())
    if layer == OPS:
        return Described(_OPS.get(name, ""))
    datasets = {dataset.name: dataset for dataset in project.contracts.datasets}
    return _of_dataset(datasets[name], layer) if name in datasets else Described()


def _of_dataset(dataset: Dataset, layer: str) -> Described:
    if layer == QUARANTINE:
        delivered = {column.name: f"As delivered: {column.description}" for column in dataset.columns}
        return Described(f"Rows kept out of {dataset.name}, and why.", {**delivered, **_QUARANTINE})
    return Described(dataset.description, {c.name: c.description for c in dataset.silver_columns})
