"""Transform: validated batches without quarantined rows → silver; then the domain's dbt models (`build_domain`)."""

from __future__ import annotations

import functools

from pyspark.sql import DataFrame

from lakehouse import log
from lakehouse.contracts.contract import Contract, Contracts
from lakehouse.contracts.dataset import Dataset
from lakehouse.errors import LakehouseError, UsageError, gathering, raise_first
from lakehouse.lake.batches import MERGE, undecided, validation_results_of
from lakehouse.lake.bronze import passed_rows, passed_rows_of
from lakehouse.lake.built_with import built_with, require_built_with
from lakehouse.lake.dataset_changes import settle_rebuild
from lakehouse.lake.decisions import validation_result_of
from lakehouse.lake.delta_log import open_table, recorded, table_version
from lakehouse.lake.milestones import is_built, record_tested
from lakehouse.lake.ties import record_ties
from lakehouse.layout.declared import describe, of_dataset
from lakehouse.runtime.context import Context
from lakehouse.runtime.dbt import manifest_models, register_silver, run_dbt
from lakehouse.runtime.dbt_tests import declared_columns, digest_of_tests
from lakehouse.runtime.engine import about_dataset
from lakehouse.runtime.lineage import emit_merged
from lakehouse.runtime.metrics import report_ties
from lakehouse.transform.merge import MergeResult, merge_batch
from lakehouse.transform.merge_order import Turn, batches_in_silver, give_accepted_turns, give_turn, is_newest, to_merge
from lakehouse.transform.silver_tests import changed_since_tested, is_whole_due, record_whole
from lakehouse.transform.snapshot_bronze import delivered
from lakehouse.transform.ties import Bronze


class ReplayError(UsageError):
    """Only a batch that passed its suite can be merged again."""

    def __init__(self, dataset: str, batch: str, known: list[int]) -> None:
        self.dataset, self.batch, self.known = dataset, batch, tuple(known)
        passed = ", ".join(map(str, known[-20:])) or "none"
        super().__init__(
            f"{dataset}: there is no batch '{batch}' that passed its suite; the latest that did: {passed}."
        )


def merge_domain(context: Context, contract: Contract) -> list[MergeResult]:
    """Merge every passed or accepted batch of a domain that silver does not have yet, each in its turn.

    An error stops its dataset and is raised after the other datasets are merged.
    """
    merged: list[MergeResult] = []
    errors: list[LakehouseError] = []
    for dataset in contract.datasets:
        with gathering(errors), about_dataset(dataset, "transform"):
            settle_rebuild(context.lake, dataset.name, has_ended=False)
            require_built_with(context.lake.silver(dataset.name), dataset)
            give_accepted_turns(context.lake, dataset, undecided(context.lake, dataset))
            done = recorded(context.lake.silver(dataset.name), MERGE)
            turns = to_merge(context.lake, dataset, validation_results_of(context.lake, dataset, f"batch_id > {done}"))
            merged.extend(_merge(context, dataset, turn) for turn in turns)  # up to an error
            # A writer of Delta gives a new table Delta's own properties alone; a commit after it adds our layout.
            if opened := open_table(context.lake.silver(dataset.name)):
                describe(context, of_dataset(context, dataset), opened, built_with(dataset))
    raise_first(errors, merged)
    return merged


def ask_replay(context: Context, contract: Contract, wanted: str) -> Turn:
    """Let the batch `dataset:number` be merged again, whether silver has it or skipped it; raises ReplayError."""
    name, _, number = wanted.partition(":")
    dataset = Contracts((contract,)).dataset(name)
    validated = validation_results_of(context.lake, dataset)
    known = [result.batch_id for result in validated if result.passed]
    if not number.isdecimal() or int(number) not in known:
        raise ReplayError(dataset.name, number, known)
    with log.about(dataset=dataset.name, batch=int(number)):
        turn = give_turn(context.lake, dataset, int(number))
        if turn not in to_merge(context.lake, dataset, validated):
            log.warning("replay waits for the validation of an earlier batch; the transform after that merges it")
    return turn


def _merge(context: Context, dataset: Dataset, turn: Turn) -> MergeResult:
    with log.about(batch=turn.batch_id):
        rows = passed_rows(context.spark(), context.lake, dataset, turn.batch_id)
        path = context.lake.silver(dataset.name)
        bronze = _bronze(context, dataset, turn)
        result = merge_batch(context.spark(), dataset, rows, turn.batch_id, path, turn.number, bronze)
        emit_merged(context, dataset)
        if not result.skipped:
            report_ties(context.lake, dataset.name, result.tied, result.corrected)
        return result


def _bronze(context: Context, dataset: Dataset, turn: Turn) -> Bronze:
    """What the merge of a turn needs of bronze; nothing is read before it asks."""

    def landed(keys: DataFrame) -> DataFrame:
        merged = batches_in_silver(context.lake, dataset, turn)
        return passed_rows_of(context.spark(), context.lake, dataset, merged, keys)

    result = validation_result_of(context.lake, dataset, turn.batch_id)
    passed = None if result is None else result.rows_passed
    record = functools.partial(record_ties, context.lake, dataset, turn.batch_id, turn.number)
    newest = not dataset.by_arrival or is_newest(context.lake, dataset, turn)
    snapshots = delivered(context.spark(), context.lake, dataset, turn) if dataset.is_snapshot else None
    return Bronze(landed, passed, record, newest, snapshots)


def build_domain(context: Context, contract: Contract) -> bool:
    """Build and test a domain's models when its silver is newer than the last build that passed.

    Until its tests pass, the marts read the versions of its silver that passed; each run tests again what changed since
    then, and all of it when that is due.
    """
    if is_built(context.lake, contract):
        return False
    versions = {dataset.name: table_version(context.lake.silver(dataset.name)) for dataset in contract.datasets}
    # Its own tables only: the role of a domain's job may not look at those of another.
    register_silver(context.spark(), context.lake, Contracts((contract,)), versions)
    tests = digest_of_tests(context, contract.domain)
    is_whole, changed = is_whole_due(context.lake, contract, tests), {}
    if not is_whole:
        models, columns = manifest_models(context).values(), declared_columns(context)
        changed = changed_since_tested(context.lake, contract, versions, models, columns)
    run_dbt(context, ["build", "--select", f"tag:{contract.domain}"], {"changed": changed})
    if is_whole:
        record_whole(context.lake, contract, tests)
    record_tested(context.lake, contract, versions)
    return True
