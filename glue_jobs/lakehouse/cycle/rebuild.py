"""Rebuilds silver from bronze under today's contract, in one commit, and brings everything that depends on it after.

A process that is killed before the commit has changed no row; what it leaves undone after it, any run does.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse import log
from lakehouse.contracts.contract import Dataset
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.lake import tables
from lakehouse.lake.built_with import KEY, ChangedFact, built_with, changed_facts, remember
from lakehouse.lake.conflicts import conflict_of
from lakehouse.lake.dataset_changes import ChangeState, DatasetChange, record_change, unfinished_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import existing_table, open_table, recorded
from lakehouse.lake.rewrite import NewTable, Rewritten, replace_rows
from lakehouse.layout.declared import describe, of_dataset
from lakehouse.layout.first_write import whole_table
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.runtime.context import Context
from lakehouse.transform.marts import build_marts
from lakehouse.transform.rebuild import Difference, difference, rows_from_bronze
from lakehouse.transform.transform import build_domain

REBUILD, REKEY = "rebuild", "rekey"


class NothingToRebuildError(LakehouseError):
    """The dataset has no silver table."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(f"{dataset}: has no silver table to rebuild; the next run makes it under today's contract.")


class SameKeyError(LakehouseError):
    """The contract's key is the one that silver was built with."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset.name
        super().__init__(
            f"{dataset.name}: silver was built with the contract's key, {', '.join(dataset.key)}; write the new "
            f"key into contracts/{dataset.domain}.yaml first, or use `lakehouse dataset rebuild`."
        )


class RebuildConflictError(TransientError):
    """Another writer committed to silver after the difference was shown."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(
            f"{dataset}: another writer committed to silver after the difference was computed. Nothing was written; "
            f"run it again."
        )


@dataclass(frozen=True)
class RebuildPlan:
    """What a rebuild would do to one version of silver.

    changed: the facts that the contract says otherwise. same_shape: whether columns and partitions stay.
    """

    dataset: Dataset
    version: int
    rows: DataFrame
    difference: Difference
    changed: tuple[ChangedFact, ...]
    same_shape: bool

    @property
    def changes_nothing(self) -> bool:
        """Whether silver is already what bronze and the contract say."""
        return self.keeps_files and not self.changed

    @property
    def keeps_files(self) -> bool:
        """Whether every row and column stays as it is."""
        return self.difference.is_none and self.same_shape


def plan_rebuild(context: Context, dataset: Dataset, change: str = REBUILD) -> RebuildPlan:
    """Compute what silver becomes, and what that changes; nothing is written.

    Raises NothingToRebuildError, SameKeyError, NullKeyError, SchemaChangeError.
    """
    path = context.lake.silver(dataset.name)
    table = open_table(path)
    if table is None:
        raise NothingToRebuildError(dataset.name)
    about = table.metadata()
    changed = changed_facts(about.configuration, dataset)
    if change == REKEY and about.configuration.get(KEY) == built_with(dataset)[KEY]:
        raise SameKeyError(dataset)
    rows, before = rows_from_bronze(context, dataset), tables.read(context.spark(), path)
    same_shape = before.dtypes == rows.dtypes and tuple(about.partition_columns) == dataset.partition_by
    return RebuildPlan(dataset, table.version(), rows, difference(before, rows, dataset), changed, same_shape)


def rebuild(context: Context, plan: RebuildPlan, by: Signature, change: str = REBUILD) -> int:
    """Carry out a plan, then rebuild marts and catalogue; returns silver's version. Raises RebuildConflictError."""
    dataset = plan.dataset
    with log.about(domain=dataset.domain, dataset=dataset.name):
        settle_unfinished(context, dataset)
        started = None
        if not plan.changes_nothing:
            started = record_change(
                context.lake, dataset.domain, dataset.name, change, ChangeState.STARTED, _in_words(plan), by
            )
        remember(context.lake.bronze(dataset.name), dataset)  # transform refuses until silver agrees
        if started is not None:
            _write(context, plan, started)
            _close(context, started, ChangeState.DONE)
        bring_after(context, dataset)
        version = existing_table(context.lake.silver(dataset.name)).version()
        log.info("rebuilt", change=change, version=version, going=plan.difference.going, coming=plan.difference.coming)
        return version


def bring_after(context: Context, dataset: Dataset) -> None:
    """Build and publish what depends on a silver table, as the next run would."""
    contract = context.contracts.of(dataset.domain)
    build_domain(context, contract)
    build_marts(context)
    publish_domain(context, contract)
    publish_marts(context)


def settle_unfinished(context: Context, dataset: Dataset) -> DatasetChange | None:
    """Close the entry of a rebuild whose process ended: done where its commit is in the log, otherwise undone."""
    left = unfinished_change(context.lake, dataset.name)
    if left is None or left.change not in (REBUILD, REKEY):
        return None
    is_done = recorded(context.lake.silver(dataset.name), _app_id(dataset)) >= left.entry
    return _close(context, left, ChangeState.DONE if is_done else ChangeState.UNDONE)


def _app_id(dataset: Dataset) -> str:
    """Under this application silver records the entries of the changes that were written to it."""
    return f"dataset_change:{dataset.name}"


def _close(context: Context, change: DatasetChange, state: ChangeState) -> DatasetChange:
    by = Signature(change.who, change.why)
    return record_change(context.lake, change.domain, change.dataset, change.change, state, change.what, by)


def _write(context: Context, plan: RebuildPlan, started: DatasetChange) -> None:
    dataset, path = plan.dataset, context.lake.silver(plan.dataset.name)
    declared = of_dataset(context, dataset)
    if plan.keeps_files:
        describe(context, declared, existing_table(path), built_with(dataset))
        return
    becomes = NewTable(
        dataset.partition_by,
        {**declared.properties, **built_with(dataset)},
        {"dataset": dataset.name, "dataset_change": started.entry},
        (_app_id(dataset), started.entry),
    )
    done: Rewritten | None = None
    try:
        arrangement = whole_table(path, dataset.layout)
        done = replace_rows(context.spark(), path, plan.rows, arrangement, becomes, plan.version)
    except Exception as error:
        if conflict_of(error) is None:
            raise
    if done is None:
        _close(context, started, ChangeState.UNDONE)
        raise RebuildConflictError(dataset.name)


def _in_words(plan: RebuildPlan) -> str:
    """What changes, without a value of any row."""
    facts = [f"{fact.word} {fact.found or '(none)'} → {fact.wanted or '(none)'}" for fact in plan.changed]
    rows = f"{plan.difference.before.rows} → {plan.difference.after.rows} rows"
    return "; ".join([*facts, rows])
