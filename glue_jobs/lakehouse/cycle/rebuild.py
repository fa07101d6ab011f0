"""Rebuilds silver from bronze under today's contract, in one commit, and brings everything that depends on it after.

A process that is killed before the commit has changed no row; what it leaves undone after it, any run does.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from pyspark.sql import DataFrame

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.cycle.validate_again import Again, correct_results, validate_again, write_quarantine
from lakehouse.errors import LakehouseError, TransientError
from lakehouse.lake import tables
from lakehouse.lake.built_with import (
    KEY,
    VALIDATING,
    BuiltWithError,
    ChangedFact,
    built_with,
    changed_facts,
    remember,
    wants_offsets,
)
from lakehouse.lake.conflicts import conflict_of, when_free
from lakehouse.lake.dataset_changes import (
    REBUILD,
    REKEY,
    ChangeState,
    DatasetChange,
    change_app_id,
    close_change,
    record_change,
    settle_rebuild,
)
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import Commit, existing_table, open_table, recorded, table_version
from lakehouse.lake.rewrite import NewTable, Rewritten, replace_rows
from lakehouse.layout.declared import describe, of_dataset
from lakehouse.layout.first_write import whole_table
from lakehouse.publish.publish import publish_domain, publish_marts
from lakehouse.runtime.context import Context
from lakehouse.transform.marts import build_marts
from lakehouse.transform.rebuild import Difference, difference, rows_from_bronze
from lakehouse.transform.transform import build_domain


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
    """Another writer committed after the difference was shown."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        super().__init__(
            f"{dataset}: another writer committed to silver or quarantine after the difference was computed. Nothing "
            f"was written to silver; run it again."
        )


@dataclass(frozen=True)
class RebuildPlan:
    """What a rebuild would do to one version of silver.

    changed: the facts that the contract says otherwise. same_shape: whether columns and partitions stay.
    again: what today's suite says otherwise, where it was asked. pending: a rebuild that was interrupted is completed.
    """

    dataset: Dataset
    version: int
    rows: DataFrame
    difference: Difference
    changed: tuple[ChangedFact, ...]
    same_shape: bool
    again: Again | None = None
    pending: bool = False

    @property
    def changes_nothing(self) -> bool:
        """Whether silver is already what bronze and the contract say, and quarantine what the suite says if asked."""
        return self.keeps_files and not self.changed and not self.pending and (self.again is None or self.again.is_none)

    @property
    def keeps_files(self) -> bool:
        """Whether every row and column stays as it is."""
        return self.difference.is_none and self.same_shape


def plan_rebuild(context: Context, dataset: Dataset, change: str = REBUILD, validate_rows: bool = False) -> RebuildPlan:
    """Compute what silver becomes, and what that changes; nothing is written.

    validate_rows: validate what silver holds again; not where an interrupted rebuild waits, which is completed first.
    Raises NothingToRebuildError, SameKeyError, NullKeyError, SchemaChangeError, TiesAgainError, RuleFailsError,
    and BuiltWithError for days that bronze cannot tell.
    """
    path = context.lake.silver(dataset.name)
    table = open_table(path)
    if table is None:
        raise NothingToRebuildError(dataset.name)
    about = table.metadata()
    changed = changed_facts(about.configuration, dataset)
    if wants_offsets(changed):
        raise BuiltWithError(dataset, changed)
    if change == REKEY and about.configuration.get(KEY) == built_with(dataset)[KEY]:
        raise SameKeyError(dataset)
    pending = bool(about.configuration.get(VALIDATING))
    again = validate_again(context, dataset) if validate_rows and not pending else None
    quarantined = again.quarantined(context, dataset) if again else None
    rows, before = rows_from_bronze(context, dataset, quarantined), tables.read(context.spark(), path)
    same_shape = before.dtypes == rows.dtypes and tuple(about.partition_columns) == dataset.partition_by
    found = difference(before, rows, dataset)
    return RebuildPlan(dataset, table.version(), rows, found, changed, same_shape, again, pending)


def rebuild(context: Context, plan: RebuildPlan, by: Signature, change: str = REBUILD) -> int:
    """Carry out a plan, then rebuild marts and catalogue; returns silver's version. Raises RebuildConflictError."""
    dataset = plan.dataset
    with log.about(domain=dataset.domain, dataset=dataset.name):
        started = settle_rebuild(context.lake, dataset.name)
        if started is None and not plan.changes_nothing:
            started = record_change(
                context.lake, dataset.domain, dataset.name, change, ChangeState.STARTED, _in_words(plan), by
            )
        remember(context.lake.bronze(dataset.name), dataset)  # transform refuses until silver agrees
        if started is not None:
            _write(context, _with_quarantine(context, plan, started), started)
            close_change(context.lake, started, _ending(context, plan, started))
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


def _ending(context: Context, plan: RebuildPlan, started: DatasetChange) -> ChangeState:
    """What became of a rebuild: one that was interrupted before quarantine had changed was completed to no change."""
    reached = recorded(context.lake.quarantine(plan.dataset.name), change_app_id(plan.dataset.name))
    nothing = plan.pending and plan.keeps_files and not plan.changed and reached < started.entry
    return ChangeState.UNDONE if nothing else ChangeState.DONE


def _with_quarantine(context: Context, plan: RebuildPlan, started: DatasetChange) -> RebuildPlan:
    """Bring quarantine and the results of validation to what the plan found; transform refuses until silver follows.

    Returns the plan for the version that silver has then. Raises RebuildConflictError, after which nothing is changed.
    """
    dataset, again, version = plan.dataset, plan.again, plan.version
    commit = Commit(change_app_id(dataset.name), started.entry)
    if again is not None and not again.is_none:
        path = context.lake.silver(dataset.name)
        now = (table_version(path), table_version(context.lake.quarantine(dataset.name)))
        if now != (plan.version, again.version):
            close_change(context.lake, started, ChangeState.UNDONE)
            raise RebuildConflictError(dataset.name)
        flag = {VALIDATING: str(started.entry)}
        when_free(path, lambda: existing_table(path).alter.set_table_properties(flag, raise_if_not_exists=False))
        write_quarantine(context, dataset, again, commit)
        version += 1
    elif not plan.pending:
        return plan
    correct_results(context, dataset, commit)
    return dataclasses.replace(plan, version=version, pending=True)


def _write(context: Context, plan: RebuildPlan, started: DatasetChange) -> None:
    dataset, path = plan.dataset, context.lake.silver(plan.dataset.name)
    declared = of_dataset(context, dataset)
    facts = {**built_with(dataset), **({VALIDATING: ""} if plan.pending else {})}
    if plan.keeps_files:
        describe(context, declared, existing_table(path), facts)
        return
    becomes = NewTable(
        dataset.partition_by,
        {**declared.properties, **facts},
        {"dataset": dataset.name, "dataset_change": started.entry},
        (change_app_id(dataset.name), started.entry),
    )
    done: Rewritten | None = None
    try:
        arrangement = whole_table(path, dataset.layout)
        done = replace_rows(context.spark(), path, plan.rows, arrangement, becomes, plan.version)
    except Exception as error:
        if conflict_of(error) is None:
            raise
    if done is None:
        if not plan.pending:
            close_change(context.lake, started, ChangeState.UNDONE)
        raise RebuildConflictError(dataset.name)


def _in_words(plan: RebuildPlan) -> str:
    """What changes, without a value of any row."""
    facts = [fact.as_change for fact in plan.changed]
    rows = f"{plan.difference.before.rows} → {plan.difference.after.rows} rows"
    if plan.again is not None and not plan.again.is_none:
        facts.append(f"validated again: {plan.again.caught} to quarantine, {plan.again.freed} back")
    return "; ".join([*facts, rows])
