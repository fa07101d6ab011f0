"""Reads what `slaProperties` promise for a domain: each promise once, when data is delivered, and until when."""

from __future__ import annotations

from collections.abc import Mapping

from lakehouse.contracts.alerts import QUIET, REPEAT
from lakehouse.contracts.budget import MONTH, RUN
from lakehouse.contracts.cron import cron_problem
from lakehouse.contracts.durations import is_time_of_day
from lakehouse.contracts.volume import VOLUME
from lakehouse.contracts.yaml_places import Place

FREQUENCY, AVAILABLE = "frequency", "timeOfAvailability"
EFFECTIVE = (FREQUENCY, AVAILABLE, VOLUME, MONTH, RUN, QUIET, REPEAT)
"""The promises with an effect here."""


def read_promises(sla: Place) -> dict[str, Place]:
    """The entries by their property; raises ContractError for one that lacks or, where it has an effect, is doubled."""
    found: dict[str, Place] = {}
    for item in sla.items():
        name = item.text("property")
        if name in found and name in EFFECTIVE:
            raise item.error(
                f"'{name}' is given twice, first in line {found[name].line}; a domain has one, remove one."
            )
        found.setdefault(name, item)
    for wanted in (FREQUENCY, AVAILABLE):
        if wanted not in found:
            raise sla.error(f"needs an entry with property '{wanted}'.")
    return found


def read_schedule(promised: Mapping[str, Place]) -> str:
    """When ingest looks for files, in cron's words; raises ContractError."""
    entry = promised[FREQUENCY]
    scheduler = entry.find("scheduler")
    if scheduler is not None and scheduler.value != "cron":
        raise scheduler.error(f"must be cron, the only scheduler that is read, found {scheduler.value!r}.")
    schedule = entry.text("schedule")
    if problem := cron_problem(schedule):
        raise entry.need("schedule").error(f"{problem}, found '{schedule}'.")
    return schedule


def read_deadline(promised: Mapping[str, Place]) -> str:
    """Until when the data is wanted, in UTC; raises ContractError."""
    entry = promised[AVAILABLE]
    value, unit = entry.need("value"), entry.find("unit")
    if not is_time_of_day(value.text_as_written if value.is_scalar else ""):
        raise value.error(f"must be a time of day in UTC as HH:MM, found {value.value!r}.")
    if not isinstance(value.value, str):
        raise value.error(f'YAML reads it as {value.value!r}; write it in quotes: "{value.text_as_written}".')
    if unit is not None and unit.value != "UTC":
        raise unit.error(f"the time of day is in UTC, found {unit.value!r}; say it in UTC and remove the unit.")
    return value.value
