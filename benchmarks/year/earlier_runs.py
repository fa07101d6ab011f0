"""Runs that are entered in the tables of `ops` and in the logs of bronze and silver without being run: quick, and many.

What they leave is what runs leave, by the functions that runs use: a batch of one dataset each, ingested, validated,
merged, built and published.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.batches import BATCHES, INGEST, MERGE, VALIDATE, VALIDATION_RESULTS, BatchState, ValidationStatus
from lakehouse.lake.delta_log import PROPERTIES, Commit, append_once, existing_table, recorded, table_version
from lakehouse.lake.milestones import record_milestone, record_tested, silver_version
from lakehouse.lake.paths import Lake
from lakehouse.lake.published import record_published
from lakehouse.lake.quality_results import QUALITY_RESULTS

RULES = tuple(f"rule_{number}" for number in range(10))
ROWS = 100
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def enter_runs(lake: Lake, contract: Contract, dataset: Dataset, until: int, at_once: int = 0) -> None:
    """Enter runs with one batch each of a dataset on a disk, up to the batch of that number.

    at_once: so many of them in one commit a table, as compaction leaves them, where there is no time for each.
    """
    for path in (lake.bronze(dataset.name), lake.silver(dataset.name)):
        # As Spark does, which writes these logs otherwise.
        existing_table(path).alter.set_table_properties(PROPERTIES, raise_if_not_exists=False)
    first = recorded(lake.bronze(dataset.name), INGEST) + 1
    if at_once:
        _enter(lake, contract, dataset, range(first, first + at_once))
    for number in range(first + at_once, until + 1):
        _enter(lake, contract, dataset, range(number, number + 1))


def _enter(lake: Lake, contract: Contract, dataset: Dataset, numbers: range) -> None:
    """Enter runs in one commit a table."""
    last, name = numbers[-1], dataset.name
    append_once(lake.ops("batches"), _batches(dataset, numbers), BATCHES, Commit(f"batches:{name}", last))
    _commit(lake.bronze(name), INGEST, last)
    validated = Commit(f"{VALIDATE}:{name}", last)
    append_once(lake.ops("quality_results"), _quality(dataset, numbers), QUALITY_RESULTS, validated)
    append_once(lake.ops("validation_results"), _results(dataset, numbers), VALIDATION_RESULTS, validated)
    _commit(lake.silver(name), MERGE, last, {"batch_id": last, "number": last, "touched": {}})
    record_tested(lake, contract, {one.name: table_version(lake.silver(one.name)) for one in contract.datasets})
    record_published(lake, "silver", name, existing_table(lake.silver(name)))
    record_milestone(lake, f"publish_{contract.domain}", silver_version(lake, contract.datasets))


def _about(dataset: Dataset, number: int) -> dict[str, Any]:
    about = {"domain": dataset.domain, "dataset": dataset.name, "batch_id": number}
    return {**about, "run_id": f"earlier-{number}", "recorded_at": NOON}


def _batches(dataset: Dataset, numbers: range) -> list[dict[str, Any]]:
    said = {"state": BatchState.PLANNED, "reason": None, "rows_in_file": 0, "repeats": None}
    files = [{"path": f"{n:012x}/{dataset.name}.csv", "size": 4096, "version": f"{n:032x}"} for n in numbers]
    return [{**_about(dataset, n), **said, "files": [file]} for n, file in zip(numbers, files, strict=True)]


def _quality(dataset: Dataset, numbers: range) -> list[dict[str, Any]]:
    found = {"sentence": "A rule.", "on_failure": "quarantine", "rows_seen": ROWS, "rows_failed": 0, "success": True}
    found |= {"status": "passed", "seconds": 0.1}
    return [{**_about(dataset, n), **found, "rule": rule} for n in numbers for rule in RULES]


def _results(dataset: Dataset, numbers: range) -> list[dict[str, Any]]:
    counts = {"rows_landed": ROWS, "rows_unreadable": 0, "rows_quarantined": 0, "rows_passed": ROWS}
    said = {"status": ValidationStatus.PASSED, "reason": None, "data_docs": None}
    return [{**_about(dataset, n), **counts, **said} for n in numbers]


def _commit(path: str, app_id: str, number: int, metadata: object = None) -> None:
    """A commit of no row that records the progress."""
    said = None if metadata is None else {"userMetadata": json.dumps(metadata)}
    properties = CommitProperties(said, app_transactions=[Transaction(app_id, number)])
    none = pa.schema(DeltaTable(path).schema().to_arrow()).empty_table()
    write_deltalake(path, none, mode="append", commit_properties=properties)
