"""Carries out `keepDays`: what a contract keeps no longer goes from silver, raw, bronze and quarantine. Start here.

Each place is cleared by what is there, so that a process that was killed is completed by the next run; what is to go is
recorded before the first of it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from lakehouse import log
from lakehouse.contracts.dataset import Dataset
from lakehouse.contracts.keep_marts import refused_for_marts
from lakehouse.cycle.erase_counts import correct_counts
from lakehouse.cycle.keep_rows import Ages, Old, old_of
from lakehouse.errors import LakehouseError, gathering, raise_first
from lakehouse.lake.dataset_changes import KEEP, ChangeState, close_change, record_change, unfinished_change
from lakehouse.lake.decisions import Signature
from lakehouse.runtime.context import Context
from lakehouse.runtime.engine import about_dataset
from lakehouse.say import format_count
from lakehouse.transform.marts import marts_of

_BY = Signature("maintain", "keepDays of the contract")


def plan_keeping(context: Context, today: date | None = None) -> list[Old]:
    """What is too old, of every dataset; nothing is written. Raises KeptForMartError."""
    found: list[Old] = []
    errors: list[LakehouseError] = []
    for dataset in _with_days(context):
        with gathering(errors):
            found += _old_of(context, dataset, today)
    raise_first(errors, found)
    return found


def keep_lake(context: Context, today: date | None = None) -> list[Old]:
    """Remove what is too old, of every dataset; a second run finds nothing. Raises KeptForMartError behind the others.

    today: in UTC.
    """
    gone: list[Old] = []
    errors: list[LakehouseError] = []
    for dataset in _with_days(context):
        with gathering(errors), about_dataset(dataset, KEEP):
            gone += keep_dataset(context, dataset, today)
    raise_first(errors, gone)
    return gone


def keep_dataset(context: Context, dataset: Dataset, today: date | None = None) -> list[Old]:
    """Remove what is too old of one dataset, and complete what a process that was killed began."""
    lake, left = context.lake, unfinished_change(context.lake, dataset.name)
    if left is not None and left.change != KEEP:
        log.warning("rows stay until it is done", change=left.change)
        return []
    old = _old_of(context, dataset, today)
    if left is None and not old:
        return []
    started = left or record_change(lake, dataset.domain, dataset.name, KEEP, ChangeState.STARTED, in_words(old), _BY)
    for one in old:
        one.remove()
        log.info("removed", place=one.place, before=str(one.before), number=one.number)
    correct_counts(lake, dataset, KEEP)
    close_change(lake, started, ChangeState.DONE)
    return old


def in_words(old: Sequence[Old]) -> str:
    """What goes, without a value of any row."""
    return "; ".join(f"{one.place}: {format_count(one.number, one.unit)} before {one.before}" for one in old)


def _with_days(context: Context) -> list[Dataset]:
    return [dataset for dataset in context.contracts.datasets if not dataset.keep_days.is_for_ever]


def _old_of(context: Context, dataset: Dataset, today: date | None) -> list[Old]:
    raise_first(list(refused_for_marts([dataset], marts_of(context))), ())
    return old_of(Ages(context, dataset, today or datetime.now(UTC).date()))
