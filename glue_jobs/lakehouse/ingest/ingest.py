"""Ingest: new files become a batch, its readable rows go to bronze and the others to quarantine, exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log
from lakehouse.contracts.choices import Drift
from lakehouse.contracts.columns import (
    BATCH_ID,
    BROKEN_RULES,
    OFFSET_COLUMN,
    REPAIR_COLUMN,
    RESCUED,
    RESCUED_COLUMN,
    ROW_ID,
    SOURCE_FILE,
)
from lakehouse.contracts.contract import Contract
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.layout import bounds_of
from lakehouse.errors import LakehouseError, gathering, raise_first
from lakehouse.ingest.casting import with_types
from lakehouse.ingest.findings import count_rows_of, log_differences
from lakehouse.ingest.forgotten import without_forgotten
from lakehouse.ingest.grouping import BATCH_BYTES, as_they_came, by_bytes, one_by_one
from lakehouse.ingest.header import Header, count_rows, read_header
from lakehouse.ingest.landing import dataset_of, settle
from lakehouse.ingest.lines import same_splits
from lakehouse.ingest.reading import read_rows
from lakehouse.lake import tables
from lakehouse.lake.batches import INGEST, Batch, BatchState, record_batches, to_ingest
from lakehouse.lake.blanked import blanked_since, enter_blanked
from lakehouse.lake.built_with import remember, require_built_with
from lakehouse.lake.conflicts import when_free
from lakehouse.lake.delta_log import Commit
from lakehouse.lake.evolution import WantedTable, evolve
from lakehouse.lake.files import StoredFile, list_files
from lakehouse.lake.paths import is_repair
from lakehouse.quarantine import table as quarantine_table
from lakehouse.runtime.context import Context
from lakehouse.runtime.engine import about_dataset
from lakehouse.runtime.lineage import emit_ingested
from lakehouse.runtime.recording import did


class FileRefusedError(LakehouseError):
    """A delivered file does not fit its contract; names domain, file and column. The other files are ingested."""

    def __init__(self, domain: str, file: str, reason: str) -> None:
        self.domain, self.file, self.reason = domain, file, reason
        super().__init__(
            f"{domain}: {file}: {reason}. No row of it was loaded; deliver the file again as its contract says."
        )


Headers = dict[StoredFile, Header]
_SETTINGS = {
    # To compress the rows that are kept until they are written takes longer than to type them.
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
    # The JVM compiles no method of more bytes, and many columns make one; Spark then makes several of it.
    "spark.sql.codegen.hugeMethodLimit": "8000",
}
"""The headers that one run has read, so that each file is opened for it once."""


@dataclass(frozen=True)
class IngestResult:
    """What ingest did with one batch. drift: how its files differ from the contract, a line each."""

    dataset: str
    batch_id: int
    files: int
    rows_readable: int
    rows_unreadable: int
    drift: tuple[str, ...] = ()


def ingest_domain(context: Context, contract: Contract) -> list[IngestResult]:
    """Ingest every new file of a domain; raises FileRefusedError after the good files are in."""
    files = list_files(context.lake.landing(contract.domain))
    results: list[IngestResult] = []
    errors: list[LakehouseError] = []
    headers: Headers = {}
    for dataset in contract.datasets:
        own = [file for file in files if dataset_of(context.contracts, file.name) is dataset]
        with gathering(errors), about_dataset(dataset, INGEST):
            require_built_with(context.lake.bronze(dataset.name), dataset)
            refused = plan_batches(context, dataset, own, headers)
            errors += [FileRefusedError(contract.domain, b.files[0].name, b.reason or "") for b in refused]
            results.extend(ingest_batch(context, dataset, batch, headers) for batch in to_ingest(context.lake, dataset))
    read = {file: header.columns for file, header in headers.items() if header.problem is None}
    settle(context.lake, context.contracts, contract, files, read)
    raise_first(errors, results)
    return results


def plan_batches(
    context: Context, dataset: Dataset, files: list[StoredFile], headers: Headers | None = None
) -> list[Batch]:
    """Record the files that no batch has yet: the good ones as one batch, each refused one and each repair by itself.

    Where the good ones are more than fits into a batch, they become several. The plan is written before the data, so
    that the run after one that died resumes with the same batches.
    headers: those read here are added to it. Returns the batches refused now.
    """
    read = {} if headers is None else headers
    recorded = record_batches(context.lake, dataset, lambda known: _plan(context, dataset, files, known, read))
    refused = [batch for batch in recorded if batch.state is BatchState.REFUSED]
    for batch in refused:
        with log.about(batch=batch.batch_id):
            log.warning("file refused", file=batch.files[0].path, reason=batch.reason)
    return refused


def _plan(
    context: Context, dataset: Dataset, files: list[StoredFile], known: list[Batch], headers: Headers
) -> list[Batch]:
    """The batches that the files make up which no known batch has."""
    seen = {file for batch in known for file in batch.files}
    new = [file for file in files if file not in seen]
    blanked = blanked_since(context.lake, dataset, new, seen)
    enter_blanked(context.lake, dataset, blanked)
    new = [file for file in new if file not in blanked]
    if not new:
        return []
    root = context.lake.landing(dataset.domain)
    headers.update({file: read_header(root, file, dataset) for file in new if file not in headers})
    good = tuple(file for file in new if headers[file].problem is None)
    batch_id = max((batch.batch_id for batch in known), default=0)
    refused: list[Batch] = []
    run, now = log.current("run"), datetime.now(UTC)
    for file in new:
        if file not in good:
            batch_id += 1
            rows = count_rows(root, file, dataset)
            refused.append(
                Batch(dataset.name, batch_id, BatchState.REFUSED, (file,), headers[file].problem, rows, run, now)
            )
    repairs = [(file,) for file in good if is_repair(file.path)]
    together = [file for file in good if not is_repair(file.path)]
    together = as_they_came(together) if dataset.by_arrival else together
    groups = [*(one_by_one(together) if dataset.is_snapshot else by_bytes(together, BATCH_BYTES)), *repairs]
    plan = [
        Batch(dataset.name, batch_id + number, BatchState.PLANNED, group, None, 0, run, now)
        for number, group in enumerate(groups, start=1)
    ]
    return [*refused, *plan]


def ingest_batch(context: Context, dataset: Dataset, batch: Batch, headers: Headers | None = None) -> IngestResult:
    """Write a planned batch: first its unreadable rows, then bronze, whose commit makes the batch count as done."""
    with log.about(batch=batch.batch_id):
        root, known = context.lake.landing(dataset.domain), headers or {}
        files = [(file, known.get(file) or read_header(root, file, dataset)) for file in batch.files]
        is_retaken = any(file not in known for file in batch.files)  # an earlier run planned it
        with same_splits(context.spark()), tables.session_settings(context.spark(), _SETTINGS):
            delivered = batch_rows(context, dataset, batch, files).persist()
            try:
                rows, forgotten = without_forgotten(context.lake, dataset, delivered)
                counts = count_rows_of(rows)
                drift = (*log_differences(dataset, files, counts), *forgotten)
                _quarantine(context, dataset, batch, rows, counts.unreadable, is_retaken)
                path = context.lake.bronze(dataset.name)
                when_free(path, lambda: _append_to_bronze(context, dataset, batch, rows, path))
            finally:
                delivered.unpersist()
        emit_ingested(context, dataset, batch.files)
        size = sum(file.size for file in batch.files)
        did(dataset.name, counts.readable + counts.unreadable, counts.readable, size)
        log.info("ingested", files=len(batch.files), rows_readable=counts.readable, rows_unreadable=counts.unreadable)
        return IngestResult(dataset.name, batch.batch_id, len(batch.files), counts.readable, counts.unreadable, drift)


def _quarantine(
    context: Context, dataset: Dataset, batch: Batch, rows: DataFrame, unreadable: int, is_retaken: bool
) -> None:
    broken = quarantine_table.from_text(rows.where(F.size(BROKEN_RULES) > 0), dataset)
    if unreadable:
        quarantine_table.append(broken, context.lake, dataset, INGEST, batch.batch_id)
    if is_retaken:  # what the attempt before wrote stays if it agrees with what bronze gets now
        quarantine_table.keep_only(broken, context.lake, dataset, INGEST, batch.batch_id)


def _append_to_bronze(context: Context, dataset: Dataset, batch: Batch, rows: DataFrame, path: str) -> None:
    evolve(context.spark(), path, WantedTable(dataset, dataset.bronze_columns))
    properties = bounds_of(*dataset.bounded_key, BATCH_ID)
    tables.append(bronze_rows(rows, dataset), path, Commit(INGEST, batch.batch_id), properties=properties)
    remember(path, dataset)


def batch_rows(context: Context, dataset: Dataset, batch: Batch, headers: list[tuple[StoredFile, Header]]) -> DataFrame:
    """Every row of a batch's files, typed, with its batch and a number of its own within it."""
    rows = read_rows(context.spark(), context.lake.landing(dataset.domain), headers, dataset)
    return with_types(rows, dataset).withColumn(BATCH_ID, F.lit(batch.batch_id).cast("bigint"))


def bronze_rows(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The readable rows as bronze keeps them."""
    rescued = F.col(RESCUED) if dataset.drift is Drift.RESCUE else F.lit(None).cast("string")
    return rows.where(F.size(BROKEN_RULES) == 0).select(
        *[tables.described(column) for column in dataset.columns],
        tables.described(RESCUED_COLUMN, rescued),
        tables.described(REPAIR_COLUMN),
        *([tables.described(OFFSET_COLUMN)] if dataset.keeps_offset else []),
        SOURCE_FILE,
        BATCH_ID,
        ROW_ID,
        F.current_timestamp().alias("_ingested_at"),
    )
