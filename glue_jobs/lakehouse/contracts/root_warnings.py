"""What a contract says of the whole domain without an effect here: its status, promises and properties, a line each."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lakehouse.contracts.cron import runs_a_day
from lakehouse.contracts.property_names import KNOWN
from lakehouse.contracts.sla_reader import EFFECTIVE, FREQUENCY
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

_IN_USE = ("active", "deprecated")
_A_DAY = {"h": 24.0, "hour": 24.0, "hours": 24.0, "d": 1.0, "day": 1.0, "days": 1.0, "w": 1 / 7, "week": 1 / 7}
"""How often something comes round a day that comes once in a unit."""
_FAR = 2
"""From how many times on two frequencies are no longer about the same; a working week has five of seven days."""


def root_warnings(root: Place, datasets: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Each place with what is said of it. datasets: those of the contract."""
    status = root.find("status")
    if status is not None and status.value not in _IN_USE:
        yield status, f"'{status.value}' has no effect; the datasets are ingested for as long as the contract is here."
    properties = root.find("customProperties")
    for item in properties.items() if properties else ():
        name = item.text("property")
        where = "; it belongs to a dataset" if name in KNOWN else ", only those of datasets and columns have"
        yield item, f"property '{name}' has no effect here{where}."
    for item in root.need("slaProperties").items():
        yield from _of_promise(item, datasets)


def _of_promise(item: Place, datasets: Collection[str]) -> Iterator[tuple[Place, str]]:
    name = item.text("property")
    if name not in EFFECTIVE:
        known = f"{', '.join(EFFECTIVE[:-1])} and {EFFECTIVE[-1]}"
        yield item, f"'{name}' has no effect here, only {known} have."
    if name == FREQUENCY and (line := _other_frequency(item)):
        yield item.need("value"), line
    element = item.find("element")
    for word in str(element.value).split(",") if element is not None else ():
        if (dataset := word.strip().partition(".")[0]) not in datasets:
            yield element or item, f"the contract has no dataset '{dataset}'.{nearest(dataset, datasets)}"


def _other_frequency(item: Place) -> str | None:
    """What the schedule says, where value and unit say something else."""
    value, unit = item.find("value"), item.find("unit")
    if value is None or unit is None or unit.value not in _A_DAY or isinstance(value.value, bool):
        return None
    if not isinstance(value.value, int | float) or value.value <= 0:
        return None
    promised, planned = _A_DAY[unit.value] / value.value, runs_a_day(item.text("schedule"))
    if 1 / _FAR < planned / promised < _FAR:
        return None
    return (
        f"once in {value.value} {unit.value} is not what the schedule says, {planned:.3g} times a day, which is kept."
    )
