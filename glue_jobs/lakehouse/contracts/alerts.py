"""When people are notified of a domain: `quietHours` and `repeatAfter` of `slaProperties`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from lakehouse.contracts.durations import duration_in
from lakehouse.contracts.yaml_places import Place

QUIET, REPEAT = "quietHours", "repeatAfter"
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Alerts:
    """quiet: from when to when (UTC) nothing is sent; what is still so is sent afterwards. None: at any time.

    repeat: after how long a message is sent again of what has not changed.
    """

    quiet: tuple[time, time] | None = None
    repeat: timedelta = timedelta(days=1)

    def is_quiet(self, now: datetime) -> bool:
        """Whether a moment lies in the quiet hours, which may go past midnight."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        clock = now.time().replace(tzinfo=None)
        return begin <= clock < end if begin < end else clock >= begin or clock < end

    def is_time(self, last: datetime | None, now: datetime) -> bool:
        """Whether what was sent last at a moment is to be sent now."""
        return not self.is_quiet(now) and (last is None or now - last >= self.repeat)

    def next_time(self, now: datetime) -> datetime:
        """The first moment from now on at which something may be sent."""
        if self.quiet is None or not self.is_quiet(now):
            return now
        end = self.quiet[1]
        after = now.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
        return after if after > now else after + timedelta(days=1)

    @property
    def words(self) -> dict[str, str | float | None]:
        """The same as JSON has it."""
        quiet = None if self.quiet is None else "-".join(f"{clock:%H:%M}" for clock in self.quiet)
        return {"quiet": quiet, "repeat": self.repeat.total_seconds()}

    @classmethod
    def of_words(cls, words: Mapping[str, Any]) -> Alerts:
        """As `words` says it."""
        found = _HOURS.fullmatch(words["quiet"] or "")
        quiet = None if found is None else (time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))
        return cls(quiet, timedelta(seconds=words["repeat"]))


NO_ALERTS = Alerts()


def read_alerts(promised: Mapping[str, Place]) -> Alerts:
    """The words among the entries of `slaProperties`; raises ContractError."""
    quiet, repeat = promised.get(QUIET), promised.get(REPEAT)
    return Alerts(
        None if quiet is None else _hours(quiet.need("value")),
        NO_ALERTS.repeat if repeat is None else _duration(repeat.need("value")),
    )


def _hours(value: Place) -> tuple[time, time]:
    found = _HOURS.fullmatch(str(value.value))
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise value.error(f'must be two times of day in UTC, such as "22:00-06:00", found {value.value!r}.')
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))


def _duration(value: Place) -> timedelta:
    found = duration_in(str(value.value), r"[1-9]\d{0,3}")
    if found is None:
        raise value.error(f"must be a duration such as 30m, 4h or 1d, found {value.value!r}.")
    return found
