"""A contract that changes before the first merge: bronze was built with other facts, and no silver can be rebuilt."""

from __future__ import annotations

from collections.abc import Iterable

from lakehouse.contracts.dataset import Dataset
from lakehouse.lake.built_with import BuiltWithError, ChangedFact, changed_facts, remember, wants_offsets
from lakehouse.lake.dataset_changes import ChangeState, record_change
from lakehouse.lake.decisions import Signature
from lakehouse.lake.delta_log import open_table
from lakehouse.runtime.context import Context


def changed_before_silver(context: Context, dataset: Dataset) -> tuple[ChangedFact, ...]:
    """What the contract says otherwise than bronze, while no row was chosen by it; nothing once there is silver.

    Raises BuiltWithError for days that bronze cannot tell.
    """
    table = open_table(context.lake.bronze(dataset.name))
    if table is None or open_table(context.lake.silver(dataset.name)) is not None:
        return ()
    changed = changed_facts(table.metadata().configuration, dataset)
    if wants_offsets(changed):
        raise BuiltWithError(dataset, changed)
    return changed


def follow_contract(
    context: Context, dataset: Dataset, changed: Iterable[ChangedFact], by: Signature, change: str
) -> None:
    """Let bronze follow the contract, recorded as the change that was asked for; no row changes."""
    what = "; ".join([*(fact.as_change for fact in changed), "no silver yet"])
    record_change(context.lake, dataset.domain, dataset.name, change, ChangeState.DONE, what, by)
    remember(context.lake.bronze(dataset.name), dataset)
