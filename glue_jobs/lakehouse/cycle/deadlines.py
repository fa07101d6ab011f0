"""Whether domains and marts were published by the times that they are promised, by the ledgers of runs alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakehouse.contracts.contract import Contract
from lakehouse.contracts.cron import last_time
from lakehouse.contracts.mart_deadlines import MartPromise
from lakehouse.lake.mart_times import MartTimes

LATE, MET, NOT_YET = "late", "met", "not due yet"


@dataclass(frozen=True)
class Deadline:
    """Whether something was published by the time that is promised. state: met, late or not due yet.

    due: the last time that was due; done: the first publish after the delivery was due.
    """

    state: str
    due: datetime | None = None
    done: datetime | None = None


@dataclass(frozen=True)
class MartFacts:
    """How one mart stands."""

    promise: MartPromise
    deadline: Deadline


def deadline_of(contract: Contract, done: Sequence[datetime], now: datetime) -> Deadline:
    """Whether a domain's publish ended between the delivery that was due last and the deadline after it.

    done: when its publish ended well, oldest first.
    """
    due = _last_due(contract.deadline, now)
    return _kept(due, last_time(contract.schedule, due), done)


def deadline_of_mart(promise: MartPromise, times: MartTimes, now: datetime) -> Deadline:
    """Whether a mart was built from the deliveries that were due last, and published, by its deadline."""
    due = _last_due(promise.due_by, now)
    came = max(filter(None, (last_time(schedule, due) for schedule in promise.schedules)), default=None)
    built = came and next((moment for moment in times.of("transform", promise.name) if moment >= came), None)
    done = times.of("publish", promise.name)
    return _kept(due, came, [moment for moment in done if built and moment >= built])


def _last_due(by: str, now: datetime) -> datetime:
    """The last time that HH:MM came round."""
    hour, minute = map(int, by.split(":"))
    due = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return due if due <= now else due - timedelta(days=1)


def _kept(due: datetime, scheduled: datetime | None, done: Iterable[datetime]) -> Deadline:
    if scheduled is None:
        return Deadline(NOT_YET)
    after = next((moment for moment in done if moment >= scheduled), None)
    return Deadline(MET if after and after <= due else LATE, due, after)
