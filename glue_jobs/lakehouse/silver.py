"""Transform: judged batches, less their quarantined rows, into silver; then dbt's models of the domain."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse import log, tables
from lakehouse.acceptance import ACCEPT, accepted_to_merge
from lakehouse.batches import to_merge, verdicts_of
from lakehouse.bronze import bronze_batch
from lakehouse.context import Context
from lakehouse.contract import Contract, Contracts, Dataset
from lakehouse.delta_log import table_version
from lakehouse.errors import UsageError
from lakehouse.merge import MergeResult, merge_batch
from lakehouse.merge_write import Stamp
from lakehouse.quarantine import BATCH_ID, ROW_ID


class ReplayError(UsageError):
    """Only a batch that passed its suite can be merged again."""

    def __init__(self, dataset: str, batch: str, known: list[int]) -> None:
        self.dataset, self.batch, self.known = dataset, batch, tuple(known)
        passed = ", ".join(map(str, known[-20:])) or "none"
        super().__init__(
            f"{dataset}: there is no batch '{batch}' that passed its suite; the latest that did: {passed}."
        )


def merge_domain(context: Context, contract: Contract) -> list[MergeResult]:
    """Merge every passed batch of a domain that silver does not have yet, in their order, then the accepted ones."""
    results = []
    for dataset in contract.datasets:
        results += [_merge(context, dataset, verdict.batch_id) for verdict in to_merge(context.lake, dataset)]
        for decision in accepted_to_merge(context.lake, dataset):
            results.append(_merge(context, dataset, decision.batch_id, own=Stamp(ACCEPT, decision.number)))
    return results


def replay_batch(context: Context, contract: Contract, wanted: str) -> MergeResult:
    """Merge the judged batch `dataset:number` again, whether silver has it or passed it over; raises ReplayError."""
    name, _, number = wanted.partition(":")
    dataset = Contracts((contract,)).dataset(name)
    known = [verdict.batch_id for verdict in verdicts_of(context.lake, dataset) if verdict.passed]
    if not number.isdecimal() or int(number) not in known:
        raise ReplayError(dataset.name, number, known)
    return _merge(context, dataset, int(number), replay=True)


def _merge(
    context: Context, dataset: Dataset, batch_id: int, replay: bool = False, own: Stamp | None = None
) -> MergeResult:
    with log.about(dataset=dataset.name, batch=batch_id):
        rows, path = good_rows(context, dataset, batch_id), context.lake.silver(dataset.name)
        return merge_batch(context.spark(), dataset, rows, batch_id, path, replay, own)


def good_rows(context: Context, dataset: Dataset, batch_id: int) -> DataFrame:
    """The rows of a bronze batch that no rule put into quarantine."""
    spark = context.spark()
    rows = bronze_batch(context, dataset, batch_id)
    path = context.lake.quarantine(dataset.name)
    if table_version(path) >= 0:
        bad = tables.read(spark, path).where(F.col(BATCH_ID) == batch_id).select(ROW_ID)
        rows = rows.join(bad, on=ROW_ID, how="left_anti")
    return rows.select(*dataset.column_names)
