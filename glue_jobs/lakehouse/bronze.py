"""Ingest: new files become a batch, its readable rows go to bronze and the others to quarantine, exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log, quarantine, tables
from lakehouse.batches import INGEST, Batch, batches_of, record_batches, to_ingest
from lakehouse.context import Context
from lakehouse.contract import Contract, Dataset
from lakehouse.delivered import Header, count_rows, read_header, read_rows
from lakehouse.errors import LakehouseError
from lakehouse.evolution import evolve
from lakehouse.landing import dataset_of
from lakehouse.quarantine import BATCH_ID, ROW_ID
from lakehouse.storage import StoredFile, list_files
from lakehouse.typed import BROKEN_RULES, with_types


class FileRefusedError(LakehouseError):
    """A delivered file cannot be taken; names domain, file and column."""

    def __init__(self, domain: str, file: str, reason: str) -> None:
        self.domain, self.file, self.reason = domain, file, reason
        super().__init__(
            f"{domain}: {file}: {reason}. Nothing of it was taken; deliver the file again as its contract says."
        )


@dataclass(frozen=True)
class IngestResult:
    """What ingest did with one batch."""

    dataset: str
    batch_id: int
    files: int
    rows_readable: int
    rows_unreadable: int


def ingest_domain(context: Context, contract: Contract) -> list[IngestResult]:
    """Ingest every new file of a domain; raises FileRefusedError after the good files are in."""
    files = list_files(context.lake.landing(contract.domain))
    results: list[IngestResult] = []
    refused: list[tuple[str, str]] = []
    for dataset in contract.datasets:
        own = [file for file in files if dataset_of(context.contracts, file.name) is dataset]
        with log.about(dataset=dataset.name):
            refused += [(batch.files[0].name, batch.reason or "") for batch in plan_batches(context, dataset, own)]
            results += [ingest_batch(context, dataset, batch) for batch in to_ingest(context.lake, dataset)]
    if refused:
        raise FileRefusedError(contract.domain, *refused[0])
    return results


def plan_batches(context: Context, dataset: Dataset, files: list[StoredFile]) -> list[Batch]:
    """Record the files that no batch has yet: the good ones as one batch, each refused one by itself.

    The plan is written before the data, so that a run that dies is taken up with the same batch.
    Returns the batches refused now.
    """
    known = batches_of(context.lake, dataset)
    seen = {file for batch in known for file in batch.files}
    new = [file for file in files if file not in seen]
    if not new:
        return []
    root = context.lake.landing(dataset.domain)
    headers = {file: read_header(root, file, dataset) for file in new}
    good = tuple(file for file in new if headers[file].problem is None)
    batch_id = max((batch.batch_id for batch in known), default=0)
    refused: list[Batch] = []
    run, now = log.current("run"), datetime.now(UTC)
    for file in new:
        if file not in good:
            batch_id += 1
            rows = count_rows(root, file, dataset)
            refused.append(Batch(dataset.name, batch_id, "refused", (file,), headers[file].problem, rows, run, now))
    plan = [Batch(dataset.name, batch_id + 1, "planned", good, None, 0, run, now)] if good else []
    record_batches(context.lake, dataset, [*refused, *plan])
    for batch in refused:
        with log.about(batch=batch.batch_id):
            log.warning("file refused", file=batch.files[0].path, reason=batch.reason)
    return refused


def ingest_batch(context: Context, dataset: Dataset, batch: Batch) -> IngestResult:
    """Write a planned batch: first its unreadable rows, then bronze, whose commit makes the batch count as done."""
    with log.about(batch=batch.batch_id):
        root = context.lake.landing(dataset.domain)
        headers = [(file, read_header(root, file, dataset)) for file in batch.files]
        rows = batch_rows(context, dataset, batch, headers).persist()
        try:
            unreadable, readable = _counts(rows)
            if unreadable:
                broken = rows.where(F.size(BROKEN_RULES) > 0)
                quarantine.append(quarantine.from_text(broken, dataset), context.lake, dataset, INGEST, batch.batch_id)
            path = context.lake.bronze(dataset.name)
            evolve(context.spark(), path, dataset.columns, dataset)
            tables.append(bronze_rows(rows, dataset), path, INGEST, batch.batch_id)
        finally:
            rows.unpersist()
        log.info("ingested", files=len(batch.files), rows_readable=readable, rows_unreadable=unreadable)
        return IngestResult(dataset.name, batch.batch_id, len(batch.files), readable, unreadable)


def batch_rows(context: Context, dataset: Dataset, batch: Batch, headers: list[tuple[StoredFile, Header]]) -> DataFrame:
    """Every row of a batch's files, typed, with its batch and a number of its own within it."""
    rows = read_rows(context.spark(), context.lake.landing(dataset.domain), headers, dataset)
    return (
        with_types(rows, dataset)
        .withColumn(BATCH_ID, F.lit(batch.batch_id).cast("bigint"))
        .withColumn(ROW_ID, F.monotonically_increasing_id())
    )


def bronze_rows(rows: DataFrame, dataset: Dataset) -> DataFrame:
    """The readable rows as bronze keeps them."""
    return rows.where(F.size(BROKEN_RULES) == 0).select(
        *[tables.described(column) for column in dataset.columns],
        "_source_file",
        BATCH_ID,
        ROW_ID,
        F.current_timestamp().alias("_ingested_at"),
    )


def bronze_batch(context: Context, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of one batch as bronze has them, with every column that the contract has now."""
    path = context.lake.bronze(dataset.name)
    evolve(context.spark(), path, dataset.columns, dataset)
    return tables.read(context.spark(), path).where(F.col(BATCH_ID) == batch_id)


def _counts(rows: DataFrame) -> tuple[int, int]:
    """Unreadable and readable rows."""
    broken = F.size(BROKEN_RULES) > 0
    row = rows.agg(F.count_if(broken).alias("unreadable"), F.count_if(~broken).alias("readable")).first()
    assert row is not None  # an aggregate without groups has one row
    return row["unreadable"], row["readable"]
