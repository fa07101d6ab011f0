"""The contract property `keepDays`: for how many days each layer keeps a row of a dataset, by the row's date."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.contracts.choices import MergeStrategy
from lakehouse.contracts.layers import BRONZE, QUARANTINE, SILVER
from lakehouse.contracts.yaml_places import Place
from lakehouse.errors import nearest

RAW = "raw"
KEPT_IN = (RAW, BRONZE, QUARANTINE, SILVER)
MOST_DAYS = 36500
_WHOLE = (
    "mergeStrategy scd2 keeps what was true at each time, and an old version says what was true then; keep days of "
    "raw and quarantine alone."
)
_WITHOUT_DATE = (
    "without dateColumn no row has a day, so none is ever too old; name it, or keep days of raw and quarantine alone."
)
_SNAPSHOTS = (
    "each file is all there is, so a row goes once its file lacks it, and the law of snapshots needs all of them; keep "
    "days of raw and quarantine alone."
)


@dataclass(frozen=True)
class KeepDays:
    """For how many days each layer keeps a row; None: for ever."""

    raw: int | None = None
    bronze: int | None = None
    quarantine: int | None = None
    silver: int | None = None

    @property
    def is_for_ever(self) -> bool:
        """Whether no row ever goes by its age."""
        return self == FOR_EVER

    def __str__(self) -> str:
        days = {layer: getattr(self, layer) for layer in KEPT_IN}
        return ", ".join(f"{layer} {number}" for layer, number in days.items() if number is not None) or "for ever"


FOR_EVER = KeepDays()


def read_keep_days(node: Place | None, strategy: MergeStrategy, is_snapshot: bool, date_column: str | None) -> KeepDays:
    """The days of each layer; raises ContractError for what would lose rows that another layer needs."""
    if node is None:
        return FOR_EVER
    places = dict(node.entries())
    if not places:
        raise node.error(f"names no layer; give days for some of {', '.join(KEPT_IN)}, or remove it.")
    for name, place in places.items():
        if name not in KEPT_IN:
            raise place.error(f"unknown layer '{name}'.{nearest(name, KEPT_IN)}")
    found = KeepDays(**{name: _days(place) for name, place in places.items()})
    for name in (SILVER, BRONZE):
        if name in places and (strategy is MergeStrategy.SCD2 or is_snapshot):
            raise places[name].error(_SNAPSHOTS if is_snapshot else _WHOLE)
        if name in places and date_column is None:
            raise places[name].error(_WITHOUT_DATE)
    if found.bronze is not None and (found.silver is None or found.silver > found.bronze):
        silver = "for ever" if found.silver is None else f"{found.silver} days"
        raise places[BRONZE].error(
            f"{found.bronze} days are less than silver's ({silver}), and `lakehouse dataset rebuild` makes silver from "
            f"bronze, so it would lose rows; keep bronze at least as long as silver."
        )
    return found


def _days(place: Place) -> int:
    if isinstance(place.value, bool) or not isinstance(place.value, int) or not 1 <= place.value <= MOST_DAYS:
        raise place.error(f"must be a number of days from 1 to {MOST_DAYS}, found {place.value!r}.")
    return int(place.value)
